"""What only a real broker can show: restarts, durability, permissions, plain clients beside Penstock."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest
from nats.aio.client import Client

from penstock.app.broker import GUEST_SUBJECTS, Broker, BrokerAddress, BrokerConfig, locate_server, render_config
from penstock.bus import EVENTS_SUBJECT, HEADER_ID, HEADER_ROWS, Lane, LiveMessage, tenant_subject
from penstock.bus.nats import NatsBus, NatsConfig
from penstock.bus.nats.connection import Connection
from penstock.bus.nats.lanes import renew_consumer
from penstock.model.errors import Backpressure, Misconfigured, TooLarge, Unavailable
from tests.contracts.buses import READINGS, SOON, drain, forget_lanes, is_empty, payloads, publish, until


def config(address: BrokerAddress, **options: object) -> NatsConfig:
    settings = {"user": address.user, "password": address.password, "monitor_url": address.monitor_url} | options
    return NatsConfig(address.url, **settings)  # pyright: ignore[reportArgumentType]  test options


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker that the test may kill."""
    server = Broker(BrokerConfig(tmp_path))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def bus(broker: BrokerAddress) -> AsyncIterator[NatsBus]:
    await forget_lanes(broker)
    opened = NatsBus(config(broker))
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def guest(broker: BrokerAddress) -> AsyncIterator[Client]:
    """A raw client without any credential."""
    client = await nats.connect(broker.url, error_cb=_ignore)
    yield client
    await client.close()


async def _ignore(_error: Exception) -> None: ...


async def kill(server: Broker) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL


# A broker that dies


class Ledger:
    """What was published and confirmed, what came out, and a consumer that goes on until nothing is left."""

    def __init__(self, bus: NatsBus) -> None:
        self.bus = bus
        self.acknowledged: set[bytes] = set()
        self.stored: set[bytes] = set()
        self.publishing = True

    async def produce(self, worker: int) -> None:
        number = 0
        while self.publishing:
            payload = b"%d/%d" % (worker, number)
            try:
                await self.bus.publish(Lane.READINGS, READINGS, payload, {HEADER_ID: payload.decode()}, timeout=2.0)
            except Unavailable:
                continue  # the same bytes and id again
            self.acknowledged.add(payload)
            number += 1

    async def consume(self) -> None:
        while self.publishing or not await is_empty(self.bus):
            try:
                for delivery in await self.bus.fetch(Lane.READINGS, 32, 0.2):
                    self.stored.add(delivery.payload)
                    await delivery.ack()
            except Unavailable:
                await asyncio.sleep(0.01)


async def test_nothing_acknowledged_is_lost_when_the_broker_is_killed_and_comes_back(own: Broker) -> None:
    bus = NatsBus(config(await own.start(), ack_wait=1.0))
    await bus.open()
    ledger = Ledger(bus)
    async with asyncio.timeout(40), asyncio.TaskGroup() as tasks:
        for worker in range(4):
            tasks.create_task(ledger.produce(worker))
        tasks.create_task(ledger.consume())
        for _ in range(2):
            await asyncio.sleep(0.3)
            await kill(own)
            before = len(ledger.acknowledged)
            await own.start()

            async def flows(before: int = before) -> bool:
                return len(ledger.acknowledged) > before + 20

            await until(flows)
        ledger.publishing = False
    assert len(ledger.acknowledged) > 40
    assert ledger.acknowledged <= ledger.stored
    assert (await bus.pending(Lane.READINGS)).rows == {}
    await bus.close()


async def test_responders_listeners_and_waiting_fetches_survive_a_restart_on_the_same_port(own: Broker) -> None:
    address = await own.start()
    bus = NatsBus(config(address))
    await bus.open()
    heard: list[bytes] = []

    async def echo(payload: bytes) -> bytes:
        return payload

    await bus.respond("penstock.echo", echo, group="g")
    await bus.listen("penstock.v1.>", lambda message: heard.append(message.payload))
    fetching = asyncio.create_task(bus.fetch(Lane.READINGS, 10, 30.0))
    await asyncio.sleep(0.05)
    await kill(own)
    assert await own.start() == address

    async def answers() -> bool:
        try:
            return await bus.request("penstock.echo", b"hi", timeout=1.0) == b"hi"
        except Unavailable:
            return False

    await until(answers)
    await publish(bus, b"after")
    assert payloads(await fetching) == [b"after"]
    assert heard == [b"after"]
    await bus.close()


async def test_requests_in_flight_fail_at_once_when_the_broker_dies(own: Broker) -> None:
    bus = NatsBus(config(await own.start()))
    await bus.open()
    asked = asyncio.Event()

    async def never(_payload: bytes) -> bytes:
        asked.set()
        await asyncio.sleep(0.5)
        return b""

    await bus.respond("penstock.slow", never, group="g")
    asking = asyncio.create_task(bus.request("penstock.slow", b"", timeout=30.0))
    await asked.wait()
    before = time.monotonic()
    await kill(own)
    with pytest.raises(Unavailable, match="lost"):
        await asking
    assert time.monotonic() - before < SOON
    await bus.close()


async def test_what_was_refused_while_the_broker_was_away_is_not_sent_later(own: Broker) -> None:
    bus = NatsBus(config(await own.start()))
    await bus.open()
    await kill(own)
    for attempt in range(3):
        with pytest.raises(Unavailable, match="nothing was sent"):
            await bus.publish(Lane.READINGS, READINGS, b"x", {}, timeout=0.1 + attempt / 100)
    assert not await bus.fetch(Lane.READINGS, 1, 0.1)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(SOON * 2):
            await bus.pending(Lane.READINGS)
    await own.start()
    await bus.publish(Lane.READINGS, READINGS, b"y", {}, timeout=10.0)  # waits for the connection
    assert payloads(await drain(bus, 1)) == [b"y"]
    assert not await bus.fetch(Lane.READINGS, 1, 0.1)
    await bus.close()


async def test_closing_is_bounded_while_the_broker_is_away(own: Broker) -> None:
    bus = NatsBus(config(await own.start()))
    await bus.open()
    await kill(own)
    async with asyncio.timeout(2 * SOON):
        await bus.close()


async def test_closing_is_bounded_while_the_broker_hangs(own: Broker) -> None:
    bus = NatsBus(config(await own.start()))
    await bus.open()
    assert own.pid is not None
    os.kill(own.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(2 * SOON):
            await bus.close()
    finally:
        os.kill(own.pid, signal.SIGCONT)


async def test_a_connection_that_the_client_library_gave_up_is_made_anew(bus: NatsBus) -> None:
    heard: list[LiveMessage] = []
    await bus.listen(READINGS, heard.append)
    library = bus._connection._client
    assert library is not None
    await library.close()  # as after an -ERR that the library takes as final
    await bus.publish(Lane.READINGS, READINGS, b"again", {}, timeout=10.0)
    assert payloads(await drain(bus, 1)) == [b"again"]
    assert [m.payload for m in heard] == [b"again"]


async def test_a_broker_that_lost_everything_gets_its_lanes_back_from_the_consumer(
    bus: NatsBus, broker: BrokerAddress
) -> None:
    await forget_lanes(broker)
    with pytest.raises(Unavailable, match="nothing was stored"):
        await publish(bus, b"x")
    assert not await bus.fetch(Lane.READINGS, 1, 0.1)
    await publish(bus, b"x")
    assert payloads(await drain(bus, 1)) == [b"x"]


async def test_lanes_that_cannot_be_made_again_for_now_are_made_later(bus: NatsBus, broker: BrokerAddress) -> None:
    await forget_lanes(broker)
    admin = await nats.connect(broker.url, user=broker.user, password=broker.password)
    await admin.jetstream().add_stream(name="ANOTHER", subjects=["penstock.v1.readings.*"])
    with pytest.raises(Unavailable, match="overlap"):
        await bus.fetch(Lane.READINGS, 1, 0.1)
    with pytest.raises(Misconfigured, match="overlap"):
        await NatsBus(config(broker)).open()
    await admin.jetstream().delete_stream("ANOTHER")
    await admin.close()
    assert not await bus.fetch(Lane.READINGS, 1, 0.1)
    await publish(bus, b"x")
    assert payloads(await drain(bus, 1)) == [b"x"]


# Brokers that Penstock refuses


async def run_with(tmp_path: Path, replace: tuple[str, str]) -> AsyncIterator[BrokerAddress]:
    """A nats-server with the bundled broker's configuration, but for one line."""
    (tmp_path / "nats" / "ports").mkdir(parents=True)
    (tmp_path / "log").mkdir()
    text = render_config(BrokerConfig(tmp_path), password="secret", port=0, monitor_port=0)
    assert replace[0] in text
    path = tmp_path / "nats.conf"
    path.write_text(text.replace(*replace))
    process = await asyncio.create_subprocess_exec(str(locate_server()), "-c", str(path))
    ports = tmp_path / "nats" / "ports" / f"nats-server_{process.pid}.ports"

    async def listens() -> bool:
        return ports.exists() and ports.stat().st_size > 0

    await until(listens)
    listening = json.loads(ports.read_text())
    yield BrokerAddress(listening["nats"][0], listening["monitoring"][0], "penstock", "secret")
    process.terminate()
    await process.wait()


@pytest.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[BrokerAddress]:
    async for address in run_with(tmp_path, ("sync_interval: always", "sync_interval: 2m")):
        yield address


async def test_a_broker_that_acknowledges_before_fsync_is_refused_with_the_fix(forgetful: BrokerAddress) -> None:
    with pytest.raises(Misconfigured, match="before they are on disk") as caught:
        await NatsBus(config(forgetful)).open()
    assert "sync_interval: always" in (caught.value.hint or "")


async def test_a_broker_whose_durability_cannot_be_checked_is_refused_unless_trusted(forgetful: BrokerAddress) -> None:
    with pytest.raises(Misconfigured, match="unknown") as caught:
        await NatsBus(config(forgetful, monitor_url=None)).open()
    assert "trust_durability" in (caught.value.hint or "")
    trusting = NatsBus(config(forgetful, monitor_url=None, trust_durability=True))
    await trusting.open()
    await publish(trusting, b"x")
    await trusting.close()


async def test_wrong_credentials_and_absent_brokers_are_told_apart(broker: BrokerAddress) -> None:
    with pytest.raises(Misconfigured, match="credentials"):
        await NatsBus(config(broker, password="wrong", connect_timeout=1.0)).open()
    with pytest.raises(Unavailable, match="no broker answers"):
        await NatsBus(NatsConfig("nats://127.0.0.1:1", trust_durability=True, connect_timeout=0.5)).open()


async def test_a_lane_that_cannot_be_as_it_should_is_refused(broker: BrokerAddress) -> None:
    await forget_lanes(broker)
    with pytest.raises(Misconfigured, match=r"STREAM\.CREATE"):
        await NatsBus(config(broker, max_bytes=1 << 50)).open()


async def test_a_broker_of_a_version_with_fewer_lanes_gets_the_missing_one_and_keeps_what_it_holds(
    bus: NatsBus, broker: BrokerAddress
) -> None:
    await publish(bus, b"kept")
    admin = await nats.connect(broker.url, user=broker.user, password=broker.password)
    await admin.jetstream().delete_stream("PENSTOCK_BACKLOG")
    await admin.close()
    again = NatsBus(config(broker))
    await again.open()
    await publish(again, b"old", lane=Lane.BACKLOG, subject=tenant_subject(Lane.BACKLOG, "acme"))
    assert payloads(await drain(again, 1, Lane.BACKLOG)) == [b"old"]
    assert payloads(await drain(again, 1)) == [b"kept"]
    await again.close()


async def test_opening_applies_changed_limits_and_keeps_what_an_operator_set(
    bus: NatsBus, broker: BrokerAddress
) -> None:
    admin = await nats.connect(broker.url, user=broker.user, password=broker.password)
    jetstream = admin.jetstream()
    stream = (await jetstream.stream_info("PENSTOCK_READINGS")).config
    await jetstream.update_stream(stream.evolve(description="ours"))
    await publish(bus, b"kept")
    again = NatsBus(config(broker, max_bytes=50_000_000, ack_wait=7.0, max_ack_pending=5))
    await again.open()
    changed = (await jetstream.stream_info("PENSTOCK_READINGS")).config
    consumer = (await jetstream.consumer_info("PENSTOCK_READINGS", "process")).config
    assert (changed.max_bytes, changed.description) == (50_000_000, "ours")
    assert (consumer.ack_wait, consumer.max_ack_pending, consumer.max_deliver) == (7.0, 5, -1)
    assert payloads(await drain(again, 1)) == [b"kept"]
    await again.close()
    await admin.close()


# Plain clients beside Penstock


async def test_a_guest_publishes_an_event_that_the_consumer_gets_durably(bus: NatsBus, guest: Client) -> None:
    event = b'{"criticality": 7, "timestamp": "2026-01-01T00:00:00Z", "eventMessage": "door"}'
    acknowledgement = json.loads(await answer_to(guest, EVENTS_SUBJECT, event))
    assert acknowledgement["stream"] == "PENSTOCK_EVENTS"
    await guest.publish(EVENTS_SUBJECT, event)

    async def both() -> bool:
        return (await bus.pending(Lane.EVENTS)).rows == {("", "nats"): 2}

    await until(both)
    for delivery in await drain(bus, 2, Lane.EVENTS):
        assert (delivery.subject, delivery.payload) == (EVENTS_SUBJECT, event)


async def answer_to(guest: Client, subject: str, payload: bytes, **options: Any) -> bytes:
    """To a guest, whose account hears a moment later than others that somebody answers."""
    async with asyncio.timeout(SOON):
        while True:
            with suppress(nats.errors.NoRespondersError):
                return (await guest.request(subject, payload, timeout=SOON, **options)).data
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("subject", [s for s in GUEST_SUBJECTS if s != EVENTS_SUBJECT])
async def test_a_guest_may_ask_what_is_meant_for_it(bus: NatsBus, guest: Client, subject: str) -> None:
    async def answer(payload: bytes) -> bytes:
        return b"answer to " + payload

    await bus.respond(subject, answer, group="query")
    assert await answer_to(guest, subject, b"q") == b"answer to q"


@pytest.mark.parametrize(
    "subject",
    [
        "$JS.API.STREAM.PURGE.PENSTOCK_READINGS",
        "$JS.API.INFO",
        "penstock.v1.readings.acme",
        "penstock.query",
        "events.other",
    ],
)
async def test_a_guest_reaches_nothing_else(bus: NatsBus, guest: Client, subject: str) -> None:
    seen: list[LiveMessage] = []
    await bus.listen("penstock.>", seen.append)
    await publish(bus, b"precious")
    with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
        await guest.request(subject, b"{}", timeout=0.2)
    assert [m.payload for m in seen] == [b"precious"]
    assert (await bus.pending(Lane.READINGS)).messages == 1


@pytest.mark.parametrize("subject", ["penstock.>", ">", "events", "_INBOX_PENSTOCK.>"])
async def test_a_guest_reads_nothing_of_others(bus: NatsBus, broker: BrokerAddress, subject: str) -> None:
    refusals: list[str] = []

    async def refuse(error: Exception) -> None:
        refusals.append(str(error).lower())

    async def refused() -> bool:
        return any("permissions violation for subscription" in text for text in refusals)

    curious = await nats.connect(broker.url, error_cb=refuse)
    try:
        await curious.subscribe(subject)
        await until(refused)
    finally:
        await curious.close()


@pytest.mark.parametrize("reply", ["penstock.v1.readings.acme", "$JS.API.STREAM.PURGE.PENSTOCK_READINGS"])
async def test_a_guest_cannot_steer_the_brokers_acknowledgement_into_a_lane(
    bus: NatsBus, guest: Client, reply: str
) -> None:
    await publish(bus, b"precious")
    await guest.publish(EVENTS_SUBJECT, b"{}", reply=reply)
    await guest.flush()
    await drain(bus, 1, Lane.EVENTS)
    assert payloads(await bus.fetch(Lane.READINGS, 10, 0.1)) == [b"precious"]
    assert (await bus.pending(Lane.READINGS)).messages == 1


async def test_without_guests_a_client_needs_credentials(tmp_path: Path) -> None:
    server = Broker(BrokerConfig(tmp_path, guest=False))
    address = await server.start()
    stranger = Client()
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        await stranger.connect(address.url, allow_reconnect=False, error_cb=_ignore)
    await stranger.close()
    await server.stop()


@pytest.fixture(params=["a broker of today", "nats-server before 2.14"])
def either_broker(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, broker: BrokerAddress
) -> BrokerAddress:
    """The broker as it is, and taken for an older one, which cannot begin a consumer anew in its place."""
    if request.param != "a broker of today":
        monkeypatch.setattr(Connection, "broker_version", (2, 10))
    return broker


async def test_what_a_killed_process_was_given_comes_to_the_next_one_at_once(either_broker: BrokerAddress) -> None:
    broker = either_broker
    await forget_lanes(broker)
    killed = NatsBus(config(broker, ack_wait=30.0))
    await killed.open()
    await publish(killed, b"acked", b"held", b"waits")
    acked, held = await drain(killed, 2)
    await acked.ack()
    await until(lambda: has_depth(killed, 2))
    await killed.close()

    next_one = NatsBus(config(broker, ack_wait=30.0))
    await next_one.open()
    async with asyncio.timeout(5):
        given = await drain(next_one, 2)
    assert payloads(given) == [b"held", b"waits"]
    assert given[0].sequence == held.sequence
    for delivery in given:
        await delivery.ack()
    await until(lambda: is_empty(next_one))
    await next_one.close()


async def test_a_lane_that_is_delivered_again_is_never_without_its_consumer(
    bus: NatsBus, broker: BrokerAddress
) -> None:
    await publish(bus, b"held")
    await drain(bus, 1)
    admin = await nats.connect(broker.url, user=broker.user, password=broker.password)
    before = await admin.jetstream().consumer_info("PENSTOCK_READINGS", "process")
    await renew_consumer(bus._connection, Lane.READINGS, config(broker))
    after = await admin.jetstream().consumer_info("PENSTOCK_READINGS", "process")
    await admin.close()
    assert (after.created, after.num_ack_pending) == (before.created, 0)
    assert payloads(await drain(bus, 1)) == [b"held"]


async def test_a_consumer_that_the_disk_has_no_room_for_is_made_once_it_has(own: Broker, tmp_path: Path) -> None:
    address = await own.start()
    bus = NatsBus(config(address))
    await bus.open()
    (consumers,) = await asyncio.to_thread(lambda: list(tmp_path.rglob("PENSTOCK_READINGS/obs")))
    await publish(bus, b"x")
    admin = await nats.connect(address.url, user=address.user, password=address.password)
    await admin.jetstream().delete_consumer("PENSTOCK_READINGS", "process")
    await admin.close()
    consumers.rmdir()
    consumers.touch()  # no directory can be made in it, as on a full disk
    with pytest.raises(Unavailable, match="creating store"):
        await bus.fetch(Lane.READINGS, 1, 0.1)
    with pytest.raises(Unavailable, match="creating store"):  # a process that starts then is started again
        await NatsBus(config(address)).open()
    consumers.unlink()
    assert payloads(await drain(bus, 1)) == [b"x"]
    await bus.close()


async def has_depth(bus: NatsBus, messages: int) -> bool:
    return await bus.depth(Lane.READINGS) == messages


async def test_a_backlog_of_another_process_is_counted_once_and_then_remembered(
    bus: NatsBus, broker: BrokerAddress
) -> None:
    await asyncio.gather(
        *(bus.publish(Lane.READINGS, READINGS, bytes(20_000), {HEADER_ROWS: "http=3"}) for _ in range(600))
    )
    observer = NatsBus(config(broker))
    await observer.open()
    assert (await observer.pending(Lane.READINGS)).rows == {("acme", "http"): 1_800}
    assert observer._connection._client is not None
    before = observer._connection._client.stats["in_bytes"]
    await bus.publish(Lane.READINGS, READINGS, bytes(20_000), {HEADER_ROWS: "http=5"})
    assert (await observer.pending(Lane.READINGS)).rows == {("acme", "http"): 1_805}
    assert observer._connection._client.stats["in_bytes"] - before < 50_000
    await observer.close()


async def test_no_header_of_a_guest_makes_its_message_look_like_the_brokers_own(bus: NatsBus, guest: Client) -> None:
    claims = {"Status": "404", HEADER_ROWS: "http=1000000"}
    await answer_to(guest, EVENTS_SUBJECT, b"", headers=claims)
    await answer_to(guest, EVENTS_SUBJECT, b"{}", headers=claims)
    assert (await bus.pending(Lane.EVENTS)).rows == {("", "nats"): 2}
    deliveries = await drain(bus, 2, Lane.EVENTS)
    assert payloads(deliveries) == [b"", b"{}"]


async def test_a_lane_is_bounded_in_messages_too(bus: NatsBus, broker: BrokerAddress) -> None:
    narrow = NatsBus(config(broker, max_messages=2))
    await narrow.open()
    await publish(narrow, b"1", b"2")
    with pytest.raises(Backpressure, match="2 messages"):
        await publish(narrow, b"3")
    await narrow.close()


async def test_headers_beyond_the_brokers_bound_are_too_large(bus: NatsBus) -> None:
    with pytest.raises(TooLarge):
        await bus.publish(Lane.READINGS, READINGS, b"x", {HEADER_ROWS: "s" * 70_000})


async def test_processes_that_start_together_make_the_lanes_once(broker: BrokerAddress) -> None:
    await forget_lanes(broker)
    buses = [NatsBus(config(broker, max_bytes=1 << 30)) for _ in range(6)]
    await asyncio.gather(*(each.open() for each in buses))
    await publish(buses[0], b"x")
    assert payloads(await drain(buses[5], 1)) == [b"x"]
    await asyncio.gather(*(each.close() for each in buses))
