"""The embedded store in this process, without bus and HTTP: what the store itself costs."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import uvloop

from bench.peers.penstock import TENANT, seen, translated
from bench.questions import Asker, Question, Seen
from penstock.app.roles import SWITCH_SECONDS
from penstock.bus import Lane, Pending
from penstock.model.batch import Batch
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from penstock.model.time import WallClock
from penstock.query.engine import Engine
from penstock.query.port import Answer
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from penstock.store.series.port import State

T = TypeVar("T")
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
MEMORY_LIMIT = "512MiB"
"""As `penstock up` sets it."""


class _AtRest:
    """Nothing is in flight: there is no bus."""

    def as_of(self, lanes: Collection[Lane]) -> int:  # noqa: ARG002 - of the protocol
        return WallClock().now()

    def horizon(self) -> int | None:
        return None

    def is_busy(self, lanes: Collection[Lane]) -> bool:  # noqa: ARG002 - of the protocol
        return False

    async def in_flight(self) -> Mapping[Lane, int]:
        return dict.fromkeys(Lane, 0)

    async def lanes(self) -> Mapping[str, Pending]:
        return {}

    async def progress(self) -> Mapping[str, Mapping[str, Any]]:
        return {}

    async def pending(self, tenant: str) -> Mapping[str, int]:  # noqa: ARG002 - of the protocol
        return {}


class Embedded:
    """A `DuckSeriesStore` on a fresh file, its event loop in a thread of its own. A context manager."""

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="bench-")
        self.path = Path(self._directory.name) / "series.duckdb"
        self._loop = uvloop.new_event_loop()  # as `penstock run` does
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._frames = 0
        self._switch_seconds = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)  # as in the platform's processes
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._directory.cleanup()
        sys.setswitchinterval(self._switch_seconds)

    def _run(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result()

    def open(self) -> None:
        """Open the store again after `close`, to read its file in between."""
        self._store = DuckSeriesStore(DuckConfig(self.path, memory_limit=MEMORY_LIMIT), WallClock())
        self._run(self._store.open())

    def close(self) -> None:
        self._run(self._store.close())

    # -- writing

    def commit(self, keys: Sequence[SeriesKey], who: I64, ts: I64, value: F64, **more: Any) -> None:
        """One commit of readings; `who` int64 [n] indexes `keys`. `attributes` may say where the sensors are."""
        self._run(self._commit(tuple(keys), who, ts, value, **more))

    async def _commit(self, keys: tuple[SeriesKey, ...], who: I64, ts: I64, value: F64, **more: Any) -> None:
        self._frames += 1
        stamp = time.time_ns() // 1_000
        version = np.full(len(ts), stamp)
        batch = Batch(TENANT, keys, who.astype(np.int32), ts, value, version, **more)
        part = Part(f"r{self._frames}", "bench", len(ts))
        await self._store.commit([Frame(f"f{self._frames}", TENANT, stamp, (part,), batch)])

    def commit_events(self, events: Sequence[Event]) -> None:
        """One commit of events."""
        self._frames += 1
        stamp = time.time_ns() // 1_000
        part = Part(f"r{self._frames}", "bench", len(events))
        frame = Frame(f"f{self._frames}", TENANT, stamp, (part,), Batch.empty(TENANT), tuple(events))
        self._run(self._store.commit([frame]))

    def upkeep(self, now: int | None = None) -> int:
        """All upkeep that is due at `now` (epoch ms); returns how many pieces it took."""
        pieces = 1
        while self._run(self._store.maintain(WallClock().now() if now is None else now)):
            pieces += 1
        return pieces

    @contextmanager
    def committing(self, rate: float) -> Generator[None]:
        """Meanwhile readings of 1,000 other series are committed, `rate` a second, in twenty commits a second."""
        keys = tuple(SeriesKey("busy", f"n{i:05d}", "power", "W") for i in range(1_000))
        per = max(1, int(rate / 20 / len(keys)))
        rng = np.random.default_rng(3)
        values = [rng.normal(1200, 40, per * len(keys)).round(2) for _ in range(20)]

        async def load() -> None:
            who, began, n = np.tile(np.arange(len(keys)), per), self._loop.time(), 0
            start = WallClock().now() - 45 * 60_000
            while True:
                ts = np.repeat(start + (n * per + np.arange(per)) * 10, len(keys))
                await self._commit(keys, who, ts, values[n % len(values)])
                n += 1
                await asyncio.sleep(max(0.0, began + n * len(who) / rate - self._loop.time()))

        task = asyncio.run_coroutine_threadsafe(load(), self._loop)
        try:
            yield
        finally:
            task.cancel()

    # -- asking

    def state(self) -> State:
        return self._run(self._store.state())

    def askers(self) -> Mapping[str, Asker]:
        """As of a peer: the engine beside the store, from a question's way to its event loop, on which core gets them, to the answer."""

        async def metrics() -> str:
            return ""

        engine = Engine(self._store, WallClock(), _AtRest(), metrics)

        async def answered(question: Question) -> tuple[Answer, float]:
            return await engine.ask(translated(question)), time.perf_counter()

        def ask(question: Question) -> Seen:
            answer, at = self._run(answered(question))
            return seen(question, answer)._replace(at=at)

        return {"in process": ask}

    def tables(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the closed file, which is opened for it read-only."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def used_bytes(self) -> int:
        """Bytes of the blocks in use, store closed and checkpointed; free blocks inside the file are used again."""
        return int(self.tables("SELECT used_blocks * block_size FROM pragma_database_size()")[0][0])

    def table_bytes(self, table: str) -> int:
        """Bytes of the blocks that hold a table, store closed and checkpointed."""
        blocks = f"SELECT count(DISTINCT block_id) FROM pragma_storage_info('{table}') WHERE persistent"
        size = "SELECT block_size FROM pragma_database_size()"
        return int(self.tables(blocks)[0][0]) * int(self.tables(size)[0][0])


def series(n: int, metric: str = "power", unit: str = "W") -> list[SeriesKey]:
    """Keys of `n` sensors, a hundred a site."""
    return [SeriesKey(f"site{i // 100:04d}", f"s{i:06d}", metric, unit) for i in range(n)]


def walks(steps: int, n: int) -> F64:
    """float64 [steps, n]: values with two decimals that wander, as a sensor's do."""
    rng = np.random.default_rng(3)
    return np.round(rng.normal(1200, 40, n) + np.cumsum(rng.normal(0, 0.5, (steps, n)), axis=0), 2)
