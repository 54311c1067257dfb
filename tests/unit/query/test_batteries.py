import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import SeriesKey
from penstock.model.time import MINUTE
from penstock.query import batteries as module
from penstock.query.port import Batteries
from tests.unit.query.query_world import T0, World


def battery(name: str, ts: int, site: str = "farm", **values: float) -> list:
    units = {"soc": "1", "soh": "1", "voltage_v": "V"}
    return [(SeriesKey(site, name, metric, units.get(metric, "")), ts, value) for metric, value in values.items()]


def ask(**rest) -> Batteries:
    return Batteries(tenant="acme", **rest)


async def all_rows(world: World, **rest) -> list[dict]:
    rows, cursor = [], None
    for _ in range(500):
        answer = await world.ask(ask(cursor=cursor, **rest))
        rows += answer.table.to_pylist()
        cursor = answer.next_cursor
        if cursor is None:
            return rows
    raise AssertionError("the pages do not end")


async def test_a_row_is_what_a_battery_said_at_one_instant():
    world = World()
    await world.put(battery("b1", T0, soc=0.5, voltage_v=48.0) + battery("b2", T0 + 5, soc=0.4))
    await world.put(battery("meter", T0 + 9, power_w=5.0))
    answer = await world.ask(ask())
    assert answer.table.column_names == ["id", "battery_id", "site_id", "ts", "soc", "voltage_v"]
    assert answer.table.to_pylist() == [
        {"id": f"b2@{T0 + 5}", "battery_id": "b2", "site_id": "farm", "ts": T0 + 5, "soc": 0.4, "voltage_v": None},
        {"id": f"b1@{T0}", "battery_id": "b1", "site_id": "farm", "ts": T0, "soc": 0.5, "voltage_v": 48.0},
    ]


async def test_a_sensor_named_exactly_is_taken_as_a_battery():
    world = World()
    await world.put(battery("x", T0, voltage_v=3.0) + battery("b", T0, soh=0.9))
    assert [r["battery_id"] for r in await all_rows(world)] == ["b"]
    assert [r["voltage_v"] for r in await all_rows(world, battery="x")] == [3.0]
    assert await all_rows(world, battery="x*") == []
    with pytest.raises(NotFound):
        await world.ask(ask(battery="nothing"))
    with pytest.raises(NotFound):
        await world.ask(Batteries(tenant="other", battery="x"))


async def test_one_instant_of_one_battery():
    world = World()
    await world.put([row for i in range(5) for row in battery("b", T0 + i, soc=i / 10)])
    assert [r["soc"] for r in await all_rows(world, battery="b", ts=T0 + 3)] == [0.3]
    assert await all_rows(world, battery="b", ts=T0 + 9) == []
    assert await all_rows(world, battery="b", ts=T0 + 3, end=T0 + 3) == []
    assert [r["ts"] for r in await all_rows(world, start=T0 + 1, end=T0 + 3)] == [T0 + 2, T0 + 1]


async def test_bounds_are_strict_and_refuse_rows_without_the_metric():
    world = World()
    await world.put(
        battery("a", T0, soc=0.5, voltage_v=48.0)
        + battery("b", T0, soc=0.2, voltage_v=50.0)
        + battery("c", T0, soc=0.1)
    )
    assert [r["battery_id"] for r in await all_rows(world, below={"soc": 0.5})] == ["b", "c"]
    assert [r["battery_id"] for r in await all_rows(world, above={"voltage_v": 48.0})] == ["b"]
    assert [r["battery_id"] for r in await all_rows(world, above={"voltage_v": 1.0}, below={"soc": 0.3})] == ["b"]
    with pytest.raises(InvalidInput, match="sox") as refused:
        await world.ask(ask(above={"sox": 0.1}))
    assert "soc" in refused.value.hint


async def test_a_search_that_finds_little_stops_with_a_cursor(monkeypatch):
    monkeypatch.setattr(module, "_EXAMINED", 50)
    world = World()
    await world.put(
        [row for i in range(400) for row in battery("b", T0 + MINUTE * i, soc=1.0 if i % 100 == 0 else 0.5)]
    )
    first = await world.ask(ask(above={"soc": 0.9}, limit=2))
    assert first.next_cursor is not None
    assert [r["ts"] for r in await all_rows(world, above={"soc": 0.9}, limit=2)] == [
        T0 + MINUTE * i for i in (300, 200, 100, 0)
    ]


async def test_the_same_metric_in_two_units_has_two_columns():
    world = World()
    rows = [(SeriesKey("farm", b, "blob", unit), T0, 1.0) for b, unit in (("a", "x"), ("b", "y"))]
    await world.put(rows + battery("a", T0, soc=0.1) + battery("b", T0, soc=0.1))
    assert [(r["blob_x"], r["blob_y"]) for r in await all_rows(world)] == [(1.0, None), (None, 1.0)]


async def test_without_batteries_there_are_no_rows():
    answer = await World().ask(ask(above={"soc": 0.5}))
    assert (answer.table.num_rows, answer.next_cursor) == (0, None)
    assert answer.table.column_names == ["id", "battery_id", "site_id", "ts"]


ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["farm", "hill"]), st.integers(0, 8)),
    st.dictionaries(st.sampled_from(["soc", "voltage_v", "soh"]), st.integers(0, 10).map(float), min_size=1),
    min_size=1,
    max_size=30,
)


@settings(max_examples=80, deadline=None)
@given(said=ROWS, limit=st.integers(1, 7), bound=st.none() | st.integers(0, 10), examined=st.sampled_from([3, 100]))
def test_pages_are_all_matching_rows_newest_first(said, limit, bound, examined):
    async def check() -> None:
        world = World()
        for (name, site, ts), values in said.items():
            await world.put(battery(name, T0 + ts, site, **values))
        known = {(site, name) for (name, site, _), values in said.items() if {"soc", "soh"} & values.keys()}
        labels = {m for (name, site, _), values in said.items() if (site, name) in known for m in values}
        below = {} if bound is None or "soc" not in labels else {"soc": float(bound)}
        expected = [
            (T0 + ts, site, name, values)
            for (name, site, ts), values in sorted(said.items(), key=lambda e: (-e[0][2], e[0][1], e[0][0]))
            if (site, name) in known and (not below or values.get("soc", 99.0) < below["soc"])
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "_EXAMINED", examined)
            rows = await all_rows(world, limit=limit, below=below)
        found = [
            (r["ts"], r["site_id"], r["battery_id"], {m: r[m] for m in labels if r.get(m) is not None}) for r in rows
        ]
        assert found == expected

    asyncio.run(check())
