import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import MINUTE
from penstock.query.port import BatteryFleet
from penstock.store.catalog import Equipment, Point, Site


async def rows(world, **question):
    return (await world.ask(BatteryFleet(tenant="acme", **question))).table.to_pylist()


async def test_a_row_holds_what_a_battery_said_last_and_what_follows(world):
    await world.say(
        "b",
        MINUTE,
        soc=0.5,
        soh=0.9,
        cycles=800.0,
        voltage_v=50.0,
        current_a=-20.0,
        temperature=300.0,
        tags={"capacity_ah": "100"},
    )
    await world.say("meter", power_w=5.0)
    [row] = await rows(world)
    assert row == {
        "id": "b", "site_id": "plant", "name": "b", "building": "", "room": "", "state": "ok", "soc": 0.5, "soh": 0.9,
        "cycles": 800.0, "cycles_from": "reported", "temperature": 300.0, "voltage_v": 50.0, "current_a": -20.0,
        "power_w": -1_000.0, "c_rate": -0.2, "capacity_ah": 100.0, "age_ms": MINUTE, "ts": world.time - MINUTE,
    }  # fmt: skip


async def test_what_is_not_said_is_null(world):
    await world.say("b", soc=0.5, current_a=3.0)
    [row] = await rows(world)
    assert [row[name] for name in ("soh", "cycles", "cycles_from", "power_w", "c_rate", "capacity_ah")] == [None] * 6


async def test_the_capacity_is_what_the_battery_reports_before_what_the_catalog_says(world):
    await world.say("a", soc=0.5, current_a=10.0, tags={"capacity_ah": "50"})
    await world.say("b", soc=0.5, current_a=10.0, capacity_ah=80.0, tags={"capacity_ah": "50"})
    await world.write(
        Site(id="plant"),
        Equipment(id="a", type="Battery", site="plant", attributes={"capacity_ah": 40}),
        Point(site_id="plant", sensor_id="a", equipment="a"),
    )
    assert [row["capacity_ah"] for row in await rows(world)] == [40.0, 80.0]


@pytest.mark.parametrize(
    ("sort", "order"),
    [("id", "abcd"), ("-id", "dcba"), ("soc", "cabd"), ("-soc", "bacd"), ("age", "dcba"), ("-age", "abcd")],
)
async def test_they_are_sorted_by_any_column_and_what_is_not_known_comes_last(world, sort, order):
    for number, (name, soc) in enumerate((("a", 0.5), ("b", 0.9), ("c", 0.1))):
        await world.say(name, (3 - number) * MINUTE, soc=soc)
    await world.say("d", soh=0.9)
    assert "".join(row["id"] for row in await rows(world, sort=sort)) == order


async def test_a_sort_that_there_is_not_is_refused(world):
    with pytest.raises(InvalidInput, match="colour"):
        await rows(world, sort="-colour")


@pytest.mark.parametrize("sort", ["id", "soc", "-soc", "soh"])
async def test_pages_hold_each_battery_once_also_where_values_are_equal(world, sort):
    for number in range(9):
        await world.say(f"b{number}", soc=(number // 3) / 10)
    seen, cursor = [], None
    while True:
        answer = await world.ask(BatteryFleet(tenant="acme", sort=sort, limit=2, cursor=cursor))
        seen += answer.table.column("id").to_pylist()
        cursor = answer.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"b{number}" for number in range(9)]
    assert answer.meta == {"total": 9}


async def test_one_site_and_one_question_to_the_store(world):
    await world.say("a", soc=0.5)
    await world.say("b", site="farm", soc=0.5)
    assert [row["id"] for row in await rows(world, site="farm")] == ["b"]
    assert await rows(world, site="nowhere") == []
    world.counting.asked.clear()
    await rows(world)
    assert world.counting.asked == ["newest"]
