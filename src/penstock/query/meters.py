"""Reads meters from the store, as little of them as their rule allows, and in blocks of bounded size.

Power by the rule `hold` is taken from the store's partials as long as these are exact (`energy.from_partials`): a day of
a sensor is 24 rows then. Everything else is raw readings: blocks of series, and of time where a series is long. What a
slice of time needs of the one before is the last reading of each series, so slices add up to what one piece would give.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings
from penstock.model.errors import InvalidInput
from penstock.model.partials import TIERS, Partials, from_readings
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY, SECOND
from penstock.query.counters import CounterRule, Counts, flow_of
from penstock.query.energy import Method, Rows, from_partials, from_power, one_sign
from penstock.query.flow import Flow, window_of
from penstock.query.select import ids_of, positions
from penstock.store.series import Readable

__all__ = ["CounterReader", "PowerReader"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_BLOCK: Final = 1_000_000
"""Rows held in memory at once, some 100 MB with what is computed from them."""
_CELLS: Final = 500_000
"""(series, window) pairs of a block, some 30 MB."""
_MOST: Final = 100_000_000
"""Raw readings that one question may cost."""
_MOST_COUNTS: Final = 5_000_000
"""Raw readings of one counter: they are explained together."""

Part = tuple[I64, Flow]
"""Which of the series asked for (int64 [n]), and the flow of these."""


class _Block(NamedTuple):
    """Series that are read raw together (int64 [n]) · instants between which they are read, ms · readings, 0 if unknown."""

    part: I64
    cuts: list[int]
    readings: int


class PowerReader:
    """Energy of series in W. `edges` int64 [windows + 1], epoch ms; `max_hold` ms; `tier` the partials read, ms, 0 for raw."""

    counts = False

    def __init__(self, store: Readable, tenant: str, edges: I64, method: Method, max_hold: int, now: int) -> None:
        self._store = store
        self._tenant = tenant
        self._edges = edges
        self._method: Method = method
        self._max_hold = max_hold
        self._until = now + 1
        self.tier = 0

    async def flows(self, infos: Sequence[SeriesInfo]) -> AsyncIterator[Part]:
        """The flow of every series, block by block. Raises InvalidInput (`too_many_readings`)."""
        ids, raw = ids_of(infos), [np.arange(len(infos))]
        if len(ids) and (tier := self._exact_tier()):
            raw = []
            self.tier = tier
            per_series = max(len(self._edges), int(self._edges[-1] - self._edges[0]) // tier)
            for part in _split(np.full(len(ids), per_series), _CELLS):
                flow, mixed = await self._by_partials(ids[part], tier)
                yield part[~mixed], flow.rows(~mixed)
                raw.append(part[mixed])
        rest = np.concatenate([*raw, np.empty(0, np.int64)])
        async for block in _plan(self._store, self._tenant, ids[rest], self._edges):
            yield rest[block.part], await self._by_readings(ids[rest[block.part]], block.cuts)

    def _exact_tier(self) -> int:
        """The coarsest tier from which `from_partials` is exact and a series fits a block, 0 for none."""
        if self._method != "hold":
            return 0
        inner, length = self._edges[1:-1], int(self._edges[-1] - self._edges[0])
        exact = (t for t in TIERS if t <= self._max_hold and not np.any(inner % t) and length <= _BLOCK * t)
        return max(exact, default=0)

    async def _by_partials(self, ids: I32, tier: int) -> tuple[Flow, npt.NDArray[np.bool_]]:
        """The flow of the series, and which of them cannot be told from partials (power changed sign in a bucket)."""
        start, end = int(self._edges[0]), int(self._edges[-1])
        order = np.sort(ids)
        read = (await self._store.aggregate(self._tenant, order, start, end, tier)).partials
        before = from_readings(await self._before(order), tier)
        both = Partials(*(np.concatenate((getattr(before, n), getattr(read, n))) for n in Partials.__slots__))
        index = positions(ids, both.series)
        sort = np.argsort(index, kind="stable")
        both, index = both.take(sort), index[sort]
        mixed = np.zeros(len(ids), np.bool_)
        mixed[index[~one_sign(both)]] = True
        flow = from_partials(both, index, self._edges, len(ids), max_hold=self._max_hold, until=self._until)
        return flow, mixed

    async def _by_readings(self, ids: I32, cuts: Sequence[int]) -> Flow:
        """Raw, one slice of time after the other."""
        flow = Flow.nothing(len(ids), len(self._edges) - 1)
        order = np.sort(ids)
        ahead = self._max_hold if self._method == "trapezoid" else 0
        carry = await self._before(order)
        for start, end in pairwise(cuts):
            found = await self._store.scan(self._tenant, order, start, end + ahead)
            rows = _rows(ids, carry, found)
            within = np.append(np.append(start, self._edges[(self._edges > start) & (self._edges < end)]), end)
            piece = from_power(rows, within, len(ids), method=self._method, max_hold=self._max_hold, until=self._until)
            flow.add(piece, np.arange(len(ids)), window_of(within[:-1], self._edges))
            carry = _newest(ids, rows, end)
        return flow

    async def _before(self, ids: I32) -> Readings:
        """The last reading before the range of each series, where it reaches into it."""
        start = int(self._edges[0])
        last = await self._store.recent(self._tenant, ids, 1, start)
        near = last.ts > start - self._max_hold
        return last.take(near)


class CounterReader:
    """Rises of counters, in the unit of each. `edges` int64 [windows + 1], epoch ms; `max_hold` ms; always raw."""

    counts = True
    tier = 0

    def __init__(self, store: Readable, tenant: str, edges: I64, max_hold: int, rule: CounterRule) -> None:
        self._store = store
        self._tenant = tenant
        self._edges = edges
        self._max_hold = max_hold
        self._rule = rule

    async def flows(self, infos: Sequence[SeriesInfo]) -> AsyncIterator[Part]:
        """The flow of every series, block by block. Raises InvalidInput (`too_many_readings`)."""
        ids = ids_of(infos)
        exports = np.array(["export" in info.key.metric.lower() for info in infos], np.bool_)
        async for part, _, readings in _plan(self._store, self._tenant, ids, self._edges):
            if readings > _MOST_COUNTS:
                raise _too_many(f"counter {infos[int(part[0])].key.sensor} has", readings, _MOST_COUNTS)
            rows = await self._around([infos[i] for i in part.tolist()])
            flow = flow_of(rows, self._edges, len(part), self._rule, self._max_hold)
            flow.turn(exports[part])
            yield part, flow

    async def _around(self, infos: Sequence[SeriesInfo]) -> Counts:
        """Readings of the range and of a day around it, so that what happens at its ends is explained as in its middle;
        and the nearest ones beyond, so that a gap across an end is seen.
        """
        ids = ids_of(infos)
        start, end = int(self._edges[0]) - DAY, int(self._edges[-1]) + DAY
        inside = await self._store.scan(self._tenant, np.sort(ids), start, end)
        pieces = [await self._store.recent(self._tenant, np.sort(ids), 1, start), inside]
        longer = [info for info in infos if (info.last_ts or 0) >= end]
        if longer:
            last = max(info.last_ts or 0 for info in longer)
            whole = (last // DAY + 1) * DAY
            after = (await self._store.aggregate(self._tenant, np.sort(ids_of(longer)), end, last + 1, whole)).partials
            pieces.append(Readings(after.series, after.first_ts, after.first))
        return Counts(*_rows(ids, *pieces))


def _rows(ids: I32, *pieces: Readings) -> Rows:
    """Pieces that follow one another in time as rows by (position in `ids`, ts)."""
    series, ts, value = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
    index = positions(ids, series)
    order = np.argsort(index, kind="stable")
    return Rows(index[order], ts[order], value[order])


def _newest(ids: I32, rows: Rows, before: int) -> Readings:
    """The last reading of each series with ts < `before`."""
    kept = np.flatnonzero(rows.ts < before)
    series = rows.series[kept]
    last = kept[np.append(np.flatnonzero(series[1:] != series[:-1]), len(series) - 1)] if len(kept) else kept
    return Readings(ids[rows.series[last]], rows.ts[last], rows.watts[last])


def _split(weights: npt.NDArray[Any], most: int) -> list[I64]:
    """Consecutive indexes whose weights add up to at most `most`; one alone may exceed it."""
    parts: list[I64] = []
    start, held = 0, 0
    for i, weight in enumerate(weights.tolist()):
        if i > start and held + weight > most:
            parts.append(np.arange(start, i))
            start, held = i, 0
        held += weight
    return [*parts, np.arange(start, len(weights))] if len(weights) else parts


async def _plan(store: Readable, tenant: str, ids: I32, edges: I64) -> AsyncIterator[_Block]:
    """Blocks of series to be read raw, each with the instants at which its time is cut.

    A few series over a short time are read at once; else the store says how many readings a day holds.
    Raises InvalidInput (`too_many_readings`).
    """
    start, end = int(edges[0]), int(edges[-1])
    cells = np.full(len(ids), len(edges))
    if len(ids) * (end - start) <= 2 * _BLOCK * SECOND:
        for part in _split(cells, _CELLS):
            yield _Block(part, [start, end], 0)
        return
    daily = (await store.aggregate(tenant, np.sort(ids), start, end, DAY)).partials
    if (held := int(daily.count.sum())) > _MOST:
        raise _too_many("the selected series have", held, _MOST)
    index = positions(ids, daily.series)
    counts = np.bincount(index, daily.count, minlength=len(ids)).astype(np.int64)
    first = start // DAY
    for part in _split(np.maximum(counts, cells * (_BLOCK // _CELLS)), _BLOCK):
        mine = (index >= part[0]) & (index <= part[-1])
        days = np.bincount(daily.bucket[mine] // DAY - first, daily.count[mine]).astype(np.int64)
        yield _Block(part, [start, *_cuts(days, first * DAY, start, end), end], int(days.sum()))


def _cuts(days: I64, origin: int, start: int, end: int) -> list[int]:
    """Instants between `start` and `end` so that at most about _BLOCK readings lie between two; `days` counts them."""
    cuts: list[int] = []
    held = 0
    for day in np.flatnonzero(days).tolist():
        count = int(days[day])
        parts = -(-count // _BLOCK)
        if held + count > _BLOCK:
            cuts += [origin + day * DAY + DAY * i // parts for i in range(parts)]
            held = 0
        held += -(-count // parts)
    return [cut for cut in cuts if start < cut < end]


def _too_many(which: str, count: int, most: int) -> InvalidInput:
    return InvalidInput(
        f"{which} {count} readings in this range, a question may read {most}",
        code="too_many_readings",
        hint="ask for a shorter range or fewer sensors",
    )
