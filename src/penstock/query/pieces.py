"""Aggregates put together from pieces of time that are kept while nothing in them changes.

A dashboard asks for the last day again and again, and only its newest hour differs. So the windows of an answer are made in
slices of at least an hour, and each slice is kept with the revisions of the hours that it depends on; the view that is read says
of which revision these are in it. A kept slice has the bits that computing it again would have: slices share nothing but the last
reading of each series before them, which is kept as well.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings
from penstock.model.partials import Partials, fold, tier_for
from penstock.model.time import DAY, HOUR
from penstock.query.combine import Combined, Grid, Held, combine
from penstock.query.select import positions
from penstock.store.series import SeriesView

__all__ = ["Pieces", "whole_until"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_MAX_CELLS: Final = 2_000_000
"""(series, window) pairs held in memory at once, some 180 MB; longer questions are answered in runs of slices."""
_MOST_SLICES: Final = 128
_LENGTHS: Final = (HOUR, 6 * HOUR, DAY, 7 * DAY, 35 * DAY, 400 * DAY)


def whole_until(end: int) -> int:
    """The first day's edge behind `end`: the width of a bucket that holds everything from the epoch to `end`."""
    return (end // DAY + 1) * DAY


class _Signature(NamedTuple):
    """What makes two slices of one stretch of time equal."""

    ids: bytes
    group: bytes
    width: int
    hold: int


_Name = tuple[_Signature, int, int]
"""Of a slice: its signature, length and start, both in ms."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A slice: its windows combined (slots numbered within it), and what comes out of it to hold into the next.

    changed  the newest revision of the hours that it depends on
    """

    combined: Combined
    ts: I64
    value: npt.NDArray[np.float64]
    tier: int
    changed: int

    @property
    def held(self) -> Held:
        held = Held(len(self.ts))
        held.ts[:], held.value[:] = self.ts, self.value
        return held

    @property
    def size(self) -> int:
        columns = (getattr(self.combined, name) for name in Combined.__slots__)
        return 512 + self.ts.nbytes + self.value.nbytes + sum(column.nbytes for column in columns)


class Pieces:
    """Answers grids from views of one store, in any thread; keeps slices in at most `budget` bytes, the least recently used go first."""

    def __init__(self, budget: int = 32 << 20) -> None:
        self._budget = budget
        self._size = 0
        self._guard = threading.Lock()
        self._kept: OrderedDict[_Name, _Piece] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size

    async def combined(self, view: SeriesView, tenant: str, ids: I32, grid: Grid) -> tuple[Combined, int]:
        """All windows of `grid`, whose series have the store's `ids` int32 [series], and the coarsest tier that was read.

        Its windows are aligned to the epoch.
        """
        work = _Work(view, tenant, ids, grid)
        length = _slice_length(grid)
        first = _up(max(grid.start, grid.first), grid.width)
        begin, end = first - first % length, min(grid.end, grid.until)
        stop = end - end % length
        if begin >= stop:
            return await work.windows(grid.start, grid.end, Held(len(ids)), grid.hold)
        slices = range(begin, stop, length)
        pieces = await self._pieces(work, slices, await _changed(work, slices))
        parts: list[tuple[Combined, int]] = []
        if grid.start < first and grid.first < first:
            parts.append(await work.windows(grid.start, first, Held(len(ids)), grid.hold))
        parts += [(work.placed(p.combined, at, length, first), p.tier) for at, p in zip(slices, pieces, strict=True)]
        if stop < grid.end:
            parts.append(await work.windows(stop, grid.end, pieces[-1].held))
        return Combined.concat([part for part, _ in parts]), max(tier for _, tier in parts)

    async def joined(self, view: SeriesView, tenant: str, ids: I32, grids: Sequence[Grid]) -> tuple[Combined, int]:
        """Grids that follow one another in time and differ only in their windows: as `combined`, windows numbered through.

        Nothing is kept.
        """
        held, hold = Held(len(ids)), max(grid.hold for grid in grids)
        parts: list[tuple[Combined, int]] = []
        for grid in grids:
            parts.append(await _Work(view, tenant, ids, grid).windows(grid.start, grid.end, held, hold))
            hold = hold if grid.end <= grid.start else 0
        total, offset = sum(grid.windows for grid in grids), 0
        placed: list[Combined] = []
        for (part, _), grid in zip(parts, grids, strict=True):
            slot = part.slot // grid.windows * total + offset + part.slot % grid.windows
            placed.append(replace(part, slot=slot))
            offset += grid.windows
        return Combined.concat(placed), max(tier for _, tier in parts)

    async def _pieces(self, work: _Work, slices: range, changed: I64) -> list[_Piece]:
        """A piece for every slice: those that are kept and have not changed, and the others read in runs."""
        signature = work.signature
        names = [(signature, slices.step, at) for at in slices]
        found = [self._find(name, revision) for name, revision in zip(names, changed.tolist(), strict=True)]
        most = max(1, _MAX_CELLS * work.grid.width // (len(work.ids) * slices.step))
        whole: list[_Piece] = []
        while len(whole) < len(found):
            n = len(whole)
            piece = found[n]
            if piece is not None:
                whole.append(piece)
                continue
            stop = next((i for i in range(n, len(found)) if found[i] is not None), len(found))
            run = slices[n : min(stop, n + most)]
            held, hold = (whole[-1].held, 0) if whole else (Held(len(work.ids)), work.grid.hold)
            made = await work.slices(run, held, hold, changed[n : n + len(run)].tolist())
            for at, piece in zip(run, made, strict=True):
                self._keep((signature, slices.step, at), piece)
            whole += made
        return whole

    def _find(self, name: _Name, revision: int) -> _Piece | None:
        """What is kept of that name, if it is of that revision."""
        with self._guard:
            piece = self._kept.get(name)
            if piece is None or piece.changed != revision:
                return None
            self._kept.move_to_end(name)
            return piece

    def _keep(self, name: _Name, piece: _Piece) -> None:
        with self._guard:
            earlier = self._kept.pop(name, None)
            self._size += piece.size - (earlier.size if earlier else 0)
            self._kept[name] = piece
            while self._size > self._budget:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size


async def _changed(work: _Work, slices: range) -> I64:
    """int64 [slices]: the newest revision of the hours that each slice depends on."""
    hold = work.grid.hold
    begin = slices.start - hold
    hours = await work.view.changed(begin, slices.stop, work.ids)
    low = begin // HOUR
    return np.array(
        [hours[(at - hold) // HOUR - low : -(-(at + slices.step) // HOUR) - low].max() for at in slices], np.int64
    )


class _Work:
    """One question's reading: partials from the store, combined."""

    def __init__(self, view: SeriesView, tenant: str, ids: I32, grid: Grid) -> None:
        self.view = view
        self._tenant = tenant
        self._order = np.argsort(ids)
        self._sorted = ids[self._order]
        self.ids = ids
        self.grid = grid
        self.signature = _Signature(ids.tobytes(), grid.group.tobytes(), grid.width, grid.hold)

    async def windows(self, start: int, end: int, held: Held, hold: int = 0) -> tuple[Combined, int]:
        """The windows from the one of `start` to that of `end` - 1, which may be cut by the two; slots as in the grid.

        `held` comes before them, with what is read of the `hold` ms before `start`.
        """
        grid = self.grid
        parts: list[Combined] = []
        tier = 0
        step = max(1, _MAX_CELLS // len(self.ids)) * grid.width
        first = max(start - (start - grid.first) % grid.width, grid.first)
        for at in range(first, min(end, grid.first + grid.windows * grid.width), step):
            low, high = max(start, at), min(end, at + step)
            partials, read = await self._partials(low, high, held, hold if at == first else 0)
            tier = max(tier, read)
            part = replace(grid, start=grid.start, first=at, windows=-(-(high - at) // grid.width))
            combined = combine(partials, positions(self.ids, partials.series), part, held)
            parts.append(self.placed(combined, at, part.windows * grid.width, at))
        return Combined.concat(parts) if parts else Combined.empty(), tier

    async def _partials(self, low: int, high: int, held: Held, hold: int) -> tuple[Partials, int]:
        """Partials of the grid's windows over [low, high), and the tier they were read from; `held` gets what came `hold` ms before.

        Windows that are not aligned to the epoch are folded from the coarsest buckets that have an edge at each of theirs,
        which depend on nothing but a window's place and width. There are many of these: they are read in blocks of series.
        """
        grid = self.grid
        common = math.gcd(grid.width, grid.first)
        fine = grid.width if common == grid.width else tier_for(common) or common
        count = len(self._sorted) if fine == grid.width else max(1, _MAX_CELLS * fine // (high - low))
        parts: list[Partials] = []
        tier = 0
        for at in range(0, len(self._sorted), count):
            read = await self.view.aggregate(self._tenant, self._sorted[at : at + count], low, high, fine, hold)
            self._hold(held, read.before)
            tier = max(tier, read.tier)
            parts.append(read.partials if fine == grid.width else fold(read.partials, grid.width, grid.first))
        return Partials.concat(parts), tier

    def _hold(self, held: Held, before: Readings) -> None:
        held.set(self._order[np.searchsorted(self._sorted, before.series)], before.ts, before.value)

    async def slices(self, run: range, held: Held, hold: int, changed: Sequence[int]) -> list[_Piece]:
        """Whole slices that follow one another, read at once; `held` comes before the first, with what is read of `hold` ms."""
        grid = self.grid
        read = await self.view.aggregate(self._tenant, self._sorted, run.start, run.stop, grid.width, hold)
        self._hold(held, read.before)
        number = (read.partials.bucket - run.start) // run.step
        order = np.argsort(number, kind="stable")
        cuts = np.searchsorted(number[order], np.arange(len(run) + 1))
        pieces: list[_Piece] = []
        for n, at in enumerate(run):
            partials = read.partials.take(order[cuts[n] : cuts[n + 1]])
            part = replace(
                grid, start=at, end=at + run.step, until=at + run.step, first=at, windows=run.step // grid.width
            )
            combined = combine(partials, positions(self.ids, partials.series), part, held)
            pieces.append(_Piece(combined, held.ts.copy(), held.value.copy(), read.tier, changed[n]))
        return pieces

    def placed(self, piece: Combined, at: int, length: int, first: int) -> Combined:
        """A slice's rows from the window `first` on, with the slots that they have in the grid."""
        grid, count = self.grid, length // self.grid.width
        window = (at - grid.first) // grid.width + piece.slot % count
        slot = piece.slot // count * grid.windows + window
        # What is newer than the grid was committed after it had been laid out.
        keep = (window >= max(0, (first - grid.first) // grid.width)) & (window < grid.windows)
        placed = replace(piece, slot=slot)
        return placed if keep.all() else placed.take(keep)


def _slice_length(grid: Grid) -> int:
    """Windows per slice, as ms: at least an hour, and more when there would be very many."""
    span = grid.windows * grid.width
    length = next((length for length in _LENGTHS if span <= _MOST_SLICES * length), span)
    return _up(max(length, grid.width), grid.width)


def _up(ts: int, width: int) -> int:
    return -(-ts // width) * width
