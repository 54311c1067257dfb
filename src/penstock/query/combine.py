"""Aggregates across series: partials per (series, window) become one row per (group, window). Pure.

Everything is added up in the order of series names, never of store ids or arrival, so equal data gives equal bits. A
time-weighted mean takes a series as a step function: a value holds until the next reading or the window's end, and
into a window from the reading before it only over a stated gap, so that a silent sensor is not extrapolated for long.
Coverage says how much of the time that could have been covered so was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.partials import Partials

__all__ = ["Combined", "Grid", "Held", "combine"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_NEVER: Final = np.iinfo(np.int64).min
_LATEST: Final = np.iinfo(np.int64).max
_BLOCK: Final = 16_384
"""Rows worked on at once, so that columns stay in the cache: whole columns of 144,000 rows take twice as long."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The windows and groups of an answer.

    start, end  the range asked for, epoch ms; readings outside are not in the partials
    first       start of the first window, epoch ms
    width       ms
    windows     how many windows
    groups      how many groups
    group       int64 [series] the group of each series; series are numbered in the order of their names
    hold        ms by which the reading before a window may precede it and still hold into it
    until       no value is held beyond this instant (epoch ms): the future is not known
    """

    start: int
    end: int
    first: int
    width: int
    windows: int
    groups: int
    group: I64
    hold: int
    until: int


class Held:
    """The last reading seen of each series, to hold into the next window: int64 ts and float64 value [series]."""

    def __init__(self, series: int) -> None:
        self.ts: I64 = np.full(series, _NEVER)
        self.value: F64 = np.zeros(series)

    def keep(self, series: I64, partials: Partials) -> None:
        """Remember the newest of `partials`, which are sorted by (series, bucket) and later than all before."""
        if len(series):
            last = np.append(np.flatnonzero(series[1:] != series[:-1]), len(series) - 1)
            self.set(series[last], partials.last_ts[last], partials.last[last])

    def set(self, series: I64, ts: I64, value: F64) -> None:
        """Each of these series' last reading."""
        self.ts[series], self.value[series] = ts, value


@dataclass(frozen=True, slots=True)
class Combined:
    """Aggregates per occupied (group, window), sorted by both; every array is [n].

    slot int64 (group · windows + window) · count, series int64 · sum, mean, min, max, first, last float64 ·
    time_weighted_mean float64 (NaN where no time is covered) · coverage float64, 0 to 1: the share that the step functions
    cover of series × window, as far as the window lies in the range and before `until`, 0 where nothing of it does.
    A sum that overflows is infinite, its mean NaN.
    """

    slot: I64
    count: I64
    series: I64
    sum: F64
    mean: F64
    min: F64
    max: F64
    first: F64
    last: F64
    time_weighted_mean: F64
    coverage: F64

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Combined:
        return Combined(*(getattr(self, name)[index] for name in self.__slots__))

    @classmethod
    def empty(cls) -> Combined:
        i, f = np.empty(0, np.int64), np.empty(0)
        return cls(i, i, i, f, f, f, f, f, f, f, f)

    @classmethod
    def concat(cls, pieces: Sequence[Combined]) -> Combined:
        """All pieces, sorted by slot again; no slot may be in two of them."""
        if len(pieces) == 1:
            return pieces[0]
        columns = [np.concatenate([getattr(piece, name) for piece in pieces]) for name in cls.__slots__]
        order = np.argsort(columns[0])
        return cls(*(column[order] for column in columns))


def combine(partials: Partials, series: I64, grid: Grid, held: Held) -> Combined:
    """Combine `partials` into the grid; `series` int64 [n] says which of the grid's series each is of.

    They are in the store's order: the buckets of a series follow one another, series come in any order.
    `held` is what came before the first of these windows; afterwards it is what came before the next ones.
    """
    if len(series) == 0:
        return Combined.empty()
    if np.any(series[1:] < series[:-1]):
        order = np.argsort(series, kind="stable")
        partials, series = partials.take(order), series[order]
    if grid.groups == len(grid.group):
        return _alone(partials, series, grid, held)
    totals = _Totals(grid)
    for start in range(0, len(series), _BLOCK):
        totals.add(partials, series, start, min(start + _BLOCK, len(series)), held)
    held.keep(series, partials)
    return totals.result()


def _alone(partials: Partials, series: I64, grid: Grid, held: Held) -> Combined:
    """Every series is a group of its own: there is nothing to add up, only to put in the order of groups."""
    steps = _step(partials, series, 0, len(series), grid, held)
    held.keep(series, partials)
    slot = grid.group[series] * grid.windows + (partials.bucket - grid.first) // grid.width
    if np.any(slot[1:] < slot[:-1]):
        order = np.argsort(slot)
        partials, slot, steps = partials.take(order), slot[order], _Steps(*(column[order] for column in steps))
    p = partials
    return _finish(grid, slot, p.count, np.ones_like(slot), p.sum, p.min, p.max, p.first, p.last, steps)


class _Steps(NamedTuple):
    """Series' step functions per window, every array float64 [n].

    area, value·ms, and the time that it covers, ms · ahead: how much of that time lies at or behind the grid's `until`, ms
    """

    area: F64
    cover: F64
    ahead: F64


class _Totals:
    """Sums and extremes per slot. Rows are added one after another, in their order: floating point sums depend on it."""

    def __init__(self, grid: Grid) -> None:
        slots = grid.groups * grid.windows
        self._grid = grid
        self._count, self._series = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
        self._sum = np.zeros(slots)
        self._steps = _Steps(np.zeros(slots), np.zeros(slots), np.zeros(slots))
        self._min, self._max = np.full(slots, np.inf), np.full(slots, -np.inf)
        self._first, self._last = np.zeros(slots), np.zeros(slots)
        self._first_key, self._last_key = np.full(slots, _LATEST), np.full(slots, _LATEST)

    def add(self, partials: Partials, series: I64, start: int, stop: int, held: Held) -> None:
        """Add rows [start, stop), in the order of series, then windows."""
        grid, rows = self._grid, np.s_[start:stop]
        of, last = series[rows], partials.last[rows]
        slot = (partials.bucket[rows] - grid.first) // grid.width + grid.group[of] * grid.windows
        steps = _step(partials, series, start, stop, grid, held)
        with np.errstate(over="ignore", invalid="ignore"):
            np.add.at(self._sum, slot, partials.sum[rows])
            np.add.at(self._steps.area, slot, steps.area)
        np.add.at(self._steps.cover, slot, steps.cover)
        early = np.flatnonzero(steps.ahead)  # hardly ever any: readings of clocks that run ahead
        np.add.at(self._steps.ahead, slot[early], steps.ahead[early])
        np.add.at(self._count, slot, partials.count[rows])
        np.add.at(self._series, slot, 1)
        np.minimum.at(self._min, slot, partials.min[rows])
        np.maximum.at(self._max, slot, partials.max[rows])
        # Of readings at one instant the first is that of the first series, the last that of the last.
        _keep_least(
            self._first_key, self._first, slot, _moment(partials.first_ts[rows], of, grid), partials.first[rows]
        )
        _keep_least(self._last_key, self._last, slot, ~_moment(partials.last_ts[rows], of, grid), last)

    def result(self) -> Combined:
        """The slots that hold something."""
        at = np.flatnonzero(self._series)
        total, low, high = self._sum[at], self._min[at], self._max[at]
        steps = _Steps(*(column[at] for column in self._steps))
        return _finish(
            self._grid, at, self._count[at], self._series[at], total, low, high, self._first[at], self._last[at], steps
        )


def _finish(
    grid: Grid,
    slot: I64,
    count: I64,
    series: I64,
    total: F64,
    low: F64,
    high: F64,
    first: F64,
    last: F64,
    steps: _Steps,
) -> Combined:
    opens = grid.first + slot % grid.windows * grid.width
    closes = np.minimum(opens + grid.width, min(grid.end, grid.until))
    possible = series * np.maximum(closes - np.maximum(opens, grid.start), 0)
    coverage = np.divide(steps.cover - steps.ahead, possible, out=np.zeros(len(slot)), where=possible > 0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        # A mean of equal values can miss them by the last bit, so it is held between its own extremes.
        mean = np.where(np.isfinite(total), np.clip(total / count, low, high), np.nan)
        weighted = steps.area / steps.cover
    return Combined(slot, count, series, total, mean, low, high, first, last, weighted, coverage)


def _step(partials: Partials, series: I64, start: int, stop: int, grid: Grid, held: Held) -> _Steps:
    """The step functions of rows [start, stop)."""
    rows, before = np.s_[start:stop], np.arange(start - 1, stop - 1)
    value, ts = partials.last[before], partials.last_ts[before]
    head = series[rows] != series[before]
    head[0] |= start == 0  # the first row of all was compared with the last
    value[head], ts[head] = held.value[series[rows][head]], held.ts[series[rows][head]]

    first_ts, last_ts = partials.first_ts[rows], partials.last_ts[rows]
    opens = np.maximum(partials.bucket[rows], grid.start)
    opens = np.where(ts < opens - grid.hold, first_ts, opens)
    closes = np.maximum(np.minimum(partials.bucket[rows] + grid.width, min(grid.end, grid.until)), last_ts)
    with np.errstate(over="ignore", invalid="ignore"):
        area = value * (first_ts - opens) + partials.area[rows] + partials.last[rows] * (closes - last_ts)
    ahead = closes - np.maximum(np.minimum(closes, grid.until), opens)
    return _Steps(area, (closes - opens).astype(np.float64), ahead.astype(np.float64))


def _moment(ts: I64, series: I64, grid: Grid) -> I64:
    """A number that orders readings by time, then by series; fits 63 bits up to 10^8 series over 1000 days of 1 ms."""
    return (ts - grid.first) * len(grid.group) + series


def _keep_least(least: I64, kept: F64, slot: I64, key: I64, value: F64) -> None:
    """Per slot keep the value of the least key seen so far; no key comes twice."""
    np.minimum.at(least, slot, key)
    rows = np.flatnonzero(key == least[slot])
    kept[slot[rows]] = value[rows]
