"""Newest first over many series: what `Recent` and `Batteries` are read with.

Readings are fetched in widening rounds, only from series that may still hold something newer than the rows found so
far, so ten thousand series cost about as many readings as are asked for, not their product.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.store.series import Readable

__all__ = ["NewestRows", "newest_rows"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


class NewestRows(NamedTuple):
    """Readings of the newest rows, sorted by (ts descending, group ascending).

    row int64 [n]: number of the row that a reading is in, 0 is the newest · group int64 [n] · series int64 [n]: index
    into the ids asked for · ts int64 [n] · value float64 [n] · more: there are older rows.
    """

    row: I64
    group: I64
    series: I64
    ts: I64
    value: F64
    more: bool


async def newest_rows(
    store: Readable,
    tenant: str,
    ids: npt.NDArray[np.int32],
    group: I64,
    limit: int,
    before: I64,
    start: int | None = None,
) -> NewestRows:
    """The newest `limit` rows; a row is all readings of one group at one instant.

    ids     int32 [n] series
    group   int64 [n] the group that each series is of; lower groups come first among rows of one instant
    before  int64 [n] exclusive upper bound of ts for each series
    start   inclusive lower bound of ts
    """
    by_id = np.argsort(ids)
    rows = _Fetched(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    active = np.ones(len(ids), np.bool_)
    chunk = min(limit + 1, -(-2 * limit // max(1, len(ids))))
    while active.any():
        rows = rows.only(~active[rows.series])
        for bound in np.unique(before[active]).tolist():
            found = await store.recent(tenant, ids[active & (before == bound)], chunk, bound)
            rows = rows.add(by_id[np.searchsorted(ids[by_id], found.series)], found.ts, found.value)
        # What may hold more: series that filled their chunk with readings that are all newer than the last row needed.
        held = np.bincount(rows.series, minlength=len(ids))
        oldest = np.full(len(ids), np.iinfo(np.int64).max)
        np.minimum.at(oldest, rows.series, rows.ts)
        if start is not None:
            rows = rows.only(rows.ts >= start)
            active &= oldest > start
        active &= held >= chunk
        if chunk > limit:
            break  # each has given all the rows that can be asked for
        active &= oldest > _horizon(group[rows.series], rows.ts, limit + 1)
        chunk = min(limit + 1, chunk * 4)
    return _rows(group, rows, limit)


class _Fetched(NamedTuple):
    """series int64 [n] index into the ids asked for, ts int64 [n], value float64 [n], in no order."""

    series: I64
    ts: I64
    value: F64

    def only(self, kept: npt.NDArray[np.bool_]) -> _Fetched:
        return _Fetched(self.series[kept], self.ts[kept], self.value[kept])

    def add(self, series: I64, ts: I64, value: F64) -> _Fetched:
        return _Fetched(
            np.concatenate((self.series, series)), np.concatenate((self.ts, ts)), np.concatenate((self.value, value))
        )


def _horizon(group: I64, ts: I64, rows: int) -> int:
    """The instant of the `rows`-th newest row: what is older cannot be among them."""
    if len(ts) == 0:
        return np.iinfo(np.int64).min
    order = np.lexsort((group, -ts))
    fresh = _changes(group[order], ts[order])
    if np.count_nonzero(fresh) < rows:
        return np.iinfo(np.int64).min
    return int(ts[order[np.flatnonzero(fresh)[rows - 1]]])


def _changes(group: I64, ts: I64) -> npt.NDArray[np.bool_]:
    """True where a new (ts, group) begins, in columns sorted by both."""
    fresh = np.ones(len(ts), np.bool_)
    fresh[1:] = (ts[1:] != ts[:-1]) | (group[1:] != group[:-1])
    return fresh


def _rows(group_of: I64, rows: _Fetched, limit: int) -> NewestRows:
    group = group_of[rows.series]
    order = np.lexsort((group, -rows.ts))
    series, group, ts, value = rows.series[order], group[order], rows.ts[order], rows.value[order]
    row = np.cumsum(_changes(group, ts)) - 1
    kept = int(np.searchsorted(row, limit))
    return NewestRows(row[:kept], group[:kept], series[:kept], ts[:kept], value[:kept], more=kept < len(row))
