"""Room on the broker's disk: what is kept free, when readings are refused, and how long anybody waits."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.bus import Lane
from penstock.bus.memory import MemoryBus
from penstock.model.batch import Batch
from penstock.model.errors import Backpressure, Unavailable
from penstock.model.event import make_event
from penstock.model.series import SeriesKey
from penstock.model.time import WallClock
from penstock.pipeline import room as module
from penstock.pipeline.gate import Gate
from penstock.pipeline.room import Room, reserve_of

MIB, GIB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("total", "reserve"),
    [
        pytest.param(48 * MIB, 6 * MIB, id="48MiB"),
        pytest.param(2 * GIB, 256 * MIB, id="2GiB"),
        pytest.param(16 * GIB, 512 * MIB, id="16GiB"),
        pytest.param(100 * GIB, GIB, id="100GiB"),
        pytest.param(8_000 * GIB, 2 * GIB, id="8TiB"),
    ],
)
def test_the_reserve_is_small_on_a_large_disk_and_leaves_a_small_one_usable(total: int, reserve: int) -> None:
    assert reserve_of(total) == reserve


@given(st.integers(0, 1 << 60), st.integers(0, 1 << 60))
def test_a_larger_disk_never_keeps_less_and_none_more_than_an_eighth(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert reserve_of(small) <= reserve_of(large) <= large // 8


async def test_readings_are_taken_again_only_once_an_eighth_more_than_the_reserve_is_free() -> None:
    room = Room(800)
    said: list[bool] = []
    for free in (800, 799, 800, 899, 900, 800, 799):
        room.update(free, 10_000)
        said.append(room.full)
    assert said == [False, True, True, True, False, False, True]


async def test_a_refusal_says_what_is_free_and_what_must_be() -> None:
    room = Room(800)
    room.update(7, 10_000)
    with pytest.raises(Backpressure, match=r"7 bytes are free, 800 must be") as caught:
        room.check()
    assert caught.value.code == "disk_full"
    assert caught.value.retry_after == 5.0
    assert room.describe() == {"state": "full", "free_bytes": 7, "total_bytes": 10_000, "reserve_bytes": 800}


async def test_a_reserve_of_nothing_refuses_nothing() -> None:
    room = Room(0)
    room.update(0, 10_000)
    room.check()


class Mute(MemoryBus):
    """Confirms nothing, as nats-server when it could not write."""

    asked = False

    async def publish(self, *args: object, **kwargs: object) -> None:
        self.asked = True
        await asyncio.Event().wait()


def batch() -> Batch:
    clock = WallClock()
    key = SeriesKey("s", "m1", "power_w", "W")
    return Batch("acme", (key,), np.zeros(1, np.int32), np.array([clock.now()]), np.ones(1), np.zeros(1, np.int64))


async def test_who_waits_for_a_broker_that_met_the_end_of_its_disk_hears_so_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    room = Room(800)
    room.update(900, 10_000)
    bus = Mute()
    gate = Gate(bus, WallClock(), room=room)
    async with asyncio.timeout(5.0):
        offering = asyncio.create_task(gate.offer(batch(), source="http"))
        while not bus.asked:
            await asyncio.sleep(0)
        room.update(0, 10_000)
        with pytest.raises(Unavailable, match="did not confirm") as caught:
            await offering
    assert caught.value.code == "disk_full"
    assert gate.held_bytes == 0


async def test_room_that_comes_back_in_time_disturbs_nobody() -> None:
    room = Room(800)
    room.update(900, 10_000)
    async with room.waiting():
        room.update(0, 10_000)
        room.update(2_000, 10_000)
        await asyncio.sleep(1.1)


async def test_a_full_disk_refuses_readings_and_still_takes_events() -> None:
    bus, room = MemoryBus(), Room(800)
    await bus.open()
    room.update(799, 10_000)
    gate = Gate(bus, WallClock(), room=room)
    with pytest.raises(Backpressure, match="nothing was kept"):
        await gate.offer(batch(), source="http")
    event = make_event(7, "2026-01-31T12:00:00Z", "door forced")
    await gate.offer_events("acme", [event], source="http")
    assert (await bus.pending(Lane.READINGS)).messages == 0
    assert (await bus.pending(Lane.EVENTS)).messages == 1
    await bus.close()
