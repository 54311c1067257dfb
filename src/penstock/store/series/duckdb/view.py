"""Views: the store as it was at one revision, for a question that reads several times.

A view costs nothing while nothing changes: it reads memory as every question does. Who is about to change memory (a commit,
retention) first lets the open views keep what they need of it: a snapshot of the database, the first and last times of the series,
and what is about to be overwritten of what sensors said and of what came last. From then on the view answers from its snapshot.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import duckdb

from penstock.model.batch import SensorKey
from penstock.model.errors import Unavailable
from penstock.model.series import Attributes, SeriesInfo, SeriesKey
from penstock.store.series.duckdb.hot import Changing, PastReadings
from penstock.store.series.duckdb.judge import I32
from penstock.store.series.duckdb.reader import Guard, SeriesMemory, SeriesReader
from penstock.store.series.duckdb.registry import Registry
from penstock.store.series.duckdb.schema import translated
from penstock.store.series.duckdb.snapshot import Snapshot
from penstock.store.series.duckdb.writer import Memory
from penstock.store.series.port import Aggregates, Filter

__all__ = ["Glance", "NotAtOnce", "View", "open_view"]

_FEW: Final = 64
"""Series that are looked at on the event loop."""
_WINDOWS: Final = 10_000


class View(SeriesReader):
    """A `SeriesReader` that stays at `revision`. Made by `open_view`, closed by the store; one read at a time."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        memory: SeriesMemory,
        guard: Guard,
        moment: _Moment,
    ) -> None:
        super().__init__(connection, memory, guard)
        self._moment: Final = moment
        self._pinned: Snapshot | None = None
        self._reading = threading.Lock()
        self._closed = False

    @property
    def revision(self) -> int:
        """Of the data that it sees."""
        return self._moment.revision

    @property
    def names(self) -> int:
        """Of the series that it knows."""
        return self._moment.names

    @contextmanager
    def glance(self) -> Generator[Glance]:
        """What of it can be read at once. Raises `NotAtOnce` while a commit changes memory."""
        if not self._guard.acquire(blocking=False):
            raise NotAtOnce
        try:
            if self._closed:
                raise NotAtOnce
            yield Glance(self._db, self._memory, self._guard, self._moment)
        finally:
            self._guard.release()

    def follow(self, past: SeriesMemory) -> None:
        """Memory has moved on: from now on `past` is what it was. Called under the guard."""
        self._memory = past

    def close(self) -> None:
        """Let go of everything, once nothing reads any more."""
        with self._reading:
            self._let_go()

    def closed_at_once(self) -> bool:
        """Let go of everything, unless something still reads; whether it was done. Never waits for a read: its caller may hold the guard."""
        if not self._reading.acquire(blocking=False):
            return False
        try:
            self._let_go()
        finally:
            self._reading.release()
        return True

    def _let_go(self) -> None:
        """Called while nothing reads."""
        self._closed = True
        if self._pinned is not None:
            self._pinned.let_go()
        with self._guard:
            self._moment.leave(self)

    @contextmanager
    def _snapshot(self) -> Generator[tuple[duckdb.DuckDBPyConnection, int]]:
        """Of its own while nothing has changed since; otherwise that of its moment, which its views take in turn."""
        with translated(), self._reading:
            if self._closed:  # whoever asked was cancelled, and its read comes now
                raise Unavailable("the view is closed")
            with self._guard:
                snapshot = self._pinned or self._moment.snapshot
                if snapshot is None:
                    snapshot = self._pinned = Snapshot(self._db.cursor(), self._moment.live.marks.rolled_to)
                snapshot.take()
            with snapshot.cursor() as cursor:
                yield cursor, snapshot.rolled_to


class NotAtOnce(Exception):
    """What was asked takes the database, or longer than the event loop should be held."""


class Glance(SeriesReader):
    """A view's memory while the guard is held, by which nobody changes it: few series, and no database. Raises `NotAtOnce` for more."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, memory: SeriesMemory, guard: Guard, moment: _Moment
    ) -> None:
        super().__init__(connection, memory, guard)
        self.revision: Final = moment.revision
        self.names: Final = moment.names

    def find(self, tenant: str, where: Filter) -> list[SeriesInfo]:
        if self._memory.registry.breadth(tenant, where) > _FEW:
            raise NotAtOnce
        return super().find(tenant, where)

    def aggregate(self, tenant: str, ids: I32, start: int, end: int, width: int, hold: int = 0) -> Aggregates:
        if (end - start) // width * len(ids) > _WINDOWS:
            raise NotAtOnce
        return super().aggregate(tenant, ids, start, end, width, hold)

    @contextmanager
    def _snapshot(self) -> Generator[tuple[duckdb.DuckDBPyConnection, int]]:
        raise NotAtOnce
        yield


def open_view(connection: duckdb.DuckDBPyConnection, memory: Memory, guard: Guard) -> View:
    """A view of the store as it is now. Views of one revision share what is kept for them."""
    with guard:
        moments = (each for each in memory.views if isinstance(each, _Moment))
        moment = next((each for each in moments if each.revision == memory.revision), None)
        if moment is None:
            moment = _Moment(memory)
            memory.views.add(moment)
        view = View(connection, memory, guard, moment)
        moment.views.add(view)
    return view


class _Moment:
    """A revision that is being looked at: by which views, and what is kept for them once memory has moved on. Used under the guard."""

    def __init__(self, memory: Memory) -> None:
        self.live: Final = memory
        self.revision: Final = memory.revision
        self.names: Final = memory.registry.changes
        self.views: set[View] = set()
        self._kept: _Kept | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """What is kept of the database, or stands while a COMMIT may change it; None where that is as it was."""
        return self.live.standing if self._kept is None else self._kept.snapshot

    def keep(self, sensors: Mapping[tuple[str, SensorKey], object], changing: Changing) -> None:
        """See `Keeper.keep`."""
        if self._kept is None:
            assert self.live.standing is not None, "memory changes with a COMMIT"
            self._kept = _Kept(_Past(self.live), self.live.standing.take())
            for view in self.views:
                view.follow(self._kept.past)
        self._kept.past.registry.keep(sensors)
        self._kept.past.hot.keep(changing)

    def leave(self, view: View) -> None:
        """A view is closed; nothing is kept for nobody."""
        self.views.discard(view)
        if self.views:
            return
        self.live.views.discard(self)
        if self._kept is not None:
            self._kept.snapshot.let_go()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a revision was: in memory, and in the database."""

    past: _Past
    snapshot: Snapshot


class _Past:
    """What `Memory` was, as far as questions read it; readings and events are read from the snapshot but for the newest."""

    def __init__(self, memory: Memory) -> None:
        self.registry = _PastRegistry(memory.registry)
        self.hot = PastReadings(memory.hot)
        self.marks = memory.marks
        self.changes = memory.changes.past()
        self.events = _NoEvents()
        self.standing = None


class _NoEvents:
    """No event is held."""

    def find(self, *_: object) -> None:
        """See `RecentEvents.find`."""


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

    def breadth(self, tenant: str, where: Filter) -> int:
        """See `Registry.breadth`."""
        return self._registry.breadth(tenant, where)

    def match(self, tenant: str, where: Filter) -> Iterator[tuple[int, SeriesKey, Attributes]]:
        """See `Registry.match`."""
        return self._registry.match(tenant, where, below=self._count, said=self._said)
