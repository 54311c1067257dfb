"""A whole API over the memory bus, a real gate and a reader that answers what a test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pyarrow as pa
import pytest

from penstock.accounts.keys import KeyRing
from penstock.api.app import create_app
from penstock.api.services import ApiConfig, Services
from penstock.bus import Lane, decode_frame
from penstock.bus.memory import MemoryBus
from penstock.model.time import DAY
from penstock.pipeline.gate import Gate, GateConfig
from penstock.pipeline.room import Room
from penstock.query.port import Answer
from penstock.store.catalog.sql import SqlCatalog, SqlConfig

NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z


class Clock:
    def __init__(self):
        self.ms = NOW

    def now(self):
        return self.ms


class FakeReader:
    """Answers by the question's type: an Answer, an error to raise, or a function of the question."""

    def __init__(self):
        self.asked = []
        self.answers = {}

    async def ask(self, question):
        self.asked.append(question)
        said = self.answers.get(type(question), Answer(pa.table({}), NOW, 0, True))
        if isinstance(said, Exception):
            raise said
        if callable(said):
            said = said(question)
        if asyncio.iscoroutine(said):
            said = await said
        return said

    def says(self, kind, columns=None, *, as_of=NOW, staleness_ms=120, complete=True, **more):
        self.answers[kind] = Answer(pa.table(columns or {}), as_of, staleness_ms, complete, **more)


class World:
    """What a test touches: the parts, and clients that hold a key."""

    def __init__(self, bus, keys, config, catalog, gate=None):
        self.clock = Clock()
        self.bus = bus
        self.keys = keys
        self.reader = FakeReader()
        self.room = Room()
        self.gate = Gate(bus, self.clock, gate or GateConfig(), room=self.room)
        self.catalog = catalog
        self.processes = []
        self.services = Services(
            self.gate, self.reader, bus, keys, self.clock, config, self.room, catalog, lambda: tuple(self.processes)
        )
        self.app = create_app(self.services)
        self.key = keys.create("acme", "tests")
        self._clients = []

    def client(self, key=None, **headers):
        """A client with the acme key, or with `key`; "" for none."""
        secret = self.key if key is None else key
        if secret:
            headers["authorization"] = f"Bearer {secret}"
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://penstock.test", headers=headers)
        self._clients.append(client)
        return client

    async def frames(self, lane=Lane.READINGS):
        """Every frame that reached the bus since the last call, in order."""
        frames = []
        while deliveries := await self.bus.fetch(lane, 100, 0.01):
            for delivery in deliveries:
                frames.append(decode_frame(delivery.payload))
                await delivery.ack()
        return frames

    async def readings(self):
        """(tenant, site, sensor, metric, ts, value) of every reading that reached the bus."""
        return [
            (f.tenant, *f.batch.keys[code][:3], ts, value)
            for f in await self.frames()
            for code, ts, value in zip(
                f.batch.series.tolist(), f.batch.ts.tolist(), f.batch.value.tolist(), strict=True
            )
        ]

    async def close(self):
        for client in self._clients:
            await client.aclose()
        await self.app.state.jobs.close()
        await self.app.state.aside.close()
        await self.gate.close()
        await self.catalog.close()
        await self.bus.close()


@pytest.fixture
async def make_world(tmp_path) -> AsyncIterator:
    """`make_world(gate=GateConfig(...), reads=False, …)`: a world with these ApiConfig settings."""
    worlds = []

    async def make(*, gate=None, bus=None, **settings):
        bus = bus or MemoryBus()
        await bus.open()
        settings.setdefault("retention_earliest", NOW - 365 * DAY)
        settings.setdefault("app", tmp_path / "no-app")
        keys = KeyRing(tmp_path / f"keys-{len(worlds)}.json")
        catalog = SqlCatalog(SqlConfig(f"sqlite:///{tmp_path / f'catalog-{len(worlds)}.db'}"))
        world = World(bus, keys, replace(ApiConfig(), **settings), catalog, gate)
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        await world.close()


@pytest.fixture
async def world(make_world):
    return await make_world()


@pytest.fixture
def client(world):
    return world.client()
