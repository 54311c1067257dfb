"""Aggregates per window and group: asks a view of the store for partials, slice by slice, and turns them into a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY
from penstock.query.combine import Combined
from penstock.query.groups import GROUPS, check_groups, number_groups
from penstock.query.layout import MEASURES, Groups, Layout, Room, Span, data_span, lay_out, measure, nowhere
from penstock.query.pieces import Pieces
from penstock.query.port import Aggregate
from penstock.query.select import Units, check_range, find, floats, overlaps, spread, texts
from penstock.query.windows import find_zone, parse_window
from penstock.store.series import SeriesView

I64 = npt.NDArray[np.int64]

__all__ = ["aggregate"]


async def aggregate(view: SeriesView, pieces: Pieces, question: Aggregate, now: int) -> tuple[pa.Table, dict[str, Any]]:
    """The table of `Aggregate`, by group then window, and what it was made from.

    A series' value is held from a reading to the next one or the window's end (not beyond `now`), and into a window
    from the last reading before it if that is no older than the window's length, or an hour for shorter ones.
    Raises InvalidInput (window, zone, range, group_by, unit, too many points) and NotFound.
    """
    _check(question)
    found = await find(view, question.tenant, question.where)
    units = Units(found, question.unit)
    asked = Span(question.start, question.end + question.include_end)
    chosen = [i for i, info in enumerate(found) if overlaps(info, *asked)]
    meta: dict[str, Any] = {"window": question.window, "start": question.start, "end": question.end, "tier": 0}
    if isinstance(question.window, str):
        meta |= {"window": parse_window(question.window).text, "zone": find_zone(question.zone).key}
    if not chosen:
        layout = nowhere(isinstance(question.window, str))
        return _table(Combined.empty(), layout, np.empty(0, np.int64), found, units, question), meta
    series = [found[i] for i in chosen]
    by = [GROUPS[name][1] for name in question.group_by]
    group, members = number_groups([(info.key.metric, info.key.unit, *(of(info) for of in by)) for info in series])
    layout = lay_out(question.window, question.zone, asked, data_span(series, asked), Room(len(members)))
    groups = Groups(series, group, len(members))
    result, meta["tier"] = await layout.combined(view, pieces, question.tenant, groups, asked, now)
    member = np.array(chosen, np.int64)[members][result.slot // len(layout)]
    return _table(result, layout, member, found, units, question), meta


def _check(question: Aggregate) -> None:
    check_range(question.start, question.end + question.include_end)
    check_groups(question.group_by)
    if isinstance(question.window, str):
        if question.include_end:
            raise InvalidInput(
                f"windows of {question.window!r:.40} are half-open and cannot include their end",
                code="invalid_window",
                hint="only one window over the whole range, window 0, can include its end",
            )
    elif not 0 <= question.window <= 1000 * 366 * DAY or (question.window and question.include_end):
        raise InvalidInput(
            f"window {question.window} ms with include_end {question.include_end} is not possible",
            code="invalid_window",
            hint="windows are positive and half-open; 0 means the whole range, which alone can include its end",
        )


def _table(
    result: Combined, layout: Layout, member: I64, series: Sequence[SeriesInfo], units: Units, question: Aggregate
) -> pa.Table:
    """`member` int64 [n]: for each row the index in `series` of one of its group."""
    window = result.slot % max(1, len(layout))
    label = {} if layout.labels is None else {"label": spread(layout.labels, window)}
    columns: dict[str, Any] = {
        "ts": layout.starts[window],
        **label,
        "metric": texts(series, member, lambda info: info.key.metric),
        "unit": spread(units.names, member),
        **{GROUPS[name][0]: texts(series, member, GROUPS[name][1]) for name in question.group_by},
        **{name: floats(measure(name, result, member, units)) for name in MEASURES},
        "count": result.count,
        "series": result.series,
    }
    return pa.table(columns)
