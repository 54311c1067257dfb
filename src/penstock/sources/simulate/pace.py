"""Drives deliveries into the platform: in real time, faster than it, or as fast as they are taken.

A producer fills a buffer that is bounded in readings, senders empty it. When the platform is unavailable a sender
keeps its delivery and tries again; the buffer fills, the producer waits, and afterwards it catches up with what was
due meanwhile. Nothing is dropped and nothing is reordered by one sender.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from penstock.model.errors import InvalidInput, Unavailable
from penstock.model.time import SECOND, Clock
from penstock.sources.simulate.stream import Delivery, Stream

__all__ = ["MAX_BUFFERED", "Emit", "Progress", "replay", "run"]

Emit = Callable[[Delivery], Awaitable[None]]
"""Hands a delivery over; returns once it is safe. Unavailable means: the same delivery again, later."""

Sleep = Callable[[float], Awaitable[None]]

MAX_BUFFERED: Final = 200_000
"""Readings that wait for a sender; with their keys' indices about 8 MB."""

_SLICE: Final = 50_000
_BACKOFF_S: Final = 0.2
_MAX_BACKOFF_S: Final = 30.0


@dataclass(slots=True)
class Progress:
    """What was handed over so far; read it while a run goes on. `until` is the simulated time generated, epoch ms."""

    readings: int = 0
    events: int = 0
    deliveries: int = 0
    retries: int = 0
    until: int = 0


class _Buffer:
    """Deliveries that wait, bounded in readings. One delivery larger than the bound passes when nothing else waits."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Delivery] = deque()
        self._held = 0
        self._closed = False
        self._changed = asyncio.Condition()

    async def put(self, delivery: Delivery) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._held or self._held + len(delivery) <= self._limit)
            self._waiting.append(delivery)
            self._held += len(delivery)
            self._changed.notify_all()

    async def take(self) -> Delivery | None:
        """The oldest waiting delivery; None once the buffer is closed and empty."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._waiting) or self._closed)
            return self._waiting.popleft() if self._waiting else None

    async def settle(self, delivery: Delivery) -> None:
        """A taken delivery has been handed over: only now its room is free."""
        async with self._changed:
            self._held -= len(delivery)
            self._changed.notify_all()

    async def close(self) -> None:
        async with self._changed:
            self._closed = True
            self._changed.notify_all()


async def run(
    stream: Stream,
    clock: Clock,
    emit: Emit,
    *,
    start: int | None = None,
    until: int | None = None,
    step: int = SECOND,
    speedup: float = 1.0,
    max_buffered: int = MAX_BUFFERED,
    senders: int = 2,
    progress: Progress | None = None,
    sleep: Sleep = asyncio.sleep,
    rng: random.Random | None = None,
) -> Progress:
    """Emits what `stream` delivers from `start` (default: now) on, every `step` ms, until `until` or cancelled.

    Simulated time passes `speedup` times as fast as the clock's, from `start`, and never overtakes the clock; a start
    in the past with an infinite speedup catches up as fast as `emit` takes it, then goes on in real time. At `until`
    (epoch ms) what is still held back is delivered too. Raises what `emit` raises, except Unavailable.
    """
    if step <= 0 or not speedup > 0 or max_buffered <= 0 or senders <= 0:
        raise InvalidInput(
            f"step {step}, speedup {speedup}, max_buffered {max_buffered} and senders {senders} must all exceed 0",
            code="invalid_pace",
        )
    began = clock.now()
    first = began if start is None else start
    progress = progress or Progress()

    async def deliveries() -> AsyncGenerator[Delivery]:
        done = first
        # Catching up goes in slices that hold a bounded number of readings, whatever the fleet's size.
        longest = max(int(_SLICE / stream.rate * SECOND), 1) if stream.rate else 3600 * SECOND
        while until is None or done < until:
            now = clock.now()
            due = now if math.isinf(speedup) else min(first + int(max(now - began, 0) * speedup), now)
            if until is not None:
                due = min(due, until)
            if due - done < step and due != until:
                # Behind the clock, simulated time passes faster; level with it, both pass alike.
                await sleep((done + step - due) / (speedup if due < now else 1.0) / SECOND)
                continue
            end = min(due, done + longest)
            for delivery in stream.take(done, end):
                yield delivery
            done = progress.until = end
        for delivery in stream.flush():
            yield delivery

    await _pump(deliveries(), emit, max_buffered, senders, progress, sleep, rng)
    return progress


async def replay(
    deliveries: Iterable[Delivery],
    emit: Emit,
    *,
    max_buffered: int = MAX_BUFFERED,
    senders: int = 2,
    progress: Progress | None = None,
    sleep: Sleep = asyncio.sleep,
    rng: random.Random | None = None,
) -> Progress:
    """Emits all of `deliveries` (such as `demo_history`) as fast as `emit` takes them."""

    async def each() -> AsyncGenerator[Delivery]:
        for delivery in deliveries:
            yield delivery

    progress = progress or Progress()
    await _pump(each(), emit, max_buffered, senders, progress, sleep, rng)
    return progress


async def _pump(
    deliveries: AsyncGenerator[Delivery],
    emit: Emit,
    max_buffered: int,
    senders: int,
    progress: Progress,
    sleep: Sleep,
    rng: random.Random | None,
) -> None:
    buffer = _Buffer(max_buffered)
    jitter = rng or random.Random()

    async def produce() -> None:
        async with aclosing(deliveries):
            async for delivery in deliveries:
                await buffer.put(delivery)
        await buffer.close()

    async def send() -> None:
        while (delivery := await buffer.take()) is not None:
            await _emit(delivery, emit, progress, sleep, jitter)
            await buffer.settle(delivery)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(produce())
            for _ in range(senders):
                tasks.create_task(send())
    except BaseExceptionGroup as group:
        # One failure ends the run; the caller sees it as it was raised.
        raise group.exceptions[0] from None


async def _emit(delivery: Delivery, emit: Emit, progress: Progress, sleep: Sleep, jitter: random.Random) -> None:
    """Until it is taken: waits at least what the answer asks for, plus a random part of an exponential backoff."""
    backoff = _BACKOFF_S
    while True:
        try:
            await emit(delivery)
        except Unavailable as error:
            progress.retries += 1
            await sleep(error.retry_after + jitter.uniform(0.0, backoff))
            backoff = min(backoff * 2, _MAX_BACKOFF_S)
        else:
            break
    progress.deliveries += 1
    if delivery.draft is None:
        progress.events += len(delivery)
    else:
        progress.readings += len(delivery)
