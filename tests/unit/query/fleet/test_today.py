from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.fleet.today import days
from penstock.query.port import Fleet
from penstock.store.catalog import Site

BERLIN = ZoneInfo("Europe/Berlin")


def at(*parts, zone=BERLIN, fold=0):
    return int(datetime(*parts, tzinfo=zone, fold=fold).timestamp() * 1000)


def test_both_days_run_from_midnight_to_the_same_quarter_of_an_hour():
    found = days(BERLIN, at(2026, 6, 10, 14, 37, 12))
    assert found.today == (at(2026, 6, 10), at(2026, 6, 10, 14, 30))
    assert found.yesterday == (at(2026, 6, 9), at(2026, 6, 9, 14, 30))


def test_a_short_day_is_compared_until_the_same_time_on_the_clock():
    found = days(BERLIN, at(2026, 3, 30, 12, 0))  # clocks went forward on the 29th
    assert found.yesterday[1] - found.yesterday[0] == 11 * HOUR
    assert found.today[1] - found.today[0] == 12 * HOUR


def test_just_after_midnight_there_is_no_today_yet():
    found = days(BERLIN, at(2026, 6, 10, 0, 3))
    assert found.today[0] == found.today[1]
    assert found.yesterday[0] == found.yesterday[1]


async def energy(world):
    answer = await world.ask(Fleet(tenant="acme"))
    return {row["site_id"]: row for row in answer.table.to_pylist()}


async def test_energy_is_what_the_grid_meter_counted_until_the_quarter_and_yesterday_until_then(world):
    world.time += 14 * HOUR + 37 * MINUTE
    await world.say("street", step=5 * MINUTE, count=12 * 48, power_w=1_000.0, tags={"kind": "grid"})
    await world.say("machines", step=5 * MINUTE, count=12 * 48, power_w=5_000.0, tags={"kind": "production"})
    row = (await energy(world))["plant"]
    assert row["energy_from"] == "grid"
    assert row["energy_today_wh"] == pytest.approx(14.5 * 1_000, rel=1e-3)
    assert row["energy_yesterday_wh"] == pytest.approx(14.5 * 1_000, rel=1e-3)
    assert row["exported_today_wh"] == 0.0


async def test_each_site_goes_by_its_own_clock(world):
    world.time += 12 * HOUR
    for site, zone in (("east", "Asia/Kathmandu"), ("west", "America/New_York")):
        await world.write(Site(id=site, zone=zone))
        await world.say("street", site=site, step=15 * MINUTE, count=4 * 60, power_w=1_000.0, tags={"kind": "grid"})
    rows = await energy(world)
    assert rows["east"]["energy_today_wh"] == pytest.approx(17.75 * 1_000)
    assert rows["west"]["energy_today_wh"] == pytest.approx(7 * 1_000)


async def test_what_is_given_is_told_apart_and_a_turned_meter_is_turned(world):
    world.time += 12 * HOUR
    for site, tags in (("a", {"kind": "grid"}), ("b", {"kind": "grid", "positive": "export"})):
        await world.say("street", site=site, step=15 * MINUTE, count=100, power_w=-1_000.0, tags=tags)
    rows = await energy(world)
    assert (rows["a"]["energy_today_wh"], rows["a"]["exported_today_wh"]) == (0.0, pytest.approx(12_000))
    assert (rows["b"]["energy_today_wh"], rows["b"]["exported_today_wh"]) == (pytest.approx(12_000), 0.0)


async def test_without_a_grid_meter_loads_and_vehicles_count(world):
    world.time += 12 * HOUR
    for kind in ("lighting", "ev", "pv"):
        await world.say(kind, step=15 * MINUTE, count=100, power_w=1_000.0, tags={"kind": kind})
    row = (await energy(world))["plant"]
    assert row["energy_from"] == "load"
    assert row["energy_today_wh"] == pytest.approx(24_000)


async def test_a_counter_goes_before_power(world):
    world.time += 12 * HOUR
    for i in range(100):
        await world.say("street", i * 15 * MINUTE, energy_wh=1_000_000.0 - 500 * i, power_w=1.0, tags={"kind": "grid"})
    assert (await energy(world))["plant"]["energy_today_wh"] == pytest.approx(12 * 2_000)


async def test_a_meter_that_began_today_has_no_yesterday(world):
    world.time += 12 * HOUR
    await world.say("street", step=15 * MINUTE, count=8, power_w=1_000.0, tags={"kind": "grid"})
    row = (await energy(world))["plant"]
    assert row["energy_yesterday_wh"] is None
    assert row["energy_today_wh"] > 0
    assert world.time % DAY == 12 * HOUR
