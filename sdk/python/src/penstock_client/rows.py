"""What answers hold, typed. Times are aware datetimes in UTC; what is not known is None; new members of answers are ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

__all__ = [
    "AggregateRow",
    "EnergyRow",
    "Event",
    "Explanation",
    "Gap",
    "LedgerRow",
    "Page",
    "QueryRow",
    "Reading",
    "Receipt",
    "RejectedRow",
    "SeriesRow",
    "Verdicts",
]

T = TypeVar("T")


class Reading(msgspec.Struct, frozen=True):
    """One value of one series at one instant, in `unit`."""

    ts: datetime
    sensor_id: str
    site_id: str
    metric: str
    value: float | None
    unit: str


class SeriesRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured where, and since when."""

    sensor_id: str
    site_id: str
    metric: str
    unit: str
    building: str | None = None
    room: str | None = None
    tags: dict[str, Any] | None = None
    first_ts: datetime | None = None
    last_ts: datetime | None = None


class AggregateRow(msgspec.Struct, frozen=True, kw_only=True):
    """One window of one group. `label` is the local start, only with windows of the calendar."""

    ts: datetime
    metric: str
    unit: str
    count: int
    sum: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    first: float | None = None
    last: float | None = None
    time_weighted_mean: float | None = None
    coverage: float | None = None
    series: int = 0
    label: str | None = None
    site_id: str | None = None
    sensor_id: str | None = None
    building: str | None = None
    room: str | None = None


class EnergyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was used in one window: Wh, or `increase` in `unit` for meters of something else."""

    ts: datetime
    unit: str
    label: str | None = None
    import_wh: float | None = None
    export_wh: float | None = None
    increase: float | None = None
    cumulative_import_wh: float | None = None
    cumulative_export_wh: float | None = None
    cumulative_increase: float | None = None
    coverage: float | None = None
    series: int = 0
    readings: int = 0
    resets: int = 0
    glitches: int = 0
    percent_good: float | None = None
    site_id: str | None = None
    sensor_id: str | None = None
    building: str | None = None
    room: str | None = None


class Event(msgspec.Struct, frozen=True):
    """A security event. `timestamp` is the text as its source wrote it."""

    id: str
    ts: datetime
    timestamp: str
    criticality: int
    message: str
    source: str


class QueryRow(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One point of one line of a query; `groups` says which line: `{"room": "101", "tag:floor": "1"}`."""

    name: str
    ts: datetime
    value: float | None
    metric: str | None = None
    unit: str | None = None
    label: str | None = None
    count: int | None = None
    coverage: float | None = None
    percent_good: float | None = None
    groups: dict[str, str | None] = {}


class LedgerRow(msgspec.Struct, frozen=True):
    """The fate of every row of one source; `difference` is 0 when nothing is in flight."""

    source: str
    received: int
    stored: int
    duplicate: int
    superseded: int
    rejected: int
    dead_lettered: int
    in_flight: int
    difference: int


class RejectedRow(msgspec.Struct, frozen=True):
    """Why the row at index `row` of a request was refused."""

    row: int
    code: str
    detail: str


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a write: `accepted` rows are durable. `rejected` lists at most 1,000 of `rejected_total`."""

    accepted: int
    receipt: str
    readings: int = 0
    rejected: list[RejectedRow] = []
    rejected_total: int = 0
    ids: list[str] = []


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows of a write by now, by fate."""

    receipt: str
    source: str
    received: int
    stored: int
    duplicate: int
    superseded: int
    rejected: int
    dead_lettered: int
    in_flight: int
    admitted_ts: datetime | None = None
    committed_ts: datetime | None = None
    frames: list[str] = []
    reasons: dict[str, int] = {}


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A reading's story, or why there is none: `decision` and `versions`, or `reasons` and `nearest`."""

    found: bool
    sensor_id: str
    metric: str
    ts: datetime
    site_id: str | None = None
    value: float | None = None
    unit: str | None = None
    seq: int | None = None
    stamp: str | None = None
    decision: dict[str, Any] | None = None
    conversions: list[dict[str, Any]] = []
    latency: dict[str, Any] | None = None
    refused: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    reasons: list[dict[str, Any]] = []
    nearest: dict[str, Any] | None = None


class Gap(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Live rows that were not heard: `skipped` of them, or those of [start, end), or unknown which."""

    skipped: int | None = None
    start: datetime | None = None
    end: datetime | None = None


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One answer.

    as_of         everything acknowledged before this instant is in it
    staleness_ms  how far `as_of` lay behind the moment of answering
    complete      nothing of the asked range was on its way
    next_cursor   where the list continues, None at its end
    meta          facts about the computation (window, tier, revision, cost …), empty for plain lists
    """

    data: list[T]
    as_of: datetime
    staleness_ms: int
    complete: bool
    next_cursor: str | None = None
    meta: dict[str, Any] = {}
