"""The newest readings of every series in memory, and what they prove about keys that are not there.

For each series the last `depth` readings that were stored are held in a ring, with a floor: every stored reading with
ts >= floor is in the ring. So a key above the newest ts is certainly new, a key above the floor is judged without
touching the database, and the latest value or the last N need no query. Memory is bounded: as series are added the
rings get shorter. NEVER is the newest ts of an empty series, and the floor of one whose every reading is in the ring.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import sort_order
from penstock.model.pace import NEVER, PACE
from penstock.store.series.duckdb.judge import F64, I32, I64, Known, Rows

__all__ = ["Changing", "HotReadings", "PastReadings", "Placement"]

_ROW_BYTES: Final = 24
_MIN_DEPTH: Final = 8
_MAX_DEPTH: Final = 128
_CHUNK: Final = 4096


class Placement(NamedTuple):
    """Places in the rings, so that those who read wait for no more than the writing.

    began int32, oldest int64 [m]: series that get readings, and the first ts of each · rows [n]: those of them that are held ·
    slot int64 [n], counted through all rings · ids int32 [k]: series of those, and afterwards, int64 [k]: how many each gets, its newest ts and its floor
    """

    began: I32
    oldest: I64
    rows: Rows
    slot: I64
    ids: I32
    sizes: I64
    newest: I64
    floor: I64


class HotReadings:
    """Rings for series ids 0…n−1. Not thread-safe: the store guards it."""

    def __init__(self, budget: int) -> None:
        """`budget` bytes for all rings together; the minimum depth may exceed it for very many series."""
        self._budget = budget
        self._depth = _MAX_DEPTH  # always a power of two
        self.count = 0
        self._allocate(1024)
        self.newest: I64 = np.full(1024, NEVER)
        self.oldest: I64 = np.full(1024, np.iinfo(np.int64).max)
        self.floor: I64 = np.full(1024, NEVER)

    @property
    def depth(self) -> int:
        return self._depth

    def _allocate(self, capacity: int) -> None:
        shape = (capacity, self._depth)
        self._ts: I64 = np.full(shape, NEVER)
        self._value: F64 = np.zeros(shape)
        self._version: I64 = np.zeros(shape, np.int64)
        self._head: I64 = np.zeros(capacity, np.int64)

    def grow(self, count: int) -> None:
        """Make room for series ids below `count`; new ones are empty."""
        self.count = max(self.count, count)
        capacity = len(self.newest)
        if count <= capacity:
            return
        while capacity < count:
            capacity *= 2
        old_ts, old_value, old_version = self._ts, self._value, self._version
        old_head, old_depth = self._head, self._depth
        fit = max(_MIN_DEPTH, self._budget // (_ROW_BYTES * capacity))
        self._depth = min(_MAX_DEPTH, 1 << (fit.bit_length() - 1))
        before = len(old_head)
        self._allocate(capacity)
        for name, fill in (("newest", NEVER), ("oldest", np.iinfo(np.int64).max), ("floor", NEVER)):
            column = np.full(capacity, fill)
            column[:before] = getattr(self, name)
            setattr(self, name, column)
        if self._depth == old_depth:
            self._ts[:before], self._value[:before], self._version[:before] = old_ts, old_value, old_version
            self._head[:before] = old_head
            return
        # Shorter rings: keep the newest of each, and let the floor rise over what is dropped.
        order = np.argsort(old_ts, axis=1)
        dropped = np.take_along_axis(old_ts, order[:, : old_depth - self._depth], axis=1).max(axis=1)
        keep = order[:, old_depth - self._depth :]
        for new, old in ((self._ts, old_ts), (self._value, old_value), (self._version, old_version)):
            new[:before] = np.take_along_axis(old, keep, axis=1)
        np.maximum(self.floor[:before], np.where(dropped == NEVER, NEVER, dropped + 1), out=self.floor[:before])

    def load(self, rows: Rows, oldest: I64) -> None:
        """At start: the newest reading of each series that has one (one row per series), and its oldest ts."""
        self._ts[rows.series, 0] = rows.ts
        self._value[rows.series, 0] = rows.value
        self._version[rows.series, 0] = rows.version
        self._head[rows.series] = 1
        self.newest[rows.series] = rows.ts
        self.floor[rows.series] = rows.ts
        self.oldest[rows.series] = oldest

    def lookup(self, series: I32, ts: I64) -> tuple[Known, npt.NDArray[np.intp]]:
        """State of keys, and the indices of those that only the database can tell."""
        present = np.zeros(len(ts), np.bool_)
        version, value = np.zeros(len(ts), np.int64), np.zeros(len(ts))
        maybe = np.flatnonzero(ts <= self.newest[series])
        in_ring = ts[maybe] >= self.floor[series[maybe]]
        asked = maybe[in_ring]
        for start in range(0, len(asked), _CHUNK):
            part = asked[start : start + _CHUNK]
            s = series[part]
            match = self._ts[s] == ts[part][:, None]
            hit = match.any(axis=1)
            column = match.argmax(axis=1)
            present[part] = hit
            version[part] = self._version[s, column]
            value[part] = self._value[s, column]
        return Known(present, version, value), maybe[~in_ring]

    def place(self, rows: Rows) -> Placement:
        """Where newly stored readings go, sorted by (series, ts), none of which is in a ring. Nothing changes by that; and before the
        `append` nothing else may but what `update` does.
        """
        starts = _starts(rows.series)
        began = rows.series[starts], rows.ts[starts]
        held = rows.ts >= self.floor[rows.series]
        if not held.all():
            rows = rows.take(held)
            starts = _starts(rows.series)
        ids = rows.series[starts]
        ends = np.append(starts[1:], len(rows.ts))[: len(starts)]
        sizes, newest, floor = ends - starts, rows.ts[ends - 1], self.floor[ids]
        rank = np.arange(len(rows.ts)) - np.repeat(starts, sizes)
        excess = np.maximum(sizes - self._depth, 0)
        if excess.any():
            over = np.flatnonzero(excess)
            floor[over] = np.maximum(floor[over], rows.ts[starts[over] + excess[over] - 1] + 1)
            kept = rank >= np.repeat(excess, sizes)
            rows, rank = rows.take(kept), (rank - np.repeat(excess, sizes))[kept]
            sizes = sizes - excess
            starts = np.cumsum(sizes) - sizes
        slot = rows.series.astype(np.int64) * self._depth + ((self._head[rows.series] + rank) & (self._depth - 1))
        if len(ids):
            evicted = np.maximum.reduceat(self._ts.ravel()[slot], starts)
            floor = np.maximum(floor, np.where(evicted == NEVER, NEVER, evicted + 1))
        return Placement(*began, rows, slot, ids, sizes, np.maximum(self.newest[ids], newest), floor)

    def append(self, placed: Placement) -> None:
        """Take in readings as they were placed."""
        self.oldest[placed.began] = np.minimum(self.oldest[placed.began], placed.oldest)
        _, ts, value, version = placed.rows
        for ring, column in ((self._ts, ts), (self._value, value), (self._version, version)):
            ring.ravel()[placed.slot] = column
        self._head[placed.ids] += placed.sizes
        self.newest[placed.ids], self.floor[placed.ids] = placed.newest, placed.floor

    def update(self, rows: Rows) -> None:
        """New values and versions of readings that were stored before; those below the floor are not here."""
        for start in range(0, len(rows.ts), _CHUNK):
            part = rows.take(np.arange(start, min(start + _CHUNK, len(rows.ts))))
            match = self._ts[part.series] == part.ts[:, None]
            hit = match.any(axis=1)
            slot = match.argmax(axis=1)[hit]
            self._value[part.series[hit], slot] = part.value[hit]
            self._version[part.series[hit], slot] = part.version[hit]

    def floors(self, ids: I32) -> I64:
        """The floor of each of `ids`, int64 [n]."""
        return self.floor[ids]

    def above(self, ids: I32, start: int, end: int) -> Rows:
        """Copies of the readings of [start, end) at or above their series' floor, sorted by (series, ts)."""
        ts, kept = self._inside(ids, start, end)
        row, slot = np.nonzero(kept)
        series, ts = ids[row], ts[kept]
        order = sort_order(series, ts)
        series, slot = series[order], slot[order]
        return Rows(series, ts[order], self._value[series, slot], self._version[series, slot])

    def _inside(self, ids: I32, start: int, end: int) -> tuple[I64, npt.NDArray[np.bool_]]:
        """A copy of the rings' ts, int64 [ids, depth], and which of them are of [start, end) and not below the floor."""
        ts = self._ts[ids]
        return ts, (ts >= np.maximum(self.floor[ids], max(start, NEVER + 1))[:, None]) & (ts < end)

    def last(self, ids: I32, start: int, end: int) -> Rows:
        """Of each series the last of the readings that `above` gives, if there is one; in the order of `ids`."""
        ts, kept = self._inside(ids, start, end)
        ts[~kept] = NEVER
        slot = ts.argmax(axis=1)
        found = np.flatnonzero(ts[np.arange(len(ids)), slot] != NEVER)
        series, slot = ids[found], slot[found]
        return Rows(series, ts[found, slot], self._value[series, slot], self._version[series, slot])

    def tails(self, ids: I32, count: int) -> tuple[I64, F64]:
        """The ts of the last `count` readings that came of each of `ids`, int64 [n, count or fewer], in no order, NEVER where there are
        none; and the value of the newest by ts, float64 [n], NaN where a flood of late readings took its place in the ring, or there
        is none.
        """
        slots = (self._head[ids][:, None] - 1 - np.arange(min(count, self._depth))) & (self._depth - 1)
        ts = self._ts[ids[:, None], slots]
        newest = self.newest[ids]
        match = ts == newest[:, None]
        value = self._value[ids, slots[np.arange(len(ids)), match.argmax(axis=1)]]
        value[~match.any(axis=1) | (newest == NEVER)] = np.nan
        # What came late may have pushed the newest one behind the last ones.
        for row in np.flatnonzero(~match.any(axis=1)).tolist():
            place = np.flatnonzero(self._ts[ids[row]] == newest[row])
            if len(place):
                value[row] = self._value[ids[row], place[0]]
        return np.where(newest[:, None] == NEVER, NEVER, ts), value

    def forget_before(self, ts: int) -> None:
        """Retention removed every reading older than `ts`."""
        gone = self._ts < ts
        self._ts[gone] = NEVER
        n = self.count
        self.newest[:n][self.newest[:n] < ts] = NEVER
        np.maximum(self.oldest[:n], ts, out=self.oldest[:n], where=self.oldest[:n] < ts)


def _starts(series: I32) -> npt.NDArray[np.intp]:
    """Index of the first row of each run of one series."""
    return np.flatnonzero(np.append(True, series[1:] != series[:-1])[: len(series)])


class Changing:
    """Series that are about to change, int32 [n] without repetition."""

    def __init__(self, hot: HotReadings, ids: I32) -> None:
        self.ids: Final = ids
        self._hot = hot

    @cached_property
    def tails(self) -> tuple[I64, F64]:
        """What came last of each until now, see `HotReadings.tails`. Asked for before they change."""
        return self._hot.tails(self.ids, PACE)


class PastReadings:
    """When each series began and ended at one moment, and what came last by then. Its other readings are held while nothing of the
    series changes; from then on its floor lies above all of them.
    """

    def __init__(self, hot: HotReadings) -> None:
        self._live = hot
        self._kept: list[tuple[I64, F64]] = []
        self._rows = 0
        self.count = hot.count
        self._row = np.full(self.count, -1, np.int64)
        self.newest, self.oldest = hot.newest.copy(), hot.oldest.copy()

    def floors(self, ids: I32) -> I64:
        """See `HotReadings.floors`."""
        changed = np.where(self.newest[ids] == NEVER, NEVER, np.iinfo(np.int64).max)
        return np.where(self._row[ids] < 0, self._live.floors(ids), changed)

    def above(self, ids: I32, start: int, end: int) -> Rows:
        """See `HotReadings.above`."""
        return self._live.above(ids[self._row[ids] < 0], start, end)

    def last(self, ids: I32, start: int, end: int) -> Rows:
        """See `HotReadings.last`."""
        return self._live.last(ids[self._row[ids] < 0], start, end)

    def keep(self, changing: Changing) -> None:
        """What came last of series that change for the first time is kept from now on."""
        known = np.flatnonzero(changing.ids < self.count)
        fresh = known[self._row[changing.ids[known]] < 0]
        if len(fresh):
            ts, value = changing.tails
            self._row[changing.ids[fresh]] = np.arange(self._rows, self._rows + len(fresh))
            self._rows += len(fresh)
            self._kept.append((ts[fresh], value[fresh]))

    def tails(self, ids: I32, count: int) -> tuple[I64, F64]:
        """See `HotReadings.tails`: as it was, for `count` of PACE at most."""
        found, value = self._live.tails(ids, count)
        ts = np.full((len(ids), count), NEVER)  # rings may have become shorter since
        ts[:, : found.shape[1]] = found
        rows = self._row[ids]
        if (rows >= 0).any():
            self._gather()
            ((kept, values),) = self._kept
            past = np.flatnonzero(rows >= 0)
            ts[past] = NEVER
            width = min(count, kept.shape[1])
            ts[past, :width] = kept[rows[past], :width]
            value[past] = values[rows[past]]
        return ts, value

    def _gather(self) -> None:
        """What was kept by several changes, as one piece."""
        if len(self._kept) > 1:
            width = max(ts.shape[1] for ts, _ in self._kept)
            wide = [np.pad(ts, ((0, 0), (0, width - ts.shape[1])), constant_values=NEVER) for ts, _ in self._kept]
            self._kept = [(np.concatenate(wide), np.concatenate([value for _, value in self._kept]))]
