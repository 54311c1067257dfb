"""Aggregates per window and group: asks the store for partials, slice by slice, and turns them into a table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.query.combine import Combined, Grid
from penstock.query.groups import GROUPS, check_groups, number_groups
from penstock.query.pieces import Pieces, whole_until
from penstock.query.port import MAX_POINTS, Aggregate
from penstock.query.select import Units, check_range, find, floats, ids_of, overlaps, texts
from penstock.query.windows import find_zone, parse_window, tile
from penstock.store.series import SeriesStore

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

__all__ = ["aggregate"]

_NICE: Final = tuple(
    unit * n
    for unit, steps in ((1, (1, 10, 100)), (SECOND, (1, 2, 5, 10, 15, 30)), (MINUTE, (1, 2, 5, 10, 15, 30)), (HOUR, (1, 2, 3, 6, 12)))
    for n in steps
)  # fmt: skip


async def aggregate(
    store: SeriesStore, pieces: Pieces, question: Aggregate, now: int
) -> tuple[pa.Table, dict[str, Any]]:
    """The table of `Aggregate`, by group then window, and what it was made from.

    A series' value is held from a reading to the next one or the window's end (not beyond `now`), and into a window
    from the last reading before it if that is no older than the window's length, or an hour for shorter ones.
    Raises InvalidInput (window, zone, range, group_by, unit, too many points) and NotFound.
    """
    _check(question)
    found = await find(store, question.tenant, question.where)
    units = Units(found, question.unit)
    end = question.end + question.include_end
    chosen = [i for i, info in enumerate(found) if overlaps(info, question.start, end)]
    meta: dict[str, Any] = {"window": question.window, "start": question.start, "end": question.end, "tier": 0}
    if isinstance(question.window, str):
        meta |= {"window": parse_window(question.window).text, "zone": find_zone(question.zone).key}
    if not chosen:
        labels = [] if isinstance(question.window, str) else None
        nowhere = _Layout([], np.empty(0, np.int64), labels)
        return _table(Combined.empty(), nowhere, np.empty(0, np.int64), found, units, question), meta
    series = [found[i] for i in chosen]
    by = [GROUPS[name][1] for name in question.group_by]
    group, members = number_groups([(info.key.metric, info.key.unit, *(of(info) for of in by)) for info in series])
    layout = _layout(question, end, series, group, len(members), now)
    if layout.labels is None:
        result, meta["tier"] = await pieces.combined(question.tenant, ids_of(series), layout.grids[0])
    else:
        result, meta["tier"] = await pieces.joined(question.tenant, ids_of(series), layout.grids)
    member = np.array(chosen, np.int64)[members][result.slot // len(layout.starts)]
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


class _Layout(NamedTuple):
    """Grids that follow one another in time · int64 [windows]: where windows start, epoch ms · their labels, None for none."""

    grids: list[Grid]
    starts: I64
    labels: list[str] | None


def _layout(question: Aggregate, end: int, series: Sequence[SeriesInfo], group: I64, groups: int, now: int) -> _Layout:
    """Windows from the first to the last that can hold a reading; raises InvalidInput when they are too many."""
    low = max(question.start, min(info.first_ts or 0 for info in series))
    high = min(end, max(info.last_ts or 0 for info in series) + 1)
    whole = Grid(question.start, end, 0, 0, 0, groups, group, 0, now + 1)
    if isinstance(question.window, str):
        windows = tile(parse_window(question.window), find_zone(question.zone), low, high, MAX_POINTS // groups)
        return _Layout(_runs(windows.edges, whole), windows.edges[:-1], windows.labels())
    # One window over everything: a bucket from the epoch to a day's edge behind the end, so that rollups can serve it.
    grid = _grid(whole, question.window or whole_until(end), low, high)
    if question.window == 0:
        grid = replace(grid, hold=max(end - question.start, HOUR))
        return _Layout([grid], np.full(grid.windows, question.start, np.int64), None)
    return _Layout([grid], grid.first + np.arange(grid.windows) * grid.width, None)


def _runs(edges: I64, whole: Grid) -> list[Grid]:
    """One grid for each run of equally wide windows, such as the days of 24 hours before and after one of 23."""
    widths = np.diff(edges)
    cuts = [0, *(np.flatnonzero(np.diff(widths)) + 1).tolist(), len(widths)]
    grids: list[Grid] = []
    for a, b in pairwise(cuts):
        first, last, width = int(edges[a]), int(edges[b]), int(widths[a])
        start, end = max(whole.start, first), min(whole.end, last)
        grids.append(
            replace(whole, start=start, end=end, first=first, width=width, windows=b - a, hold=max(width, HOUR))
        )
    return grids


def _grid(whole: Grid, width: int, low: int, high: int) -> Grid:
    """Windows of `width` ms, counted from the epoch, that [low, high) touches."""
    groups = whole.groups
    windows = _windows(low, high, width)
    if windows * groups > MAX_POINTS:
        fits = _smallest_window(low, high, groups)
        raise InvalidInput(
            f"{windows} windows of {width} ms in {groups} groups are {windows * groups} points, "
            f"an answer holds at most {MAX_POINTS}",
            code="too_many_points",
            hint=f"a window of {fits} ms fits" if fits else f"at most {MAX_POINTS} groups fit: select or group less",
        )
    return replace(whole, first=low - low % width, width=width, windows=windows, hold=max(width, HOUR))


def _windows(low: int, high: int, width: int) -> int:
    return (high - 1) // width - low // width + 1


def _smallest_window(low: int, high: int, groups: int) -> int | None:
    """The smallest usual width (whole days beyond half a day) whose windows × groups fit one answer."""
    days = (DAY * n for n in range(1, (high - low) // DAY + 3))
    return next((w for w in itertools.chain(_NICE, days) if _windows(low, high, w) * groups <= MAX_POINTS), None)


def _table(
    result: Combined, layout: _Layout, member: I64, series: Sequence[SeriesInfo], units: Units, question: Aggregate
) -> pa.Table:
    """`member` int64 [n]: for each row the index in `series` of one of its group."""

    def out(values: F64, weight: F64 | float = 1.0) -> F64:
        return units.out(values, member, weight=weight)

    low, high = out(result.min), out(result.max)
    window = result.slot % max(1, len(layout.starts))
    label = {} if layout.labels is None else {"label": pa.array(layout.labels, pa.string()).take(pa.array(window))}
    columns: dict[str, Any] = {
        "ts": layout.starts[window],
        **label,
        "metric": texts(series, member, lambda info: info.key.metric),
        "unit": pa.array(units.names, pa.string()).take(pa.array(member)),
        **{GROUPS[name][0]: texts(series, member, GROUPS[name][1]) for name in question.group_by},
        "count": result.count,
        "sum": floats(out(result.sum, result.count.astype(np.float64))),
        "mean": floats(np.clip(out(result.mean), low, high)),
        "min": floats(low),
        "max": floats(high),
        "first": floats(out(result.first)),
        "last": floats(out(result.last)),
        "time_weighted_mean": floats(out(result.time_weighted_mean)),
        "coverage": floats(result.coverage),
        "series": result.series,
    }
    return pa.table(columns)
