"""The bundled broker comes back by itself: after it ended, while its port is taken, and when its disk was full."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from penstock.app.broker import Broker, BrokerAddress, BrokerConfig
from penstock.app.brokerkeeper import BrokerKeeper, broker_fault, has_room
from penstock.app.keeper import Backoff
from penstock.bus import HEADER_ID, Lane, tenant_subject
from penstock.bus.nats import NatsBus, NatsConfig
from penstock.model.errors import Unavailable
from tests.faults.disks import SmallDisk
from tests.faults.plan import Absent

SOON = 20.0


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def kept(
    data: Path, backoff: Backoff | None = None
) -> AsyncGenerator[tuple[Broker, BrokerKeeper, BrokerAddress]]:
    broker = Broker(BrokerConfig(data))
    address = await broker.start()
    keeper = BrokerKeeper(broker, address, data, changed=lambda: None, backoff=backoff)
    keeping = asyncio.create_task(keeper.keep())
    try:
        yield broker, keeper, address
    finally:
        await keeper.stop()
        await keeping


def kill(broker: Broker) -> None:
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)


async def test_a_killed_broker_comes_back_at_its_address(tmp_path: Path) -> None:
    async with kept(tmp_path) as (broker, keeper, address):
        kill(broker)
        await eventually(lambda: keeper.restarts == 1)
        assert len(keeper.ended.times) == 1
        assert broker.pid is not None
        assert await broker.start() == address


async def test_a_port_that_was_taken_meanwhile_is_tried_again_until_it_is_free(tmp_path: Path) -> None:
    taken, waits = socket.socket(), 0

    def draw(low: float, _high: float) -> float:
        """Drawn after the server ended and before it is started again."""
        nonlocal waits
        waits += 1
        if waits == 1:
            taken.bind(("127.0.0.1", port))
            taken.listen()
        if waits == 3:  # two attempts failed
            taken.close()
        return low

    async with kept(tmp_path, Backoff(draw)) as (broker, keeper, address):
        port = int(address.url.rpartition(":")[2])
        kill(broker)
        await eventually(lambda: keeper.restarts == 1)
        assert waits == 3
        assert await broker.start() == address


async def test_a_stopped_keeper_leaves_the_broker_ended(tmp_path: Path) -> None:
    async with kept(tmp_path) as (broker, keeper, _address):
        await keeper.stop()
    assert broker.pid is None
    assert (keeper.restarts, keeper.ended.times) == (0, ())


async def test_a_broker_that_does_not_answer_is_not_called_faulty(tmp_path: Path) -> None:
    async with kept(tmp_path) as (_broker, _keeper, address):
        assert await broker_fault(address) is None
    assert await broker_fault(address) is None


def test_a_disk_has_room_by_what_is_free(tmp_path: Path) -> None:
    assert has_room(tmp_path) == (shutil.disk_usage(tmp_path).free >= 64 << 20)


async def test_a_full_disk_under_the_broker_heals_once_there_is_room_and_nothing_acknowledged_is_lost(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    try:
        disk = SmallDisk(data, 48).__enter__()
    except Absent as reason:
        pytest.skip(str(reason))
    bus: NatsBus | None = None
    try:
        async with kept(data) as (_broker, keeper, address):
            bus = NatsBus(
                NatsConfig(
                    url=address.url, user=address.user, password=address.password, monitor_url=address.monitor_url
                )
            )
            await bus.open()
            acked = await publish_until_refused(bus, "before", count=5)
            with disk.full():
                acked += await publish_until_refused(bus, "during", count=2_000)
                async with asyncio.timeout(SOON):
                    while "no space" not in (await broker_fault(address) or ""):
                        await asyncio.sleep(0.1)
                assert keeper.restarts == 0
            await eventually(lambda: keeper.restarts == 1)
            assert await broker_fault(address) is None
            acked += await publish_until_refused(bus, "after", count=5)
            assert "after-4" in acked
            held = await bus.fetch(Lane.EVENTS, 5_000, 5.0)
            assert {delivery.headers[HEADER_ID] for delivery in held} >= set(acked)
            await bus.close()
            bus = None
    finally:
        if bus is not None:
            await bus.close()
        disk.__exit__()


async def publish_until_refused(bus: NatsBus, name: str, *, count: int) -> list[str]:
    """Ids of the messages that were acknowledged."""
    subject = tenant_subject(Lane.EVENTS, "default")
    ids = [f"{name}-{n}" for n in range(count)]
    for at, message_id in enumerate(ids):
        try:
            await bus.publish(Lane.EVENTS, subject, bytes(20_000), {HEADER_ID: message_id}, timeout=2.0)
        except Unavailable:
            return ids[:at]
    return ids
