"""Aggregates across series: partials per (series, window) become one row per (group, window). Pure.

Everything is added up in the order of series names, never of store ids or arrival, so equal data gives equal bits. A
time-weighted mean takes a series as a step function: a value holds until the next reading or the window's end, and
into a window from the reading before it only over a stated gap, so that a silent sensor is not extrapolated for long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penstock.model.partials import Partials

__all__ = ["Combined", "Grid", "Held", "combine"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_NEVER = np.iinfo(np.int64).min


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
            self.ts[series[last]], self.value[series[last]] = partials.last_ts[last], partials.last[last]


@dataclass(frozen=True, slots=True)
class Combined:
    """Aggregates per occupied (group, window), sorted by both; every array is [n].

    slot int64 (group · windows + window) · count, series int64 · sum, mean, min, max, first, last float64 ·
    time_weighted_mean float64 (NaN where no time is covered). A sum that overflows is infinite, its mean NaN.
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

    @classmethod
    def empty(cls) -> Combined:
        i, f = np.empty(0, np.int64), np.empty(0)
        return cls(i, i, i, f, f, f, f, f, f, f)

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
    area, cover = _step(partials, series, grid, held)
    held.keep(series, partials)
    if np.any(series[1:] < series[:-1]):
        order = np.argsort(series, kind="stable")
        partials, series, area, cover = partials.take(order), series[order], area[order], cover[order]
    slot = grid.group[series] * grid.windows + (partials.bucket - grid.first) // grid.width
    slots = grid.groups * grid.windows
    present = np.bincount(slot, minlength=slots)
    occupied = np.flatnonzero(present)
    if len(occupied) == len(slot):  # one series per slot: nothing to add up, only to put in order
        at = np.empty(slots, np.int64)
        at[slot] = np.arange(len(slot))
        alone = partials.take(at[occupied])
        return _finish(
            occupied, alone.count, present[occupied], alone.sum, alone.min, alone.max, alone.first, alone.last,
            area[at[occupied]], cover[at[occupied]],
        )  # fmt: skip

    def total(column: I64 | F64) -> F64:
        return np.asarray(np.bincount(slot, column, slots), np.float64)[occupied]

    return _finish(
        occupied,
        total(partials.count).astype(np.int64),
        present[occupied],
        total(partials.sum),
        _extreme(np.minimum, slot, partials.min, slots, np.inf)[occupied],
        _extreme(np.maximum, slot, partials.max, slots, -np.inf)[occupied],
        _at_earliest(slot, partials.first_ts, partials.first, slots)[occupied],
        # Of readings at one instant the first is that of the first series, the last that of the last.
        _at_earliest(slot[::-1], -partials.last_ts[::-1], partials.last[::-1], slots)[occupied],
        total(area),
        total(cover),
    )


def _step(partials: Partials, series: I64, grid: Grid, held: Held) -> tuple[F64, F64]:
    """Area under each series' step function in each window, value·ms, and the time that it covers, ms."""
    last_value, last_ts = np.empty(len(series)), np.empty(len(series), np.int64)
    last_value[1:], last_ts[1:] = partials.last[:-1], partials.last_ts[:-1]
    head = np.ones(len(series), np.bool_)
    head[1:] = series[1:] != series[:-1]
    last_value[head], last_ts[head] = held.value[series[head]], held.ts[series[head]]

    opens = np.maximum(partials.bucket, grid.start)
    closes = np.maximum(np.minimum(partials.bucket + grid.width, min(grid.end, grid.until)), partials.last_ts)
    carried = last_ts >= opens - grid.hold
    lead = np.where(carried, partials.first_ts - opens, 0)
    tail = closes - partials.last_ts
    with np.errstate(over="ignore", invalid="ignore"):
        area = partials.area + last_value * lead + partials.last * tail
    return area, (lead + (partials.last_ts - partials.first_ts) + tail).astype(np.float64)


def _extreme(pick: np.ufunc, slot: I64, value: F64, slots: int, neutral: float) -> F64:
    best = np.full(slots, neutral)
    pick.at(best, slot, value)
    return best


def _at_earliest(slot: I64, ts: I64, value: F64, slots: int) -> F64:
    """Per slot the value at the lowest ts, of equal ones the first row's."""
    earliest = np.full(slots, np.iinfo(np.int64).max)
    np.minimum.at(earliest, slot, ts)
    hits = np.flatnonzero(ts == earliest[slot])[::-1]
    picked = np.zeros(slots)
    picked[slot[hits]] = value[hits]  # a repeated index keeps what is assigned last
    return picked


def _finish(
    slot: I64, count: I64, series: I64, total: F64, low: F64, high: F64, first: F64, last: F64, area: F64, cover: F64
) -> Combined:
    with np.errstate(invalid="ignore", divide="ignore"):
        # A mean of equal values can miss them by the last bit, so it is held between its own extremes.
        mean = np.where(np.isfinite(total), np.clip(total / count, low, high), np.nan)
        weighted = area / cover
    return Combined(slot, count, series, total, mean, low, high, first, last, weighted)
