"""Reading series back: each read runs on its own snapshot, consistent with what the store holds in memory.

SQL only selects rows; numbers are computed in NumPy by `model.partials`, so every way to an aggregate has equal bits.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from typing import Any, Final, Protocol

import duckdb
import numpy as np
import pyarrow as pa

from penstock.model.batch import Readings, sort_order
from penstock.model.pace import NEVER, PACE, usual_interval
from penstock.model.partials import Partials, fold, partials_at, tier_for
from penstock.model.series import Attributes, SeriesInfo, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.store.series.duckdb.changes import Changes
from penstock.store.series.duckdb.judge import F64, I32, I64, Rows
from penstock.store.series.duckdb.records import read_events
from penstock.store.series.duckdb.schema import ROLLUPS, translated
from penstock.store.series.duckdb.snapshot import Snapshot
from penstock.store.series.duckdb.writer import Marks
from penstock.store.series.port import Aggregates, EventRow, Filter, Newest

__all__ = ["Guard", "SeriesMemory", "SeriesReader", "as_readings"]

_COLUMNS: Final = tuple(f.name for f in fields(Partials))
_MAX_ROWS: Final = 4_000_000
"""Raw readings that a question holds at once while it makes partials of them, some 300 MB."""
_LISTED: Final = 256
"""Series that are named in a statement one by one: faster than a join while they are few."""
_REACH: Final = (10 * MINUTE, HOUR, DAY, 7 * DAY, 35 * DAY, 400 * DAY)
"""How far back `recent` looks before it reads a series' whole history."""


class Guard(AbstractContextManager[Any], Protocol):
    """The lock of the store's memory; who holds it may take it again."""

    def acquire(self, blocking: bool = True) -> bool: ...

    def release(self) -> None: ...


class _Registry(Protocol):
    """Which series there are, and where."""

    def check(self, tenant: str, ids: I32) -> None: ...

    def breadth(self, tenant: str, where: Filter) -> int: ...

    def match(self, tenant: str, where: Filter) -> Iterator[tuple[int, SeriesKey, Attributes]]: ...


class _Hot(Protocol):
    """What is held of their readings."""

    @property
    def newest(self) -> I64: ...

    @property
    def oldest(self) -> I64: ...

    def floors(self, ids: I32) -> I64: ...

    def above(self, ids: I32, start: int, end: int) -> Rows: ...

    def last(self, ids: I32, start: int, end: int) -> Rows: ...

    def tails(self, ids: I32, count: int) -> tuple[I64, F64]: ...


class _Events(Protocol):
    """What is held of events."""

    def find(
        self, tenant: str, criticality_above: int | None, start: int | None, end: int | None, limit: int, /
    ) -> list[EventRow] | None: ...


class SeriesMemory(Protocol):
    """What a reader needs of the store's memory, see `writer.Memory`."""

    @property
    def registry(self) -> _Registry: ...

    @property
    def hot(self) -> _Hot: ...

    @property
    def marks(self) -> Marks: ...

    @property
    def changes(self) -> Changes: ...

    @property
    def events(self) -> _Events: ...

    @property
    def standing(self) -> Snapshot | None: ...


class SeriesReader:
    """Answers from one cursor at a time; the store calls it from its reader threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, memory: SeriesMemory, guard: Guard) -> None:
        self._db = connection
        self._memory = memory
        self._guard = guard

    @contextmanager
    def _snapshot(self) -> Generator[tuple[duckdb.DuckDBPyConnection, int]]:
        """A cursor pinned to the last commit, and the `rolled_to` that goes with it."""
        with translated():
            with self._guard:
                standing = self._memory.standing
                snapshot = standing.take() if standing else Snapshot(self._db.cursor(), self._memory.marks.rolled_to)
            with snapshot.cursor() as cursor:
                yield cursor, snapshot.rolled_to

    # -- series

    def find(self, tenant: str, where: Filter) -> list[SeriesInfo]:
        with self._guard:
            hot = self._memory.hot
            found: list[SeriesInfo] = []
            for series, key, attributes in self._memory.registry.match(tenant, where):
                last = int(hot.newest[series])
                span = (int(hot.oldest[series]), last) if last != NEVER else (None, None)
                found.append(SeriesInfo(series, tenant, key, attributes, *span))
            return found

    # -- readings

    def scan(self, tenant: str, ids: I32, start: int, end: int) -> Readings:
        ids = self._own(tenant, ids)
        if len(ids) == 0 or end <= start:
            return _none()
        held = self._held(ids, start, end)
        if held is not None:
            return held
        with self._snapshot() as (cursor, _):
            return _select_raw(cursor, ids, start, end)

    def _from_raw(self, ids: I32, start: int, end: int, width: int) -> Partials:
        """Partials of readings alone, from memory where they all are there."""
        held = self._held(ids, start, end)
        if held is not None:
            return partials_at(held, width)
        with self._snapshot() as (cursor, _):
            return Partials.concat(list(_raw_partials(cursor, ids, start, end, width)))

    def _held(self, ids: I32, start: int, end: int) -> Readings | None:
        """Readings of [start, end) from memory; None if not all of them are there."""
        with self._guard:
            if not bool((self._memory.hot.floors(ids) <= start).all()):
                return None
            rows = self._memory.hot.above(ids, start, end)
        return Readings(rows.series, rows.ts, rows.value)

    def recent(self, tenant: str, ids: I32, limit: int, before: int | None, since: int | None) -> Readings:
        ids = self._own(tenant, ids)
        end = before if before is not None else np.iinfo(np.int64).max
        start = since if since is not None else NEVER + 1
        with self._guard:
            hot = self._memory.hot
            series, ts, value, _ = (hot.last if limit == 1 else hot.above)(ids, start, end)
            held = np.searchsorted(series, ids, "right") - np.searchsorted(series, ids)
            short = ids[(held < limit) & (hot.floors(ids) > start)]
            if len(short) == 0:
                return _newest(Readings(series, ts, value), limit)
            newest, oldest = hot.newest[short], np.maximum(hot.oldest[short], start)
        keep = ~np.isin(series, short)
        with self._snapshot() as (cursor, _):
            older = _reach_back(cursor, short, newest, oldest, limit, end)
        return _newest(_join([Readings(series[keep], ts[keep], value[keep]), older]), limit)

    def newest(self, tenant: str, ids: I32) -> Newest:
        with self._guard:
            self._memory.registry.check(tenant, ids)
            newest = self._memory.hot.newest[ids]
            ts, value = self._memory.hot.tails(ids, PACE)
        lost = np.flatnonzero(np.isnan(value) & (newest != NEVER))
        if len(lost):
            found = self.recent(tenant, ids[lost], 1, None, None)
            value[lost] = found.value[np.searchsorted(found.series, ids[lost])]
        return Newest(newest, value, usual_interval(ts))

    # -- events

    def events(
        self, tenant: str, criticality_above: int | None, start: int | None, end: int | None, limit: int
    ) -> list[EventRow]:
        held = self.held_events(tenant, criticality_above, start, end, limit)
        if held is not None:
            return held
        with self._snapshot() as (cursor, _):
            return read_events(cursor, tenant, criticality_above, start, end, limit)

    def held_events(
        self, tenant: str, criticality_above: int | None, start: int | None, end: int | None, limit: int
    ) -> list[EventRow] | None:
        """As `events`, from memory alone; None if not all of them are there."""
        with self._guard:
            return self._memory.events.find(tenant, criticality_above, start, end, limit)

    # -- aggregates

    def aggregate(self, tenant: str, ids: I32, start: int, end: int, width: int) -> Aggregates:
        ids = self._own(tenant, ids)
        tier = tier_for(width)
        if end <= start or len(ids) == 0:
            return Aggregates(Partials.empty(), 0)
        if tier is None:
            return Aggregates(self._from_raw(ids, start, end, width), 0)
        low, high = -(-start // tier) * tier, end - end % tier
        if low >= high:
            return Aggregates(self._from_raw(ids, start, end, width), 0)
        with self._guard:
            held = self._held(ids, start, end) if self._memory.marks.rolled_to <= low else None
        if held is not None:
            return Aggregates(partials_at(held, width), 0)
        with self._snapshot() as (cursor, rolled_to):
            rolled = max(low, min(high, rolled_to - rolled_to % tier))
            pieces = [
                part
                for a, b in ((start, low), (rolled, end))
                if a < b
                for part in _raw_partials(cursor, ids, a, b, tier)
            ]
            if low < rolled:
                pieces += _stored(cursor, ids, low, rolled, tier)
        # [rolled, end) also holds the ragged end, whose last bucket is partial like that of [start, low).
        partials = Partials.concat(pieces) if pieces else Partials.empty()
        return Aggregates(partials if width == tier else fold(partials, width), tier if low < rolled else 0)

    def changed(self, start: int, end: int, ids: I32 | None) -> I64:
        with self._guard:
            return self._memory.changes.newest(start, end, ids)

    def _own(self, tenant: str, ids: I32) -> I32:
        ids = np.asarray(ids, np.int32)
        if np.any(ids[1:] <= ids[:-1]):
            ids = np.unique(ids)
        with self._guard:
            self._memory.registry.check(tenant, ids)
        return ids


def as_readings(columns: Mapping[str, Any]) -> Readings:
    """Columns series, ts, value in any order of rows, as sorted Readings."""
    series, ts = np.asarray(columns["series"], np.int32), np.asarray(columns["ts"], np.int64)
    order = sort_order(series, ts)
    return Readings(series[order], ts[order], np.asarray(columns["value"], np.float64)[order])


def _none() -> Readings:
    return Readings(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0))


def _join(pieces: Sequence[Readings]) -> Readings:
    series, ts, value = (np.concatenate(c) for c in zip(*pieces, strict=True))
    order = sort_order(series, ts)
    return Readings(series[order], ts[order], value[order])


def _newest(readings: Readings, limit: int) -> Readings:
    """The last `limit` readings of each series."""
    series, ts, value = readings
    if len(ts) == 0:
        return readings
    ends = np.append(np.flatnonzero(series[1:] != series[:-1]) + 1, len(series))
    starts = np.append(0, ends[:-1])
    if (ends - starts <= limit).all():
        return readings
    kept = np.repeat(ends, ends - starts) - np.arange(len(series)) <= limit
    return Readings(series[kept], ts[kept], value[kept])


def _select_raw(cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, most: int | None = None) -> Readings:
    """All of them, or any `most` of them where there are more."""
    if len(ids) == 0 or end <= start:
        return _none()
    where, parameters = _among(cursor, ids)
    return as_readings(
        cursor.execute(
            f"SELECT series, ts, value FROM raw WHERE {where} AND ts >= ? AND ts < ?{'' if most is None else ' LIMIT ?'}",
            [*parameters, start, end, *([] if most is None else [most])],
        ).fetchnumpy()
    )


def _raw_partials(cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, tier: int) -> Iterator[Partials]:
    """Partials of raw readings, some series at a time, so that a question never holds more than a bounded number of rows."""
    readings = _select_raw(cursor, ids, start, end, _MAX_ROWS + 1 if len(ids) > 1 else None)
    if len(readings.ts) <= _MAX_ROWS:
        yield partials_at(readings, tier)
        return
    del readings
    ((rows,),) = cursor.execute(
        "SELECT count(*) FROM raw WHERE series BETWEEN ? AND ? AND ts >= ? AND ts < ?",
        [int(ids[0]), int(ids[-1]), start, end],
    ).fetchall()
    for part in np.array_split(ids, min(len(ids), -(-rows // _MAX_ROWS))):
        yield partials_at(_select_raw(cursor, part, start, end), tier)


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


def _reach_back(
    cursor: duckdb.DuckDBPyConnection, ids: I32, newest: I64, oldest: I64, limit: int, before: int
) -> Readings:
    """The newest `limit` readings of each series with ts < `before`, looking back in widening stretches of time."""
    found: list[Readings] = []
    top = min(int(newest.max()) + 1, before)
    end, floor = top, int(oldest.min())
    counts = np.zeros(len(ids), np.int64)
    for reach in (*_REACH, None):
        start = floor if reach is None else max(floor, top - reach)
        open_ids = ids[(counts < limit) & (oldest < end)]
        if len(open_ids) == 0 or start >= end:
            break
        piece = _newest(_select_raw(cursor, open_ids, start, end), limit)
        found.append(piece)
        counts += np.bincount(np.searchsorted(ids, piece.series), minlength=len(ids))
        end = start
    return _join(found) if found else _none()


def _stored(cursor: duckdb.DuckDBPyConnection, ids: I32, start: int, end: int, tier: int) -> list[Partials]:
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
            return [partials_at(_select_raw(cursor, ids, start, end), tier)]
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
