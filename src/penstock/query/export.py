"""Pages of an export: raw readings of many series over any range, each page bounded, all of them in one order.

Where a page ends is planned from counts per series and day, which rollups hold, so that no more than about a page is ever
read. The plan is only about effort: what a page holds, and where the next one begins, follows from its rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.batch import Readings
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.port import Export
from penstock.query.select import (
    Instant,
    Units,
    by_name,
    check_limit,
    check_range,
    decode_cursor,
    encode_cursor,
    find,
    floats,
    ids_of,
    overlaps,
    positions,
)
from penstock.store.series import SeriesStore

__all__ = ["export_page"]

I64 = npt.NDArray[np.int64]

_FIRST_SERIES: Final = 8
_MOST_SERIES: Final = 1024
_MOST_COUNTS: Final = 200_000
"""Counts, one per series and day, that are held at once."""

_Position = tuple[str, str, str, str, Instant]
"""Name of the series that a page ended in, and the time from which it goes on."""


async def export_page(store: SeriesStore, question: Export) -> tuple[pa.Table, str | None, dict[str, Any]]:
    """One page, the cursor of the next, and `meta` as in `Export`.

    Raises InvalidInput (limit, range, cursor, a unit that some selected series does not convert to), NotFound as `find`.
    """
    check_limit(question.limit)
    check_range(question.start, question.end)
    position = decode_cursor(question.cursor, _Position)
    everything = await find(store, question.tenant, question.where)
    found = [info for info in everything if overlaps(info, question.start, question.end)]
    units = Units(found, question.unit)
    extent = _Extent(store, question.tenant, ids_of(found), *_span(found, question))
    meta: dict[str, Any] = {} if position else {"series": len(found), "rows": await extent.rows()}
    first, since = _resume(found, position, extent.start)
    index, ts, value = await extent.read(first, since, question.limit + 1)
    more, rows = len(ts) > question.limit, slice(question.limit)
    table = _table(found, units, index[rows], ts[rows], value[rows])
    if not more:
        return table, None, meta
    # The row that was read beyond the page says where the next one begins.
    beyond: _Position = (*by_name(found[int(index[question.limit])]), int(ts[question.limit]))
    return table, encode_cursor(beyond), meta


def _span(found: Sequence[SeriesInfo], question: Export) -> tuple[int, int]:
    """The part of the range in which these series can have readings."""
    start = min((info.first_ts for info in found if info.first_ts is not None), default=question.start)
    end = max((info.last_ts + 1 for info in found if info.last_ts is not None), default=question.end)
    return max(start, question.start), min(end, question.end)


def _resume(found: Sequence[SeriesInfo], position: _Position | None, start: int) -> tuple[int, int]:
    """Index of the series to go on with, and from when; a series that has gone meanwhile is passed over."""
    if position is None:
        return 0, start
    *name, since = position
    first = bisect_left(found, tuple(name), key=by_name)
    same = first < len(found) and by_name(found[first]) == tuple(name)
    return first, max(start, since) if same else start


class _Extent(NamedTuple):
    """Series, in the order of the export, and a range."""

    store: SeriesStore
    tenant: str
    ids: npt.NDArray[np.int32]
    start: int
    end: int

    def _most_series(self) -> int:
        days = (self.end - self.start) // DAY + 2
        return max(1, min(_MOST_SERIES, _MOST_COUNTS // days))

    async def rows(self) -> int:
        """Readings in all of it."""
        total, first, width = 0, 0, _FIRST_SERIES
        while first < len(self.ids):
            total += int((await self._counts(self.ids[first : first + width], self.start)).sum())
            first, width = first + width, min(2 * width, self._most_series())
        return total

    async def read(self, first: int, since: int, limit: int) -> tuple[I64, I64, npt.NDArray[np.float64]]:
        """At least `limit` rows (fewer at the end) from series number `first` at `since` on: series number, ts, value."""
        pieces: list[tuple[I64, Readings]] = []
        left, width = limit, _FIRST_SERIES
        while left > 0 and first < len(self.ids):
            chunk = self.ids[first : first + (width if since == self.start else 1)]
            fitting = int(np.searchsorted(np.cumsum(await self._counts(chunk, since)), left, side="right"))
            if fitting:
                found = await self.store.scan(self.tenant, chunk[:fitting], since, self.end)
                pieces.append(_ordered(found, chunk[:fitting], first))
                first, since = first + fitting, self.start
            else:
                until = await self._until(chunk[:1], since, left)
                found = await self.store.scan(self.tenant, chunk[:1], since, until)
                pieces.append(_ordered(found, chunk[:1], first))
                first, since = (first, until) if until < self.end else (first + 1, self.start)
            left -= len(found.ts)
            width = min(2 * width, self._most_series())
        if not pieces:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        return (
            np.concatenate([index for index, _ in pieces]),
            np.concatenate([found.ts for _, found in pieces]),
            np.concatenate([found.value for _, found in pieces]),
        )

    async def _counts(self, ids: npt.NDArray[np.int32], since: int) -> I64:
        """Readings of each series from `since` on, int64 [n]."""
        partials = (await self.store.aggregate(self.tenant, ids, since, self.end, DAY)).partials
        counts = np.zeros(len(ids), np.int64)
        if len(partials):
            np.add.at(counts, positions(ids, partials.series), partials.count)
        return counts

    async def _until(self, series: npt.NDArray[np.int32], since: int, limit: int) -> int:
        """Where to stop so that one series has at least `limit` readings from `since`, and hardly more."""
        start, end = since, self.end
        for width in (DAY, HOUR, MINUTE):
            partials = (await self.store.aggregate(self.tenant, series, start, end, width)).partials
            counts = np.cumsum(partials.count)
            last = int(np.searchsorted(counts, limit))
            if last == len(counts):
                return end
            limit -= int(counts[last - 1]) if last else 0
            bucket = int(partials.bucket[last])
            start, end = max(start, bucket), min(end, bucket + width)
        return end


def _ordered(found: Readings, ids: npt.NDArray[np.int32], first: int) -> tuple[I64, Readings]:
    """Readings in the order of `ids`, with the number of each one's series, counted from `first`."""
    if not len(found.ts):
        return np.empty(0, np.int64), found
    index = positions(ids, found.series)
    order: Any = np.argsort(index, kind="stable") if len(ids) > 1 else slice(None)
    rows = found.take(order)
    return index[order] + first, rows


def _table(series: Sequence[SeriesInfo], units: Units, index: I64, ts: I64, value: npt.NDArray[np.float64]) -> pa.Table:
    def names(of: Callable[[SeriesInfo], str]) -> pa.Array:
        return _coded([of(info) for info in series], index)

    return pa.table(
        {
            "ts": ts,
            "sensor_id": names(lambda info: info.key.sensor),
            "site_id": names(lambda info: info.key.site),
            "metric": names(lambda info: info.key.metric),
            "value": floats(units.out(value, index)),
            "unit": _coded(units.names, index),
            "building": names(lambda info: info.attributes.building),
            "room": names(lambda info: info.attributes.room),
        }
    )


def _coded(texts: Sequence[str], index: I64) -> pa.Array:
    """A dictionary column: `texts[i]` for each i of `index`; its dictionary holds each text that occurs once."""
    used, rows = np.unique(index, return_inverse=True)
    coded = pa.array([texts[i] for i in used.tolist()], pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.take(pa.array(rows)), coded.dictionary)
