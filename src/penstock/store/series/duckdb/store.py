"""The embedded series store: DuckDB owned by this process, one writer thread, a few reader threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import duckdb
import numpy as np
import structlog

from penstock.model.errors import Misconfigured, Unavailable
from penstock.model.findings import Findings
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, DeadLetter, LedgerRow, LetterState, Receipt
from penstock.model.time import HOUR, Clock, WallClock
from penstock.store.series.duckdb.archive import Reader
from penstock.store.series.duckdb.judge import Rows
from penstock.store.series.duckdb.reader import SeriesReader
from penstock.store.series.duckdb.reads import OpenView, SeriesReads
from penstock.store.series.duckdb.recent_events import KEPT
from penstock.store.series.duckdb.records import newest_events
from penstock.store.series.duckdb.schema import INVALIDATED, DuckConfig, connect, translated
from penstock.store.series.duckdb.upkeep import GRACE, Upkeep, kept_since
from penstock.store.series.duckdb.writer import Marks, Memory, Writer
from penstock.store.series.port import EventRow, Refusal, SeriesView, State, Trace

__all__ = ["DuckSeriesStore"]

log: Final = structlog.get_logger(__name__)

_READERS: Final = 2
_ANSWERERS: Final = 4
"""Questions answered at a time; each holds what it reads, so that they bound memory. Single reads do not wait for them."""

T = TypeVar("T")


class DuckSeriesStore(SeriesReads):
    """`SeriesStore` on one DuckDB file. See `docs/decisions` for why it is shaped like this."""

    def __init__(self, config: DuckConfig, clock: Clock | None = None) -> None:
        super().__init__(self._read)
        self._config = config
        self._clock = clock or WallClock()
        self._guard = threading.RLock()
        self._memory = Memory(config.hot_bytes)
        self._db: duckdb.DuckDBPyConnection | None = None
        self._invalid = False
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._answering = ThreadPoolExecutor(_ANSWERERS, thread_name_prefix="store-answerer")

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writing, self._open, self._memory)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writing, self._close)
        self._writing.shutdown()
        self._reading.shutdown()
        self._answering.shutdown()

    def _open(self, memory: Memory) -> None:
        db = connect(self._config)
        try:
            with translated():
                _load(db, memory, self._clock.now())
                upkeep = db.cursor()
        except BaseException:
            db.close()
            raise
        self._db, self._memory, self._upkeep_db = db, memory, upkeep
        self._writer = Writer(db, memory, self._guard, self._clock)
        self._upkeep = Upkeep(upkeep, memory, self._guard, self._config)
        self._reader = Reader(db, memory, self._guard)

    def _reopen(self) -> None:
        """Open anew what DuckDB has given up, as it does when the disk is full in the middle of a checkpoint.

        What was committed is in the database's log, from which everything is rebuilt. Raises Unavailable as long as there
        is no room for that, or a reader still holds the old one.
        """
        assert self._db is not None
        self._upkeep_db.close()
        self._db.close()
        old, memory = self._memory, Memory(self._config.hot_bytes)
        memory.registry.changes = old.registry.changes  # what is named anew is named since
        try:
            self._open(memory)
        except Misconfigured as error:
            raise Unavailable(error.detail, code=INVALIDATED, hint="free disk space; it is tried again") from error
        with self._guard:
            memory.revision, memory.readings, memory.late = old.revision + 1, old.readings, old.late
        self._invalid = False
        log.warning("the store was opened anew", readings=memory.readings)

    def _close(self) -> None:
        if self._db is not None:
            try:
                with translated():
                    self._db.execute("CHECKPOINT")
            except Unavailable as error:  # what was committed is in its log, which the next start reads
                log.warning("the store was closed without a checkpoint", error=error.detail)
            self._upkeep_db.close()
            self._db.close()
            self._db = None

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        if self._db is None:
            raise Unavailable("the store is not open")

        def work() -> T:
            if self._invalid and pool is self._writing:
                self._reopen()
            try:
                return call()
            except Unavailable as error:
                self._invalid |= error.code == INVALIDATED
                raise

        return await asyncio.get_running_loop().run_in_executor(pool, work)

    async def _read(self, call: Callable[[], T]) -> T:
        return await self._run(self._reading, call)

    async def _answer(self, call: Callable[[], T]) -> T:
        return await self._run(self._answering, call)

    def _at_once(self, call: Callable[[], T]) -> T | None:
        """`call` without the way to a thread and back, for what reads memory only; None while a commit holds memory, or there is none."""
        if self._db is None or not self._guard.acquire(blocking=False):
            return None
        try:
            return call()
        finally:
            self._guard.release()

    @property
    def _series(self) -> SeriesReader:
        return self._reader

    # -- SeriesStore

    async def commit(self, frames: Sequence[Frame]) -> Sequence[Receipt]:
        return await self._run(self._writing, lambda: self._writer.commit(frames))

    async def rehearse(self, frame: Frame) -> None:
        await self._run(self._writing, lambda: self._writer.rehearse(frame))

    @asynccontextmanager
    async def view(self) -> AsyncGenerator[SeriesView]:
        view = self._at_once(self._reader.view) or await self._read(self._reader.view)
        try:
            yield OpenView(view, self._read, self._answer)
        finally:
            # Not awaited, so that whoever is cancelled lets go, too; a read that still runs is waited for in its thread.
            if self._db is None:
                view.close()
            elif not self._at_once(view.closed_at_once):
                self._reading.submit(view.close)

    async def events(
        self,
        tenant: str,
        *,
        criticality_above: int | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> Sequence[EventRow]:
        asked = tenant, criticality_above, start, end, limit
        held = self._at_once(lambda: self._reader.held_events(*asked))
        return await self._read(lambda: self._reader.events(*asked)) if held is None else held

    async def trace(self, tenant: str, series: int, ts: int) -> Trace:
        return await self._read(lambda: self._reader.trace(tenant, series, ts))

    async def refusals(self, tenant: str, sensor: str, metric: str, ts: int, limit: int) -> Sequence[Refusal]:
        return await self._read(lambda: self._reader.refusals(tenant, sensor, metric, ts, limit))

    async def findings(self, tenant: str, receipt: str) -> Findings:
        return await self._read(lambda: self._reader.findings(tenant, receipt))

    async def receipt(self, tenant: str, receipt: str) -> Receipt | None:
        return await self._read(lambda: self._reader.receipt(tenant, receipt))

    async def ledger(self, tenant: str | None) -> Sequence[LedgerRow]:
        return await self._read(lambda: self._reader.ledger(tenant))

    async def dead_letters(
        self,
        tenant: str,
        limit: int,
        *,
        state: LetterState | None = None,
        code: str | None = None,
        source: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> Sequence[DeadLetter]:
        where = {"state": state, "code": code, "source": source}
        return await self._read(lambda: self._reader.dead_letters(tenant, limit, where, before))

    async def dead_letter(self, tenant: str, letter: str) -> DeadLetter | None:
        found = await self._read(lambda: self._reader.dead_letters(tenant, 1, {"id": letter}))
        return found[0] if found else None

    async def state(self) -> State:
        kept = self._config.retention_raw
        kept_from = kept_since(self._clock.now(), kept) if kept else 0
        with self._guard:
            memory = self._memory
            return State(
                memory.revision,
                memory.committed,
                len(memory.registry),
                memory.readings,
                memory.late,
                memory.marks.rolled_to,
                memory.dirty,
                kept_from,
                memory.registry.changes,
            )

    async def maintain(self, now: int) -> bool:
        return await self._run(self._writing, lambda: self._upkeep.piece(now))


def _load(db: duckdb.DuckDBPyConnection, memory: Memory, now: int) -> None:
    """Rebuild from the tables what the store keeps in memory."""
    memory.registry.load(
        db.execute("SELECT id, tenant, site, sensor, metric, unit FROM series ORDER BY id").fetchall(),
        db.execute(
            "SELECT tenant, site, sensor, building_stamp, building, room_stamp, room, tags_stamp, tags FROM sensors"
        ).fetchall(),
    )
    memory.hot.grow(len(memory.registry))
    newest = db.execute(
        """SELECT series, max(ts) AS ts, arg_max(value, ts) AS value, arg_max(version, ts) AS version, min(ts) AS oldest
           FROM raw GROUP BY series"""
    ).fetchnumpy()
    series, ts, value, version, oldest = (
        np.asarray(newest[name]) for name in ("series", "ts", "value", "version", "oldest")
    )
    memory.hot.load(Rows(series, ts, value, version), oldest)
    memory.events.load(newest_events(db, KEPT + 1))
    meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if "rolled_to" in meta:
        memory.marks = Marks(meta["rolled_to"], meta["rolling_to"], meta["cursor"])
    else:
        # A new store rolls up from now on; what arrives for the past is marked dirty and rolled up as such.
        start = (now - GRACE) - (now - GRACE) % HOUR
        memory.marks = Marks(start)
        db.execute("INSERT INTO meta VALUES ('rolled_to', ?), ('rolling_to', 0), ('cursor', 0)", [start])
    _load_ledger(db, memory)


def _load_ledger(db: duckdb.DuckDBPyConnection, memory: Memory) -> None:
    rows = db.execute(
        """SELECT number, frame, receipt, tenant, source, committed_ts, stamp, received, stored, duplicate, superseded,
                  rejected, dead_lettered FROM receipts ORDER BY number"""
    ).fetchall()
    memory.number = rows[-1][0] + 1 if rows else 0
    by_frame: dict[str, list[Receipt]] = {}
    for _, frame, receipt, tenant, source, committed, stamp, *counts in rows:
        entry = Receipt(receipt, tenant, source, Counts(*counts), committed, stamp, (frame,))
        by_frame.setdefault(frame, []).append(entry)
    for frame, receipts in by_frame.items():
        memory.settle(frame, receipts)
    for tenant, source, *counts in db.execute("SELECT * FROM ledger_base").fetchall():
        memory.ledger[tenant, source] = memory.ledger.get((tenant, source), Counts()) + Counts(*counts)
    (stamp,) = db.execute("SELECT max(version) FROM raw WHERE version < 4611686018427387904").fetchall()[0]
    memory.committed = stamp or 0
