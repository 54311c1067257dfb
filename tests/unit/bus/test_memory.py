import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.bus import HEADER_ID, Lane, LiveMessage, tenant_subject
from penstock.bus.memory import MemoryBus, _matches
from penstock.model.errors import Unavailable

SUBJECT = tenant_subject(Lane.READINGS, "acme")


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def bus(time: Time) -> AsyncIterator[MemoryBus]:
    bus = MemoryBus(now=time, ack_wait=30.0, duplicate_window=120.0)
    await bus.open()
    yield bus
    await bus.close()


async def put(bus: MemoryBus, payload: bytes, message_id: str | None = None) -> None:
    await bus.publish(Lane.READINGS, SUBJECT, payload, {HEADER_ID: message_id} if message_id else {})


async def take(bus: MemoryBus) -> list[tuple[bytes, int]]:
    return [(d.payload, d.attempt) for d in await bus.fetch(Lane.READINGS, 100, 0.0)]


async def test_redelivery_follows_the_clock_that_was_passed_in(bus: MemoryBus, time: Time) -> None:
    await put(bus, b"x")
    assert await take(bus) == [(b"x", 1)]
    time.seconds = 29.9
    assert await take(bus) == []
    time.seconds = 30.0
    assert await take(bus) == [(b"x", 2)]


async def test_an_id_is_remembered_for_the_duplicate_window_and_no_longer(bus: MemoryBus, time: Time) -> None:
    await put(bus, b"x", "id")
    time.seconds = 120.0
    await put(bus, b"x", "id")
    assert (await bus.pending(Lane.READINGS)).messages == 1
    time.seconds = 120.1
    await put(bus, b"x", "id")
    assert (await bus.pending(Lane.READINGS)).messages == 2


async def test_a_bus_that_is_down_refuses_everything_and_keeps_what_it_has(bus: MemoryBus) -> None:
    await put(bus, b"x")
    bus.down = True
    for use in (put(bus, b"y"), take(bus), bus.pending(Lane.READINGS), bus.request("a", b"")):
        with pytest.raises(Unavailable):
            await use
    bus.down = False
    assert await take(bus) == [(b"x", 1)]


async def test_a_failed_publish_stores_nothing_and_a_lost_ack_stores_once(bus: MemoryBus) -> None:
    bus.fail_publishes = 1
    with pytest.raises(Unavailable):
        await put(bus, b"failed", "1")
    bus.lose_acks = 1
    with pytest.raises(Unavailable):
        await put(bus, b"lost", "2")
    await put(bus, b"lost", "2")
    assert await take(bus) == [(b"lost", 1)]


async def test_a_waiting_fetch_ends_when_the_bus_is_closed(bus: MemoryBus) -> None:
    fetching = asyncio.create_task(bus.fetch(Lane.READINGS, 1, 30.0))
    await asyncio.sleep(0)
    await bus.close()
    with pytest.raises(Unavailable):
        await fetching


async def test_no_publisher_fails_because_a_listener_does(bus: MemoryBus) -> None:
    def broken(_message: LiveMessage) -> None:
        raise ZeroDivisionError

    await bus.listen(">", broken)
    await put(bus, b"x")
    assert await take(bus) == [(b"x", 1)]


TOKENS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)


@settings(deadline=None)
@given(TOKENS, st.data())
def test_a_subject_matches_itself_with_any_token_starred_and_any_tail_cut(
    tokens: list[str], data: st.DataObject
) -> None:
    starred = [data.draw(st.sampled_from([token, "*"])) for token in tokens]
    subject = ".".join(tokens)
    assert _matches(".".join(starred), subject)
    for cut in range(len(tokens)):
        assert _matches(".".join([*starred[:cut], ">"]), subject)
    assert not _matches(".".join([*starred, "*"]), subject)
    assert not _matches(".".join([*starred, ">"]), subject)
    if len(starred) > 1:
        assert not _matches(".".join(starred[:-1]), subject)
