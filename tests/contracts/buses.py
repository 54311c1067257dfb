"""Buses for the contract suites, and what their tests say often."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import nats

from penstock.app.broker import BrokerAddress
from penstock.bus import Bus, Delivery, Lane, tenant_subject
from penstock.bus.memory import MemoryBus
from penstock.bus.nats import NatsBus, NatsConfig

READINGS = tenant_subject(Lane.READINGS, "acme")
SOON = 5.0
"""Seconds within which what must happen has happened, on a busy machine."""


class Kit:
    """Opens buses on one set of lanes: `make` as another process would."""

    def __init__(self, address: BrokerAddress | None) -> None:
        self._address = address
        self._memory: MemoryBus | None = None
        self._made: list[Bus] = []

    async def make(self, *, max_bytes: int = 256 << 20, ack_wait: float = 30.0, max_ack_pending: int = 1_000) -> Bus:
        if self._address is None:
            self._memory = self._memory or MemoryBus(
                max_bytes=max_bytes, ack_wait=ack_wait, max_ack_pending=max_ack_pending
            )
            bus: Bus = self._memory
        else:
            bus = NatsBus(
                NatsConfig(
                    self._address.url,
                    self._address.user,
                    self._address.password,
                    monitor_url=self._address.monitor_url,
                    max_bytes=max_bytes,
                    ack_wait=ack_wait,
                    max_ack_pending=max_ack_pending,
                )
            )
        await bus.open()
        self._made.append(bus)
        return bus

    async def close(self) -> None:
        for bus in self._made:
            await bus.close()


async def publish(bus: Bus, *payloads: bytes, lane: Lane = Lane.READINGS, subject: str = READINGS) -> None:
    for payload in payloads:
        await bus.publish(lane, subject, payload, {})


async def drain(bus: Bus, count: int, lane: Lane = Lane.READINGS) -> list[Delivery]:
    """The next `count` deliveries, not acked."""
    got: list[Delivery] = []
    deadline = time.monotonic() + SOON
    while len(got) < count and time.monotonic() < deadline:
        got += await bus.fetch(lane, count - len(got), 0.5)
    assert len(got) == count
    return got


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SOON):
        while not await condition():
            await asyncio.sleep(0.01)


async def is_empty(bus: Bus, lane: Lane = Lane.READINGS) -> bool:
    return (await bus.pending(lane)).messages == 0


def payloads(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [delivery.payload for delivery in deliveries]


async def forget_lanes(address: BrokerAddress) -> None:
    """Take the broker back to how it was before the first bus was opened."""
    admin = await nats.connect(address.url, user=address.user, password=address.password)
    for stream in await admin.jetstream().streams_info():
        assert stream.config.name is not None
        await admin.jetstream().delete_stream(stream.config.name)
    await admin.close()
