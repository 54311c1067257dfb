"""Answers given out again: a `Reader` at the edge that asks the store once for many equal questions.

One rule keeps the bound: an answer is given out without asking the store only while it is younger than `fresh`, and its age counts from
before the store was asked. So whoever asks sees everything that was committed `fresh` before the question came, whatever else goes
wrong: no message that is lost or late, and no two clocks, have a part in it. Older answers about the past are kept on: the store is
asked whether they changed (`Unless`), which is cheap, and says how fresh they are. All others are made anew.

A write through this process makes the answers of its tenant old at once, so that who writes and then asks sees the write. A tenant that
writes without pause would make the cache useless by that: above a few writes a second the rule alone holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, get_args

import structlog
from cachetools import LRUCache
from prometheus_client import Counter, Gauge, Histogram

from penstock.model.errors import Misconfigured, Unavailable
from penstock.model.recent import Tally
from penstock.query.codec import decode_reply, encode_answer, encode_question
from penstock.query.moments import Moments
from penstock.query.port import (
    Aggregate,
    Answer,
    Assets,
    Batteries,
    BatteryFleet,
    BatteryHealth,
    Consumption,
    Fleet,
    FlowSeries,
    Kept,
    Latest,
    Query,
    Question,
    Reader,
    Recent,
    Series,
    SiteFlow,
    Unless,
    Versioned,
)
from penstock.store.cache import Cache, Lease

__all__ = ["MOST_FRESH", "CacheRules", "CachedReader"]

log: Final = structlog.get_logger(__name__)

MOST_FRESH: Final = 2.0
"""Seconds: `fresh` is never more than this, the bound that answers are promised to keep."""

ASKED: Final = Counter("penstock_cache_questions", "Questions that may be answered from the cache", ["outcome"])
DISCARDED: Final = Counter("penstock_cache_discarded_fills", "Answers not kept because the tenant wrote meanwhile")
FAILED: Final = Counter("penstock_cache_failures", "Times that the cache server did not answer, and was done without")
HELD: Final = Gauge("penstock_cache_held_bytes", "Bytes of answers kept in this process")
AGE: Final = Histogram(
    "penstock_cache_age_seconds",
    "Age of answers that were given out again without asking the store",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
)

_Question = (
    Aggregate
    | Assets
    | Batteries
    | BatteryFleet
    | BatteryHealth
    | Consumption
    | Fleet
    | FlowSeries
    | Latest
    | Query
    | Recent
    | Series
    | SiteFlow
)
_Outcome = Literal["hit", "joined", "unchanged", "miss"]
_TENANTS: Final = 65_536


@dataclass(frozen=True, slots=True)
class CacheRules:
    """How long what is kept. Seconds.

    fresh       age up to which an answer is given out without asking the store
    incomplete  the same for an answer that says of itself that something was still in flight
    keep        age up to which an answer about the past is kept, to ask whether it changed
    max_value   bytes of the largest answer that is kept
    writes      writes of a tenant, at once and then per second, that each make its answers old
    away        for so long a cache server that failed is left alone
    """

    fresh: float = 1.0
    incomplete: float = 0.25
    keep: float = 3_600.0
    max_value: int = 4 << 20
    writes: tuple[int, float] = (16, 4.0)
    away: float = 1.0


class _Flight(NamedTuple):
    """A question on its way to the store: since when (monotonic seconds), and the answer to come."""

    began: float
    task: asyncio.Task[Answer]


class _Held(NamedTuple):
    """An answer out of the cache, its age in seconds, and whether its tenant has not written since."""

    answer: Answer
    age: float
    current: bool


class CachedReader:
    """See the module. Answers say in `kept` how they came; empty ones and errors are not kept.

    A cache that fails is done without. `close` gives up what is on its way.
    """

    def __init__(
        self,
        reader: Reader,
        cache: Cache,
        rules: CacheRules | None = None,
        *,
        moments: Moments | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cache` is open; `moments` are those that questions are asked with; `now` is monotonic seconds, the same that the cache
        counts. Raises Misconfigured.
        """
        self._rules = rules or CacheRules()
        if not 0.0 < self._rules.fresh <= MOST_FRESH:
            raise Misconfigured(
                f"answers cannot stay fresh for {self._rules.fresh:g} s",
                hint=f"more than 0 and at most {MOST_FRESH:g} s: that is the bound that answers are promised to keep",
            )
        self._reader = reader
        self._cache = cache
        self._moments = moments
        self._now = now
        self._flights: dict[str, dict[bytes, _Flight]] = {}
        self._running: set[asyncio.Task[Answer]] = set()
        self._credit: LRUCache[str, tuple[float, float]] = LRUCache(_TENANTS)
        self._away_until = 0.0
        self.outcomes = {outcome: Tally() for outcome in get_args(_Outcome)}
        """How questions were answered that may be answered from the cache, see `Kept.outcome`."""

    @property
    def rules(self) -> CacheRules:
        """By which it keeps what."""
        return self._rules

    @property
    def held_bytes(self) -> int:
        """Bytes of answers kept in this process."""
        return self._cache.size

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`."""
        if not isinstance(question, _Question):
            return await self._reader.ask(question)
        came, key = self._now(), encode_question(question)
        held = await self._held(question.tenant, key)
        if held is not None and held.current and held.age < self._fresh(held.answer):
            AGE.observe(held.age)
            return self._told(held.answer, "hit", held.age)
        flight = self._flights.get(question.tenant, {}).get(key)
        if flight is not None and came - flight.began < self._rules.fresh:
            return self._told(await asyncio.shield(flight.task), "joined", self._now() - flight.began)
        return await asyncio.shield(self._begin(question, key, held.answer if held else None).task)

    def written(self, tenant: str) -> None:
        """Something of `tenant` was made durable through this process: what was read before is old. Never fails."""
        burst, rate = self._rules.writes
        now = self._now()
        left, since = self._credit.get(tenant, (float(burst), now))
        left = min(float(burst), left + (now - since) * rate)
        self._credit[tenant] = (left - 1.0 if left >= 1.0 else left, now)
        if left >= 1.0:
            self._cache.expire(tenant)
            if self._moments is not None:
                self._moments.renew(tenant)
            self._flights.pop(tenant, None)  # they end for those who wait already; nobody joins them any more

    async def close(self) -> None:
        """End what is on its way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    # -- one question

    def _begin(self, question: _Question, key: bytes, known: Answer | None) -> _Flight:
        task = asyncio.create_task(self._fill(question, key, known), name="cache:fill")
        flight = _Flight(self._now(), task)
        self._flights.setdefault(question.tenant, {})[key] = flight
        self._running.add(task)
        task.add_done_callback(lambda _: self._landed(question.tenant, key, flight))
        return flight

    def _landed(self, tenant: str, key: bytes, flight: _Flight) -> None:
        self._running.discard(flight.task)
        if not flight.task.cancelled():
            flight.task.exception()  # whoever waited was told; where nobody waits any more it is of no interest
        flights = self._flights.get(tenant, {})
        if flights.get(key) is flight:
            del flights[key]
            if not flights:
                del self._flights[tenant]

    async def _fill(self, question: _Question, key: bytes, known: Answer | None) -> Answer:
        """Ask the store, about the answer `known` first whether it changed, and keep what it says."""
        lease = await self._lease(question.tenant)
        began, outcome = self._now(), "miss"
        if known is not None and known.version and isinstance(question, Versioned):
            answer = await self._reader.ask(Unless(tenant=question.tenant, question=question, version=known.version))
            if answer.meta.get("unchanged"):
                outcome = "unchanged"
                answer = replace(known, as_of=answer.as_of, staleness_ms=answer.staleness_ms, complete=answer.complete)
        else:
            answer = await self._reader.ask(question)
        if lease is not None and answer.table.num_rows:
            await self._put(lease, key, answer)
        return self._told(answer, outcome, self._now() - began, waited=True)

    def _told(self, answer: Answer, outcome: _Outcome, age: float, *, waited: bool = False) -> Answer:
        """The answer with what it has become by its age. What was `waited` for is as fresh as the store said."""
        ASKED.labels(outcome).inc()
        self.outcomes[outcome].add(1)
        kept = Kept(outcome, 0 if waited else int(age * 1_000), int(self._fresh(answer) * 1_000))
        return replace(answer, staleness_ms=answer.staleness_ms + kept.age, kept=kept)

    def _fresh(self, answer: Answer) -> float:
        return self._rules.fresh if answer.complete else min(self._rules.fresh, self._rules.incomplete)

    # -- the cache, which may be away

    async def _held(self, tenant: str, key: bytes) -> _Held | None:
        if self._now() < self._away_until:
            return None
        try:
            entry = await self._cache.get(tenant, key)
            return None if entry is None else _Held(decode_reply(entry.value), entry.age, entry.current)
        except Unavailable as error:
            self._failed(error)
            return None

    async def _lease(self, tenant: str) -> Lease | None:
        if self._now() < self._away_until:
            return None
        try:
            return await self._cache.lease(tenant)
        except Unavailable as error:
            self._failed(error)
            return None

    async def _put(self, lease: Lease, key: bytes, answer: Answer) -> None:
        if answer.table.nbytes > self._rules.max_value:
            return
        keep = self._rules.keep if answer.version else self._rules.fresh
        try:
            if not await self._cache.put(lease, key, encode_answer(answer), keep):
                DISCARDED.inc()
        except Unavailable as error:
            self._failed(error)
        HELD.set(self._cache.size)

    def _failed(self, error: Unavailable) -> None:
        FAILED.inc()
        self._away_until = self._now() + self._rules.away
        log.warning("the cache is done without", seconds=self._rules.away, error=error.detail, hint=error.hint)
