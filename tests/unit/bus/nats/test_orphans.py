"""What a broker still holds although it was settled is delivered again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from penstock.app.broker import Broker, BrokerConfig
from penstock.bus import HEADER_ID, Lane, tenant_subject
from penstock.bus.nats import NatsBus, NatsConfig, orphans
from penstock.bus.nats.consumer import NatsDelivery


async def test_messages_whose_removal_was_not_written_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(orphans, "_AGAIN_SECONDS", 0.2)
    broker = Broker(BrokerConfig(tmp_path / "data"))
    address = await broker.start()
    bus = NatsBus(
        NatsConfig(url=address.url, user=address.user, password=address.password, monitor_url=address.monitor_url)
    )
    try:
        await bus.open()
        for number in range(2):
            subject = tenant_subject(Lane.EVENTS, "acme")
            await bus.publish(Lane.EVENTS, subject, b"{}", {HEADER_ID: f"event-{number}"})
        await broker.stop()
        (messages,) = (tmp_path / "data").rglob("PENSTOCK_EVENTS/msgs")
        shutil.copytree(messages, tmp_path / "before")
        await broker.start()
        # Twice, because the disk may be full again when they are settled for the second time.
        for _ in range(2):
            for delivery in await fetched(bus, 2):
                await delivery.ack()
            async with asyncio.timeout(10.0):
                while await bus.depth(Lane.EVENTS):
                    await asyncio.sleep(0.02)
            await broker.stop()
            shutil.rmtree(messages)
            shutil.copytree(tmp_path / "before", messages)
            await broker.start()
        again = await fetched(bus, 2)
        assert [delivery.headers[HEADER_ID] for delivery in again] == ["event-0", "event-1"]
    finally:
        await bus.close()
        await broker.stop()


async def fetched(bus: NatsBus, count: int) -> Sequence[NatsDelivery]:
    async with asyncio.timeout(20.0):
        while len(found := await bus.fetch(Lane.EVENTS, 10, 0.2)) < count:
            pass
    return found
