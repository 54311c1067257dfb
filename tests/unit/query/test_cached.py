"""Answers given out again: who asks the store, who does not, and what never happens."""

import asyncio
from dataclasses import replace

import pyarrow as pa
import pytest

from penstock.model.errors import InvalidInput, Misconfigured, Unavailable
from penstock.model.series import SeriesKey
from penstock.model.time import HOUR
from penstock.query.cached import CachedReader, CacheRules
from penstock.query.port import Aggregate, Answer, Explain, Latest, Recent, Select, Status, Unless
from penstock.query.versions import VersionedReader
from penstock.store.cache.memory import MemoryCache, MemoryConfig
from tests.unit.query.query_world import T0, World

POWER = SeriesKey("hq", "m1", "power_w", "W")
LATEST = Latest(tenant="acme")
PAST = Aggregate(tenant="acme", where=Select(), start=T0, end=T0 + 6 * HOUR, window=HOUR)


class Time:
    def __init__(self):
        self.seconds = 50.0

    def __call__(self):
        return self.seconds


class Asked:
    """A reader that counts; `gate` holds answers back, `error` is raised instead."""

    def __init__(self):
        self.questions = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = None
        self.answer = Answer(pa.table({"n": [0]}), 1_000, 20, complete=True)

    async def ask(self, question):
        self.questions.append(question)
        answer = replace(self.answer, table=pa.table({"n": [len(self.questions)]}))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return answer


class Set:
    def __init__(self, rules=None, reader=None, cache=None):
        self.time = Time()
        self.store = reader or Asked()
        self.cache = cache or MemoryCache(now=self.time)
        self.reader = CachedReader(self.store, self.cache, rules, now=self.time)

    async def n(self, question=LATEST):
        return (await self.reader.ask(question)).table["n"][0].as_py()


@pytest.fixture
async def kit():
    made = Set()
    yield made
    await made.reader.close()


async def test_equal_questions_share_an_answer_until_it_is_a_second_old(kit):
    assert [await kit.n(), await kit.n()] == [1, 1]
    kit.time.seconds += 0.999
    assert await kit.n() == 1
    kit.time.seconds += 0.001
    assert await kit.n() == 2


async def test_an_answer_tells_its_age_and_adds_it_to_its_staleness(kit):
    first = await kit.reader.ask(LATEST)
    kit.time.seconds += 0.5
    second = await kit.reader.ask(LATEST)
    assert first.kept == ("miss", 0, 1_000)
    assert second.kept == ("hit", 500, 1_000)
    assert (first.staleness_ms, second.staleness_ms) == (20, 520)
    assert first.as_of == second.as_of


async def test_age_counts_from_before_the_store_was_asked(kit):
    kit.store.gate.clear()
    asking = asyncio.create_task(kit.n())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    kit.time.seconds += 1.0
    kit.store.gate.set()
    assert await asking == 1
    assert await kit.n() == 2


async def test_who_asks_meanwhile_waits_for_the_same_answer(kit):
    kit.store.gate.clear()
    asking = [asyncio.create_task(kit.n()) for _ in range(5)]
    while not kit.store.questions:
        await asyncio.sleep(0)
    kit.store.gate.set()
    assert await asyncio.gather(*asking) == [1] * 5


async def test_nobody_joins_a_question_that_is_older_than_an_answer_may_be(kit):
    kit.store.gate.clear()
    first = asyncio.create_task(kit.n())
    while not kit.store.questions:
        await asyncio.sleep(0)
    kit.time.seconds += 1.0
    second = asyncio.create_task(kit.n())
    while len(kit.store.questions) < 2:
        await asyncio.sleep(0)
    kit.store.gate.set()
    assert [await first, await second] == [1, 2]


async def test_who_writes_and_asks_sees_the_write(kit):
    await kit.n()
    kit.reader.written("acme")
    assert await kit.n() == 2
    kit.reader.written("other")
    assert await kit.n() == 2


async def test_a_fill_that_began_before_a_write_is_thrown_away_and_not_joined(kit):
    kit.store.gate.clear()
    before = asyncio.create_task(kit.n())
    while not kit.store.questions:
        await asyncio.sleep(0)
    kit.reader.written("acme")
    after = asyncio.create_task(kit.n())
    while len(kit.store.questions) < 2:
        await asyncio.sleep(0)
    kit.store.gate.set()
    assert [await before, await after] == [1, 2]
    assert await kit.n() == 2


async def test_a_tenant_that_writes_without_pause_keeps_its_cache():
    kit = Set(CacheRules(writes=(2, 1.0)))
    await kit.n()
    for _ in range(10):
        kit.reader.written("acme")
    assert [await kit.n(), await kit.n()] == [2, 2]
    kit.reader.written("acme")
    assert await kit.n() == 2
    kit.time.seconds += 0.9
    kit.reader.written("acme")
    assert await kit.n() == 2
    kit.time.seconds += 0.1
    kit.reader.written("acme")
    assert await kit.n() == 3


async def test_tenants_and_questions_are_apart(kit):
    assert await kit.n() == 1
    assert await kit.n(Latest(tenant="other")) == 2
    assert await kit.n(Latest(tenant="acme", limit=7)) == 3
    assert await kit.n() == 1


@pytest.mark.parametrize("question", [Status(tenant="acme"), Explain(tenant="acme", sensor="s", metric="m", ts=1)])
async def test_other_questions_are_always_asked(kit, question):
    assert [await kit.n(question), await kit.n(question)] == [1, 2]
    assert (await kit.reader.ask(question)).kept is None


async def test_errors_reach_all_who_wait_and_are_not_kept(kit):
    kit.store.gate.clear()
    kit.store.error = InvalidInput("no")
    asking = [asyncio.create_task(kit.n()) for _ in range(3)]
    while not kit.store.questions:
        await asyncio.sleep(0)
    kit.store.gate.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [InvalidInput] * 3
    kit.store.error = None
    assert await kit.n() == 2


async def test_an_empty_answer_is_not_kept():
    world = World()
    kit = Set(reader=VersionedReader(world.engine, world.store, world))
    assert not (await kit.reader.ask(LATEST)).table.num_rows
    await world.put([(POWER, T0, 1.0)])
    assert (await kit.reader.ask(LATEST)).table.num_rows == 1


async def test_who_gives_up_waiting_does_not_take_the_answer_from_others(kit):
    kit.store.gate.clear()
    leaving, staying = (asyncio.create_task(kit.n()) for _ in range(2))
    while not kit.store.questions:
        await asyncio.sleep(0)
    leaving.cancel()
    kit.store.gate.set()
    assert await staying == 1


async def test_an_incomplete_answer_is_given_out_for_a_shorter_time(kit):
    kit.store.answer = replace(kit.store.answer, complete=False)
    assert (await kit.reader.ask(LATEST)).kept.fresh == 250
    kit.time.seconds += 0.25
    assert await kit.n() == 2


async def test_an_answer_about_the_past_is_only_asked_whether_it_changed(kit):
    world = World()
    kit.store = Asked()
    reader = VersionedReader(world.engine, world.store, world)
    asked = []

    class Noted:
        async def ask(self, question):
            asked.append(question)
            return await reader.ask(question)

    kit.reader = CachedReader(Noted(), kit.cache, now=kit.time)
    await world.put([(POWER, T0 + HOUR, 1.0)])
    first = await kit.reader.ask(PAST)
    kit.time.seconds += 600.0
    world.time += 600_000
    second = await kit.reader.ask(PAST)
    assert isinstance(asked[-1], Unless)
    assert second.kept.outcome == "unchanged"
    assert second.table.equals(first.table)
    assert (second.as_of, second.staleness_ms, second.complete) == (world.time, 0, True)
    assert (await kit.reader.ask(PAST)).kept.outcome == "hit"
    await world.put([(POWER, T0 + 2 * HOUR, 2.0)])
    kit.time.seconds += 1.0
    third = await kit.reader.ask(PAST)
    assert third.kept.outcome == "miss"
    assert third.table.num_rows == 2


async def test_a_cache_that_is_away_is_done_without_and_tried_again_later():
    class Away(MemoryCache):
        tried, away = 0, True

        async def get(self, tenant, key):
            self.tried += 1
            if self.away:
                raise Unavailable("away")
            return await super().get(tenant, key)

    time = Time()
    cache = Away(now=time)
    reader = CachedReader(store := Asked(), cache, now=time)
    for _ in range(3):
        await reader.ask(LATEST)
    assert (len(store.questions), cache.tried) == (3, 1)
    cache.away = False
    time.seconds += 1.0
    for _ in range(3):
        await reader.ask(LATEST)
    assert len(store.questions) == 4


async def test_what_is_large_is_not_kept():
    kit = Set(CacheRules(max_value=4))
    assert [await kit.n(), await kit.n()] == [1, 2]


async def test_what_the_cache_has_no_room_for_is_asked_again():
    time = Time()
    kit = Set(cache=MemoryCache(MemoryConfig(100), now=time))
    assert [await kit.n(), await kit.n()] == [1, 2]


@pytest.mark.parametrize("fresh", [0.0, -1.0, 2.1])
def test_the_promised_bound_cannot_be_set_away(fresh):
    with pytest.raises(Misconfigured, match="fresh"):
        CachedReader(Asked(), MemoryCache(), CacheRules(fresh=fresh))


async def test_closing_gives_up_what_is_on_its_way(kit):
    kit.store.gate.clear()
    asking = asyncio.create_task(kit.n(Recent(tenant="acme", where=Select())))
    while not kit.store.questions:
        await asyncio.sleep(0)
    await kit.reader.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
