"""The gate's two lanes for readings, and what becomes of requests whose sender or whose gate goes away."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from penstock.bus import Lane
from penstock.bus.memory import MemoryBus
from penstock.model.batch import Batch
from penstock.model.errors import Backpressure, Unavailable
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import HOUR, MINUTE
from penstock.pipeline.gate import Gate, GateConfig
from tests.unit.pipeline.test_gate import NOW, FixedClock, SlowBus, _batch, _frames

OLD = -2 * HOUR


@pytest.fixture
async def bus():
    bus = MemoryBus()
    await bus.open()
    yield bus
    await bus.close()


def _mixed(*ages):
    """Readings of these ages in ms, alternately of two sensors."""
    keys = tuple(SeriesKey("s", name, "power_w", "W") for name in ("a", "b"))
    count = len(ages)
    return Batch(
        "acme",
        keys,
        np.arange(count, dtype=np.int32) % 2,
        NOW - np.array(ages, np.int64),
        np.arange(count, dtype=np.float64),
        np.zeros(count, np.int64),
        {("s", "a"): Attributes("b", "r")},
    )


async def test_readings_that_are_old_when_they_come_go_to_the_backlog(bus):
    gate = Gate(bus, FixedClock())
    await gate.offer(_batch(3, start=OLD), source="http")
    assert await _frames(bus) == []
    (frame,) = await _frames(bus, Lane.BACKLOG)
    assert len(frame.batch) == 3


async def test_a_request_of_old_and_new_readings_is_split_under_one_receipt(bus):
    gate = Gate(bus, FixedClock())
    receipt = await gate.offer(_mixed(0, 3 * HOUR, 5, 4 * HOUR, 6 * HOUR), source="http", rejected=2)
    (live,), (old,) = await _frames(bus), await _frames(bus, Lane.BACKLOG)
    assert live.batch.value.tolist() == [0.0, 2.0]
    assert old.batch.value.tolist() == [1.0, 3.0, 4.0]
    assert [
        [live.batch.keys[i].sensor for i in live.batch.series],
        [old.batch.keys[i].sensor for i in old.batch.series],
    ] == [
        ["a", "a"],
        ["b", "b", "a"],
    ]
    assert [key.sensor for key in live.batch.keys] == ["a"]
    assert [(p.receipt, p.accepted, p.rejected) for f in (live, old) for p in f.parts] == [
        (receipt, 2, 2),
        (receipt, 3, 0),
    ]
    assert set(live.batch.attributes) == {("s", "a")}
    assert live.id != old.id


async def test_a_reading_of_just_the_age_and_some_seconds_more_is_still_live(bus):
    await Gate(bus, FixedClock()).offer(_mixed(HOUR, HOUR + MINUTE, HOUR + MINUTE + 1), source="http")
    (live,), (old,) = await _frames(bus), await _frames(bus, Lane.BACKLOG)
    assert (len(live.batch), len(old.batch)) == (2, 1)


async def test_without_an_age_everything_is_live(bus):
    await Gate(bus, FixedClock(), GateConfig(backlog_after=0)).offer(_batch(1, start=-900 * HOUR), source="http")
    assert len(await _frames(bus)) == 1


async def test_a_large_split_request_has_frames_of_distinct_ids(bus):
    gate = Gate(bus, FixedClock(), GateConfig(frame_rows=10))
    await gate.offer(_mixed(*[n % 2 * OLD * -1 for n in range(60)]), source="http")
    frames = [*await _frames(bus), *await _frames(bus, Lane.BACKLOG)]
    assert [len(f.batch) for f in frames] == [10] * 6
    assert len({f.id for f in frames}) == 6


async def test_a_retry_is_cut_where_the_first_try_was_though_time_went_by(bus):
    """Else a frame's id would come again with other readings, and the store would take them for a redelivery."""
    clock = FixedClock()
    gate = Gate(bus, clock)
    batch = _mixed(0, HOUR + 30_000, 2 * HOUR)
    bus.fail_publishes = 1
    with pytest.raises(Unavailable):
        await gate.offer(batch, source="http", key="k")
    frames = [*await _frames(bus), *await _frames(bus, Lane.BACKLOG)]
    clock.ms += 10 * MINUTE
    await gate.offer(batch, source="http", key="k")
    frames += [*await _frames(bus), *await _frames(bus, Lane.BACKLOG)]
    assert sorted(ts for frame in frames for ts in frame.batch.ts.tolist()) == sorted(batch.ts.tolist())


async def test_a_full_backlog_refuses_old_readings_and_takes_new_ones():
    bus = MemoryBus(max_bytes=20_000)
    await bus.open()
    gate = Gate(bus, FixedClock())
    offers = [gate.offer(_batch(5_000, start=OLD + 5_000 * n), source="http") for n in range(2)]
    refused = [o for o in await asyncio.gather(*offers, return_exceptions=True) if isinstance(o, Backpressure)]
    assert refused
    assert "backlog lane is full" in refused[0].detail
    await gate.offer(_batch(100, start=-500), source="http")


async def test_a_client_that_goes_away_leaves_its_bytes_held_until_its_frame_is_on_disk():
    for rows in (30, 6_000):  # gathered with others, and in frames of its own
        bus = SlowBus()
        await bus.open()
        gate = Gate(bus, FixedClock())
        leaving = asyncio.create_task(gate.offer(_batch(rows, start=-rows), source="http"))
        while not bus.published:
            await asyncio.sleep(0)
        held = gate.held_bytes
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert gate.held_bytes == held > 0
        bus.go.set()
        await gate.close()
        assert gate.held_bytes == 0
        assert sum(len(f.batch) for f in await _frames(bus)) == rows


async def test_requests_of_a_gate_that_is_torn_down_are_told_and_leave_nothing_behind():
    bus = SlowBus()
    await bus.open()
    gate = Gate(bus, FixedClock())
    offers = [asyncio.create_task(gate.offer(_batch(1, start=i), source="http")) for i in range(3)]
    while not bus.published:
        await asyncio.sleep(0)
    offers.append(asyncio.create_task(gate.offer(_batch(1, start=9), source="http")))
    await asyncio.sleep(0)
    (drain,) = [task for task in asyncio.all_tasks() if task.get_name() == "gate"]
    drain.cancel()
    outcomes = await asyncio.gather(*offers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 4
    assert gate.held_bytes == 0
    bus.go.set()
    assert await gate.offer(_batch(1, start=20), source="http")
