"""One `Fetch`: which series it means, how they are grouped, and the lines that are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.series import SeriesInfo
from penstock.query.ast import Fetch
from penstock.query.combine import Combined
from penstock.query.groups import Columns, group_columns, number_groups
from penstock.query.layout import MEASURES, Groups, Layout, Measure, Span, measure
from penstock.query.lines import Label, Lines
from penstock.query.reading import Reading
from penstock.query.select import Units, overlaps

__all__ = ["PLAIN_NUMBERS", "Chosen", "choose", "read_lines"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

PLAIN_NUMBERS: Final = frozenset({"count", "coverage"})
"""Functions whose values have no unit."""

_SERVED: Final[Mapping[str, Measure]] = {name: name for name in MEASURES}


class Chosen(NamedTuple):
    """The series of a fetch that may have a reading in its range, grouped.

    groups   the series by name, the group of each
    labels   of each group
    member   int64 [groups]: the index of one series of each
    units    conversion of the series
    columns  the answer's columns
    by       what separates groups besides metric and unit
    span     the range that is read
    """

    groups: Groups
    labels: tuple[Label, ...]
    member: I64
    units: Units
    columns: Columns
    by: frozenset[str]
    span: Span

    @property
    def names(self) -> tuple[str, ...]:
        """The answer's columns by name."""
        return tuple(column for column, _ in self.columns.values())


async def choose(reading: Reading, fetch: Fetch, span: Span) -> Chosen:
    """The series of `fetch` over `span`. Raises InvalidInput (unit, by) and NotFound as `find`."""
    by = frozenset(fetch.by) | ({"site", "sensor"} if fetch.fn == "raw" else set())
    columns = group_columns(tuple(by))
    found = await reading.find(fetch.where)
    series = [info for info in found if overlaps(info, *span)]
    units = Units(series, fetch.unit)
    labels = [_label(info, unit, columns, fetch) for info, unit in zip(series, units.names, strict=True)]
    group, member = number_groups([(label.metric or "", label.unit or "", *label.group) for label in labels])
    return Chosen(
        Groups(series, group, len(member)),
        tuple(labels[i] for i in member.tolist()),
        member,
        units,
        columns,
        by,
        span,
    )


def _label(info: SeriesInfo, unit: str, columns: Columns, fetch: Fetch) -> Label:
    group = tuple(value(info) for _, value in columns.values())
    return Label(info.key.metric, "1" if fetch.fn in PLAIN_NUMBERS else unit, group)


async def read_lines(reading: Reading, fetch: Fetch, chosen: Chosen, layout: Layout) -> Lines:
    """The first level of `fetch` over the windows of `layout`."""
    lines = Lines.nothing(chosen.by, chosen.names, chosen.labels, len(layout))
    if not lines.value.size:
        return lines
    combined = await reading.combined(chosen.groups, layout, chosen.span)
    lines = _placed(lines, combined)
    values = measure(_SERVED[fetch.fn], combined, chosen.member[combined.slot // len(layout)], chosen.units)
    np.put(lines.value, combined.slot, values)
    return lines


def _placed(lines: Lines, combined: Combined) -> Lines:
    """The lines with count, coverage and presence of `combined`."""
    there, count, coverage = lines.there.copy(), lines.count.copy(), lines.coverage.copy()
    np.put(there, combined.slot, True)
    np.put(count, combined.slot, combined.count)
    np.put(coverage, combined.slot, combined.coverage)
    return replace(lines, there=there, count=count, coverage=coverage)
