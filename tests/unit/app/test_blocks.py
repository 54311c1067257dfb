"""What is told of a broker's damaged files, with the real server's files."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from penstock.app.blocks import Loss, losses_since, read_blocks, recorded_losses
from penstock.app.broker import Broker, BrokerConfig
from penstock.bus import Lane, tenant_subject
from penstock.bus.nats import NatsBus, NatsConfig

MESSAGES = 40
SUBJECT = tenant_subject(Lane.READINGS, "acme")


@pytest.fixture
async def broker(tmp_path):
    running = Broker(BrokerConfig(data_dir=tmp_path))
    await running.start()
    yield running
    await running.stop()


async def connect(broker: Broker) -> NatsBus:
    at = await broker.start()
    bus = NatsBus(NatsConfig(at.url, at.user, at.password, monitor_url=at.monitor_url))
    await bus.open()
    return bus


async def fill(broker: Broker) -> None:
    bus = await connect(broker)
    for number in range(MESSAGES):
        await bus.publish(Lane.READINGS, SUBJECT, b"%06d" % number + b"x" * 2_000, {})
    await bus.close()


async def end(broker: Broker, *, cleanly: bool) -> None:
    if cleanly:
        await broker.stop()
    else:
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await broker.wait()


def damage(home, offset_in_record: int, record: int = 20):
    """Flip a bit of one record; the file."""
    (path,) = (path for path in read_blocks(home) if "READINGS" in str(path))
    at = read_blocks(home)[path].records[record][0] + offset_in_record
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)
    return path


async def test_every_message_that_is_not_deleted_is_found(broker, tmp_path):
    await fill(broker)
    bus = await connect(broker)
    for delivery in await bus.fetch(Lane.READINGS, 5, 1.0):
        await delivery.ack()
    await asyncio.sleep(0)
    while await bus.depth(Lane.READINGS) > MESSAGES - 5:
        await asyncio.sleep(0.01)
    await bus.close()
    await end(broker, cleanly=True)
    (records,) = (b.records for p, b in read_blocks(tmp_path / "nats").items() if "READINGS" in str(p))
    assert {sequence for _, sequence in records} >= set(range(6, MESSAGES + 1))


@pytest.mark.parametrize("where", [500, 0, 5], ids=["payload", "length", "sequence"])
@pytest.mark.parametrize("cleanly", [False], ids=["killed"])
async def test_messages_that_the_broker_cuts_off_are_told(broker, tmp_path, where, cleanly):
    await fill(broker)
    await end(broker, cleanly=cleanly)
    home = tmp_path / "nats"
    damage(home, where)
    await broker.start()
    bus = await connect(broker)
    kept = await bus.depth(Lane.READINGS)
    await bus.close()
    assert kept == 20
    assert recorded_losses(home) in {MESSAGES - kept, MESSAGES - kept - 1}  # a damaged head hides its own message


async def test_a_message_that_stays_and_cannot_be_read_is_counted_and_the_lane_can_still_be_counted(broker, tmp_path):
    await fill(broker)
    await end(broker, cleanly=True)
    damage(tmp_path / "nats", 500)
    bus = await connect(broker)
    pending = await bus.pending(Lane.READINGS)
    await bus.close()
    assert (pending.messages, pending.unreadable) == (MESSAGES, 1)
    assert pending.rows == {("acme", "nats"): MESSAGES - 1}


async def test_nothing_is_told_of_a_broker_that_was_killed_and_is_sound(broker, tmp_path):
    await fill(broker)
    await end(broker, cleanly=False)
    await broker.start()
    assert recorded_losses(tmp_path / "nats") == 0


async def test_a_torn_end_is_no_loss(broker, tmp_path):
    """A power cut may leave half a record; it was never acknowledged."""
    await fill(broker)
    await end(broker, cleanly=False)
    before = read_blocks(tmp_path / "nats")
    for path in before:
        with path.open("ab") as file:
            file.write(b"\x40\x08\0\0" + b"\x29" + bytes(60))
    torn = read_blocks(tmp_path / "nats")
    await broker.start()
    assert losses_since(torn) == []
    assert recorded_losses(tmp_path / "nats") == 0


def test_losses_are_remembered(tmp_path):
    assert recorded_losses(tmp_path) == 0
    assert recorded_losses(tmp_path, [Loss("PENSTOCK_READINGS", "1.blk", 3, 7)], now=1) == 3
    assert recorded_losses(tmp_path) == 3


@pytest.mark.parametrize("record", [3, 20, 38])
async def test_no_message_is_lost_to_a_flipped_bit_in_silence(broker, tmp_path, record):
    """Whatever the server does with it (cut off, skip, keep and never show), it is told."""
    await fill(broker)
    await end(broker, cleanly=True)
    damage(tmp_path / "nats", 500, record)
    bus = await connect(broker)
    got = 0
    while deliveries := await bus.fetch(Lane.READINGS, 64, 0.3):
        got += len(deliveries)
        for delivery in deliveries:
            await delivery.ack()
    async with asyncio.timeout(10):
        while (pending := await bus.pending(Lane.READINGS)).messages > pending.unreadable:
            await asyncio.sleep(0.05)
    await bus.close()
    assert got + pending.unreadable + pending.vanished + recorded_losses(tmp_path / "nats") == MESSAGES
