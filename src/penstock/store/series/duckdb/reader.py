"""Reading series back: each read runs on its own snapshot, consistent with what the store holds in memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import duckdb
import numpy as np

from penstock.model.batch import Readings
from penstock.model.pace import NEVER, PACE, usual_interval
from penstock.model.partials import Partials, fold, partials_at, tier_for
from penstock.model.series import Attributes, SeriesInfo, SeriesKey
from penstock.store.series.duckdb.changes import Changes
from penstock.store.series.duckdb.judge import F64, I32, I64, Rows
from penstock.store.series.duckdb.records import read_events
from penstock.store.series.duckdb.schema import ROLLUPS, translated
from penstock.store.series.duckdb.selects import (
    Sought,
    join,
    raw_and_before,
    raw_partials,
    reach_back,
    select_raw,
    stored,
)
from penstock.store.series.duckdb.snapshot import Snapshot
from penstock.store.series.duckdb.writer import Marks
from penstock.store.series.port import Aggregates, EventRow, Filter, Newest

__all__ = ["Guard", "SeriesMemory", "SeriesReader"]


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
            return Readings.empty()
        held = self._held(ids, start, end)
        if held is not None:
            return held
        with self._snapshot() as (cursor, _):
            return select_raw(cursor, ids, start, end)

    def _held(self, ids: I32, start: int, end: int) -> Readings | None:
        """Readings of [start, end) from memory; None if not all of them are there."""
        with self._guard:
            if not bool((self._memory.hot.floors(ids) <= start).all()):
                return None
            rows = self._memory.hot.above(ids, start, end)
        return Readings(rows.series, rows.ts, rows.value)

    def recent(self, tenant: str, ids: I32, limit: int, before: int | None) -> Readings:
        ids = self._own(tenant, ids)
        end = before if before is not None else np.iinfo(np.int64).max
        known, sought = self._known(ids, limit, NEVER + 1, end)
        if len(sought.ids) == 0:
            return known
        with self._snapshot() as (cursor, _):
            older = reach_back(cursor, sought, limit, end)
        return join([known, older])

    def _known(self, ids: I32, limit: int, start: int, end: int) -> tuple[Readings, Sought]:
        """The newest `limit` readings of [start, end) of each series of which memory knows them, and the other series."""
        with self._guard:
            hot = self._memory.hot
            found = Readings(*(hot.last if limit == 1 else hot.above)(ids, start, end)[:3])
            count = np.searchsorted(found.series, ids, "right") - np.searchsorted(found.series, ids)
            short = (count < limit) & (hot.floors(ids) > start)
            if not short.any():
                return found.newest(limit), Sought.none()
            missed = ids[short]
            sought = Sought(missed, np.maximum(hot.oldest[missed], start), hot.newest[missed])
        return found.take(~np.isin(found.series, missed)).newest(limit), sought

    def newest(self, tenant: str, ids: I32) -> Newest:
        with self._guard:
            self._memory.registry.check(tenant, ids)
            newest = self._memory.hot.newest[ids]
            ts, value = self._memory.hot.tails(ids, PACE)
        lost = np.flatnonzero(np.isnan(value) & (newest != NEVER))
        if len(lost):
            found = self.recent(tenant, ids[lost], 1, None)
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

    def aggregate(self, tenant: str, ids: I32, start: int, end: int, width: int, hold: int = 0) -> Aggregates:
        ids = self._own(tenant, ids)
        if end <= start or len(ids) == 0:
            return Aggregates(Partials.empty(), 0, Readings.empty())
        tier = tier_for(width) or width
        low, high = -(-start // tier) * tier, end - end % tier
        if low >= high or tier not in ROLLUPS:  # it holds no whole bucket that is stored
            tier, low, high = width, end, end
        with self._guard:
            known, sought = self._known(ids, 1, start - hold, start) if hold else (Readings.empty(), Sought.none())
            held = self._held(ids, start, end) if low == end or self._memory.marks.rolled_to <= low else None
        if held is not None and len(sought.ids) == 0:
            return Aggregates(partials_at(held, width), 0, known)
        with self._snapshot() as (cursor, rolled_to):
            rolled = max(low, min(high, rolled_to - rolled_to % tier))
            pieces, before = raw_and_before(cursor, ids, start, low, tier, sought, start - hold)
            # [rolled, end) also holds the ragged end, whose last bucket is partial like that of [start, low).
            pieces += raw_partials(cursor, ids, rolled, end, tier)
            if low < rolled:
                pieces += stored(cursor, ids, low, rolled, tier)
        partials = Partials.concat(pieces)
        if width != tier:
            partials = fold(partials, width)
        return Aggregates(partials, tier if low < rolled else 0, join([known, before]) if len(before.ts) else known)

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
