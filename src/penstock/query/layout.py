"""The windows of an answer, and the partials of grouped series in them: what `Aggregate` and `Query` have in common."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.query.combine import Combined, Grid
from penstock.query.pieces import Pieces, whole_until
from penstock.query.port import MAX_POINTS
from penstock.query.select import Units, ids_of
from penstock.query.shift import Shift
from penstock.query.windows import Window, find_zone, finest, parse_window, tile
from penstock.store.series import SeriesView

__all__ = [
    "MEASURES",
    "Groups",
    "Layout",
    "Measure",
    "Room",
    "Span",
    "data_span",
    "finest_window",
    "lay_out",
    "measure",
    "nowhere",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

Measure = Literal["count", "sum", "mean", "min", "max", "first", "last", "time_weighted_mean", "coverage"]
MEASURES: Final[tuple[Measure, ...]] = (
    "count", "sum", "mean", "min", "max", "first", "last", "time_weighted_mean", "coverage",
)  # fmt: skip
"""What partials serve, in the order of `Aggregate`'s columns."""

_NICE: Final = tuple(
    unit * n
    for unit, steps in ((1, (1, 10, 100)), (SECOND, (1, 2, 5, 10, 15, 30)), (MINUTE, (1, 2, 5, 10, 15, 30)), (HOUR, (1, 2, 3, 6, 12)))
    for n in steps
)  # fmt: skip


class Span(NamedTuple):
    """[start, end), epoch ms."""

    start: int
    end: int


class Room(NamedTuple):
    """How many windows there may be: `groups` × windows ≤ `most`."""

    groups: int
    most: int = MAX_POINTS


class Groups(NamedTuple):
    """Series, sorted by name · int64 [series], the group of each · how many groups there are."""

    series: Sequence[SeriesInfo]
    group: I64
    total: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Windows that follow one another.

    starts  int64 [windows], epoch ms: what they are called
    edges   int64 [windows + 1], epoch ms, rising; a window between equal edges holds nothing
    labels  local starts with offset, for windows of the calendar
    hold    ms by which a reading may precede a window and still hold into it; 0: the window's width, an hour at least
    """

    starts: I64
    edges: I64
    labels: list[str] | None = None
    hold: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    def earlier(self, shift: Shift, span: Span) -> Layout:
        """The same windows in an earlier period, which is `span` for all of them together."""
        if self.hold:
            return replace(self, edges=np.array([0, whole_until(span.end)], np.int64))
        return replace(self, edges=shift.edges(self.edges))

    async def combined(
        self, view: SeriesView, pieces: Pieces, tenant: str, groups: Groups, span: Span, now: int
    ) -> tuple[Combined, int]:
        """Aggregates of [span) per (group, window), slots numbered by this layout, and the coarsest tier that was read."""
        which = np.flatnonzero(self.edges[1:] - self.edges[:-1])
        if not len(which):
            return Combined.empty(), 0
        whole = Grid(*span, 0, 0, 0, groups.total, groups.group, self.hold, now + 1)
        grids = _runs(self.edges[np.append(which, which[-1] + 1)], whole)
        ids = ids_of(groups.series)
        if len(grids) == 1 and grids[0].first % grids[0].width == 0:
            found, tier = await pieces.combined(view, tenant, ids, grids[0])
        else:
            found, tier = await pieces.joined(view, tenant, ids, grids)
        if len(which) == len(self):
            return found, tier
        slot = found.slot // len(which) * len(self) + which[found.slot % len(which)]
        return replace(found, slot=slot), tier


def data_span(series: Sequence[SeriesInfo], asked: Span) -> Span:
    """The part of `asked` from the first to the last reading of `series`, all of which have one in it or around it."""
    low = min(info.first_ts or 0 for info in series)
    return Span(max(asked.start, low), min(asked.end, max(info.last_ts or 0 for info in series) + 1))


def nowhere(labelled: bool) -> Layout:
    """No windows."""
    return Layout(np.empty(0, np.int64), np.zeros(1, np.int64), [] if labelled else None)


def lay_out(window: int | str, zone: str, asked: Span, data: Span, room: Room) -> Layout:
    """Windows from the first to the last that `data`, a part of `asked`, touches.

    `window` as in `Aggregate`: ms, 0 for all of `asked`, or text of the calendar in `zone`.
    Raises InvalidInput (`too_many_points`) with a window that would fit, and as `parse_window`, `find_zone`, `tile`.
    """
    if isinstance(window, str):
        windows = tile(parse_window(window), find_zone(zone), data.start, data.end, room.most, room.groups)
        return Layout(windows.edges[:-1], windows.edges, windows.labels())
    if window == 0:
        # A bucket from the epoch to a day's edge behind the end, so that rollups can serve it.
        edges = np.array([0, whole_until(asked.end)], np.int64)
        return Layout(np.array([asked.start], np.int64), edges, hold=max(asked.end - asked.start, HOUR))
    windows = _count(data, window)
    if windows * room.groups > room.most:
        fits = next((w for w in _widths(data) if _count(data, w) * room.groups <= room.most), None)
        raise InvalidInput(
            f"{windows} windows of {Window(window, 'ms').text} in {room.groups} groups are {windows * room.groups} points, "
            f"at most {room.most} are possible",
            code="too_many_points",
            hint=f"a window of {Window(fits, 'ms').text} fits"
            if fits
            else f"at most {room.most} groups fit: select or group less",
        )
    edges = data.start - data.start % window + np.arange(windows + 1) * window
    return Layout(edges[:-1], edges)


def finest_window(data: Span, zone: str, most: int) -> int | str:
    """The finest usual window of a second or more of which `data` touches at most `most`: ms in UTC, else text."""
    if find_zone(zone).key != "UTC":
        return finest(data.start, data.end, most) or "100y"
    return next(w for w in _widths(data) if w >= SECOND and _count(data, w) <= max(1, most))


def measure(name: Measure, result: Combined, member: I64, units: Units) -> F64:
    """One measure of each row of `result`, float64 [n]; `member` int64 [n] numbers, among the series of `units`, one of its group."""
    match name:
        case "count":
            return result.count.astype(np.float64)
        case "coverage":
            return result.coverage
        case "sum":
            return units.out(result.sum, member, weight=result.count.astype(np.float64))
        case "mean" if units.is_plain:
            return result.mean
        case "mean":
            low, high = units.out(result.min, member), units.out(result.max, member)
            return np.clip(units.out(result.mean, member), low, high)
        case _:
            values: F64 = getattr(result, name)
            return units.out(values, member)


def _runs(edges: I64, whole: Grid) -> list[Grid]:
    """One grid for each run of equally wide windows, such as the days of 24 hours before and after one of 23."""
    widths = edges[1:] - edges[:-1]
    cuts = [0, *(np.flatnonzero(widths[1:] - widths[:-1]) + 1).tolist(), len(widths)]
    grids: list[Grid] = []
    for a, b in pairwise(cuts):
        first, last, width = int(edges[a]), int(edges[b]), int(widths[a])
        start, end = max(whole.start, first), min(whole.end, last)
        hold = whole.hold or max(width, HOUR)
        grids.append(replace(whole, start=start, end=end, first=first, width=width, windows=b - a, hold=hold))
    return grids


def _count(data: Span, width: int) -> int:
    return (data.end - 1) // width - data.start // width + 1


def _widths(data: Span) -> itertools.chain[int]:
    """Usual widths, finest first: divisors of a day, then whole days up to all of `data`."""
    return itertools.chain(_NICE, (DAY * n for n in range(1, (data.end - data.start) // DAY + 3)))
