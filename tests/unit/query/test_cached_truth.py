"""32 writers and 32 readers over a real engine: every read is true, and none is older than the bound.

Time is the test's own. Writers commit behind the cache's back, as those of another process do; a fifth of what they write is late data for
an hour that is long past. Every read is compared with what was committed a second before it was asked. HYPOTHESIS_PROFILE=nightly makes a million reads.
"""

import asyncio
import os
import random
from bisect import bisect_right

import numpy as np
import pytest

from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR
from penstock.query.ast import Fetch
from penstock.query.cached import CachedReader
from penstock.query.port import Aggregate, Consumption, Latest, Query, Select, Unless
from penstock.query.versions import VersionedReader
from penstock.store.cache.memory import MemoryCache
from tests.unit.query.query_world import T0, World

READS = 50_000
SEEDS = range(11, 31 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 12)
"""A town of its own for each: what is written stays, so that a town of a million reads would mostly add up what is old."""
WRITERS = READERS = 32
FRESH = 1_000
"""ms: the bound that the defaults promise."""

NAMES = [f"m{n:02}" for n in range(WRITERS)]
METERS = [SeriesKey("hq", name, "energy_wh", "Wh") for name in NAMES]
LATE = SeriesKey("hq", "late", "power_w", "W")
QUIET = SeriesKey("hq", "quiet", "soc", "1")
NOW = World().now()

LATEST = Latest(tenant="acme", where=Select(metric="energy_wh"))
TODAY = Aggregate(
    tenant="acme", where=Select(metric="energy_wh"), start=NOW - HOUR, end=NOW + DAY, window=0, group_by=("sensor",)
)
PAST = Aggregate(tenant="acme", where=Select(metric="power_w"), start=T0, end=T0 + DAY, window=HOUR)
ASKED = Query(
    tenant="acme", start=T0, end=T0 + DAY, window=DAY, fetch={"n": Fetch(where=Select(metric="power_w"), fn="count")}
)
ENERGY = Consumption(
    tenant="acme", where=Select(metric="energy_wh"), start=NOW - HOUR, end=NOW + DAY, window="15m", cumulative=True
)
ALONE = Aggregate(tenant="acme", where=Select(metric="soc"), start=T0 + 5 * DAY, end=T0 + 6 * DAY, window=HOUR)
QUESTIONS = (LATEST, TODAY, PAST, ASKED, ENERGY, ALONE)
WEIGHTS = (6, 4, 5, 4, 1, 1)


class Far:
    """A reader some turns of the loop away, on the way there and back."""

    def __init__(self, reader, rng):
        self._reader, self._rng = reader, rng

    async def ask(self, question):
        await self._turns()
        answer = await self._reader.ask(question)
        await self._turns()
        return answer

    async def _turns(self):
        for _ in range(self._rng.randrange(6)):
            await asyncio.sleep(0)


class Town:
    """What is written, when it was committed, and every read that was not true."""

    def __init__(self, reads, cache=MemoryCache, versions=VersionedReader, seed=SEEDS[0]):
        self.rng = random.Random(seed)
        self.world = World()
        self.cache = cache(now=self.seconds)
        self.versions = versions(self.world.engine, self.world.store, self.world)
        self.reader = CachedReader(Far(self.versions, self.rng), self.cache, now=self.seconds)
        self.left = reads
        self.counts, self.late = np.zeros(WRITERS, np.int64), 0
        self.times, self.history = [0], [(self.counts.copy(), 0)]
        self.wrong = []
        self.outcomes = dict.fromkeys(("hit", "joined", "unchanged", "miss"), 0)

    def seconds(self):
        return self.world.time / 1_000

    async def run(self):
        # The late series spans its day from the start: only the hours tell that something came in between.
        await self.world.put([(QUIET, T0 + 5 * DAY, 0.5), (LATE, T0, 1.0), (LATE, T0 + DAY - 1, 1.0)])
        self.late = 2
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_time())
            for n in range(WRITERS):
                tasks.create_task(self._write(n))
            for _ in range(READERS):
                tasks.create_task(self._read())
        await self.reader.close()

    async def _pass_time(self):
        while self.left > 0:
            self.world.time += self.rng.randrange(1, 40)
            await asyncio.sleep(0)

    async def _write(self, n):
        while self.left > 0:
            for _ in range(self.rng.randrange(1, 2 * WRITERS)):
                await asyncio.sleep(0)
            if self.rng.random() < 0.2:
                self.late += 1
                await self.world.put([(LATE, T0 + self.late * 977, self.rng.random() * 50.0)])
            else:
                self.counts[n] += 1
                await self.world.put([(METERS[n], self.world.time, float(self.counts[n]))])
            self.times.append(self.world.time)
            self.history.append((self.counts.copy(), self.late))

    async def _read(self):
        while self.left > 0:
            self.left -= 1
            await asyncio.sleep(0)
            [question] = self.rng.choices(QUESTIONS, WEIGHTS)
            asked = self.world.time
            answer = await self.reader.ask(question)
            self.outcomes[answer.kept.outcome] += 1
            if why := self._fault(question, answer, asked):
                self.wrong.append((type(question).__name__, answer.kept, why))

    def _fault(self, question, answer, asked):
        """Why the answer cannot be given to a question of this instant; "" if it can."""
        counts, late = self.history[bisect_right(self.times, asked - FRESH) - 1]
        table, now = answer.table, self.world.time
        if not asked - FRESH - answer.staleness_ms <= answer.as_of <= now or answer.kept.age >= FRESH:
            return f"as_of {answer.as_of} at {now}"
        if question is ENERGY:
            return _impossible_energy(table, counts.sum() - WRITERS, self.counts.sum())
        if question is ALONE:
            return "" if table["count"].to_pylist() == [1] else "the one reading is gone"
        if question in (PAST, ASKED):
            said = int(np.sum(table["value" if question is ASKED else "count"].to_numpy()))
            if not late <= said <= self.late:
                return f"{said} readings of {late} to {self.late}"
        else:
            said = table["value" if question is LATEST else "max"].to_pylist()
            seen = dict(zip(table["sensor_id"].to_pylist(), said, strict=True))
            values = np.array([seen.get(name, 0) for name in NAMES])
            if (values < counts).any() or (values > self.counts).any():
                return f"{values} is not between {counts} and {self.counts}"
        if question in (PAST, TODAY) and table.num_rows:
            low, mean, high = (table[name].to_numpy() for name in ("min", "mean", "max"))
            if not ((low <= mean) & (mean <= high)).all():
                return "a mean beyond its extremes"
        return ""


def _impossible_energy(table, least, most):
    rises = table["import_wh"].drop_null().to_numpy()
    total = table["cumulative_import_wh"].drop_null().to_numpy()
    if (rises < 0).any() or (np.diff(total) < 0).any():
        return "energy falls"
    if len(total) and not least <= total[-1] <= most:
        return f"{total[-1]} Wh of {least} to {most}"
    return ""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", SEEDS)
async def test_no_read_is_impossible_or_older_than_the_bound(seed):
    town = Town(READS, seed=seed)
    await town.run()
    assert town.wrong == []
    assert sum(town.outcomes.values()) >= READS
    assert town.outcomes["hit"] + town.outcomes["joined"] > 0.8 * READS
    assert min(town.outcomes.values()) > 0


class AgeForgotten(MemoryCache):
    async def get(self, tenant, key):
        entry = await super().get(tenant, key)
        return entry and entry._replace(age=0.0)


class NeverChanged(VersionedReader):
    async def ask(self, question):
        if isinstance(question, Unless):
            question = Unless(
                tenant=question.tenant, question=question.question, version=await self._version(question.question)
            )
        return await super().ask(question)


@pytest.mark.parametrize("broken", [{"cache": AgeForgotten}, {"versions": NeverChanged}], ids=["age", "version"])
async def test_the_check_sees_a_cache_that_is_broken_on_purpose(broken):
    town = Town(6_000, **broken)
    await town.run()
    assert town.wrong
