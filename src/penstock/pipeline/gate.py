"""The gate: admitted readings become frames on the bus, and the caller hears back only after they are durable.

Small requests are gathered while an earlier frame of their tenant is on its way to disk, so an idle system adds no
latency and a busy one pays one fsync for many requests. What waits is bounded in bytes; over the bound a request is
refused at once (Backpressure), never queued without end and never dropped.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from penstock.bus import HEADER_ID, HEADER_ROWS, Bus, Lane, encode_frame, rows_header, tenant_subject
from penstock.model.batch import Batch, SensorKey
from penstock.model.errors import Backpressure, Conflict, TooLarge
from penstock.model.event import Event
from penstock.model.findings import NOTHING_FOUND, Findings
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import Attributes
from penstock.model.time import MINUTE, Clock, Stamps

__all__ = ["Gate", "GateConfig"]

_FRAME_FINDINGS: Final = 256 << 10
"""Bytes of findings that a frame of gathered requests holds: its header must never make it too large for the bus."""


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What the gate may hold and remember.

    frame_rows      readings per frame
    max_bytes       readings held while the broker works, all tenants together
    tenant_share    of that bound for one tenant
    remember        requests whose stamp and receipt a retry gets back
    retry_window    for so long, ms
    announce_again  ms after which equal attributes of a sensor are sent again
    sensors         whose attributes are remembered
    """

    frame_rows: int = 16_384
    max_bytes: int = 64 << 20
    tenant_share: float = 0.5
    remember: int = 20_000
    retry_window: int = 15 * MINUTE
    announce_again: int = 10 * MINUTE
    sensors: int = 200_000


@dataclass(slots=True)
class _Offer:
    receipt: str
    source: str
    batch: Batch
    rejected: int
    stamp: int
    size: int
    findings: Findings
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def part(self, stamp: int) -> Part:
        """The whole request as a part of a frame that is stamped `stamp`."""
        own = self.stamp if self.stamp != stamp else 0
        return Part(self.receipt, self.source, len(self.batch), self.rejected, own, self.findings)


@dataclass(slots=True)
class _Memory:
    """What a retry of a request gets back: the stamp, so that it cannot beat a correction made in between."""

    stamp: int
    receipt: str
    digest: bytes
    until: int
    durable: bool = False


class Gate:
    """Publishes admitted readings and events. One per process; `close` waits for what is on its way."""

    def __init__(self, bus: Bus, clock: Clock, config: GateConfig | None = None) -> None:
        self._bus = bus
        self._clock = clock
        self._config = config or GateConfig()
        self._stamps = Stamps(clock)
        self._prefix = os.urandom(6).hex()
        self._count = 0
        self._held: dict[str, int] = {}
        self._waiting: dict[str, list[_Offer]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[tuple[Lane, str, str], _Memory] = OrderedDict()
        self._announced: OrderedDict[tuple[str, SensorKey], tuple[Attributes, int]] = OrderedDict()

    @property
    def held_bytes(self) -> int:
        """Bytes of readings that wait for the broker."""
        return sum(self._held.values())

    async def offer(
        self,
        batch: Batch,
        *,
        source: str,
        rejected: int = 0,
        key: str | None = None,
        findings: Findings = NOTHING_FOUND,
    ) -> str:
        """Make the readings durable on the bus; returns the receipt's id. `rejected` rows are only counted, and
        `findings` are kept with the receipt.

        `key` is the client's Idempotency-Key: a repetition within the retry window gets the first receipt and is not
        sent again; with other content it is refused (Conflict). Without a key a repetition of equal content is sent
        again, under its first stamp, and counts as duplicate. Raises Backpressure, TooLarge, or Unavailable (the fate is
        unknown: the client repeats the same request).
        """
        tenant = batch.tenant
        memory = self._recall(Lane.READINGS, tenant, _digest(batch), key)
        if memory.durable and key is not None:
            return memory.receipt
        news = self._news(batch)
        version = np.where(batch.version == 0, memory.stamp, batch.version)
        batch = replace(batch, version=version, attributes=news)
        size = 64 + 28 * len(batch) + findings.size
        offer = _Offer(memory.receipt, source, batch, rejected, memory.stamp, size, findings)
        self._reserve(tenant, offer.size)
        try:
            if len(batch) > self._config.frame_rows // 4:
                await self._publish_alone(offer)
            else:
                await self._publish_gathered(tenant, offer)
        finally:
            self._release(tenant, offer.size)
        memory.durable = True
        self._announce(tenant, news)
        return memory.receipt

    async def offer_events(
        self,
        tenant: str,
        events: Sequence[Event],
        *,
        source: str,
        rejected: int = 0,
        key: str | None = None,
        findings: Findings = NOTHING_FOUND,
    ) -> str:
        """Make events durable on the bus; returns the receipt's id. Errors as `offer`."""
        memory = self._recall(Lane.EVENTS, tenant, hashlib.sha256(repr(events).encode()).digest(), key)
        if memory.durable and key is not None:
            return memory.receipt
        size = 64 + sum(200 + len(e.message) for e in events)
        self._reserve(tenant, size)
        try:
            part = Part(memory.receipt, source, len(events), rejected, findings=findings)
            frame = Frame(memory.receipt, tenant, memory.stamp, (part,), Batch.empty(tenant), tuple(events))
            await self._send(Lane.EVENTS, frame)
        finally:
            self._release(tenant, size)
        memory.durable = True
        return memory.receipt

    async def close(self) -> None:
        """Wait until everything offered has reached the broker or failed."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- how a request becomes frames

    async def _publish_alone(self, offer: _Offer) -> None:
        step = self._config.frame_rows
        frames: list[Frame] = []
        for n, start in enumerate(range(0, len(offer.batch), step)):
            chunk = offer.batch.slice(start, start + step)
            part = Part(offer.receipt, offer.source, len(chunk))
            if n == 0:
                part = replace(part, rejected=offer.rejected, findings=offer.findings)
            frames.append(Frame(f"{offer.receipt}.{n}", chunk.tenant, offer.stamp, (part,), chunk))
        sends = (self._send(Lane.READINGS, frame) for frame in frames)
        for outcome in await asyncio.gather(*sends, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _publish_gathered(self, tenant: str, offer: _Offer) -> None:
        queue = self._waiting.get(tenant)
        if queue is None:
            self._waiting[tenant] = [offer]
            task = asyncio.create_task(self._drain(tenant), name=f"gate:{tenant}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            queue.append(offer)
        # Shielded: when one client goes away, its neighbours in the frame must still be published.
        await asyncio.shield(offer.done)

    async def _drain(self, tenant: str) -> None:
        """Publish what waits for `tenant`, frame after frame, until nothing waits."""
        while offers := self._waiting[tenant]:
            taken = self._fitting(offers)
            group, self._waiting[tenant] = offers[:taken], offers[taken:]
            error: BaseException | None = None
            try:
                parts = tuple(o.part(group[-1].stamp) for o in group)
                batch = Batch.concat([o.batch for o in group])
                frame_id = f"{group[0].receipt}.0" if len(group) == 1 else self._next_id()
                await self._send(Lane.READINGS, Frame(frame_id, tenant, group[-1].stamp, parts, batch))
            except BaseException as caught:  # noqa: BLE001 - handed to every waiting caller, and raised again below
                error = caught
            for offer in group:
                if not offer.done.done():
                    offer.done.set_exception(error) if error else offer.done.set_result(None)
                    if error:
                        offer.done.exception()  # a caller that went away leaves its future unread
            if error and not isinstance(error, Exception):
                raise error
        del self._waiting[tenant]

    def _fitting(self, offers: Sequence[_Offer]) -> int:
        """How many of `offers`, at least one, go into one frame: bounded in readings and in what is said about them."""
        rows, findings = 0, 0
        for taken, offer in enumerate(offers):
            rows, findings = rows + len(offer.batch), findings + offer.findings.size
            if taken and (rows > self._config.frame_rows or findings > _FRAME_FINDINGS):
                return taken
        return len(offers)

    async def _send(self, lane: Lane, frame: Frame) -> None:
        payload = encode_frame(frame)
        if len(payload) > self._bus.max_payload:
            raise TooLarge(
                f"a frame of {len(frame.batch) + len(frame.events)} rows takes {len(payload)} bytes; "
                f"the broker's bound is {self._bus.max_payload}",
                hint="send fewer rows per request, or shorter names and tags",
            )
        headers = {HEADER_ID: frame.id, HEADER_ROWS: rows_header(frame)}
        await self._bus.publish(lane, tenant_subject(lane, frame.tenant), payload, headers)

    # -- bounds and memory

    def _reserve(self, tenant: str, size: int) -> None:
        bound = self._config.max_bytes
        total, own = self.held_bytes, self._held.get(tenant, 0)
        if total + size > bound and total:
            raise Backpressure(
                f"{total} of {bound} bytes are waiting for the broker",
                hint="repeat the request after Retry-After seconds",
            )
        share = int(bound * self._config.tenant_share)
        if own + size > share and own:
            raise Backpressure(
                f"this tenant has {own} of {share} bytes waiting for the broker",
                code="tenant_backpressure",
                hint="repeat the request after Retry-After seconds",
            )
        self._held[tenant] = own + size

    def _release(self, tenant: str, size: int) -> None:
        left = self._held[tenant] - size
        if left:
            self._held[tenant] = left
        else:
            del self._held[tenant]

    def _news(self, batch: Batch) -> Mapping[SensorKey, Attributes]:
        """Attributes that this gate has not made durable lately: rows repeat them, frames need not."""
        now, announced = self._clock.now(), self._announced
        nothing = (Attributes(), 0)
        return {
            sensor: said
            for sensor, said in batch.attributes.items()
            if (before := announced.get((batch.tenant, sensor), nothing))[1] <= now or before[0] != said
        }

    def _announce(self, tenant: str, news: Mapping[SensorKey, Attributes]) -> None:
        until = self._clock.now() + self._config.announce_again
        for sensor, said in news.items():
            self._announced[tenant, sensor] = (said, until)
            self._announced.move_to_end((tenant, sensor))
        while len(self._announced) > self._config.sensors:
            self._announced.popitem(last=False)

    def _recall(self, lane: Lane, tenant: str, digest: bytes, key: str | None) -> _Memory:
        now = self._clock.now()
        name = (lane, tenant, f"key:{key}" if key is not None else digest.hex())
        memory = self._seen.get(name)
        if memory is not None and memory.until > now:
            if memory.digest != digest:
                raise Conflict(
                    f"Idempotency-Key {key!r} was used for other content within the last "
                    f"{self._config.retry_window // MINUTE} minutes",
                    code="idempotency_key_reused",
                    hint="use a new key for a new request",
                )
            self._seen.move_to_end(name)
            return memory if key is not None else replace(memory, receipt=self._next_id(), durable=False)
        memory = _Memory(self._stamps.next(), self._next_id(), digest, now + self._config.retry_window)
        self._seen[name] = memory
        while len(self._seen) > self._config.remember:
            self._seen.popitem(last=False)
        return memory

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._prefix}-{self._count:x}"


def _digest(batch: Batch) -> bytes:
    """Fingerprint of what was sent, without its stamp; comparable within this process."""
    digest = hashlib.sha256(batch.tenant.encode())
    digest.update(hash(batch.keys).to_bytes(8, "little", signed=True))
    for column in (batch.series, batch.ts, batch.value, batch.version):
        if len(column):
            digest.update(np.ascontiguousarray(column).data)
    return digest.digest()
