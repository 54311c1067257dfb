"""What now is: the same for all questions of a second, and new after a write."""

import pyarrow as pa
import pytest

from penstock.model.time import HOUR
from penstock.query.cached import CachedReader
from penstock.query.moments import Moments
from penstock.query.port import Aggregate, Answer, Select
from penstock.store.cache.memory import MemoryCache
from tests.unit.query.query_world import T0


class Clocks:
    """A clock of ms and one of monotonic seconds, which run together."""

    def __init__(self):
        self.ms = T0

    def now(self):
        return self.ms

    def seconds(self):
        return (self.ms - T0) / 1_000


class Counting:
    """A reader whose answers say how far they reach."""

    def __init__(self):
        self.asked = []

    async def ask(self, question):
        self.asked.append(question.end)
        return Answer(pa.table({"end": [question.end]}), question.end, 0, complete=True)


@pytest.fixture
def clocks():
    return Clocks()


def test_now_is_one_instant_for_a_second_from_the_first_question_on(clocks):
    moments = Moments(clocks)
    clocks.ms += 700
    assert {moments.now("acme") for clocks.ms in range(T0 + 700, T0 + 1_700, 100)} == {T0 + 700}
    clocks.ms = T0 + 1_700
    assert moments.now("acme") == T0 + 1_700


def test_tenants_have_their_own_now(clocks):
    moments = Moments(clocks)
    moments.now("acme")
    clocks.ms += 400
    assert (moments.now("other"), moments.now("acme")) == (T0 + 400, T0)


def test_a_clock_that_is_set_back_begins_anew(clocks):
    moments = Moments(clocks)
    moments.now("acme")
    clocks.ms -= HOUR
    assert moments.now("acme") == T0 - HOUR


async def test_questions_that_end_now_share_an_answer_and_whoever_writes_sees_the_write(clocks):
    moments, store = Moments(clocks), Counting()
    reader = CachedReader(store, MemoryCache(now=clocks.seconds), moments=moments, now=clocks.seconds)

    async def last_hour():
        now = moments.now("acme")
        answer = await reader.ask(Aggregate(tenant="acme", where=Select(), start=now - HOUR, end=now))
        return answer.table["end"][0].as_py(), answer.kept.outcome, answer.staleness_ms

    assert await last_hour() == (T0, "miss", 0)
    clocks.ms += 600
    assert await last_hour() == (T0, "hit", 600)
    reader.written("acme")
    assert await last_hour() == (T0 + 600, "miss", 0)
    clocks.ms += 999
    assert await last_hour() == (T0 + 600, "hit", 999)
    clocks.ms += 1
    assert await last_hour() == (T0 + 1_600, "miss", 0)


async def test_no_answer_about_now_is_a_second_old(clocks):
    moments, store = Moments(clocks), Counting()
    reader = CachedReader(store, MemoryCache(now=clocks.seconds), moments=moments, now=clocks.seconds)
    for step in (1, 7, 130, 333, 998, 999, 1_000, 1_001) * 40:
        clocks.ms += step
        now = moments.now("acme")
        answer = await reader.ask(Aggregate(tenant="acme", where=Select(), start=0, end=now))
        assert clocks.ms - answer.table["end"][0].as_py() < 1_000
    assert len(store.asked) < 320
