import asyncio
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.query.aggregate import aggregate
from penstock.query.pieces import Pieces
from penstock.query.port import Aggregate, Select
from tests.unit.query.query_world import T0, World

KEYS = [SeriesKey(f"site{i % 2}", f"m{i}", "temperature", "K") for i in range(4)]


def question(start, end, window, by=()):
    return Aggregate(tenant="acme", where=Select(), start=start, end=end, window=window, group_by=by)


async def answer(store, kept, asked, now):
    async with store.view() as view:
        return (await aggregate(view, kept, asked, now))[0]


async def fresh(world, asked):
    """The answer of one who has kept nothing."""
    return await answer(world.store, Pieces(), asked, world.now())


ROWS = st.lists(
    st.tuples(st.sampled_from(KEYS), st.integers(0, 8 * 3600).map(lambda s: T0 + s * SECOND), st.floats(250, 350)),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:2],
)
ASKED = st.builds(
    question,
    st.integers(-20, 300).map(lambda m: T0 + m * MINUTE + 17 * SECOND * (m % 3)),
    st.integers(301, 600).map(lambda m: T0 + m * MINUTE),
    st.sampled_from([MINUTE, 7 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, DAY]),
    st.sampled_from([(), ("site",), ("sensor",)]),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.one_of(ROWS, ASKED), min_size=2, max_size=12),
    first=ROWS,
    budget=st.sampled_from([0, 6_000, 32 << 20]),
    now=st.integers(4, 40),
)
def test_what_is_kept_never_changes_an_answer_however_writes_and_questions_interleave(steps, first, budget, now):
    async def run():
        world = World()
        world.time = T0 + now * HOUR
        kept = Pieces(budget)
        await world.put(first)
        for step in steps:
            if isinstance(step, list):
                await world.put(step)
                continue
            for _ in range(2):
                table = await answer(world.store, kept, step, world.now())
                assert table.equals(await fresh(world, step))

    asyncio.run(run())


class Counting:
    """The store, counting what is read of its views, and able to commit while they are being read."""

    def __init__(self, world):
        self._world = world
        self._view = None
        self.read = []
        self.meanwhile = None

    def __getattr__(self, name):
        return getattr(self._view, name)

    @asynccontextmanager
    async def view(self):
        async with self._world.store.view() as self._view:
            yield self

    async def together(self, ask, **_):
        return await ask(self)

    async def aggregate(self, tenant, ids, start, end, width, hold=0):
        self.read.append((start, end))
        answer = await self._view.aggregate(tenant, ids, start, end, width, hold)
        if self.meanwhile is not None:
            rows, self.meanwhile = self.meanwhile, None
            await self._world.put(rows)
        return answer


def every_minute(hours, value=300.0):
    return [(key, T0 + m * MINUTE + 5, value + m % 7) for key in KEYS for m in range(hours * 60)]


async def test_asking_again_reads_only_what_is_not_a_whole_slice():
    world = World()
    world.time = T0 + 6 * HOUR + 10 * MINUTE
    await world.put(every_minute(6))
    store = Counting(world)
    kept = Pieces()
    asked = question(T0, world.time, MINUTE)
    await answer(store, kept, asked, world.now())
    store.read.clear()
    await answer(store, kept, asked, world.now())
    assert store.read == []  # the last reading lies before 06:00: nothing is left to read
    await world.put([(KEYS[0], T0 + 6 * HOUR + 5 * MINUTE, 301.0)])
    table = await answer(store, kept, asked, world.now())
    assert all(end - start <= HOUR for start, end in store.read)
    assert table.equals(await fresh(world, asked))


async def test_a_late_reading_costs_only_the_slices_that_depend_on_it():
    world = World()
    world.time = T0 + 12 * HOUR
    await world.put(every_minute(12))
    store = Counting(world)
    kept = Pieces()
    asked = question(T0, T0 + 12 * HOUR, MINUTE, ("sensor",))
    await answer(store, kept, asked, world.now())
    store.read.clear()
    await world.put([(KEYS[1], T0 + 5 * HOUR + 30 * MINUTE + 1, 222.0)])
    table = await answer(store, kept, asked, world.now())
    assert store.read == [(T0 + 5 * HOUR, T0 + 7 * HOUR)]  # its own hour, and the next one, into which it may hold
    assert table.equals(await fresh(world, asked))


async def test_a_commit_in_the_middle_of_an_answer_is_not_in_it_and_in_the_next_it_is_whole():
    world = World()
    world.time = T0 + 4 * HOUR + 30 * MINUTE
    await world.put(every_minute(4) + [(key, T0 + 4 * HOUR + 60_005, 300.0) for key in KEYS])
    store = Counting(world)
    kept = Pieces()
    asked = question(T0, world.time, MINUTE)
    await answer(store, kept, asked, world.now())
    # While the open hour is read, one commit changes both an hour that is kept and the open one.
    await world.put([(KEYS[0], T0 + 4 * HOUR + 120_000, 300.0)])
    before = await fresh(world, asked)
    store.meanwhile = [(KEYS[2], T0 + HOUR + 1, 111.0), (KEYS[2], T0 + 4 * HOUR + 1, 111.0)]
    assert (await answer(store, kept, asked, world.now())).equals(before)
    after = await answer(store, kept, asked, world.now())
    assert after.equals(await fresh(world, asked))
    lowest = dict(zip(after["ts"].to_pylist(), after["min"].to_pylist(), strict=True))
    assert {ts for ts, low in lowest.items() if low == 111.0} == {T0 + HOUR, T0 + 4 * HOUR}


async def test_what_an_older_view_leaves_behind_is_not_taken_for_what_holds_now():
    world = World()
    world.time = T0 + 6 * HOUR
    await world.put(every_minute(5))
    kept, asked = Pieces(), question(T0, T0 + 5 * HOUR, MINUTE, ("sensor",))
    async with world.store.view() as older:
        await world.put([(KEYS[1], T0 + 2 * HOUR + 1, 111.0)])
        now = await answer(world.store, kept, asked, world.now())
        then, _ = await aggregate(older, kept, asked, world.now())
    assert not then.equals(now)
    assert (await answer(world.store, kept, asked, world.now())).equals(now)


async def test_what_is_kept_stays_within_its_budget():
    world = World()
    world.time = T0 + 12 * HOUR
    await world.put(every_minute(12))
    kept = Pieces(budget=40_000)
    for minutes in range(0, 300, 60):
        await answer(world.store, kept, question(T0 + minutes * MINUTE, T0 + 12 * HOUR, MINUTE), world.now())
        await answer(world.store, kept, question(T0, T0 + 12 * HOUR, (minutes // 60 + 2) * MINUTE), world.now())
        assert 0 < kept.size <= 40_000


@pytest.mark.parametrize("window", [MINUTE, 7 * MINUTE, HOUR, DAY])
async def test_windows_ahead_of_the_clock_are_never_kept(window):
    world = World()
    world.time = T0 + 2 * HOUR + 10 * MINUTE
    await world.put(every_minute(2))
    kept = Pieces()
    asked = question(T0, T0 + 2 * DAY, window)
    await answer(world.store, kept, asked, world.now())
    world.time = T0 + 30 * HOUR  # values hold longer now
    table = await answer(world.store, kept, asked, world.now())
    assert table.equals(await fresh(world, asked))
