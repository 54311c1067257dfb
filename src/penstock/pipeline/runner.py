"""The commit loop: messages off the bus become one transaction in the store, and are acked after its COMMIT.

Per lane, the next messages are fetched and decoded while the store commits the previous ones, so a slow commit makes the
next one larger and a fast one keeps latency low. While the store stalls nothing more is fetched and what is held is kept
alive on the bus. What can never be stored becomes a dead letter, row by row, in the same way as everything else.

The backlog lane holds readings that were old when they were sent. It is drained freely while nothing else is committed, else in
small commits for a bounded share of the store's time, so that what happens now stays quickly visible.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from penstock.bus import LIVE_LANES, Bus, Delivery, Lane, Pending
from penstock.model.errors import PenstockError, Unavailable
from penstock.model.frame import Frame
from penstock.model.time import HOUR, Clock
from penstock.pipeline.frontier import Frontier
from penstock.pipeline.groups import Group, Work
from penstock.pipeline.isolate import isolate
from penstock.pipeline.lanestats import LaneStats
from penstock.pipeline.messages import Messages
from penstock.pipeline.pulse import Pulse
from penstock.store.series import SeriesStore

__all__ = ["Runner", "RunnerConfig"]

log = structlog.get_logger(__name__)

_LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at the broker for what a lane misses."""
_BUSY: Final = 1_000
"""ms after a commit for which its lane counts as busy."""
_LONGEST_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class RunnerConfig:
    """How the commit loop works.

    events_tenant   tenant of raw events on the literal subject `events`
    earliest        start of retention for raw events, epoch ms
    commit_rows     readings after which a commit is not gathered any further: more than a row group of DuckDB (122,880), as those
                    are written once, to their place, and smaller commits to the log first
    commit_bytes    the same in bytes of messages; twice this and a fetch is what a lane may hold in memory
    backlog_after   age in ms from which readings go to the backlog; 0 if none do
    backlog_rows    readings in a commit of the backlog while a live lane is busy: what a live commit may have to wait for
    backlog_share   of the store's time that the backlog may take meanwhile
    retry_cap       seconds that a retry of a commit waits at most
    fetch_messages  messages per fetch
    idle_wait       seconds that a fetch waits for the first message: also the staleness bound of an idle system
    heartbeat       seconds between signs of life for messages held during a stall
    upkeep_share    of the time that upkeep may take while there is load
    """

    events_tenant: str = "default"
    earliest: int = 0
    commit_rows: int = 163_840
    commit_bytes: int = 16 << 20
    backlog_after: int = HOUR
    backlog_rows: int = 16_384
    backlog_share: float = 0.5
    retry_cap: float = 2.0
    fetch_messages: int = 16
    idle_wait: float = 0.5
    heartbeat: float = 1.5
    upkeep_share: float = 0.2


class Runner:
    """Consumes all lanes into one store. `run` until cancelled; cancelling finishes the commit that is under way."""

    def __init__(self, bus: Bus, store: SeriesStore, clock: Clock, config: RunnerConfig | None = None) -> None:
        self._bus = bus
        self._store = store
        self._clock = clock
        self._config = config = config or RunnerConfig()
        self._messages = Messages(clock, events_tenant=config.events_tenant, earliest=config.earliest)
        self._last_commit = dict.fromkeys(Lane, 0)
        self._ahead: dict[Lane, deque[Work]] = {lane: deque() for lane in Lane}
        self._acking: dict[Lane, asyncio.Task[None]] = {}
        self._began = 0
        self._held: Mapping[Lane, dict[int, Delivery]] = {lane: {} for lane in Lane}
        self._pulses = {lane: Pulse() for lane in Lane}
        self._frontiers: dict[Lane, Frontier] = {}
        self._looked = dict.fromkeys(Lane, 0.0)
        self.stats: Mapping[Lane, LaneStats] = {lane: LaneStats() for lane in Lane}

    async def run(self) -> None:
        self._began = self._clock.now()
        async with asyncio.TaskGroup() as group:
            for lane in Lane:
                group.create_task(self._consume(lane), name=f"runner:{lane}")
            group.create_task(self._keep_alive(), name="runner:heartbeat")
            group.create_task(self._upkeep(), name="runner:upkeep")

    # -- freshness, for answers

    def as_of(self, lanes: Collection[Lane] = tuple(Lane)) -> int:
        """Epoch ms: everything acknowledged at a door before this instant, for one of these lanes, is committed.

        As far as each lane is committed without a gap, see `Frontier`; a lane with nothing left to settle is fresh up to now.
        """
        return min(self.stats[lane].as_of for lane in lanes)

    def horizon(self) -> int | None:
        """Epoch ms: no reading at or after this instant waits in the backlog; None while one of any time might.

        What was sent to the backlog before this run may have been judged old by another setting.
        """
        known = self.stats[Lane.BACKLOG].as_of >= self._began > 0
        return self._clock.now() - self._config.backlog_after if known else None

    def is_busy(self, lanes: Collection[Lane]) -> bool:
        """Whether large commits of one of these lanes follow one another closely: there always is something to wait for."""
        now = asyncio.get_running_loop().time()
        return any(self._pulses[lane].is_busy(now) for lane in lanes)

    async def in_flight(self) -> Mapping[Lane, int]:
        """Messages that are durable on the bus and not yet committed, over all tenants.

        While live lanes are busy it is at least so many as are being committed here: the broker, which is asked otherwise, has more to do.
        """
        if self.is_busy(LIVE_LANES) and any(self._held[lane] for lane in LIVE_LANES):
            held = {lane: len(self._held[lane]) for lane in Lane}
            late = self.stats[Lane.BACKLOG].as_of < self._clock.now() - _BUSY
            return held | {Lane.BACKLOG: max(held[Lane.BACKLOG], int(late))}
        return dict(zip(Lane, await asyncio.gather(*(self._bus.depth(lane) for lane in Lane)), strict=True))

    async def lanes(self) -> Mapping[str, Pending]:
        """Lane → what is still to be settled, over all tenants."""
        return {str(lane): await self._bus.pending(lane) for lane in Lane}

    async def progress(self) -> Mapping[str, Mapping[str, Any]]:
        """Lane → how full it is (`messages`, `bytes`, `max_bytes`) and what its loop does, see `LaneStats`; over all tenants."""
        fullness = await asyncio.gather(*(self._bus.held(lane) for lane in Lane))
        return {str(lane): held._asdict() | self.stats[lane].told() for lane, held in zip(Lane, fullness, strict=True)}

    async def pending(self, tenant: str) -> Mapping[str, int]:
        """Source → rows of a tenant that are durable on the bus and not yet acked, exact."""
        rows: dict[str, int] = {}
        for lane in Lane:
            for (owner, source), count in (await self._bus.pending(lane)).rows.items():
                if (owner or self._config.events_tenant) == tenant:
                    rows[source] = rows.get(source, 0) + count
        return rows

    # -- one lane

    async def _consume(self, lane: Lane) -> None:
        self._frontiers[lane] = Frontier(await self._oldest(lane))
        committing: asyncio.Task[float] | None = None
        try:
            while True:
                group = await self._gather(lane, committing)
                if committing is not None:
                    await asyncio.shield(committing)
                    await self._give_way(lane, committing.result())
                    committing = None
                if group.work:
                    committing = asyncio.create_task(self._settle(lane, group.work), name=f"commit:{lane}")
                else:
                    await self._acked(lane)
        finally:
            if committing is not None:
                await asyncio.gather(committing, return_exceptions=True)
            if (acking := self._acking.pop(lane, None)) is not None:
                await asyncio.gather(acking, return_exceptions=True)

    async def _gather(self, lane: Lane, committing: asyncio.Task[float] | None) -> Group:
        """Fetch and decode what is there; go on while the previous commit keeps the store busy anyway."""
        config, stats, ahead = self._config, self.stats[lane], self._ahead[lane]
        gently = lane is Lane.BACKLOG and self._live_is_busy()
        group = Group(config.backlog_rows if gently else config.commit_rows, config.commit_bytes)
        while True:
            busy = committing is not None and not committing.done()
            if group.take(ahead) or (group.work and not busy):
                return group
            try:
                wait = 0.02 if group.work or busy else config.idle_wait
                deliveries = await self._bus.fetch(lane, config.fetch_messages, wait)
            except Unavailable as error:
                log.warning("fetch failed", lane=lane, error=error.detail)
                await asyncio.sleep(random.uniform(0.05, 1.0))
                continue
            if not deliveries:
                if not busy and not group.work:
                    await self._caught_up(lane)
                    return group
                continue
            for delivery in deliveries:
                frame = self._messages.read(lane, delivery)
                stats.dead_letters += len(frame.dead_letters)
                self._held[lane][id(delivery)] = delivery
                ahead.append(Work(delivery, frame))
                stats.redelivered += delivery.attempt > 1

    def _live_is_busy(self) -> bool:
        return self._clock.now() - max(self._last_commit[lane] for lane in LIVE_LANES) < _BUSY

    async def _give_way(self, lane: Lane, took: float) -> None:
        """Leave the store to the live lanes for their share of the time, after a commit of the backlog that `took` seconds."""
        if lane is Lane.BACKLOG and self._live_is_busy():
            await asyncio.sleep(min(took * (1.0 / self._config.backlog_share - 1.0), _LONGEST_PAUSE))

    async def _caught_up(self, lane: Lane) -> None:
        """Nothing to fetch: fresh up to now, unless messages of an earlier run are still waiting to be redelivered."""
        now = self._clock.now()
        try:
            if await self._bus.depth(lane) == 0:
                self._frontiers[lane].emptied(now)
                self.stats[lane].as_of = self._frontiers[lane].as_of
        except Unavailable as error:
            log.warning("lane cannot be counted", lane=lane, error=error.detail)

    async def _settle(self, lane: Lane, work: Sequence[Work]) -> float:
        """Commit, however long the store takes, then begin to ack; returns the seconds that the commit took."""
        stats = self.stats[lane]
        loop = asyncio.get_running_loop()
        started = loop.time()
        await self._commit(lane, work)
        ended, rows = loop.time(), sum(w.rows for w in work)
        self._pulses[lane].beat(started, ended, rows)
        stats.commit_seconds += ended - started
        for settled in work:
            self._held[lane].pop(id(settled.delivery), None)
        self._last_commit[lane] = self._clock.now()
        stats.commits += 1
        stats.frames += len(work)
        stats.rows.add(rows)
        for stamp in (w.stamp for w in work if w.stamp):
            stats.lag.add(max(0.0, self._last_commit[lane] - stamp / 1_000))
        await self._advance(lane, work)
        await self._acked(lane)
        self._acking[lane] = asyncio.create_task(self._ack(lane, work), name=f"ack:{lane}")
        return ended - started

    async def _ack(self, lane: Lane, work: Sequence[Work]) -> None:
        """Tell the broker what is committed, while the store commits what comes next."""
        for outcome in await asyncio.gather(*(w.delivery.ack() for w in work), return_exceptions=True):
            if isinstance(outcome, Unavailable):
                log.warning("ack failed; the redelivery will find the frame committed", error=outcome.detail)
            elif isinstance(outcome, BaseException):
                raise outcome
        if not any(w.stamp for w in work):
            await self._caught_up(lane)

    async def _acked(self, lane: Lane) -> None:
        """Wait for the acks of the commit before: those of one commit per lane are on their way at most."""
        if (acking := self._acking.pop(lane, None)) is not None:
            await acking

    async def _advance(self, lane: Lane, work: Sequence[Work]) -> None:
        """Claim what the commit of `work` has made certain."""
        frontier, now = self._frontiers[lane], asyncio.get_running_loop().time()
        for settled in work:
            # A stamp ahead of this clock proves nothing about what comes until then.
            frontier.committed(settled.delivery.sequence, min(settled.stamp, self._last_commit[lane] * 1_000))
        if frontier.has_gap and now - self._looked[lane] >= _LOOK_AGAIN:
            # An earlier run may have settled what is missing, or it is gone for good: the broker knows.
            self._looked[lane] = now
            try:
                frontier.pass_over(await self._bus.oldest(lane))
            except Unavailable as error:
                log.warning("lane cannot be looked at", lane=lane, error=error.detail)
        self.stats[lane].as_of = frontier.as_of

    async def _oldest(self, lane: Lane) -> int:
        while True:
            try:
                return await self._bus.oldest(lane)
            except Unavailable as error:
                log.warning("lane cannot be looked at", lane=lane, error=error.detail)
                await asyncio.sleep(random.uniform(0.05, 1.0))

    async def _commit(self, lane: Lane, work: Sequence[Work]) -> None:
        """Store the work's frames in one transaction; what the store can never hold becomes dead letters instead."""
        error = await self._attempt(lane, lambda: self._store.commit([w.frame for w in work]))
        if error is None:
            return
        log.error("data cannot be committed", lane=lane, frames=len(work), error=repr(error))
        if len(work) > 1:
            # One bad frame never costs its neighbours.
            for single in work:
                await self._commit(lane, [single])
            return
        await self._narrow(lane, work[0], error)

    async def _narrow(self, lane: Lane, work: Work, error: Exception) -> None:
        """One frame's data is at fault: commit its good rows and letters of the others; at worst, the message as a letter."""
        frame = await isolate(work.frame, partial(self._rehearse, lane), self._clock.now())
        if await self._attempt(lane, lambda: self._store.commit([frame])) is not None:
            code = f"commit_{type(error).__name__.lower()}"
            frame = self._messages.dead(lane, work.delivery, code, str(error)[:1000])
            if failed := await self._attempt(lane, lambda: self._store.commit([frame])):
                raise failed  # not even its bytes: nothing is acked, and somebody must look
        self.stats[lane].dead_letters += len(frame.dead_letters) - len(work.frame.dead_letters)

    async def _rehearse(self, lane: Lane, frame: Frame) -> Exception | None:
        return await self._attempt(lane, lambda: self._store.rehearse(frame))

    async def _attempt(self, lane: Lane, call: Callable[[], Awaitable[object]]) -> Exception | None:
        """Retry for as long as the store is unavailable, the only layer that does: with full jitter.

        A commit that fails at once costs an embedded store next to nothing, so the cap is small: it is what recovery waits for.

        None once the store has done it, else the error by which it refuses the data.
        """
        attempt = 0
        while True:
            try:
                await call()
                return None
            except Unavailable as error:
                self.stats[lane].failures += 1
                attempt += 1
                delay = random.uniform(0.0, min(self._config.retry_cap, 0.1 * 2 ** min(attempt, 10)))
                log.warning(
                    "store unavailable", lane=lane, attempt=attempt, retry_in=round(delay, 2), error=error.detail
                )
                await asyncio.sleep(delay)
            except (PenstockError, ValueError, TypeError, ArithmeticError, LookupError) as error:
                return error

    async def _keep_alive(self) -> None:
        """While the store stalls, what is held (being committed, or fetched ahead) must not be delivered again."""
        while True:
            await asyncio.sleep(self._config.heartbeat)
            beats = [delivery.heartbeat() for held in self._held.values() for delivery in held.values()]
            for outcome in await asyncio.gather(*beats, return_exceptions=True):
                if isinstance(outcome, Unavailable):
                    log.warning("heartbeat failed; messages may be delivered again", error=outcome.detail)
                    break
                if isinstance(outcome, BaseException):
                    raise outcome

    # -- upkeep

    async def _upkeep(self) -> None:
        """Upkeep piece by piece: freely while nothing is committed, else for a bounded share of the time."""
        loop, pause = asyncio.get_running_loop(), 1.0
        while True:
            await asyncio.sleep(pause)
            began = loop.time()
            try:
                more = await self._store.maintain(self._clock.now())
            except Unavailable as error:
                log.warning("upkeep failed", error=error.detail)
                more = False
            took = loop.time() - began
            idle = self._clock.now() - max(self._last_commit.values()) > _BUSY
            pause = 1.0 if not more else 0.0 if idle else took * (1.0 / self._config.upkeep_share - 1.0)
