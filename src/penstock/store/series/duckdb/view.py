"""Views: the store as it was at one revision, for a question that reads several times.

A view costs nothing while nothing changes: it reads memory as every question does. Who is about to change memory (a commit,
retention) first lets the open views keep what they need of it: a snapshot of the database, the first and last times of the series,
and what is about to be overwritten of what sensors said. From then on the view answers from its snapshot.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import duckdb

from penstock.model.batch import SensorKey
from penstock.model.series import Attributes, SeriesKey
from penstock.store.series.duckdb.hot import PastReadings
from penstock.store.series.duckdb.judge import I32
from penstock.store.series.duckdb.reader import SeriesReader, pin
from penstock.store.series.duckdb.registry import Registry
from penstock.store.series.duckdb.schema import translated
from penstock.store.series.duckdb.writer import Memory
from penstock.store.series.port import Filter

__all__ = ["View"]


class View(SeriesReader):
    """A `SeriesReader` that stays at `revision`. Made and closed by the store; one read at a time."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, memory: Memory, guard: AbstractContextManager[Any]
    ) -> None:
        super().__init__(connection, memory, guard)
        self._live: Final = memory
        self._past: _Past | None = None
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._rolled_to = 0
        self._reading = threading.Lock()
        with guard:
            self.revision: Final = memory.revision
            memory.views.add(self)

    def keep(self, sensors: Mapping[tuple[str, SensorKey], object]) -> None:
        """Memory is about to change, and with it what was said about `sensors`. Called under the guard, before COMMIT."""
        self._pin()
        if self._past is None:
            self._past = _Past(self._live)
            self._memory = self._past
        self._past.registry.keep(sensors)

    def close(self) -> None:
        """Let go of everything, once nothing reads any more."""
        with self._guard:
            self._live.views.discard(self)
        with self._reading:
            if self._cursor is not None:
                self._cursor.close()

    @contextmanager
    def _snapshot(self) -> Generator[tuple[duckdb.DuckDBPyConnection, int]]:
        with translated(), self._reading:
            with self._guard:
                cursor = self._pin()
            yield cursor, self._rolled_to

    def _pin(self) -> duckdb.DuckDBPyConnection:
        if self._cursor is None:
            self._cursor = self._db.cursor()
            pin(self._cursor)
            self._rolled_to = self._live.marks.rolled_to
        return self._cursor


class _Past:
    """What `Memory` was, as far as series are read by it; no reading is held, so that all are read from the snapshot."""

    def __init__(self, memory: Memory) -> None:
        self.registry = _PastRegistry(memory.registry)
        self.hot = PastReadings(memory.hot)
        self.marks = memory.marks
        self.changes = memory.changes.past()


class _PastRegistry:
    """The series of then, and what was said of their sensors by then."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._count = len(registry)
        self._said: dict[tuple[str, SensorKey], Attributes] = {}

    def keep(self, sensors: Mapping[tuple[str, SensorKey], object]) -> None:
        """These sensors are about to be spoken of anew."""
        for name in sensors:
            self._said.setdefault(name, self._registry.attributes(*name))

    def check(self, tenant: str, ids: I32) -> None:
        """See `Registry.check`."""
        self._registry.check(tenant, ids)

    def match(self, tenant: str, where: Filter) -> Iterator[tuple[int, SeriesKey, Attributes]]:
        """See `Registry.match`."""
        return self._registry.match(tenant, where, below=self._count, said=self._said)
