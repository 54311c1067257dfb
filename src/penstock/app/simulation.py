"""From the simulator's deliveries to the platform: the emitters that services and commands use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import msgspec

from penstock.bus import EVENTS_SUBJECT, HEADER_ID, Bus, Lane
from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import Unavailable
from penstock.model.event import Event
from penstock.model.time import DAY, MINUTE, Clock
from penstock.pipeline.admit import admit
from penstock.pipeline.gate import Gate
from penstock.query.port import LedgerQuestion, Reader, Select, Series
from penstock.sources.simulate import Delivery, Emit, demo_history, to_s1

__all__ = ["for_tenant", "gate_emitter", "missing_history", "newest_reading", "publish_events", "until_settled"]

_POLL: Final = 0.1
_LANDMARK: Final = Select(sensor="ems-*", metric="power_w")
"""Sensors that report often, by which the end of an earlier demonstration is known."""


def gate_emitter(
    gate: Gate, tenant: str, source: str, clock: Clock, earliest: Callable[[], int], bus: Bus | None = None
) -> Emit:
    """Hands deliveries to a gate. With `bus`, events go to S1's literal subject as a daemon without Penstock would."""

    async def emit(delivery: Delivery) -> None:
        if delivery.draft is not None:
            draft = for_tenant(delivery.draft)
            admission = admit(draft, tenant=tenant, now=clock.now(), earliest=earliest())
            await gate.offer(
                admission.batch, source=source, rejected=len(admission.rejected), findings=admission.findings
            )
        elif bus is not None:
            await publish_events(bus, delivery.events)
        else:
            await gate.offer_events(tenant, delivery.events, source=source)

    return emit


async def publish_events(bus: Bus, events: tuple[Event, ...]) -> None:
    """Publish events one by one on the subject `events`; their ids make a repetition harmless."""
    for event in events:
        payload = msgspec.json.encode(to_s1(event))
        await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, payload, {HEADER_ID: event.id})


def for_tenant(draft: Draft) -> Draft:
    """The draft without the tenant that its rows name: it belongs to whoever sends it."""
    if not any(key.tenant for key in draft.keys):
        return draft
    keys: tuple[DraftKey, ...] = tuple(key._replace(tenant=None) for key in draft.keys)
    return replace(draft, keys=keys)


def missing_history(seed: int, now: int, days: int, since: int | None) -> Iterator[Delivery]:
    """Demo history of [now − days, now), or what of it lies after `since` (epoch ms).

    The delivery in which `since` lies comes whole: what it repeats is stored already and only counts as duplicate.
    """
    if since is not None:
        if now - since < MINUTE:
            return
        days = min(days, (now - since) // DAY + 1)
    for delivery in demo_history(seed, now, days):
        newest = delivery.events[-1].ts if delivery.draft is None else int(delivery.draft.ts.max())
        if since is None or newest > since:
            yield delivery


async def newest_reading(reader: Reader, tenant: str) -> int | None:
    """Epoch ms up to which an earlier demonstration reached, or None if there was none. Waits for the reader."""
    while True:
        try:
            answer = await reader.ask(Series(tenant=tenant, where=_LANDMARK, limit=1000))
        except Unavailable:
            await asyncio.sleep(_POLL)
            continue
        stamps = [ts for ts in answer.table.column("last_ts").to_pylist() if ts is not None]
        return max(stamps, default=None)


async def until_settled(reader: Reader, tenant: str, source: str) -> None:
    """Returns once nothing that `source` sent is in flight any more."""
    while True:
        try:
            answer = await reader.ask(LedgerQuestion(tenant=tenant))
        except Unavailable:
            await asyncio.sleep(_POLL)
            continue
        rows = zip(answer.table.column("source").to_pylist(), answer.table.column("in_flight").to_pylist(), strict=True)
        if not dict(rows).get(source, 0):
            return
        await asyncio.sleep(_POLL)
