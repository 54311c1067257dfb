"""What is selected from the database: raw readings and stored rollups, as arrays.

SQL only selects rows; numbers are computed in NumPy by `model.partials`, so every way to an aggregate has equal bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.batch import Readings, sort_order
from penstock.model.partials import Partials, partials_at
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.store.series.duckdb.judge import I32, I64
from penstock.store.series.duckdb.schema import ROLLUPS

__all__ = [
    "Sought",
    "as_readings",
    "join",
    "raw_and_before",
    "raw_partials",
    "reach_back",
    "select_raw",
    "stored",
]

_COLUMNS: Final = tuple(f.name for f in fields(Partials))
_MAX_ROWS: Final = 4_000_000
"""Raw readings that a question holds at once while it makes partials of them, some 300 MB."""
_LISTED: Final = 256
"""Series that are named in a statement one by one: faster than a join while they are few."""
_REACH: Final = (10 * MINUTE, HOUR, DAY, 7 * DAY, 35 * DAY, 400 * DAY)
"""How far back earlier readings are looked for before a series' whole history is read."""


class Sought(NamedTuple):
    """Series of which earlier readings are looked for: their ids, int32 [n], and from when to when each has any, int64 [n], epoch ms."""

    ids: I32
    oldest: I64
    newest: I64

    @classmethod
    def none(cls) -> Sought:
        """No series."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64))

    def take(self, index: npt.NDArray[np.bool_]) -> Sought:
        """Those of them that `index` says, bool [n]."""
        return Sought(self.ids[index], self.oldest[index], self.newest[index])


def as_readings(columns: Mapping[str, Any]) -> Readings:
    """Columns series, ts, value in any order of rows, as sorted Readings."""
    series, ts = np.asarray(columns["series"], np.int32), np.asarray(columns["ts"], np.int64)
    order = sort_order(series, ts)
    return Readings(series[order], ts[order], np.asarray(columns["value"], np.float64)[order])


def join(pieces: Sequence[Readings]) -> Readings:
    """All pieces, sorted; no key is in two of them."""
    series, ts, value = (np.concatenate(c) for c in zip(*pieces, strict=True))
    order = sort_order(series, ts)
    return Readings(series[order], ts[order], value[order])


def select_raw(cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, most: int | None = None) -> Readings:
    """All of them, or any `most` of them where there are more."""
    if len(ids) == 0 or end <= start:
        return Readings.empty()
    where, parameters = _among(cursor, ids)
    return as_readings(
        cursor.execute(
            f"SELECT series, ts, value FROM raw WHERE {where} AND ts >= ? AND ts < ?{'' if most is None else ' LIMIT ?'}",
            [*parameters, start, end, *([] if most is None else [most])],
        ).fetchnumpy()
    )


def raw_partials(cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, tier: int) -> Iterator[Partials]:
    """Partials of raw readings, some series at a time, so that a question never holds more than a bounded number of rows."""
    if end <= start:
        return
    readings = select_raw(cursor, ids, start, end, _MAX_ROWS + 1 if len(ids) > 1 else None)
    if len(readings.ts) <= _MAX_ROWS:
        yield partials_at(readings, tier)
        return
    del readings
    ((rows,),) = cursor.execute(
        "SELECT count(*) FROM raw WHERE series BETWEEN ? AND ? AND ts >= ? AND ts < ?",
        [int(ids[0]), int(ids[-1]), start, end],
    ).fetchall()
    for part in np.array_split(ids, min(len(ids), -(-rows // _MAX_ROWS))):
        yield partials_at(select_raw(cursor, part, start, end), tier)


def _among(cursor: duckdb.DuckDBPyConnection, ids: I32) -> tuple[str, list[int]]:
    """A condition on `series` for sorted unique ids, with its parameters; few need no join, a contiguous range not even a list."""
    span = "series BETWEEN ? AND ?"
    bounds = [int(ids[0]), int(ids[-1])]
    if bounds[1] - bounds[0] + 1 == len(ids):
        return span, bounds
    if len(ids) <= _LISTED:
        return f"{span} AND series IN ({', '.join(map(str, ids.tolist()))})", bounds
    cursor.register("ids", pa.table({"id": ids}))
    return f"{span} AND series IN (SELECT id FROM ids)", bounds


def raw_and_before(
    cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, tier: int, sought: Sought, since: int
) -> tuple[list[Partials], Readings]:
    """Partials of raw readings of [start, end), and of each series that is `sought` the last reading of [since, start).

    Both are read at once: what came before is seldom far.
    """
    if len(sought.ids) == 0 or end <= start:
        return list(raw_partials(cursor, ids, start, end, tier)), reach_back(cursor, sought, 1, start)
    near = max(since, start - _REACH[0])
    found = select_raw(cursor, ids, near, end, _MAX_ROWS + 1)
    if len(found.ts) > _MAX_ROWS:
        del found
        return list(raw_partials(cursor, ids, start, end, tier)), reach_back(cursor, sought, 1, start)
    inside = found.ts >= start
    before = found.take(~inside & np.isin(found.series, sought.ids)).newest(1)
    far = sought.take((sought.oldest < near) & ~np.isin(sought.ids, before.series))
    return [partials_at(found.take(inside), tier)], join([before, reach_back(cursor, far, 1, near)])


def reach_back(cursor: duckdb.DuckDBPyConnection, sought: Sought, limit: int, before: int) -> Readings:
    """The newest `limit` readings of each series with ts < `before`, looking back in widening stretches of time."""
    ids, oldest, newest = sought
    if len(ids) == 0:
        return Readings.empty()
    found: list[Readings] = []
    top = min(int(newest.max()) + 1, before)
    end, floor = top, int(oldest.min())
    counts = np.zeros(len(ids), np.int64)
    for reach in (*_REACH, None):
        start = floor if reach is None else max(floor, top - reach)
        open_ids = ids[(counts < limit) & (oldest < end)]
        if len(open_ids) == 0 or start >= end:
            break
        piece = select_raw(cursor, open_ids, start, end).newest(limit)
        found.append(piece)
        counts += np.bincount(np.searchsorted(ids, piece.series), minlength=len(ids))
        end = start
    return join(found).newest(limit) if found else Readings.empty()


def stored(cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, tier: int) -> list[Partials]:
    """Partials of a tier over whole buckets that are rolled up, with what is dirty or not kept taken from raw."""
    where, parameters = _among(cursor, ids)
    unit = max(tier, HOUR)
    first = start - start % unit
    stale = cursor.execute(
        f"SELECT DISTINCT series, hour - hour % ? AS unit FROM dirty WHERE {where} AND hour >= ? AND hour < ?",
        [unit, *parameters, first, end],
    ).fetchnumpy()
    units = [(stale["series"], stale["unit"])]
    if tier < HOUR:
        hours = cursor.execute(
            f"SELECT series, bucket, finest FROM rollup_1h WHERE {where} AND bucket >= ? AND bucket < ?",
            [*parameters, first, end],
        ).fetchnumpy()
        sparse = np.asarray(hours["finest"], np.int64) > tier
        if sparse.all():
            return [partials_at(select_raw(cursor, ids, start, end), tier)]
        units.append((hours["series"][sparse], hours["bucket"][sparse]))
    raw_units = pa.table(
        {
            "series": np.concatenate([np.asarray(s, np.int32) for s, _ in units]),
            "unit": np.concatenate([np.asarray(u, np.int64) for _, u in units]),
        }
    )
    cursor.register("raw_units", raw_units)
    columns = ", ".join(_COLUMNS)
    table = cursor.execute(
        f"""SELECT {columns} FROM {ROLLUPS[tier]} t WHERE {where} AND bucket >= ? AND bucket < ?
            {
            "AND NOT EXISTS (FROM raw_units u WHERE u.series = t.series AND u.unit = t.bucket - t.bucket % ?)"
            if raw_units.num_rows
            else ""
        }""",
        [*parameters, start, end, *([unit] if raw_units.num_rows else [])],
    ).fetchnumpy()
    pieces = [_partials(table)]
    if raw_units.num_rows:
        readings = as_readings(
            cursor.execute(
                f"""SELECT r.series, r.ts, r.value FROM raw r WHERE {where.replace("series", "r.series", 1)}
                    AND r.ts >= ? AND r.ts < ?
                    AND EXISTS (FROM raw_units u WHERE u.series = r.series AND u.unit = r.ts - r.ts % ?)""",
                [*parameters, start, end, unit],
            ).fetchnumpy()
        )
        pieces.append(partials_at(readings, tier))
    return pieces


def _partials(columns: Mapping[str, Any]) -> Partials:
    partials = Partials(*(np.asarray(columns[name]) for name in _COLUMNS))
    return partials.take(sort_order(partials.series, partials.bucket))
