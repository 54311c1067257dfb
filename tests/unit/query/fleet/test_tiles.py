import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import HOUR
from penstock.query.port import Assets
from penstock.store.catalog import Building, Equipment, Point, Room, Site


async def rows(world, **question):
    return (await world.ask(Assets(tenant="acme", **question))).table.to_pylist()


async def test_a_sensor_is_an_asset_with_the_value_that_stands_for_it(world):
    await world.say("bat", soc=0.5, voltage_v=51.0, tags={"chemistry": "LFP"})
    await world.say("r1", building="hq", room="101", temperature=294.0, co2=600.0)
    battery, room = await rows(world)
    assert (battery["kind"], battery["metric"], battery["value"], battery["unit"]) == ("battery", "soc", 0.5, "1")
    assert (battery["role"], battery["name"], battery["site_id"], battery["ts"]) == (
        "battery",
        "bat",
        "plant",
        world.time,
    )
    assert (room["kind"], room["building"], room["room"], room["metric"]) == ("room", "hq", "101", "temperature")
    assert room["role"] is None


async def test_sensors_of_one_machine_are_one_asset_with_its_name(world):
    await world.say("bms", soc=0.5)
    await world.say("probe", temperature=300.0)
    await world.write(
        Site(id="plant"),
        Equipment(id="rack", name="Rack 1", type="Battery", site="plant"),
        Point(site_id="plant", sensor_id="bms", equipment="rack"),
        Point(site_id="plant", sensor_id="probe", equipment="rack"),
    )
    [rack] = await rows(world)
    assert (rack["id"], rack["name"], rack["kind"], rack["value"]) == ("rack", "Rack 1", "battery", 0.5)


async def test_what_the_catalog_says_is_in_the_next_answer(world):
    await world.say("t", temperature=300.0)
    assert [r["kind"] for r in await rows(world)] == ["sensor"]
    await world.write(
        Site(id="campus"),
        Building(id="hq", site="campus"),
        Room(building="hq", id="1"),
        Point(site_id="plant", sensor_id="t", building="hq", room="1"),
    )
    [row] = await rows(world)
    assert (row["kind"], row["site_id"], row["building"], row["room"]) == ("room", "campus", "hq", "1")
    await world.say("new", temperature=300.0)
    assert [r["id"] for r in await rows(world)] == ["t", "new"]
    await world.say("new", temperature=300.0, tags={"kind": "pv"})
    assert [r["kind"] for r in await rows(world)] == ["room", "pv"]


async def test_filters_and_counts_of_states(world):
    await world.say("a-1", soc=0.5)
    await world.say("a-2", 2 * HOUR, soc=0.5)
    await world.say("b-1", site="farm", temperature=290.0)
    assert [r["id"] for r in await rows(world, site="plant")] == ["a-1", "a-2"]
    assert [r["id"] for r in await rows(world, kind="sensor")] == ["b-1"]
    assert [r["id"] for r in await rows(world, state="silent")] == ["a-2"]
    assert [r["id"] for r in await rows(world, text="-1")] == ["b-1", "a-1"]
    assert [r["id"] for r in await rows(world, text="A-")] == ["a-1", "a-2"]
    assert await rows(world, site="nowhere") == []
    answer = await world.ask(Assets(tenant="acme", site="plant", limit=1))
    assert answer.meta == {"total": 2, "states": {"ok": 1, "late": 0, "silent": 1, "bad": 0, "unknown": 0}}
    assert answer.next_cursor


async def test_pages_hold_every_asset_once_whatever_comes_between(world):
    for number in range(7):
        await world.say(f"t{number}", temperature=290.0)
    seen, cursor = [], None
    while True:
        answer = await world.ask(Assets(tenant="acme", limit=2, cursor=cursor))
        seen += answer.table.column("id").to_pylist()
        cursor = answer.next_cursor
        if cursor is None:
            break
        await world.say("t00", temperature=290.0)  # before what was read
    assert seen == [f"t{number}" for number in range(7)]


@pytest.mark.parametrize(
    "wrong", [{"kind": "train"}, {"state": "green"}, {"limit": 0}, {"limit": 10_001}, {"cursor": "x"}]
)
async def test_what_is_not_known_is_refused(world, wrong):
    with pytest.raises(InvalidInput):
        await world.ask(Assets(tenant="acme", **wrong))


async def test_tenants_see_their_own_and_an_empty_one_sees_nothing(world):
    await world.say("t", temperature=290.0)
    answer = await world.ask(Assets(tenant="other"))
    assert answer.table.num_rows == 0
    assert answer.meta["total"] == 0


async def test_names_are_read_once_and_values_with_one_question(world):
    for number in range(50):
        await world.say(f"t{number}", temperature=290.0)
    await rows(world)
    world.counting.asked.clear()
    assert len(await rows(world)) == 50
    assert world.counting.asked == ["newest"]
