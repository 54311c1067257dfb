"""Which series one `Fetch` means, and how they are grouped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.series import SeriesInfo
from penstock.query.ast import Fetch, Function
from penstock.query.consumption import ENERGY, meters_of
from penstock.query.energy import MAX_HOLD
from penstock.query.groups import METRIC, Columns, group_columns, number_groups
from penstock.query.layout import Groups, Span, data_span
from penstock.query.lines import Label
from penstock.query.reading import Reading
from penstock.query.select import Units, overlaps

__all__ = ["Chosen", "choose"]

I64 = npt.NDArray[np.int64]

_ENERGY_METRIC: Final = "energy"
"""What energy is called, whether it was counted or added up from power."""
_PLAIN_NUMBERS: Final = frozenset({"count", "coverage"})


class Chosen(NamedTuple):
    """The series of a fetch that may have something in its range, grouped.

    groups   the series by name, the group of each
    counts   bool [series]: whether a series is a counter, where the function asks
    labels   of each group
    member   int64 [groups]: the index of one series of each
    units    conversion of the series
    columns  the answer's columns
    by       what separates groups besides metric and unit
    span     the range that is read
    data     the part of it in which there may be something
    """

    groups: Groups
    counts: npt.NDArray[np.bool_]
    labels: tuple[Label, ...]
    member: I64
    units: Units
    columns: Columns
    by: frozenset[str]
    span: Span
    data: Span

    @property
    def names(self) -> tuple[str, ...]:
        """The answer's columns by name."""
        return tuple(column for column, _ in self.columns.values())


async def choose(reading: Reading, fetch: Fetch, span: Span) -> Chosen:
    """The series of `fetch` over `span`. Raises InvalidInput (unit, by) and NotFound as `find` and `meters_of`."""
    by = frozenset(fetch.by) | ({"site", "sensor"} if fetch.fn == "raw" else set[str]())
    columns = group_columns(tuple(by))
    reach = MAX_HOLD if fetch.fn == "energy" else 0
    meters = _meters(await reading.find(fetch.where), fetch)
    meters = [(info, counts) for info, counts in meters if overlaps(info, span.start - reach, span.end)]
    meters = meters if span.start < span.end else []  # a shift may lead into a time that was skipped
    series = [info for info, _ in meters]
    # Energy from power is energy: it is named and converted as such.
    said = [_as_energy(info) for info in series] if fetch.fn == "energy" else series
    units = Units(said, fetch.unit)
    whole = METRIC in by
    labels = [
        Label(
            (info if whole or fetch.fn != "energy" else named).key.metric,
            _unit(fetch.fn, unit),
            tuple(value(info) for _, value in columns.values()),
        )
        for info, named, unit in zip(series, said, units.names, strict=True)
    ]
    group, member = number_groups([(label.metric or "", label.unit or "", *label.group) for label in labels])
    return Chosen(
        Groups(series, group, len(member)),
        np.array([counts for _, counts in meters], np.bool_),
        tuple(labels[i] for i in member.tolist()),
        member,
        units,
        columns,
        by,
        span,
        _data(series, span, reach, reading.now) if series else span,
    )


def _meters(found: Sequence[SeriesInfo], fetch: Fetch) -> list[tuple[SeriesInfo, bool]]:
    """The series that the function takes, and which of them are counters."""
    match fetch.fn:
        case "energy":
            return meters_of(found, "auto", named=fetch.where.metric is not None)
        case "increase" | "rate":
            return meters_of(found, "counter", named=fetch.where.metric is not None)
        case _:
            return [(info, info.key.unit == ENERGY) for info in found]


def _data(series: Sequence[SeriesInfo], span: Span, reach: int, now: int) -> Span:
    """What `series` may say something about: power holds beyond its last reading, but not beyond `now`."""
    low, high = data_span(series, Span(span.start, span.end))
    held = min(span.end, max(info.last_ts or 0 for info in series) + reach, now) if reach else high
    return Span(low, max(high, held, low + 1))


def _as_energy(info: SeriesInfo) -> SeriesInfo:
    return replace(info, key=info.key._replace(metric=_ENERGY_METRIC, unit=ENERGY))


def _unit(fn: Function, unit: str) -> str:
    if fn in _PLAIN_NUMBERS:
        return "1"
    return f"{unit}/s" if fn == "rate" else unit
