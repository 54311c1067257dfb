"""The commit loop: commit before ack, patience with the store, and a dead letter for what can never be stored."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import numpy as np
import pytest

from penstock.bus import EVENTS_SUBJECT, Lane, tenant_subject
from penstock.bus.memory import MemoryBus
from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.series import SeriesKey
from penstock.model.time import format_time
from penstock.pipeline.gate import Gate
from penstock.pipeline.runner import Runner, RunnerConfig
from penstock.store.series import Filter
from penstock.store.series.memory import MemorySeriesStore

NOW = 1_763_700_000_000


class FixedClock:
    def now(self) -> int:
        return NOW


class FlakyStore(MemorySeriesStore):
    """Unavailable while told so; fails for good on readings of sensor `poison`."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.calls = 0

    async def commit(self, frames):
        self.calls += 1
        if self.broken:
            raise Unavailable("the store is away")
        if any(key.sensor == "poison" for frame in frames for key in frame.batch.keys):
            raise ValueError("cannot hold this")
        return await super().commit(frames)


def _batch(n=1, sensor="m1", start=0):
    ts = np.arange(NOW - 1000 + start, NOW - 1000 + start + n, dtype=np.int64)
    key = SeriesKey("s", sensor, "power_w", "W")
    return Batch("default", (key,), np.zeros(n, np.int32), ts, np.ones(n), np.zeros(n, np.int64))


@asynccontextmanager
async def _running(bus, store, **config):
    runner = Runner(bus, store, FixedClock(), RunnerConfig(idle_wait=0.02, **config))
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bus():
    bus = MemoryBus()
    await bus.open()
    yield bus
    await bus.close()


@pytest.fixture
async def store():
    store = FlakyStore()
    await store.open()
    return store


async def _eventually(check, deadline=5.0):
    async with asyncio.timeout(deadline):
        while not await check():
            await asyncio.sleep(0.005)


async def _idle(bus):
    return all([(await bus.pending(lane)).messages == 0 for lane in Lane])


async def test_what_is_on_the_bus_ends_in_the_store_and_leaves_the_bus(bus, store):
    gate = Gate(bus, FixedClock())
    async with _running(bus, store):
        receipt = await gate.offer(_batch(5), source="http", rejected=1)
        await _eventually(lambda: _idle(bus))
    found = await store.receipt("default", receipt)
    assert found.counts == (6, 5, 0, 0, 1, 0)
    assert found.counts.balance == 0


async def test_nothing_is_acked_while_the_store_is_away_and_all_is_stored_when_it_returns(bus, store):
    gate = Gate(bus, FixedClock())
    store.broken = True
    async with _running(bus, store) as runner:
        await gate.offer(_batch(5), source="http")
        await _eventually(lambda: _true(store.calls >= 2))
        assert (await bus.pending(Lane.READINGS)).messages == 1
        assert await runner.pending("default") == {"http": 5}
        store.broken = False
        await _eventually(lambda: _idle(bus))
    assert (await store.ledger("default"))[0].counts.stored == 5


async def test_messages_held_through_a_stall_are_not_delivered_again(store):
    bus = MemoryBus(ack_wait=0.2)
    await bus.open()
    gate = Gate(bus, FixedClock())
    entered, release = asyncio.Event(), asyncio.Event()
    inner = store.commit

    async def stalled(frames):
        entered.set()
        await release.wait()
        return await inner(frames)

    store.commit = stalled
    async with _running(bus, store, heartbeat=0.02) as runner:
        await gate.offer(_batch(3), source="http")
        await entered.wait()
        await gate.offer(_batch(3, start=10), source="http")  # fetched ahead, and kept alive like the first
        await asyncio.sleep(0.6)
        release.set()
        await _eventually(lambda: _idle(bus))
        assert runner.stats[Lane.READINGS].redelivered == 0
    assert (await store.ledger("default"))[0].counts.stored == 6


async def test_progress_tells_what_was_committed_how_late_and_what_waits(bus, store):
    gate = Gate(bus, FixedClock())
    async with _running(bus, store) as runner:
        await gate.offer(_batch(5), source="http")
        await _eventually(lambda: _idle(bus))
        told = (await runner.progress())["readings"]
    assert (told["rows"], told["frames"], told["messages"], told["failures"]) == (5, 1, 0, 0)
    assert told["max_bytes"] > 0
    assert told["lag_p50_ms"] == told["lag_p95_ms"] >= 0.0


async def _true(value):
    return value


async def test_a_frame_that_can_never_be_stored_becomes_a_dead_letter_and_its_neighbours_are_stored(bus, store):
    gate = Gate(bus, FixedClock())
    await gate.offer(_batch(2), source="http")
    await gate.offer(_batch(1, sensor="poison"), source="http")
    await gate.offer(_batch(2, start=10), source="http")
    async with _running(bus, store):
        await _eventually(lambda: _idle(bus))
    (info,) = await store.find("default", Filter())
    assert len((await store.scan("default", np.array([info.id], np.int32), 0, 2**62)).ts) == 4
    (letter,) = await store.dead_letters("default", 10)
    assert "cannot hold this" in letter.detail


async def test_bytes_that_are_no_frame_become_a_dead_letter(bus, store):
    await bus.publish(Lane.READINGS, tenant_subject(Lane.READINGS, "acme"), b"not arrow", {})
    async with _running(bus, store):
        await _eventually(lambda: _idle(bus))
    (letter,) = await store.dead_letters("acme", 10)
    assert (letter.code, letter.payload) == ("frame_malformed", b"not arrow")
    assert (await store.ledger("acme"))[0].counts == (1, 0, 0, 0, 0, 1)


async def test_a_frame_on_another_tenants_subject_is_not_stored(bus, store):
    stolen = MemoryBus()
    await stolen.open()
    await Gate(stolen, FixedClock()).offer(_batch(1), source="http")
    (delivery,) = await stolen.fetch(Lane.READINGS, 1, 0.0)
    await bus.publish(Lane.READINGS, tenant_subject(Lane.READINGS, "victim"), delivery.payload, {})
    async with _running(bus, store):
        await _eventually(lambda: _idle(bus))
    (letter,) = await store.dead_letters("victim", 10)
    assert letter.code == "tenant_mismatch"
    assert await store.find("default", Filter()) == []


S1 = {"criticality": 7, "timestamp": format_time(NOW - 5000), "eventMessage": "door forced"}


async def test_a_raw_event_on_the_literal_subject_is_stored_for_the_events_tenant(bus, store):
    await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, json.dumps(S1).encode(), {})
    async with _running(bus, store):
        await _eventually(lambda: _idle(bus))
    (row,) = await store.events("default", limit=10)
    assert (row.event.criticality, row.event.timestamp, row.event.message) == (7, S1["timestamp"], "door forced")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{", "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b"[1]", "invalid_event"),
        (json.dumps({"criticality": 1}).encode(), "invalid_event"),
        (json.dumps(S1 | {"criticality": "high"}).encode(), "invalid_criticality"),
        (json.dumps(S1 | {"criticality": True}).encode(), "invalid_criticality"),
        (json.dumps(S1 | {"criticality": 2**40}).encode(), "invalid_criticality"),
        (json.dumps(S1 | {"timestamp": "yesterday"}).encode(), "invalid_timestamp"),
        (json.dumps(S1 | {"timestamp": "2026-01-01T00:00:00"}).encode(), "naive_timestamp"),
        (json.dumps(S1 | {"timestamp": "2099-01-01T00:00:00Z"}).encode(), "timestamp_in_future"),
        (json.dumps(S1 | {"eventMessage": 5}).encode(), "invalid_message"),
    ],
)
async def test_a_malformed_raw_event_is_dead_lettered_with_its_reason(bus, store, payload, code):
    await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, payload, {})
    await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, json.dumps(S1).encode(), {})
    async with _running(bus, store):
        await _eventually(lambda: _idle(bus))
    (letter,) = await store.dead_letters("default", 10)
    assert (letter.code, letter.payload) == (code, payload)
    assert len(await store.events("default", limit=10)) == 1
    (row,) = await store.ledger("default")
    assert row.counts == (2, 1, 0, 0, 0, 1)


async def test_an_idle_runner_is_fresh_up_to_now(bus, store):
    async with _running(bus, store) as runner:
        await _eventually(lambda: _true(runner.as_of() == NOW))


async def test_cancelling_finishes_the_commit_that_is_under_way(bus, store):
    entered, release = asyncio.Event(), asyncio.Event()
    inner = store.commit

    async def slow(frames):
        entered.set()
        await release.wait()
        return await inner(frames)

    store.commit = slow
    await Gate(bus, FixedClock()).offer(_batch(3), source="http")
    runner = Runner(bus, store, FixedClock(), RunnerConfig(idle_wait=0.02))
    task = asyncio.create_task(runner.run())
    await entered.wait()
    task.cancel()
    release.set()
    await asyncio.gather(task, return_exceptions=True)
    assert await _idle(bus)
    assert (await store.ledger("default"))[0].counts.stored == 3
