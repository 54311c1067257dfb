"""A view answers as the store did when it was taken, over every adapter, whatever happens to the store meanwhile."""

import asyncio

import numpy as np
import pytest

from penstock.model.errors import NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.pieces import Pieces
from penstock.query.plan import answer_query
from penstock.query.port import Fetch, Query, Select
from penstock.store.series import Filter
from tests.contracts.stores import POWER, T0, TEMPERATURE, bits, event, frame, ids_of, settle

NEW = SeriesKey("hq", "t9", "temperature", "K")
ROOMS = (
    Filter(),
    Filter(site="hq"),
    Filter(building="B1"),
    Filter(building="B2"),
    Filter(room="r*"),
    Filter(room="r1"),
    Filter(building="B2", room="r7"),
    Filter(sensor="t9"),
)
MANY = [SeriesKey("hq", f"c{i}", "co2", "ppm") for i in range(5)]


def rows(hours=30, key=TEMPERATURE, value=300.0, version=1):
    return [(key, T0 + m * MINUTE, value + m % 7, version) for m in range(hours * 60)]


async def seen(view, ids):
    """Everything that a view says, in bytes."""
    said = [[(info.id, info.key, info.attributes, info.first_ts, info.last_ts) for info in await view.find("acme", where)] for where in ROOMS]  # fmt: skip
    for start, end in (
        (T0 - HOUR, T0 + 40 * HOUR),
        (T0 + 29 * HOUR, T0 + 31 * HOUR),
        (T0 + 5 * HOUR + 1, T0 + 6 * HOUR + 7),
    ):
        said += [bits(await view.scan("acme", ids, start, end), i) for i in ids]
        said += [bits(await view.recent("acme", ids, n, end), i) for n in (1, 3, 400) for i in ids]
        for width in (7 * MINUTE, 15 * MINUTE, HOUR, DAY):
            found = await view.aggregate("acme", ids, start, end, width, DAY)
            said += [bits(part, i) for part in (found.partials, found.before) for i in ids]
        said.append((await view.changed(start, end)).tolist())
    said.append(bits(await view.recent("acme", ids, 1), ids[0]))
    said.append([column.tobytes() for column in await view.newest("acme", ids)])
    for above, start, end in ((None, None, None), (5, T0, None), (None, None, T0 + HOUR)):
        said.append(await view.events("acme", criticality_above=above, start=start, end=end, limit=10))
    return said


async def move_on(store, step):
    """What may happen to a store while somebody reads."""
    match step:
        case 0:
            await store.commit([frame([(TEMPERATURE, T0 + 30 * HOUR, 250.0, 2), (NEW, T0 + HOUR, 1.0, 2)])])
            await store.commit([frame(events=[event("e2", T0 + 2 * HOUR, 9)])])
        case 1:
            late = [(TEMPERATURE, T0 + 5 * HOUR + 500, 111.0, 2), (POWER, T0 - HOUR, 1.0, 2)]
            await store.commit([frame([*late, *rows(2, value=400.0, version=2)])])
        case 2:
            moved = {("hq", "t1"): Attributes("B2", "r7"), ("hq", "t9"): Attributes("B1", "r1")}
            await store.commit([frame([(TEMPERATURE, T0 + 31 * HOUR, 1.0, 2)], stamp=5, attributes=moved)])
        case 3:
            await settle(store, T0 + 3 * DAY)
        case _:
            await store.commit([frame(rows(40, key, 500.0, 3)) for key in (POWER, NEW)])


async def filled(store):
    at = {("hq", "t1"): Attributes("B1", "r1", tags={"floor": "1"})}
    await store.commit([frame(rows(), attributes=at), frame(rows(20, POWER))])
    await store.commit([frame(events=[event("e0", T0, 9), event("e1", T0 + HOUR, 3)])])
    return await ids_of(store)


@pytest.mark.parametrize("first", [False, True], ids=["read later", "read before as well"])
@pytest.mark.parametrize("rolled", [False, True], ids=["raw", "rolled up"])
async def test_a_view_says_what_the_store_said_when_it_was_taken(store, first, rolled):
    ids = await filled(store)
    if rolled:
        await settle(store, T0 + 2 * DAY)
    before, revision = await seen(store, ids), (await store.state()).revision
    async with store.view() as view:
        assert view.revision == revision
        if first:
            assert await seen(view, ids) == before
        for step in range(5):
            await move_on(store, step)
            assert await seen(view, ids) == before
            for small in (False, True):
                assert await view.together(lambda view: seen(view, ids), small=small) == before
        async with store.view() as later:
            assert later.revision == (await store.state()).revision > revision
            assert await seen(later, ids) == await seen(store, ids) != before
        assert await seen(view, ids) == before


async def test_views_of_different_moments_do_not_disturb_one_another(store):
    ids = await filled(store)
    async with store.view() as one:
        first = await seen(one, ids)
        await move_on(store, 2)
        async with store.view() as two:
            second = await seen(two, ids)
            await move_on(store, 1)
            assert await seen(two, ids) == second != first
        await move_on(store, 4)
        assert await seen(one, ids) == first


async def test_a_view_knows_no_series_of_others(store):
    await filled(store)
    ids = np.array([0], np.int32)
    async with store.view() as view:
        with pytest.raises(NotFound):
            await view.scan("other", ids, T0, T0 + DAY)
        with pytest.raises(NotFound):
            await view.together(lambda view: view.scan("other", ids, T0, T0 + DAY))
        with pytest.raises(NotFound):
            await view.together(lambda view: view.scan("other", ids, T0, T0 + DAY), small=True)


async def test_a_view_says_what_came_last_however_often_it_is_overwritten(store):
    ids = await filled(store)
    async with store.view() as view:
        before = [column.tolist() for column in await view.newest("acme", ids)]
        for step in range(30):
            at = T0 + 30 * HOUR + step * MINUTE
            await store.commit([frame([(TEMPERATURE, at, 1.0, 1), (POWER, T0 + step, 2.0, 1)])])
            await store.commit([frame([(TEMPERATURE, T0 + 30 * HOUR - MINUTE, 1.0 + step, 2 + step)])])
        assert [column.tolist() for column in await view.newest("acme", ids)] == before
    assert [column.tolist() for column in await store.newest("acme", ids)] != before


async def test_names_say_which_series_are_new_or_known_otherwise(store):
    await filled(store)
    everything = [info.key for info in await store.find("acme", Filter())]
    before = (await store.state()).names
    assert [info.key for info in await store.find("acme", Filter(named_since=before))] == []
    await store.commit([frame([(NEW, T0, 1.0, 1)])])
    between = (await store.state()).names
    async with store.view() as view:
        await move_on(store, 2)
        assert view.names == between > before
        fresh = await view.find("acme", Filter(named_since=before))
        assert [(info.key, info.attributes) for info in fresh if info.key == NEW] == [(NEW, Attributes())]
    fresh = {info.key: info.attributes.room for info in await store.find("acme", Filter(named_since=between))}
    assert fresh == {TEMPERATURE: "r7", NEW: "r1"}
    assert [info.key for info in await store.find("acme", Filter(named_since=between, metric="co2"))] == []
    assert await store.find("other", Filter(named_since=between)) == []
    assert [info.key for info in await store.find("acme", Filter())] == [*everything, NEW]


async def test_answers_are_never_mixed_while_commits_do_not_cease(store):
    """Every commit gives each of five series one more reading at the same instant, late or new, and says so by its value."""
    query = Query(
        tenant="acme",
        start=T0,
        end=T0 + 2 * DAY,
        fetch={
            "whole": Fetch(where=Select(metric="co2"), fn="count"),
            "each": Fetch(where=Select(metric="co2"), fn="count", by=("sensor",)),
            "raw": Fetch(where=Select(metric="co2"), fn="raw"),
        },
        window=0,
    )
    done = asyncio.Event()
    commits = 0

    async def writing():
        nonlocal commits
        while not done.is_set():
            at = T0 + commits * 7_919_000 % (2 * DAY)
            await store.commit([frame([(key, at + commits, float(commits), 1) for key in MANY])])
            commits += 1
            await asyncio.sleep(0)

    await store.commit([frame([(key, T0 + DAY, -1.0, 1) for key in MANY])])
    async with asyncio.TaskGroup() as group:
        group.create_task(writing())
        pieces, revisions = Pieces(), []
        for _ in range(25):
            async with store.view() as view:
                seen = commits
                async with asyncio.timeout(20):
                    while commits == seen:
                        await asyncio.sleep(0.001)
                table, meta = await view.together(lambda view: answer_query(view, pieces, query, T0 + 3 * DAY))
            counts = [row["value"] for row in table.select(["name", "value"]).to_pylist() if row["name"] != "raw"]
            raw = [row["value"] for row in table.select(["name", "value"]).to_pylist() if row["name"] == "raw"]
            revisions.append(meta["revision"])
            assert counts == [5.0 * meta["revision"], *[float(meta["revision"])] * 5]
            assert sorted(raw) == sorted([n - 1.0 for n in range(meta["revision"])] * 5)
        done.set()
    assert revisions == sorted(revisions)
    assert len(set(revisions)) > 5
    assert commits > 5
