import numpy as np
import pytest

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.time import HOUR, MINUTE
from penstock.query.fleet.siteflow import held_on
from penstock.query.overview import ROLES
from penstock.query.port import FlowSeries, SiteFlow
from penstock.store.catalog import Equipment, Point, Site


async def flow(world, **question):
    answer = await world.ask(SiteFlow(tenant="acme", site="plant", **question))
    return {row["node"]: row for row in answer.table.to_pylist()}, answer.meta


async def whole_site(world, **said):
    await world.say("sun", power_w=-900.0, tags={"kind": "pv"}, **said)
    await world.say("street", power_w=-100.0, tags={"kind": "grid"}, **said)
    await world.say("rack", soc=0.5, voltage_v=50.0, current_a=4.0, **said)
    await world.say("cars", power_w=150.0, tags={"kind": "ev"}, **said)
    await world.say("machines", power_w=400.0, tags={"kind": "production"}, **said)
    await world.say("light", power_w=40.0, tags={"kind": "lighting"}, **said)


async def test_a_whole_site_is_signed_as_the_site_sees_it_and_adds_up_to_nothing(world):
    await whole_site(world)
    nodes, meta = await flow(world)
    assert {name: row["power_w"] for name, row in nodes.items()} == {
        "pv": 900.0, "grid": -100.0, "battery": -200.0, "ev": -150.0, "load": -440.0, "unmetered": -10.0,
    }  # fmt: skip
    assert meta["balanced"]
    assert meta["at"] == world.time
    assert all(row["measured"] and not row["derived"] for name, row in nodes.items() if name != "unmetered")
    assert nodes["load"]["assets"] == nodes["load"]["known"] == 2
    assert sum(each["power_w"] for each in meta["flows"] if each["from"] == "pv") == 900.0
    by = {each["id"]: (each["node"], each["by"]) for each in meta["meters"]}
    assert by["rack"] == ("battery", "voltage × current")
    assert by["sun"] == ("pv", "power")


async def test_the_one_node_without_a_meter_is_derived_and_says_so(world):
    await world.say("sun", power_w=-900.0, tags={"kind": "pv"})
    await world.say("street", power_w=-100.0, tags={"kind": "grid"})
    nodes, meta = await flow(world)
    assert nodes["load"] | {"ts": None} == {
        "node": "load", "present": True, "measured": False, "derived": True, "power_w": -800.0, "assets": 0, "known": 0, "ts": None,
    }  # fmt: skip
    assert not nodes["battery"]["present"]
    assert nodes["battery"]["power_w"] is None
    assert meta["flows"] == [
        {"from": "pv", "to": "load", "power_w": 800.0},
        {"from": "pv", "to": "grid", "power_w": 100.0},
    ]


async def test_what_the_catalog_plans_and_nobody_measures_is_missing_and_not_faked(world):
    await world.say("sun", power_w=-900.0, tags={"kind": "pv"})
    await world.say("street", power_w=-100.0, tags={"kind": "grid"})
    await world.write(Site(id="plant"), Equipment(id="charger", type="EV_Charger", site="plant"))
    nodes, meta = await flow(world)
    assert nodes["ev"]["present"]
    assert not nodes["ev"]["measured"]
    assert nodes["ev"]["power_w"] is None
    assert nodes["load"]["power_w"] is None
    assert not meta["balanced"]
    assert meta["flows"] == []


async def test_a_meter_that_went_silent_says_nothing_about_now(world):
    await world.say("sun", 2 * HOUR, power_w=-900.0, tags={"kind": "pv"})
    await world.say("street", power_w=500.0, tags={"kind": "grid"})
    await world.say("machines", power_w=700.0, tags={"kind": "production"})
    nodes, _ = await flow(world)
    assert not nodes["pv"]["measured"]
    assert nodes["pv"]["derived"]
    assert nodes["pv"]["power_w"] == 200.0
    assert (nodes["pv"]["assets"], nodes["pv"]["known"]) == (1, 0)


async def test_an_earlier_instant_is_told_by_what_was_known_then(world):
    await world.say("street", step=MINUTE, count=60, power_w=500.0, tags={"kind": "grid"})
    await world.say("street", HOUR, power_w=100.0)
    nodes, meta = await flow(world, at=world.time - HOUR)
    assert nodes["grid"]["power_w"] == 100.0
    assert nodes["load"]["power_w"] == -100.0
    assert meta["at"] == world.time - HOUR
    assert nodes["grid"]["ts"] == world.time - HOUR
    nodes, _ = await flow(world, at=world.time - 10 * HOUR)
    assert nodes["grid"]["power_w"] is None


async def test_a_meter_behind_a_meter_of_the_same_part_is_not_counted_twice(world):
    await world.say("main", power_w=500.0, tags={"kind": "production"})
    await world.say("sub", power_w=200.0, tags={"kind": "production"})
    await world.write(
        Site(id="plant"),
        Equipment(id="main", type="Meter", site="plant"),
        Equipment(id="sub", type="Meter", part_of="main"),
        Point(site_id="plant", sensor_id="main", equipment="main"),
        Point(site_id="plant", sensor_id="sub", equipment="sub"),
    )
    nodes, meta = await flow(world)
    assert nodes["load"]["power_w"] == -500.0
    assert nodes["load"]["assets"] == 1
    assert meta["unassigned"] == ["sub"]


async def test_a_meter_that_says_nothing_is_named_and_not_counted(world):
    await world.say("street", power_w=500.0, tags={"kind": "grid"})
    await world.say("m", power_w=200.0)
    nodes, meta = await flow(world)
    assert meta["unassigned"] == ["m"]
    assert nodes["load"]["power_w"] == -500.0


async def test_a_generator_that_counts_its_own_way_is_turned(world):
    await world.say("sun", power_w=900.0, tags={"kind": "pv", "positive": "export"})
    nodes, _ = await flow(world)
    assert nodes["pv"]["power_w"] == 900.0


async def test_a_site_that_nobody_knows_is_not_found(world):
    await world.write(Site(id="empty"))
    with pytest.raises(NotFound):
        await world.ask(SiteFlow(tenant="acme", site="nowhere"))
    answer = await world.ask(SiteFlow(tenant="acme", site="empty"))
    assert answer.meta["balanced"] is False
    assert answer.meta["meters"] == []


def series(world, hours, **question):
    asked = {"start": world.time - hours * HOUR, "end": world.time, "window": 15 * MINUTE} | question
    return FlowSeries(tenant="acme", site="plant", **asked)


async def test_windows_hold_the_means_of_what_flowed_and_add_up_to_nothing(world):
    await whole_site(world, step=MINUTE, count=120)
    table = (await world.ask(series(world, 2))).table
    assert table.num_rows == 8
    columns = [f"{role}_w" for role in ROLES] + ["unmetered_w"]
    powers = np.stack([table.column(name).to_numpy() for name in columns])
    assert np.allclose(powers.sum(axis=0), 0.0)
    assert np.allclose(table.column("battery_w").to_numpy(), -200.0)
    assert np.allclose(table.column("load_w").to_numpy(), -440.0)
    assert table.column("known").to_pylist()[1:] == [1.0] * 7
    assert table.column("derived").null_count == 8


async def test_windows_of_the_calendar_carry_labels_and_what_is_derived_is_named(world):
    await world.say("street", step=MINUTE, count=180, power_w=500.0, tags={"kind": "grid"})
    answer = await world.ask(series(world, 3, window="1h", zone="Europe/Berlin"))
    table = answer.table
    assert table.column("label").to_pylist()[0].endswith("+01:00")
    assert set(table.column("derived").to_pylist()) == {"load"}
    assert np.allclose(table.column("load_w").to_numpy(), -500.0)


async def test_an_asset_that_reports_seldom_is_held_into_the_windows_between_its_readings(world):
    await world.say("street", 7 * MINUTE, step=MINUTE, count=240, power_w=500.0, tags={"kind": "grid"})
    await world.say("rack", 29 * MINUTE, step=30 * MINUTE, count=10, soc=0.5, voltage_v=50.0, current_a=-4.0)
    table = (await world.ask(series(world, 3))).table
    assert table.num_rows == 12
    assert np.allclose(table.column("battery_w").to_numpy(), 200.0)
    assert table.column("known").to_pylist() == [1.0] * 12


@pytest.mark.parametrize("minutes", [60, 61])
def test_a_value_is_held_for_an_hour_at_most(minutes):
    edges = np.arange(0, 181 * MINUTE, MINUTE)
    mean, last = np.full((1, 180), np.nan), np.full((1, 180), np.nan)
    mean[0, 10], last[0, 10] = 4.0, 5.0
    held = held_on(mean, last, edges)
    assert held[0, 10] == 4.0
    assert np.isnan(held[0, 9])
    assert np.isnan(held[0, 10 + minutes]) == (minutes > 60)
    assert minutes > 60 or held[0, 10 + minutes] == 5.0


async def test_windows_are_needed(world):
    await whole_site(world)
    with pytest.raises(InvalidInput, match="windows"):
        await world.ask(series(world, 1, window=0))


async def test_a_gap_has_no_rows(world):
    await world.say("street", step=MINUTE, count=5, power_w=500.0, tags={"kind": "grid"})
    await world.say("street", 10 * HOUR, step=MINUTE, count=5, power_w=400.0)
    table = (await world.ask(series(world, 11))).table
    assert 2 <= table.num_rows <= 12
    assert (
        await world.ask(series(world, 11, end=world.time - 10_000 * HOUR, start=world.time - 10_001 * HOUR))
    ).table.num_rows == 0


async def test_series_know_readings_that_came_after_the_names(world):
    await world.say("street", 5 * HOUR, power_w=500.0, tags={"kind": "grid"})
    assert (await world.ask(series(world, 1))).table.num_rows == 0
    await world.say("street", 30 * MINUTE, power_w=300.0)
    assert (await world.ask(series(world, 1))).table.num_rows > 0


async def test_however_many_meters_the_store_is_asked_the_same(world):
    counts = []
    for number in range(2):
        for one in range(1 + 30 * number):
            await world.say(f"m{number}-{one}", step=MINUTE, count=3, power_w=5.0, tags={"kind": "lighting"})
        await flow(world)
        world.counting.asked.clear()
        await flow(world)
        await flow(world, at=world.time)
        await world.ask(series(world, 1))
        counts.append(sorted(world.counting.asked))
    assert counts[0] == counts[1]
