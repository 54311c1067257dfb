"""The query of `POST /v1/query`, typed: what to fetch, what to make of it, what to compute from that.

    Query.last(timedelta(days=1), fetch("max", "temperature", by=("building", "room")).over("mean", by="building"))

The names are those of the platform's query language, described in docs/query.md; the platform checks the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

__all__ = ["Fetch", "Fill", "Function", "Query", "Select", "Then", "When", "epoch_ms", "fetch"]

Function = Literal[
    "raw",
    "count",
    "sum",
    "mean",
    "time_weighted_mean",
    "min",
    "max",
    "first",
    "last",
    "delta",
    "rate",
    "increase",
    "energy",
    "percentile",
    "stddev",
    "coverage",
]
Over = Literal["count", "sum", "mean", "min", "max", "percentile", "stddev"]
Fill = Literal["none", "null", "previous", "linear"]
When = datetime | int | str
"""An aware datetime, epoch milliseconds, or RFC 3339 text with an offset."""


class Select(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which series: exact text, or with `*` for any run of characters; None for any."""

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None
    building: str | None = None
    room: str | None = None
    equipment: str | None = None
    tags: dict[str, str] = {}


class Then(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The second level: `fn` over the first level's groups that agree in `by`."""

    fn: Over
    by: tuple[str, ...] = ()
    q: float | None = None


class Fetch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines made from readings: one per group, metric and unit. `fetch()` writes it more briefly."""

    where: Select = Select()
    fn: Function = "mean"
    q: float | None = None
    by: tuple[str, ...] = ()
    then: Then | None = None
    unit: str | None = None
    shift: str | None = None

    def over(self, fn: Over, *, by: str | tuple[str, ...] = (), q: float | None = None) -> Fetch:
        """With a second level: `fetch("max", metric="temperature", by=("building", "room")).over("mean", by="building")`."""
        return msgspec.structs.replace(self, then=Then(fn=fn, by=_names(by), q=q))

    def shifted(self, shift: str) -> Fetch:
        """The same of an earlier period (`1d`, `1w`, `1mo`, `1y`), labelled as if it were now."""
        return msgspec.structs.replace(self, shift=shift)


class Query(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines over [start, end), epoch ms: fetched, then computed. `Query.between` and `Query.last` take times as people write them."""

    start: int
    end: int
    fetch: dict[str, Fetch]
    window: int | str = "auto"
    zone: str = "UTC"
    math: dict[str, str] = {}
    show: tuple[str, ...] = ()
    fill: Fill = "none"
    max_points: int | None = None
    descending: bool = False

    @classmethod
    def between(cls, start: When, end: When, fetch: Mapping[str, Fetch] | Fetch, **more: Any) -> Query:
        """Over [start, end). A single Fetch is named `value`. `more` is as the members are. Raises ValueError."""
        named = {"value": fetch} if isinstance(fetch, Fetch) else dict(fetch)
        return msgspec.convert(
            {"start": epoch_ms(start), "end": epoch_ms(end), "fetch": named, **more}, cls, from_attributes=True
        )

    @classmethod
    def last(
        cls, span: timedelta, fetch: Mapping[str, Fetch] | Fetch, *, now: datetime | None = None, **more: Any
    ) -> Query:
        """Over the last `span` before `now` (the clock of this machine without it)."""
        end = now or datetime.now(UTC)
        return cls.between(end - span, end, fetch, **more)


def fetch(
    fn: Function = "mean",
    metric: str | None = None,
    *,
    site: str | None = None,
    sensor: str | None = None,
    building: str | None = None,
    room: str | None = None,
    equipment: str | None = None,
    tags: Mapping[str, str] | None = None,
    by: str | tuple[str, ...] = (),
    q: float | None = None,
    unit: str | None = None,
) -> Fetch:
    """`fetch("mean", "temperature", site="hq", by="room")`."""
    where = Select(
        site=site,
        sensor=sensor,
        metric=metric,
        building=building,
        room=room,
        equipment=equipment,
        tags=dict(tags or {}),
    )
    return Fetch(where=where, fn=fn, q=q, by=_names(by), unit=unit)


def epoch_ms(when: When) -> int:
    """Milliseconds since 1970 UTC. Raises ValueError for a time without an offset: it would mean another instant elsewhere."""
    if isinstance(when, int):
        return when
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    if moment.tzinfo is None:
        raise ValueError(f"{when} has no offset: pass an aware datetime, or text such as 2026-01-31T12:00:00Z")
    return (moment - _EPOCH) // _MILLISECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _names(by: str | tuple[str, ...]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else by
