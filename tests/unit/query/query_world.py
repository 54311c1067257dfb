"""A store with an engine beside it, and short ways to fill it."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from penstock.bus import Lane, Pending
from penstock.model.batch import Batch, SensorKey
from penstock.model.errors import Unavailable
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR
from penstock.query.engine import Engine
from penstock.store.series.memory import MemorySeriesStore

T0 = 20_454 * DAY  # 2026-01-01T00:00:00Z

Row = tuple[SeriesKey, int, float]
_numbers = itertools.count(1)


class World:
    """It is its own clock and its own freshness: `time`, `fresh_to`, `flying` and `backlog…` are what a test sets."""

    def __init__(self) -> None:
        self.time = T0 + 30 * DAY
        self.fresh_to = self.time
        self.flying: dict[str, dict[str, int]] = {}
        self.backlog, self.backlog_to, self.horizon_known = 0, self.time, True
        self.bus_is_away = False
        self.busy = False
        self.store = MemorySeriesStore(self)
        self.engine = Engine(self.store, self, self, self.metrics)
        self.ask = self.engine.ask

    def now(self) -> int:
        return self.time

    def as_of(self, lanes: Collection[Lane]) -> int:
        return min(self.fresh_to, self.backlog_to) if Lane.BACKLOG in lanes else self.fresh_to

    def horizon(self) -> int | None:
        return self.time - HOUR if self.horizon_known else None

    def is_busy(self, lanes: Collection[Lane]) -> bool:
        return self.busy and bool(lanes)

    async def in_flight(self) -> Mapping[Lane, int]:
        if self.bus_is_away:
            raise Unavailable("the bus is away")
        live = sum(count for rows in self.flying.values() for count in rows.values())
        return {Lane.READINGS: live, Lane.EVENTS: 0, Lane.BACKLOG: self.backlog}

    async def lanes(self) -> Mapping[str, Pending]:
        return {"readings": Pending(len(self.flying), 512, 1024, {})}

    async def progress(self) -> Mapping[str, Mapping[str, Any]]:
        return {"readings": {"messages": len(self.flying)}}

    async def pending(self, tenant: str) -> Mapping[str, int]:
        if self.bus_is_away:
            raise Unavailable("the bus is away")
        return self.flying.get(tenant, {})

    async def metrics(self) -> str:
        return "penstock_up 1\n"

    async def put(
        self,
        rows: Sequence[Row] = (),
        *,
        tenant: str = "acme",
        attributes: Mapping[SensorKey, Attributes] | None = None,
        events: Sequence[Event] = (),
        parts: Sequence[Part] | None = None,
        dead_letters: Sequence[DeadLetter] = (),
    ) -> None:
        number = next(_numbers)
        keys = list(dict.fromkeys(key for key, _, _ in rows))
        numbers = {key: i for i, key in enumerate(keys)}
        batch = Batch(
            tenant,
            tuple(keys),
            np.array([numbers[key] for key, _, _ in rows], np.int32),
            np.array([ts for _, ts, _ in rows], np.int64),
            np.array([value for _, _, value in rows], np.float64),
            np.full(len(rows), number, np.int64),
            dict(attributes or {}),
        )
        whole = [Part(f"r{number}", "http", len(rows) + len(events))]
        frame = Frame(f"f{number}", tenant, number, tuple(parts or whole), batch, tuple(events), tuple(dead_letters))
        await self.store.commit([frame])


_READS = {"find", "newest", "scan", "recent", "aggregate", "events"}


class Busy:
    """A store in which `rows(n)` is committed after the n-th read of any view: what a question meets on a busy system."""

    def __init__(self, world: World, rows: Callable[[int], Sequence[Row]]) -> None:
        self._world = world
        self.rows = rows
        self._view: Any = world.store
        self.reads = 0

    @asynccontextmanager
    async def view(self) -> AsyncIterator[Any]:
        async with self._world.store.view() as self._view:
            yield self

    async def together(self, ask: Callable[[Any], Awaitable[Any]], **_: Any) -> Any:
        """On the event loop, where it can commit."""
        return await ask(self)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._view, name)
        return self._followed(found) if name in _READS else found

    def _followed(self, read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def busy(*asked: Any, **named: Any) -> Any:
            answer = await read(*asked, **named)
            self.reads += 1
            if rows := self.rows(self.reads):
                await self._world.put(rows)
            return answer

        return busy


def temperature(room: str, sensor: str, site: str = "hq") -> tuple[SeriesKey, dict[SensorKey, Attributes]]:
    return SeriesKey(site, sensor, "temperature", "K"), {(site, sensor): Attributes("B1", room)}
