"""Several questions of one revision: views that are held between them."""

import asyncio

import pytest

from penstock.model.errors import InvalidInput, Unavailable
from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR
from penstock.query.engine import Engine
from penstock.query.held import HeldViews, OneRevision
from penstock.query.port import Fetch, Query, Series, Within
from tests.unit.query.query_world import T0, World

POWER = SeriesKey("hq", "m1", "power_w", "W")
COUNT = Query(tenant="acme", start=T0, end=T0 + DAY, window=0, fetch={"n": Fetch(fn="count")})


@pytest.fixture
async def world():
    made = World()
    made.views = HeldViews(made.store, most=3)
    made.engine = Engine(made.store, made, made, made.metrics, views=made.views)
    await made.put([(POWER, T0, 1.0)])
    yield made
    await made.views.close()


async def count(reader):
    answer = await reader.ask(COUNT)
    return answer.table["value"][0].as_py(), answer.meta["revision"]


async def test_all_answers_of_one_request_are_of_the_revision_of_the_first(world):
    async with OneRevision(world.engine, "acme") as steady:
        first = await count(steady)
        for n in range(1, 5):
            await world.put([(POWER, T0 + n, 1.0), (SeriesKey("hq", f"new{n}", "power_w", "W"), T0, 1.0)])
            assert await count(steady) == first
            assert (await steady.ask(Series(tenant="acme"))).table.num_rows == 1
    assert await count(world.engine) == (9.0, first[1] + 4)


async def test_an_answer_of_a_held_view_is_as_fresh_as_the_view(world):
    began = world.now()
    async with OneRevision(world.engine, "acme") as steady:
        assert (await steady.ask(COUNT)).complete
        world.time = world.fresh_to = began + 4_000
        answer = await steady.ask(COUNT)
    assert (answer.as_of, answer.staleness_ms, answer.complete) == (began, 4_000, True)


async def test_a_view_is_let_go_with_its_request_and_no_later(world):
    async with OneRevision(world.engine, "acme") as steady:
        await steady.ask(COUNT)
        assert len(world.views) == 1
    assert len(world.views) == 0
    with pytest.raises(InvalidInput):
        await refused(world)
    assert len(world.views) == 0


async def refused(world):
    async with OneRevision(world.engine, "acme") as steady:
        await steady.ask(COUNT)
        await steady.ask(Query(tenant="acme", start=T0, end=T0 - 1, fetch={"n": Fetch()}))


async def test_who_asks_nothing_holds_nothing(world):
    async with OneRevision(world.engine, "acme"):
        assert len(world.views) == 0


async def test_questions_that_are_asked_together_share_one_view(world):
    async with OneRevision(world.engine, "acme") as steady:
        await asyncio.gather(*(steady.ask(COUNT) for _ in range(5)))
        assert len(world.views) == 1


async def test_views_are_bounded_and_the_next_one_is_refused(world):
    async with OneRevision(world.engine, "acme") as a, OneRevision(world.engine, "acme") as b, OneRevision(world.engine, "acme") as c:  # fmt: skip
        for each in (a, b, c):
            await each.ask(COUNT)
        async with OneRevision(world.engine, "acme") as late:
            with pytest.raises(Unavailable) as refused:
                await late.ask(COUNT)
        assert refused.value.code == "too_many_views"
    await count(world.engine)


async def test_a_view_that_nobody_releases_ends_by_itself_and_is_refused_then(world):
    world.engine = Engine(
        world.store, world, world, world.metrics, views=(views := HeldViews(world.store, seconds=0.02))
    )
    steady = OneRevision(world.engine, "acme")
    await steady.ask(COUNT)
    async with asyncio.timeout(5):
        while len(views):
            await asyncio.sleep(0.005)
    with pytest.raises(Unavailable) as refused:
        await steady.ask(COUNT)
    assert refused.value.code == "view_gone"
    await steady.__aexit__(None, None, None)


async def test_a_view_is_no_other_tenants(world):
    steady = OneRevision(world.engine, "acme")
    await steady.ask(COUNT)
    foreign = Within(tenant="other", question=COUNT, view=steady._view)
    with pytest.raises(Unavailable):
        await world.engine.ask(foreign)
    thief = OneRevision(world.engine, "other")
    thief._view = steady._view
    await thief.__aexit__(None, None, None)
    assert len(world.views) == 1


async def test_a_view_that_is_released_while_it_is_read_answers_to_the_end(world):
    said = await world.engine.ask(COUNT)
    held = await world.views.take("acme", said)
    with world.views.reading("acme", held.meta["view"]) as (view, _):
        world.views.release("acme", held.meta["view"])
        await world.put([(POWER, T0 + HOUR, 1.0)])
        assert len(await view.changed(T0, T0 + HOUR)) == 1
        assert view.revision == said.meta["revision"]
