"""The gate: durable before it answers, gathered under load, bounded always, and kind to retries."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from penstock.bus import Lane, decode_frame
from penstock.bus.memory import MemoryBus
from penstock.model.batch import SEQ_BASE, Batch
from penstock.model.errors import Backpressure, Conflict, TooLarge, Unavailable
from penstock.model.event import make_event
from penstock.model.findings import NOTHING_FOUND, Findings, Refused
from penstock.model.series import Attributes, SeriesKey
from penstock.pipeline.gate import Gate, GateConfig

NOW = 1_763_700_000_000


class FixedClock:
    def __init__(self) -> None:
        self.ms = NOW

    def now(self) -> int:
        return self.ms


class SlowBus(MemoryBus):
    """Publishes wait until the test opens the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.published = 0

    async def publish(self, *args, **kwargs):
        self.published += 1
        await self.go.wait()
        await super().publish(*args, **kwargs)


def _batch(n=1, tenant="acme", start=0, version=0, sensor="m1"):
    ts = np.arange(NOW + start, NOW + start + n, dtype=np.int64)
    return Batch(
        tenant,
        (SeriesKey("s", sensor, "power_w", "W"),),
        np.zeros(n, np.int32),
        ts,
        np.ones(n),
        np.full(n, version, np.int64),
    )


async def _frames(bus, lane=Lane.READINGS):
    frames = []
    while deliveries := await bus.fetch(lane, 100, 0.0):
        frames += [decode_frame(d.payload) for d in deliveries]
        for d in deliveries:
            await d.ack()
    return frames


@pytest.fixture
async def bus():
    bus = MemoryBus()
    await bus.open()
    yield bus
    await bus.close()


async def test_what_is_offered_is_on_the_bus_when_offer_returns(bus):
    receipt = await Gate(bus, FixedClock()).offer(_batch(3), source="http", rejected=2)
    (frame,) = await _frames(bus)
    assert (frame.tenant, len(frame.batch)) == ("acme", 3)
    assert [(p.receipt, p.source, p.accepted, p.rejected) for p in frame.parts] == [(receipt, "http", 3, 2)]


async def test_rows_without_a_seq_get_the_stamp_and_a_seq_is_kept(bus):
    gate = Gate(bus, FixedClock())
    await gate.offer(_batch(1), source="http")
    await gate.offer(_batch(1, version=SEQ_BASE + 4), source="http")
    stamped, versioned = await _frames(bus)
    assert stamped.batch.version.tolist() == [stamped.stamp]
    assert versioned.batch.version.tolist() == [SEQ_BASE + 4]


async def test_requests_made_while_one_is_on_its_way_share_a_frame():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    async with asyncio.TaskGroup() as group:
        for i in range(20):
            group.create_task(gate.offer(_batch(1, start=i), source="http"))
        while bus.published == 0:
            await asyncio.sleep(0)
        bus.go.set()
    frames = await _frames(bus)
    assert len(frames) <= 2
    assert sum(len(f.batch) for f in frames) == sum(len(f.parts) for f in frames) == 20


@pytest.mark.parametrize("turns", range(12))
async def test_an_offer_made_just_as_the_one_before_is_done_is_published_before_it_is_answered(bus, turns):
    gate = Gate(bus, FixedClock())
    first = asyncio.create_task(gate.offer(_batch(start=0), source="http"))
    for _ in range(turns):
        await asyncio.sleep(0)
    receipts = [await gate.offer(_batch(start=1), source="http"), await first]
    parts = [part for frame in await _frames(bus) for part in frame.parts]
    assert {part.receipt for part in parts} == set(receipts)


async def test_tenants_never_share_a_frame():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    async with asyncio.TaskGroup() as group:
        for i in range(10):
            group.create_task(gate.offer(_batch(1, tenant=f"t{i % 2}", start=i), source="http"))
        await asyncio.sleep(0)
        bus.go.set()
    frames = await _frames(bus)
    assert {f.tenant for f in frames} == {"t0", "t1"}
    assert sum(len(f.batch) for f in frames) == 10


async def test_a_large_request_is_cut_into_frames_of_one_receipt(bus):
    gate = Gate(bus, FixedClock(), GateConfig(frame_rows=100))
    receipt = await gate.offer(_batch(250), source="http", rejected=1)
    frames = await _frames(bus)
    assert [len(f.batch) for f in frames] == [100, 100, 50]
    assert {p.receipt for f in frames for p in f.parts} == {receipt}
    assert sum(p.rejected for f in frames for p in f.parts) == 1
    assert len({f.id for f in frames}) == 3


async def test_a_wholly_refused_request_still_reaches_the_ledger(bus):
    await Gate(bus, FixedClock()).offer(_batch(0), source="http", rejected=4)
    (frame,) = await _frames(bus)
    assert (len(frame.batch), frame.parts[0].rejected) == (0, 4)


async def test_findings_travel_once_with_the_first_frame_of_their_request(bus):
    findings = Findings((), {"not_finite": 2})
    gate = Gate(bus, FixedClock(), GateConfig(frame_rows=100))
    await gate.offer(_batch(250), source="http", rejected=2, findings=findings)
    await gate.offer(_batch(1), source="http", findings=findings)
    event = make_event(1, "2026-01-31T12:00:00Z", "x")
    await gate.offer_events("acme", [event], source="events", rejected=2, findings=findings)
    frames = await _frames(bus)
    assert [f.parts[0].findings for f in frames] == [findings, NOTHING_FOUND, NOTHING_FOUND, findings]
    (events,) = await _frames(bus, Lane.EVENTS)
    assert events.parts[0].findings == findings


async def test_each_request_of_a_shared_frame_keeps_its_own_stamp():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    async with asyncio.TaskGroup() as group:
        for i in range(5):
            group.create_task(gate.offer(_batch(1, start=i), source="http"))
        while bus.published == 0:
            await asyncio.sleep(0)
        bus.go.set()
    frames = await _frames(bus)
    assert any(len(f.parts) > 1 for f in frames)
    for f in frames:
        assert [p.stamp or f.stamp for p in f.parts] == f.batch.version.tolist()


async def test_what_is_found_in_gathered_requests_never_makes_a_frame_too_large():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    refused = tuple(Refused(i, "s", "m1", "x", NOW, "invalid_name", "d" * 400) for i in range(20))
    async with asyncio.TaskGroup() as group:
        for i in range(200):
            findings = Findings((), {"invalid_name": 20}, refused)
            group.create_task(
                gate.offer(_batch(0 if i else 1), source="http", rejected=20, key=str(i), findings=findings)
            )
        while bus.published == 0:
            await asyncio.sleep(0)
        bus.go.set()
    frames = await _frames(bus)
    assert len(frames) > 2
    assert sum(p.rejected for f in frames for p in f.parts) == 4_000
    assert max(sum(p.findings.size for p in f.parts) for f in frames) <= 256 << 10


async def test_a_retry_of_equal_content_keeps_its_stamp_so_that_it_cannot_beat_a_correction(bus):
    clock = FixedClock()
    gate = Gate(bus, clock)
    await gate.offer(_batch(1), source="http")
    clock.ms += 5_000
    correction = _batch(1)
    correction = Batch(
        correction.tenant, correction.keys, correction.series, correction.ts, np.array([2.0]), correction.version
    )
    await gate.offer(correction, source="http")
    await gate.offer(_batch(1), source="http")
    first, corrected, repeated = await _frames(bus)
    assert first.batch.version[0] == repeated.batch.version[0] < corrected.batch.version[0]


async def test_an_idempotency_key_answers_a_repetition_without_sending_it_again():
    bus = SlowBus()
    await bus.open()
    bus.go.set()
    gate = Gate(bus, FixedClock())
    first = await gate.offer(_batch(2), source="http", key="k1")
    assert await gate.offer(_batch(2), source="http", key="k1") == first
    assert bus.published == 1


async def test_an_idempotency_key_of_a_failed_request_sends_the_same_frame_again(bus):
    gate = Gate(bus, FixedClock())
    bus.lose_acks = 1
    with pytest.raises(Unavailable):
        await gate.offer(_batch(2), source="http", key="k1")
    await gate.offer(_batch(2), source="http", key="k1")
    assert len(await _frames(bus)) == 1  # the broker's duplicate window saw one id twice


async def test_an_idempotency_key_with_other_content_is_refused(bus):
    gate = Gate(bus, FixedClock())
    await gate.offer(_batch(2), source="http", key="k1")
    with pytest.raises(Conflict):
        await gate.offer(_batch(3), source="http", key="k1")


async def test_an_idempotency_key_is_forgotten_after_the_retry_window(bus):
    clock = FixedClock()
    gate = Gate(bus, clock)
    first = await gate.offer(_batch(2), source="http", key="k1")
    clock.ms += GateConfig().retry_window + 1
    assert await gate.offer(_batch(3), source="http", key="k1") != first


async def test_a_failed_publish_reaches_every_request_of_the_frame():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    bus.fail_publishes = 5
    tasks = [asyncio.create_task(gate.offer(_batch(1, start=i), source="http")) for i in range(5)]
    await asyncio.sleep(0)
    bus.go.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(o, Unavailable) for o in outcomes)
    assert gate.held_bytes == 0
    bus.fail_publishes = 0
    assert await gate.offer(_batch(1), source="http")


async def test_over_the_bound_a_request_is_refused_at_once_and_nothing_is_held_back_later():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock(), GateConfig(max_bytes=1_000, tenant_share=1.0))
    waiting = asyncio.create_task(gate.offer(_batch(30), source="http"))
    while not gate.held_bytes:
        await asyncio.sleep(0)
    for tenant in ("acme", "other"):
        with pytest.raises(Backpressure, match="of 1000 bytes are waiting for the broker") as caught:
            await gate.offer(_batch(30, tenant=tenant), source="http")
        assert caught.value.code == "backpressure"
    bus.go.set()
    await waiting
    assert gate.held_bytes == 0
    await gate.offer(_batch(30), source="http")


async def test_one_tenant_cannot_take_the_share_of_the_others():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock(), GateConfig(max_bytes=10_000, tenant_share=0.2))
    hog = asyncio.create_task(gate.offer(_batch(60), source="http"))
    while not gate.held_bytes:
        await asyncio.sleep(0)
    with pytest.raises(Backpressure) as caught:
        await gate.offer(_batch(60, start=100), source="http")
    assert caught.value.code == "tenant_backpressure"
    quiet = asyncio.create_task(gate.offer(_batch(60, tenant="quiet"), source="http"))
    bus.go.set()
    await asyncio.gather(hog, quiet)


async def test_a_client_that_goes_away_does_not_take_its_neighbours_with_it():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    leaving = asyncio.create_task(gate.offer(_batch(1), source="http"))
    staying = asyncio.create_task(gate.offer(_batch(1, start=1), source="http"))
    while not bus.published:
        await asyncio.sleep(0)
    leaving.cancel()
    bus.go.set()
    await staying
    await gate.close()
    assert sum(len(f.batch) for f in await _frames(bus)) == 2


async def test_a_frame_over_the_brokers_payload_bound_is_refused_before_it_is_sent():
    bus = MemoryBus(max_payload=2_000)
    await bus.open()
    with pytest.raises(TooLarge, match="bound is 2000"):
        await Gate(bus, FixedClock()).offer(_batch(500), source="http")


async def test_attributes_are_sent_when_they_are_new_and_again_after_a_while(bus):
    clock = FixedClock()
    gate = Gate(bus, clock)
    sensor = ("s", "m1")

    async def sent(attributes):
        await gate.offer(replace(_batch(1), attributes={sensor: attributes}), source="http")
        (frame,) = await _frames(bus)
        return dict(frame.batch.attributes)

    here, there = Attributes("b", "r1"), Attributes("b", "r2")
    assert await sent(here) == {sensor: here}
    assert await sent(here) == {}
    assert await sent(there) == {sensor: there}
    assert await sent(here) == {sensor: here}
    clock.ms += GateConfig().announce_again
    assert await sent(here) == {sensor: here}


async def test_attributes_of_a_failed_request_are_sent_with_the_next(bus):
    gate = Gate(bus, FixedClock())
    batch = replace(_batch(1), attributes={("s", "m1"): Attributes("b", "r")})
    bus.fail_publishes = 1
    with pytest.raises(Unavailable):
        await gate.offer(batch, source="http")
    await gate.offer(batch, source="http")
    (frame,) = await _frames(bus)
    assert frame.batch.attributes == batch.attributes


async def test_events_go_to_their_own_lane(bus):
    gate = Gate(bus, FixedClock())
    event = make_event(4, "2026-01-01T00:00:00Z", "door forced")
    receipt = await gate.offer_events("acme", [event], source="events")
    (frame,) = await _frames(bus, Lane.EVENTS)
    assert frame.events == (event,)
    assert frame.parts[0].receipt == receipt
    assert await _frames(bus) == []


async def test_an_idempotency_key_of_events_with_other_content_is_refused_not_swallowed(bus):
    gate = Gate(bus, FixedClock())
    first, other = (make_event(4, "2026-01-01T00:00:00Z", message) for message in ("door forced", "window broken"))
    receipt = await gate.offer_events("acme", [first], source="events", key="k")
    assert await gate.offer_events("acme", [first], source="events", key="k") == receipt
    with pytest.raises(Conflict):
        await gate.offer_events("acme", [other], source="events", key="k")
    assert len(await _frames(bus, Lane.EVENTS)) == 1


async def test_a_key_used_again_after_a_restart_of_the_door_never_reuses_a_frames_id(bus):
    first, other = (make_event(4, "2026-01-01T00:00:00Z", message) for message in ("door forced", "window broken"))
    await Gate(bus, FixedClock()).offer_events("acme", [first], source="events", key="k")
    await Gate(bus, FixedClock()).offer_events("acme", [other], source="events", key="k")
    frames = await _frames(bus, Lane.EVENTS)
    assert [frame.events for frame in frames] == [(first,), (other,)]
    assert len({frame.id for frame in frames}) == 2
