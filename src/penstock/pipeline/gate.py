"""The gate: admitted readings become frames on the bus, and the caller hears back only after they are durable.

Small requests are gathered while an earlier frame of their tenant is on its way to disk, so an idle system adds no
latency and a busy one pays one fsync for many requests. What waits is bounded in bytes; over the bound, or when
the broker's disk is nearly full, a request is refused at once (Backpressure), never queued without end and never dropped. Readings that are old already when they come go
to the backlog lane, where they delay nothing that is new.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from penstock.bus import HEADER_ID, HEADER_ROWS, Bus, Lane, encode_frame, rows_header, tenant_subject
from penstock.model.batch import Batch, SensorKey
from penstock.model.errors import Backpressure, TooLarge
from penstock.model.event import Event
from penstock.model.findings import NOTHING_FOUND, Findings
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.recent import Spans, Tally
from penstock.model.series import Attributes
from penstock.model.time import HOUR, MINUTE, Clock
from penstock.pipeline.offer import Offer
from penstock.pipeline.repeats import Memory, Repeats, digest_of
from penstock.pipeline.room import Room

__all__ = ["Gate", "GateConfig"]

_FRAME_FINDINGS: Final = 256 << 10
"""Bytes of findings that a frame of gathered requests holds: its header must never make it too large for the bus."""
_SLACK: Final = MINUTE
"""Beyond `backlog_after`, so that a question about exactly that span never meets the backlog, nor clocks that differ a little."""


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
    backlog_after   age in ms from which (and a minute) a reading goes to the backlog lane; 0 sends none there
    """

    frame_rows: int = 16_384
    max_bytes: int = 64 << 20
    tenant_share: float = 0.5
    remember: int = 20_000
    retry_window: int = 15 * MINUTE
    announce_again: int = 10 * MINUTE
    sensors: int = 200_000
    backlog_after: int = HOUR


class Gate:
    """Publishes admitted readings and events. One per process; `close` waits for what is on its way."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        config: GateConfig | None = None,
        *,
        room: Room | None = None,
        written: Callable[[str], None] | None = None,
    ) -> None:
        """`room` on the broker's disk decides whether readings are taken; without one they always are. `written` is told the
        tenant of every frame that has become durable, before its sender is.
        """
        self._bus = bus
        self._clock = clock
        self._config = config or GateConfig()
        self._room = room or Room(0)
        self._written = written
        config = self._config
        self._repeats = Repeats(clock, remember=config.remember, window=config.retry_window)
        self._held: dict[str, int] = {}
        self._waiting: dict[tuple[Lane, str], list[Offer]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._announced: OrderedDict[tuple[str, SensorKey], tuple[Attributes, int]] = OrderedDict()
        self.passed = Tally()
        """Readings and events that have become durable."""
        self.waits = Spans()
        """How long the frames' publication took."""

    @property
    def max_bytes(self) -> int:
        """Bytes of readings that may wait for the broker."""
        return self._config.max_bytes

    @property
    def held_bytes(self) -> int:
        """Bytes of readings that wait for the broker."""
        return sum(self._held.values())

    def moment(self, lane: Lane, tenant: str, key: str | None) -> int:
        """Epoch ms that a request must be judged by before it is offered: a repetition by that of its first try."""
        return self._repeats.moment(lane, tenant, key)

    async def offer(
        self,
        batch: Batch,
        *,
        source: str,
        rejected: int = 0,
        key: str | None = None,
        seen: int | None = None,
        findings: Findings = NOTHING_FOUND,
    ) -> str:
        """Make the readings durable on the bus; returns the receipt's id. `rejected` rows are only counted, and
        `findings` are kept with the receipt.

        `key` is the client's Idempotency-Key: a repetition within the retry window gets the first receipt and is not
        sent again; with other content it is refused (Conflict). Without a key a repetition of equal content is sent
        again, under its first stamp, and counts as duplicate. `seen` is the `moment` that it was judged by, now if None.
        Raises Backpressure, TooLarge, or Unavailable (the fate is unknown: the client repeats the same request).
        """
        tenant = batch.tenant
        memory = self._repeats.recall(Lane.READINGS, tenant, digest_of(batch), key, seen)
        if memory.durable and key is not None:
            return memory.receipt
        news = self._news(batch)
        version = np.where(batch.version == 0, memory.stamp, batch.version)
        batch = replace(batch, version=version, attributes=news)
        offers = self._offers(
            Offer(Lane.READINGS, memory.receipt, source, batch, rejected, memory.stamp, findings), memory
        )
        self._reserve(tenant, sum(offer.size for offer in offers))
        for offer in offers:
            self._begin(offer)
        # Shielded: when one client goes away, its neighbours in the frame must still be published.
        for outcome in await asyncio.gather(*(asyncio.shield(o.done) for o in offers), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
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
        seen: int | None = None,
        findings: Findings = NOTHING_FOUND,
    ) -> str:
        """Make events durable on the bus; returns the receipt's id. Errors as `offer`."""
        memory = self._repeats.recall(Lane.EVENTS, tenant, hashlib.sha256(repr(events).encode()).digest(), key, seen)
        if memory.durable and key is not None:
            return memory.receipt
        part = Part(memory.receipt, source, len(events), rejected, findings=findings)
        frame = Frame(memory.receipt, tenant, memory.stamp, (part,), Batch.empty(tenant), tuple(events))
        await self.put(Lane.EVENTS, frame)
        memory.durable = True
        return memory.receipt

    async def put(self, lane: Lane, frame: Frame) -> None:
        """Make a frame durable as it is, within the bounds. Errors as `offer`."""
        size = 64 + 28 * len(frame.batch) + sum(200 + len(e.message) for e in frame.events)
        self._reserve(frame.tenant, size)
        try:
            await self._send(lane, frame)
        finally:
            self._release(frame.tenant, size)

    async def close(self) -> None:
        """Wait until everything offered has reached the broker or failed."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- how a request becomes frames

    def _offers(self, offer: Offer, memory: Memory) -> list[Offer]:
        after = self._config.backlog_after
        return offer.split(memory.seen - after - _SLACK) if after else [offer]

    def _begin(self, offer: Offer) -> None:
        """Put an offer on its way. Its bytes are held until its fate is known, whether somebody waits for it or not."""
        tenant, size = offer.batch.tenant, offer.size
        offer.done.add_done_callback(lambda _: self._release(tenant, size))
        name = (offer.lane, tenant)
        if len(offer.batch) > self._config.frame_rows // 4:
            self._own(self._publish_alone(offer), lambda: [offer])
        elif name in self._waiting:
            self._waiting[name].append(offer)
        else:
            self._waiting[name] = [offer]
            self._own(self._drain(name), lambda: self._waiting.pop(name, []))

    def _own(self, work: Coroutine[Any, Any, None], left: Callable[[], Sequence[Offer]]) -> None:
        """Run `work` in a task of the gate; `left` are the offers that nobody publishes once it has failed."""
        task = asyncio.create_task(work, name="gate")
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is None:
                return  # it left nothing; what waits under its name by now is published by the task after it
            for offer in left():
                offer.settle(error)

        task.add_done_callback(ended)

    async def _publish_alone(self, offer: Offer) -> None:
        frames = list(offer.frames(self._config.frame_rows))
        sends = (self._send(offer.lane, frame) for frame in frames)
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
        offer.settle(next((o for o in outcomes if isinstance(o, BaseException)), None))

    async def _drain(self, name: tuple[Lane, str]) -> None:
        """Publish what waits for a tenant on a lane, frame after frame, until nothing waits."""
        lane, tenant = name
        while offers := self._waiting[name]:
            taken = self._fitting(offers)
            group, self._waiting[name] = offers[:taken], offers[taken:]
            error: BaseException | None = None
            try:
                parts = tuple(o.part(group[-1].stamp) for o in group)
                batch = Batch.concat([o.batch for o in group])
                frame_id = group[0].frame_id(0) if len(group) == 1 else self._repeats.next_id()
                await self._send(lane, Frame(frame_id, tenant, group[-1].stamp, parts, batch))
            except BaseException as caught:  # noqa: BLE001 - handed to every waiting caller, and raised again below
                error = caught
            for offer in group:
                offer.settle(error)
            if error and not isinstance(error, Exception):
                raise error
        del self._waiting[name]

    def _fitting(self, offers: Sequence[Offer]) -> int:
        """How many of `offers`, at least one, go into one frame: bounded in readings and in what is said about them."""
        rows, findings = 0, 0
        for taken, offer in enumerate(offers):
            rows, findings = rows + len(offer.batch), findings + offer.findings.size
            if taken and (rows > self._config.frame_rows or findings > _FRAME_FINDINGS):
                return taken
        return len(offers)

    async def _send(self, lane: Lane, frame: Frame) -> None:
        if lane is not Lane.EVENTS:  # events are few and matter most when things go wrong: the reserve is theirs
            self._room.check()
        payload = encode_frame(frame)
        if len(payload) > self._bus.max_payload:
            raise TooLarge(
                f"a frame of {len(frame.batch) + len(frame.events)} rows takes {len(payload)} bytes; "
                f"the broker's bound is {self._bus.max_payload}",
                hint="send fewer rows per request, or shorter names and tags",
            )
        headers = {HEADER_ID: frame.id, HEADER_ROWS: rows_header(frame)}
        began = time.monotonic()
        async with self._room.waiting():
            await self._bus.publish(lane, tenant_subject(lane, frame.tenant), payload, headers)
        self.waits.add((time.monotonic() - began) * 1_000)
        self.passed.add(len(frame.batch) + len(frame.events))
        if self._written is not None:
            self._written(frame.tenant)

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
