"""Versions: equal as long as the answer is, whatever happens elsewhere."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.port import Aggregate, Consumption, Fetch, Latest, Query, Recent, Select, Series, Unless
from penstock.query.versions import VersionedReader
from tests.unit.query.query_world import T0, World, temperature

POWER = SeriesKey("hq", "m1", "power_w", "W")
COUNT = SeriesKey("hq", "m2", "energy_wh", "Wh")
HALF = 30 * MINUTE

QUESTIONS = (
    Aggregate(tenant="acme", where=Select(metric="power_w"), start=T0 + HOUR, end=T0 + 6 * HOUR, window=HALF),
    Aggregate(tenant="acme", where=Select(), start=T0 + HOUR, end=T0 + 6 * HOUR, window=0, include_end=True),
    Aggregate(tenant="acme", where=Select(), start=T0, end=T0 + DAY, window="6h", zone="Europe/Berlin"),
    Aggregate(tenant="acme", where=Select(), start=T0, end=T0 + DAY, window=HOUR, group_by=("room",)),
    Consumption(tenant="acme", where=Select(), start=T0 + 2 * HOUR, end=T0 + 8 * HOUR, window="1h"),
    Recent(tenant="acme", where=Select(), start=T0 + HOUR, end=T0 + 6 * HOUR, limit=1000),
    Query(tenant="acme", start=T0 + HOUR, end=T0 + 6 * HOUR, window=HOUR, fetch={"a": Fetch(fn="max", by=("sensor",))}),
)


def versioned(world):
    return VersionedReader(world.engine, world.store, world)


@given(
    st.integers(0, len(QUESTIONS) - 1),
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-40, 60), st.floats(0, 100).map(lambda v: round(v, 1))),
        min_size=1,
        max_size=8,
    ),
)
def test_an_answer_whose_version_stands_is_the_answer_that_would_be_made_anew(which, writes):
    question = QUESTIONS[which]

    async def check():
        world = World()
        reader = versioned(world)
        await world.put([(POWER, T0 + 2 * HOUR, 5.0), (COUNT, T0, 1.0), (COUNT, T0 + 3 * HOUR, 9.0)])
        for kind, step, value in writes:
            before = await reader.ask(question)
            assert before.version
            if kind == 2:
                key, said = temperature(f"r{step % 3}", "t1")
                await world.put([(key, T0 + step * HALF, value + 280.0)], attributes=said)
            else:
                await world.put([((POWER, COUNT)[kind], T0 + step * HALF, value)])
            said = await reader.ask(Unless(tenant="acme", question=question, version=before.version))
            now = await world.ask(question)
            if said.meta.get("unchanged"):
                assert now.table.equals(before.table)
                assert said.version == before.version
            else:
                assert said.table.equals(now.table)

    asyncio.run(check())


async def test_what_changes_elsewhere_or_later_leaves_the_version():
    world = World()
    reader = versioned(world)
    question = QUESTIONS[0]
    await world.put([(POWER, T0 + 2 * HOUR, 5.0), (POWER, T0 + 9 * HOUR, 6.0)])
    before = await reader.ask(question)
    await world.put([(POWER, T0 + 20 * HOUR, 7.0), (COUNT, T0 + 20 * HOUR, 7.0)])
    said = await reader.ask(Unless(tenant="acme", question=question, version=before.version))
    assert said.meta == {"unchanged": True}
    assert not said.table.num_columns
    assert said.as_of == world.now()


async def test_late_data_and_corrections_and_moves_change_it():
    world = World()
    reader = versioned(world)
    question = QUESTIONS[3]
    key, said = temperature("r1", "t1")
    versions = set()
    for rows, attributes in (
        ([(key, T0 + HOUR, 290.0)], said),
        ([(key, T0 + 2 * HOUR, 291.0)], None),
        ([(key, T0 + HOUR, 295.0)], None),
        ([(key, T0 + 3 * DAY, 295.0)], temperature("r2", "t1")[1]),
    ):
        await world.put(rows, attributes=attributes)
        versions.add((await reader.ask(question)).version)
    assert len(versions) == 4


async def test_another_run_of_the_store_has_other_versions():
    world = World()
    await world.put([(POWER, T0 + 2 * HOUR, 5.0)])
    first, second = [(await versioned(world).ask(QUESTIONS[0])).version for _ in range(2)]
    assert first != second


async def test_what_depends_on_the_present_or_holds_nothing_has_none():
    world = World()
    reader = versioned(world)
    assert (await reader.ask(QUESTIONS[0])).version == ""
    await world.put([(POWER, T0 + 2 * HOUR, 5.0)])
    where = Select(metric="power_w")
    for question in (
        Latest(tenant="acme"),
        Series(tenant="acme"),
        Recent(tenant="acme", where=where),
        Aggregate(tenant="acme", where=where, start=T0, end=world.now() + 1, window=0),
        Aggregate(tenant="acme", where=where, start=T0, end=world.now(), window=0, include_end=True),
    ):
        assert (await reader.ask(question)).version == ""
