"""From the simulator's deliveries to the platform: the emitters that services and commands use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec

from penstock.bus import EVENTS_SUBJECT, HEADER_ID, Bus, Lane
from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import Unavailable
from penstock.model.event import Event
from penstock.model.time import DAY, MINUTE, Clock
from penstock.pipeline.admit import admit
from penstock.pipeline.gate import Gate
from penstock.query.port import LedgerQuestion, Reader, Select, Series
from penstock.sources.simulate import Delivery, Emit, to_s1

__all__ = [
    "Missing",
    "Span",
    "for_tenant",
    "gate_emitter",
    "known_history",
    "missing_history",
    "publish_events",
    "until_settled",
]

_POLL: Final = 0.1
_LANDMARK: Final = Select(sensor="ems-*", metric="power_w")
"""Sensors that report often, by which is known what an earlier demonstration reached over."""


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


class Span(NamedTuple):
    """[start, end), epoch ms."""

    start: int
    end: int


class Missing(NamedTuple):
    """What the history of a demonstration lacks: what is looked at first, and the days before it, the newest first."""

    recent: Span | None
    older: tuple[Span, ...]


def missing_history(now: int, days: int, known: Span | None) -> Missing:
    """What of [now − days, now) is still to be written where an earlier demonstration reached over `known`.

    Its oldest day may have been under way when it ended and comes again: what that repeats only counts as duplicate.
    """
    start = now - days * DAY
    if known is None:
        recent, oldest = Span(now - DAY, now), now - DAY
    else:
        recent = Span(max(start, known.end), now) if now - known.end >= MINUTE else None
        oldest = known.start + DAY if known.start - start >= MINUTE else start
    ends = range(min(oldest, now), start, -DAY)
    return Missing(recent, tuple(Span(max(start, end - DAY), end) for end in ends))


async def known_history(reader: Reader, tenant: str) -> Span | None:
    """What an earlier demonstration reached over, or None if there was none. Waits for the reader."""
    while True:
        try:
            answer = await reader.ask(Series(tenant=tenant, where=_LANDMARK, limit=1000))
        except Unavailable:
            await asyncio.sleep(_POLL)
            continue
        first, last = (
            [ts for ts in answer.table.column(name).to_pylist() if ts is not None] for name in ("first_ts", "last_ts")
        )
        return Span(min(first), max(last) + 1) if first and last else None


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
