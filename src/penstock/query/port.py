"""Questions and answers: what can be asked, in one vocabulary for every door (REST, NATS, CLI).

A question is a plain tagged struct, so it travels as JSON; an answer is columns with how fresh they are.
Every question names its tenant: the door takes it from the credential, never from the caller's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Protocol

import pyarrow as pa

from penstock.model.time import HOUR
from penstock.query.ast import Asked, Fetch, Query, Select, Then
from penstock.query.overview import Assets, BatteryFleet, BatteryHealth, Fleet, FlowSeries, SiteFlow

__all__ = [
    "MAX_POINTS",
    "Aggregate",
    "Answer",
    "Assets",
    "Batteries",
    "BatteryFleet",
    "BatteryHealth",
    "Consumption",
    "DeadLetterQuestion",
    "DeadLetters",
    "Events",
    "Explain",
    "Export",
    "Fetch",
    "Fleet",
    "FlowSeries",
    "Hold",
    "Kept",
    "Latest",
    "LedgerQuestion",
    "Metrics",
    "Pipeline",
    "Present",
    "Query",
    "Question",
    "Reader",
    "ReceiptQuestion",
    "Recent",
    "Release",
    "Select",
    "Series",
    "SiteFlow",
    "Status",
    "Then",
    "Unless",
    "Versioned",
    "Within",
]

MAX_POINTS: Final = 200_000
"""Rows that one answer may hold; a question that needs more is refused with the number and what would fit."""


class Series(Asked, frozen=True):
    """Series listing. Columns: sensor_id, site_id, metric, unit, building, room, equipment, tags (JSON text), first_ts, last_ts."""

    where: Select = Select()
    limit: int = 1000
    cursor: str | None = None


class Recent(Asked, frozen=True):
    """Newest readings first over all selected series. Columns: ts, sensor_id, site_id, metric, value, unit.

    `unit` converts values on the way out. `cursor` continues behind an earlier answer.
    """

    where: Select
    limit: int = 100
    unit: str | None = None
    start: int | None = None
    end: int | None = None
    cursor: str | None = None


class Export(Asked, frozen=True):
    """Raw readings of [start, end) (epoch ms), a page at a time: by site, sensor, metric and unit as names sort, then by time.

    A page holds `limit` rows, the last one fewer; `cursor` continues behind an earlier page. Each page is read by itself: a
    reading that arrives meanwhile is in the export if it lies behind what was read, and never twice.
    Columns: ts, sensor_id, site_id, metric, value, unit, building, room; texts are dictionary-encoded.
    `meta` of the first page: series and rows (how many there are in all, as it was asked).
    """

    where: Select
    start: int
    end: int
    unit: str | None = None
    limit: int = 100_000
    cursor: str | None = None


class Latest(Asked, frozen=True):
    """The newest reading of each selected series, by site, sensor, metric. Columns as `Recent`."""

    where: Select = Select()
    limit: int = 1000
    unit: str | None = None
    cursor: str | None = None


class Aggregate(Asked, frozen=True):
    """Aggregates per window and group over [start, end) (epoch ms).

    `window` ms, aligned to the epoch; 0 means one window that is the whole range, labelled by its start, closed at the
    end when `include_end`. Or text: a window of the calendar in the IANA `zone`, as in `Consumption`; then `label` (local
    start with offset) follows `ts`. `group_by` is any of site, sensor, building, room, besides metric, which always separates
    (so does unit). Columns: ts (window start), metric, unit, the `group_by` columns (site_id, sensor_id, building,
    room), count, sum, mean, min, max, first, last, time_weighted_mean, coverage (0 to 1, never null: the share of
    the window, as far as it lies in the range and the past, in which a value was known, over the series that contributed),
    series (how many contributed).
    """

    where: Select
    start: int
    end: int
    window: int | str = 60_000
    zone: str = "UTC"
    group_by: tuple[str, ...] = ()
    unit: str | None = None
    include_end: bool = False


class Consumption(Asked, frozen=True):
    """What meters counted, or what power adds up to, per window and group over [start, end) (epoch ms).

    `window` is text: `15m`, `1h` (divisors of a day), `1d`, `1w`, `1mo`, `1y`, in the IANA `zone`. `kind`: counter takes
    series in Wh (any other unit when `where.metric` names it), power takes series in W, auto takes a sensor's counters
    and, where it has none, its power. `group_by` as in Aggregate; the unit always separates. `method` (hold, trapezoid)
    and `max_hold` (ms) are for power, `max_hold` is also the longest gap that counts as covered between two counts.
    `counter_max`, `tolerance`, `max_rate` (per hour) in the series' unit, see `query.counters.CounterRule`.

    Columns: ts (window start), label (local start with offset), unit, the `group_by` columns, import_wh and export_wh
    (energy) or increase (other units), with `cumulative` also cumulative_import_wh, cumulative_export_wh,
    cumulative_increase, coverage (0 to 1), series (how many contributed), readings, resets, glitches, percent_good.
    Every window from the first to the last that can hold data has a row; null is what is not known.
    """

    where: Select
    start: int
    end: int
    window: str = "1d"
    zone: str = "UTC"
    kind: Literal["auto", "counter", "power"] = "auto"
    group_by: tuple[str, ...] = ()
    cumulative: bool = False
    method: Literal["hold", "trapezoid"] = "hold"
    max_hold: int = HOUR
    counter_max: float | None = None
    tolerance: float = 0.0
    max_rate: float | None = None


class Batteries(Asked, frozen=True):
    """Battery readings, one wide row per (battery, ts), newest first.

    Columns: id (`battery@ts`), battery_id, site_id, ts, and one per metric that occurs (soc, voltage_v, …). `battery` is
    exact or a pattern; `ts` picks one instant; `above`/`below` hold metric → bound (strict) on the row's values.
    """

    battery: str | None = None
    site: str | None = None
    ts: int | None = None
    start: int | None = None
    end: int | None = None
    above: dict[str, float] = {}  # noqa: RUF012 - msgspec copies it for each question
    below: dict[str, float] = {}  # noqa: RUF012 - msgspec copies it for each question
    limit: int = 100
    cursor: str | None = None


class Events(Asked, frozen=True):
    """Events newest first. Columns: id, ts, timestamp, criticality, message, source."""

    criticality_above: int | None = None
    start: int | None = None
    end: int | None = None
    limit: int = 100


class Explain(Asked, frozen=True):
    """Why a reading is what it is, or why there is none. Columns, one row per version that arrived, in order of commit:
    value, seq, stamp (epoch µs, null with seq), fate (stored, replaced, duplicate, superseded), wins, receipt, source,
    frames, admitted_ts, committed_ts. `meta` holds the rest, see `query.explain`.

    `sensor` and `metric` are exact; `site` may be left out where only one site has such a series.
    """

    sensor: str
    metric: str
    ts: int
    site: str | None = None


class ReceiptQuestion(Asked, frozen=True, tag="receipt"):
    """What became of one request. Columns: receipt, source, received, stored, duplicate, superseded, rejected,
    dead_lettered, in_flight, admitted_ts, committed_ts; no row while nothing of it is committed. `meta` holds `frames`,
    `reasons` (code → rows refused) and `conversions`.
    """

    receipt: str


class LedgerQuestion(Asked, frozen=True, tag="ledger"):
    """The ledger of the tenant. Columns: source, received, stored, duplicate, superseded, rejected, dead_lettered,
    in_flight, difference (0 at rest).
    """


class DeadLetters(Asked, frozen=True):
    """Newest first; the filters are exact. Columns: id, state, received_ts, source, holds, rows, code, detail, media_type,
    payload (how it begins, as text with bytes escaped), payload_bytes, settled_ts, settled_by, reason.
    """

    state: Literal["open", "replayed", "discarded"] | None = None
    code: str | None = None
    source: str | None = None
    limit: int = 100
    cursor: str | None = None


class DeadLetterQuestion(Asked, frozen=True, tag="deadletter"):
    """One letter: the columns of `DeadLetters` and stamp, with payload as bytes from `offset` on, a megabyte at most.

    No row when there is no such letter.
    """

    letter: str
    offset: int = 0


class Status(Asked, frozen=True):
    """No columns; `meta` holds the store's state and the lanes' pending work."""


class Pipeline(Asked, frozen=True):
    """No columns; `meta` holds `lanes` (see `Freshness.progress`), the store's state and `ledger`, fate → rows, of all tenants together.

    Cheap enough to be asked once a second. Not tenant-bound: for the operator.
    """


class Metrics(Asked, frozen=True):
    """No columns; `meta["text"]` is the process's Prometheus exposition text. Not tenant-bound: for the operator."""


class Present(Asked, frozen=True):
    """No columns: only how fresh an answer would be that was given now."""


Versioned = Aggregate | Consumption | Query | Recent
"""Questions whose answer has a version where their range lies in the past."""


class Unless(Asked, frozen=True):
    """`question`, unless its answer still is of `version` (`Answer.version` of an earlier one): then no columns, `meta["unchanged"]`
    is true and the freshness that of an answer given now.
    """

    question: Versioned
    version: str


class Hold(Asked, frozen=True):
    """No columns; `meta` holds `view`, the name of a view of the store as it is now, and its `revision`.

    The view is held until it is released, a minute at most.
    """


class Within(Asked, frozen=True):
    """`question`, answered from a view that is held: all answers of one view are of one revision, and as fresh as the view.

    Raises Unavailable (`view_gone`) when the view is not held any more.
    """

    question: Series | Query
    view: str


class Release(Asked, frozen=True):
    """No columns: the view is needed no more."""

    view: str


Question = (
    Series
    | Recent
    | Export
    | Latest
    | Aggregate
    | Consumption
    | Query
    | Batteries
    | Fleet
    | Assets
    | SiteFlow
    | FlowSeries
    | BatteryFleet
    | BatteryHealth
    | Events
    | Explain
    | ReceiptQuestion
    | LedgerQuestion
    | DeadLetters
    | DeadLetterQuestion
    | Status
    | Pipeline
    | Metrics
    | Present
    | Unless
    | Hold
    | Within
    | Release
)


class Kept(NamedTuple):
    """How an answer came by way of a cache.

    outcome  hit: it was kept · joined: it was being made for somebody else · unchanged: it was kept, and the store says that nothing
             in it has changed · miss: it was made for this question
    age      ms since the store was asked
    fresh    ms of age up to which it may be given out without asking the store
    """

    outcome: Literal["hit", "joined", "unchanged", "miss"]
    age: int
    fresh: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns, and what they are worth.

    table         one Arrow table; times are int64 epoch ms columns (ts, first_ts, received_ts …)
    as_of         epoch ms: everything acknowledged before this instant is in the answer
    staleness_ms  how far `as_of` lies behind the moment of answering
    complete      no data of the asked range was in flight when the store answered
    next_cursor   where to continue, None at the end
    meta          question-specific facts (tier read, window, …)
    version       names what the answer was made from: equal version, equal columns. Empty where that is not known
    kept          how it came by way of a cache; None if none was asked
    """

    table: pa.Table
    as_of: int
    staleness_ms: int
    complete: bool
    next_cursor: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""
    kept: Kept | None = None


class Reader(Protocol):
    """Answers questions. The engine beside the store and its remote over the bus are both Readers.

    Raises InvalidInput (unknown unit, range or points over a limit: the detail names number and a value that fits),
    NotFound, Unavailable.
    """

    async def ask(self, question: Question) -> Answer: ...
