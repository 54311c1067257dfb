"""What `penstock.bus.port` promises, held against every adapter: memory, and the real nats-server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from penstock.app.broker import BrokerAddress
from penstock.bus import EVENTS_SUBJECT, HEADER_ID, HEADER_ROWS, Bus, Lane, LiveMessage, tenant_subject
from penstock.model.errors import Backpressure, InvalidInput, TooLarge, Unavailable
from tests.contracts.buses import READINGS, SOON, Kit, drain, forget_lanes, is_empty, payloads, publish, until


@pytest.fixture(params=["memory", "nats"])
async def kit(request: pytest.FixtureRequest, broker: BrokerAddress) -> AsyncIterator[Kit]:
    address = broker if request.param == "nats" else None
    if address is not None:
        await forget_lanes(address)
    kit = Kit(address)
    yield kit
    await kit.close()


@pytest.fixture
async def bus(kit: Kit) -> Bus:
    return await kit.make()


# Publishing and fetching


async def test_a_delivery_is_what_was_published(bus: Bus) -> None:
    await bus.publish(Lane.READINGS, READINGS, b"\x00\xffbytes", {HEADER_ID: "a", "X-Other": "ü=1, 2"})
    (delivery,) = await drain(bus, 1)
    assert delivery.subject == READINGS
    assert delivery.payload == b"\x00\xffbytes"
    assert delivery.headers[HEADER_ID] == "a"
    assert delivery.headers["X-Other"] == "ü=1, 2"
    assert delivery.attempt == 1


async def test_an_empty_payload_is_a_message_too(bus: Bus) -> None:
    await publish(bus, b"")
    assert payloads(await drain(bus, 1)) == [b""]


async def test_messages_come_in_the_order_in_which_they_were_published(bus: Bus) -> None:
    sent = [b"%d" % i for i in range(50)]
    await publish(bus, *sent)
    got = await drain(bus, 50)
    assert payloads(got) == sent
    assert [d.sequence for d in got] == sorted({d.sequence for d in got})


async def test_a_fetch_takes_what_waits_up_to_its_limit_and_does_not_wait_for_more(bus: Bus) -> None:
    await publish(bus, *(b"%d" % i for i in range(5)))
    before = time.monotonic()
    assert payloads(await bus.fetch(Lane.READINGS, 3, 10.0)) == [b"0", b"1", b"2"]
    assert payloads(await bus.fetch(Lane.READINGS, 100, 10.0)) == [b"3", b"4"]
    assert time.monotonic() - before < SOON


async def test_a_fetch_of_an_empty_lane_ends_empty_after_its_wait(bus: Bus) -> None:
    before = time.monotonic()
    assert list(await bus.fetch(Lane.READINGS, 10, 0.2)) == []
    assert 0.15 < time.monotonic() - before < 2.0


async def test_a_waiting_fetch_returns_as_soon_as_there_is_a_message(bus: Bus) -> None:
    fetching = asyncio.create_task(bus.fetch(Lane.READINGS, 10, 30.0))
    await asyncio.sleep(0.05)  # so that it waits
    before = time.monotonic()
    await publish(bus, b"now")
    assert payloads(await fetching) == [b"now"]
    assert time.monotonic() - before < SOON


async def test_a_fetch_after_fetches_that_found_nothing_gets_the_next_message_at_once(bus: Bus) -> None:
    for _ in range(5):
        assert not await bus.fetch(Lane.READINGS, 10, 0.01)
    await publish(bus, b"next")
    before = time.monotonic()
    (delivery,) = await bus.fetch(Lane.READINGS, 10, 10.0)
    assert (delivery.payload, delivery.attempt) == (b"next", 1)
    assert time.monotonic() - before < 1.0


async def test_a_cancelled_fetch_leaves_the_message_to_the_next_one(bus: Bus) -> None:
    for delay in (0.0, 0.001, 0.01, 0.05):
        fetching = asyncio.create_task(bus.fetch(Lane.READINGS, 10, 30.0))
        await asyncio.sleep(delay)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
    await publish(bus, b"kept")
    (delivery,) = await drain(bus, 1)  # far below the ack wait of 30 s
    assert delivery.payload == b"kept"


async def test_lanes_do_not_share_messages(bus: Bus) -> None:
    await publish(bus, b"r")
    await publish(bus, b"e", lane=Lane.EVENTS, subject=tenant_subject(Lane.EVENTS, "acme"))
    await publish(bus, b"b", lane=Lane.BACKLOG, subject=tenant_subject(Lane.BACKLOG, "acme"))
    assert payloads(await drain(bus, 1, Lane.BACKLOG)) == [b"b"]
    assert payloads(await drain(bus, 1, Lane.EVENTS)) == [b"e"]
    assert payloads(await drain(bus, 1, Lane.READINGS)) == [b"r"]


async def test_the_literal_events_subject_belongs_to_the_events_lane(bus: Bus) -> None:
    await publish(bus, b"{}", lane=Lane.EVENTS, subject=EVENTS_SUBJECT)
    (delivery,) = await drain(bus, 1, Lane.EVENTS)
    assert delivery.subject == EVENTS_SUBJECT


@pytest.mark.parametrize(
    "subject", ["events", "penstock.v1.events.acme", "penstock.v1.readings.*", "penstock.v1.readings.", "x"]
)
async def test_a_subject_of_another_lane_is_refused(bus: Bus, subject: str) -> None:
    with pytest.raises(InvalidInput):
        await publish(bus, b"", subject=subject)
    assert await is_empty(bus)


# Settling


async def test_an_acked_message_never_comes_again(kit: Kit) -> None:
    bus = await kit.make(ack_wait=0.3)
    await publish(bus, b"a", b"b")
    for delivery in await drain(bus, 2):
        await delivery.ack()
    assert not await bus.fetch(Lane.READINGS, 10, 0.8)


async def test_an_unacked_message_comes_again_after_the_ack_wait_with_its_sequence(kit: Kit) -> None:
    bus = await kit.make(ack_wait=0.3)
    await publish(bus, b"again")
    (first,) = await drain(bus, 1)
    (second,) = await drain(bus, 1)
    assert (second.payload, second.sequence) == (b"again", first.sequence)
    assert (first.attempt, second.attempt) == (1, 2)


async def test_heartbeats_hold_the_redelivery_back(kit: Kit) -> None:
    bus = await kit.make(ack_wait=0.6)
    await publish(bus, b"slow")
    (delivery,) = await drain(bus, 1)
    for _ in range(6):
        await asyncio.sleep(0.2)
        await delivery.heartbeat()
        assert not await bus.fetch(Lane.READINGS, 1, 0.01)
    await delivery.ack()
    await until(lambda: is_empty(bus))


async def test_oldest_is_the_first_message_that_is_not_acked_else_the_next_to_come(bus: Bus) -> None:
    first = await bus.oldest(Lane.READINGS)
    await publish(bus, b"a", b"b", b"c")
    one, two, three = await drain(bus, 3)
    assert one.sequence == first == await bus.oldest(Lane.READINGS)
    await two.ack()
    assert await bus.oldest(Lane.READINGS) == one.sequence
    await one.ack()
    await until(lambda: oldest_is(bus, three.sequence))
    await three.ack()
    await until(lambda: oldest_is(bus, three.sequence + 1))


async def oldest_is(bus: Bus, sequence: int) -> bool:
    return await bus.oldest(Lane.READINGS) == sequence


async def test_no_more_than_the_agreed_number_is_unacked_at_a_time(kit: Kit) -> None:
    bus = await kit.make(max_ack_pending=3)
    await publish(bus, *(b"%d" % i for i in range(5)))
    first = await drain(bus, 3)
    assert not await bus.fetch(Lane.READINGS, 10, 0.2)
    await first[0].ack()
    assert payloads(await drain(bus, 1)) == [b"3"]


# Duplicates


async def test_a_repeated_id_is_stored_once_even_after_the_first_was_acked(bus: Bus) -> None:
    for _ in range(2):
        await bus.publish(Lane.READINGS, READINGS, b"x", {HEADER_ID: "same"})
    (delivery,) = await drain(bus, 1)
    await delivery.ack()
    await bus.publish(Lane.READINGS, READINGS, b"x", {HEADER_ID: "same"})
    assert not await bus.fetch(Lane.READINGS, 10, 0.1)
    await bus.publish(Lane.READINGS, READINGS, b"y", {HEADER_ID: "other"})
    assert payloads(await drain(bus, 1)) == [b"y"]


# Limits


async def test_a_full_lane_refuses_keeps_nothing_of_it_and_recovers(kit: Kit) -> None:
    bus = await kit.make(max_bytes=100_000)
    headers = {HEADER_ROWS: "http=1"}
    kept = 4
    for _ in range(kept):
        await bus.publish(Lane.READINGS, READINGS, bytes(20_000), headers)
    with pytest.raises(Backpressure) as caught:
        await bus.publish(Lane.READINGS, READINGS, bytes(20_000), headers | {HEADER_ID: "refused"})
    assert "100000" in caught.value.detail
    pending = await bus.pending(Lane.READINGS)
    assert (pending.messages, pending.max_bytes) == (kept, 100_000)
    assert pending.rows == {("acme", "http"): kept}
    await publish(bus, b"{}", lane=Lane.EVENTS, subject=EVENTS_SUBJECT)  # the other lane is not affected
    for delivery in await drain(bus, kept):
        await delivery.ack()
    await until(lambda: is_empty(bus))
    await bus.publish(Lane.READINGS, READINGS, bytes(20_000), headers | {HEADER_ID: "refused"})
    assert len(await drain(bus, 1)) == 1


async def test_a_message_of_the_greatest_size_passes_and_one_over_the_bound_is_too_large(bus: Bus) -> None:
    biggest = bytes(bus.max_payload)
    await bus.publish(Lane.READINGS, READINGS, biggest, {HEADER_ID: "big", HEADER_ROWS: "http=1"})
    (delivery,) = await drain(bus, 1)
    assert len(delivery.payload) == len(biggest)
    with pytest.raises(TooLarge):
        await publish(bus, bytes(bus.max_payload + 10_000))
    await publish(bus, b"still connected")
    assert payloads(await drain(bus, 1)) == [b"still connected"]


# Pending


async def test_nothing_is_pending_on_an_empty_lane(bus: Bus) -> None:
    pending = await bus.pending(Lane.READINGS)
    assert (pending.messages, pending.bytes, dict(pending.rows)) == (0, 0, {})
    assert pending.max_bytes == 256 << 20


async def test_pending_rows_are_exact_for_waiting_and_in_process_messages(kit: Kit) -> None:
    bus = await kit.make()
    for i in range(10):
        await bus.publish(Lane.READINGS, READINGS, bytes(i), {HEADER_ROWS: f"http={i},line=1"})
    await bus.publish(Lane.READINGS, tenant_subject(Lane.READINGS, "b"), b"", {HEADER_ROWS: "http=1000"})
    first, _, third, *_ = await drain(bus, 6)
    await third.ack()  # 2 http, 1 line; settled out of order
    await first.heartbeat()
    expected = {("acme", "http"): sum(range(10)) - 2, ("acme", "line"): 9, ("b", "http"): 1000}
    await until(lambda: _counts(bus, 10))
    assert (await bus.pending(Lane.READINGS)).rows == expected
    assert (await bus.pending(Lane.READINGS)).bytes > 0
    other = await kit.make()  # a process that fetched none of it counts the same
    assert (await other.pending(Lane.READINGS)).rows == expected


async def _counts(bus: Bus, messages: int) -> bool:
    return (await bus.pending(Lane.READINGS)).messages == messages


async def test_a_message_of_a_plain_client_counts_as_one_row(bus: Bus) -> None:
    await publish(bus, b"{}", b"{}", lane=Lane.EVENTS, subject=EVENTS_SUBJECT)
    await publish(bus, b"{}", lane=Lane.EVENTS, subject=tenant_subject(Lane.EVENTS, "acme"))
    assert (await bus.pending(Lane.EVENTS)).rows == {("", "nats"): 2, ("acme", "nats"): 1}


async def test_what_a_lane_holds_is_counted_in_messages_and_bytes_below_its_bound(bus: Bus) -> None:
    empty = await bus.held(Lane.READINGS)
    assert (empty.messages, empty.bytes) == (0, 0)
    await publish(bus, b"x" * 1_000, b"y" * 1_000)
    held = await bus.held(Lane.READINGS)
    assert held.messages == await bus.depth(Lane.READINGS) == 2
    assert 2_000 <= held.bytes == (await bus.pending(Lane.READINGS)).bytes
    assert held.bytes < held.max_bytes == empty.max_bytes
    assert (await bus.held(Lane.EVENTS)).messages == 0


async def test_the_depth_of_a_lane_counts_what_waits_and_what_is_in_process_until_it_is_acked(kit: Kit) -> None:
    bus, other = await kit.make(), await kit.make()
    assert await bus.depth(Lane.READINGS) == 0
    await publish(bus, b"1", b"2", b"3")
    first, _ = await drain(bus, 2)
    assert await bus.depth(Lane.READINGS) == await other.depth(Lane.READINGS) == 3
    await first.ack()

    async def two_left() -> bool:
        return await other.depth(Lane.READINGS) == 2

    await until(two_left)
    assert await bus.depth(Lane.EVENTS) == 0


@pytest.mark.parametrize("same", [True, False], ids=["by its consumer", "by another process"])
async def test_pending_stays_consistent_while_a_lane_is_busy(kit: Kit, same: bool) -> None:
    bus = await kit.make()
    observer = bus if same else await kit.make()

    async def produce() -> None:
        for i in range(150):
            await bus.publish(Lane.READINGS, READINGS, b"x", {HEADER_ROWS: f"http={i % 7 + 1}"})

    async def consume() -> None:
        left = 150
        while left:
            for delivery in await bus.fetch(Lane.READINGS, 16, 1.0):
                await delivery.ack()
                left -= 1

    async def observe() -> None:
        while True:
            pending = await observer.pending(Lane.READINGS)
            rows = pending.rows.get(("acme", "http"), 0)
            assert pending.messages <= rows <= 7 * pending.messages
            await asyncio.sleep(0)

    observing = asyncio.create_task(observe())
    async with asyncio.timeout(30):
        await asyncio.gather(produce(), consume())
    assert not observing.done()
    observing.cancel()
    await until(lambda: is_empty(observer))
    assert (await observer.pending(Lane.READINGS)).rows == {}


# Requests


async def echo(payload: bytes) -> bytes:
    return b"echo " + payload


async def test_a_request_gets_the_answer_of_its_responder(kit: Kit) -> None:
    server, client = await kit.make(), await kit.make()
    await server.respond("penstock.test", echo, group="g")
    assert await client.request("penstock.test", b"hi") == b"echo hi"
    assert await client.request("penstock.test", bytes(3 << 20)) == b"echo " + bytes(3 << 20)


async def test_a_request_that_nobody_answers_fails_at_once(bus: Bus) -> None:
    before = time.monotonic()
    with pytest.raises(Unavailable, match="nobody answers"):
        await bus.request("penstock.nobody", b"", timeout=30.0)
    assert time.monotonic() - before < SOON


async def test_a_request_that_is_not_answered_in_time_fails(bus: Bus) -> None:
    async def never(_payload: bytes) -> bytes:
        await asyncio.sleep(0.5)
        return b""

    await bus.respond("penstock.slow", never, group="g")
    with pytest.raises(Unavailable, match=r"0\.1 s"):
        await bus.request("penstock.slow", b"", timeout=0.1)


async def test_of_a_group_exactly_one_gets_each_request_and_all_take_part(kit: Kit) -> None:
    seen: dict[str, list[bytes]] = {"a": [], "b": []}

    def member(name: str) -> Callable[[bytes], Awaitable[bytes]]:
        async def handle(payload: bytes) -> bytes:
            seen[name].append(payload)
            return payload

        return handle

    for name in seen:
        await (await kit.make()).respond("penstock.shared", member(name), group="g")
    client = await kit.make()
    sent = [b"%d" % i for i in range(60)]
    assert [await client.request("penstock.shared", payload) for payload in sent] == sent
    assert sorted(seen["a"] + seen["b"]) == sorted(sent)
    assert seen["a"]
    assert seen["b"]


async def test_requests_are_worked_on_at_the_same_time(bus: Bus) -> None:
    together = asyncio.Barrier(10)

    async def meet(payload: bytes) -> bytes:
        await together.wait()
        return payload

    await bus.respond("penstock.meet", meet, group="g")
    async with asyncio.timeout(SOON):
        answers = await asyncio.gather(*(bus.request("penstock.meet", b"%d" % i) for i in range(10)))
    assert answers == [b"%d" % i for i in range(10)]


async def test_a_stopped_responder_answers_no_more_but_ends_what_it_began(bus: Bus) -> None:
    began, go = asyncio.Event(), asyncio.Event()

    async def handle(_payload: bytes) -> bytes:
        began.set()
        await go.wait()
        return b"done"

    responder = await bus.respond("penstock.stop", handle, group="g")
    asking = asyncio.create_task(bus.request("penstock.stop", b""))
    await began.wait()
    stopping = asyncio.create_task(responder.stop())
    await asyncio.sleep(0.05)
    go.set()
    await stopping
    assert await asking == b"done"
    with pytest.raises(Unavailable):
        await bus.request("penstock.stop", b"", timeout=1.0)
    await responder.stop()


async def test_a_handler_that_breaks_the_rules_still_gives_an_error_document(bus: Bus) -> None:
    async def broken(_payload: bytes) -> bytes:
        raise ZeroDivisionError

    async def endless(_payload: bytes) -> bytes:
        return bytes(bus.max_payload + 10_000)

    await bus.respond("penstock.broken", broken, group="g")
    await bus.respond("penstock.endless", endless, group="g")
    assert json.loads(await bus.request("penstock.broken", b""))["error"]["code"] == "internal"
    assert json.loads(await bus.request("penstock.endless", b""))["error"]["code"] == "too_large"


async def test_a_request_over_the_payload_bound_is_too_large(bus: Bus) -> None:
    await bus.respond("penstock.test", echo, group="g")
    with pytest.raises(TooLarge):
        await bus.request("penstock.test", bytes(bus.max_payload + 10_000))


# Listening


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        (READINGS, ["penstock.v1.readings.acme"]),
        ("penstock.v1.readings.*", ["penstock.v1.readings.acme", "penstock.v1.readings.b"]),
        ("penstock.v1.*.acme", ["penstock.v1.readings.acme", "penstock.v1.events.acme"]),
        ("penstock.>", ["penstock.v1.readings.acme", "penstock.v1.readings.b", "penstock.v1.events.acme"]),
        ("penstock.v1.readings", []),
        ("penstock.v1.readings.acme.>", []),
    ],
)
async def test_a_listener_hears_what_passes_on_its_subject(kit: Kit, pattern: str, heard: list[str]) -> None:
    bus, other = await kit.make(), await kit.make()
    seen: list[LiveMessage] = []
    end = asyncio.Event()
    await bus.listen(pattern, seen.append)
    await bus.listen("penstock.v1.events.end", lambda _: end.set())
    await publish(other, b"1")
    await publish(other, b"2", subject=tenant_subject(Lane.READINGS, "b"))
    await publish(other, b"3", lane=Lane.EVENTS, subject=tenant_subject(Lane.EVENTS, "acme"))
    await publish(other, b"", lane=Lane.EVENTS, subject=tenant_subject(Lane.EVENTS, "end"))
    async with asyncio.timeout(SOON):
        await end.wait()
    assert [m.subject for m in seen if not m.subject.endswith(".end")] == heard


async def test_a_listener_survives_its_callback_and_hears_nothing_after_stop(bus: Bus) -> None:
    seen: list[bytes] = []

    def callback(message: LiveMessage) -> None:
        seen.append(message.payload)
        raise ZeroDivisionError

    listener = await bus.listen(READINGS, callback)
    await publish(bus, b"1", b"2")

    async def both() -> bool:
        return seen == [b"1", b"2"]

    await until(both)
    await listener.stop()
    await publish(bus, b"3")
    await drain(bus, 3)
    assert seen == [b"1", b"2"]


# Living together


async def test_many_publishers_and_consumers_lose_nothing_and_share_nothing(kit: Kit) -> None:
    bus = await kit.make()
    sent = {b"%d" % i for i in range(300)}
    got: list[bytes] = []

    async def consume() -> None:
        while len(got) < len(sent):
            for delivery in await bus.fetch(Lane.READINGS, 7, 0.2):
                got.append(delivery.payload)
                await delivery.ack()

    async with asyncio.timeout(30):
        await asyncio.gather(*(publish(bus, payload) for payload in sent), *(consume() for _ in range(4)))
    assert sorted(got) == sorted(sent)


async def test_lanes_outlive_the_bus_that_filled_them(kit: Kit) -> None:
    bus = await kit.make()
    await publish(bus, b"kept")
    await bus.close()
    again = await kit.make()
    assert payloads(await drain(again, 1)) == [b"kept"]


async def test_open_and_close_can_be_repeated(bus: Bus) -> None:
    await bus.open()
    await publish(bus, b"x")
    await bus.close()
    await bus.close()
    await bus.open()
    assert payloads(await drain(bus, 1)) == [b"x"]


async def test_a_closed_bus_is_unavailable(bus: Bus) -> None:
    await bus.close()
    for use in (
        bus.publish(Lane.READINGS, READINGS, b"", {}),
        bus.fetch(Lane.READINGS, 1, 0.1),
        bus.pending(Lane.READINGS),
        bus.depth(Lane.READINGS),
        bus.request("penstock.test", b""),
        bus.respond("penstock.test", echo, group="g"),
        bus.listen("penstock.test", print),
    ):
        with pytest.raises(Unavailable):
            await use


async def test_closing_is_quick_while_fetches_and_requests_wait(bus: Bus) -> None:
    async def never(_payload: bytes) -> bytes:
        await asyncio.sleep(0.3)
        return b""

    await bus.respond("penstock.slow", never, group="g")
    waiting = [
        asyncio.create_task(bus.fetch(Lane.READINGS, 1, 30.0)),
        asyncio.create_task(bus.request("penstock.slow", b"", timeout=30.0)),
    ]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(SOON):
        await bus.close()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(ended[0], Unavailable)
