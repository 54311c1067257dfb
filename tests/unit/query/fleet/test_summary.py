import pytest

from penstock.model.errors import InvalidInput
from penstock.model.event import Event
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.port import Fleet
from penstock.store.catalog import Site


async def fleet(world, **question):
    answer = await world.ask(Fleet(tenant="acme", **question))
    return {row["site_id"]: row for row in answer.table.to_pylist()}, answer.meta


async def test_totals_count_assets_by_kind_and_state_and_say_what_is_online(world):
    await world.say("b1", soc=0.5)
    await world.say("b2", 2 * HOUR, soc=0.5)
    await world.say("t", site="farm", temperature=290.0)
    await world.write(Site(id="plant", name="The plant", zone="Europe/Berlin"), Site(id="new"))
    sites, meta = await fleet(world)
    assert meta["totals"]["sites"] == 3
    assert meta["totals"]["assets"] == 3
    assert meta["totals"]["online"] == pytest.approx(2 / 3)
    assert meta["kinds"]["battery"] == {"ok": 1, "late": 0, "silent": 1, "bad": 0, "unknown": 0}
    assert (sites["plant"]["name"], sites["plant"]["zone"], sites["plant"]["assets"]) == (
        "The plant",
        "Europe/Berlin",
        2,
    )
    assert (sites["farm"]["name"], sites["farm"]["zone"], sites["farm"]["ok"]) == ("farm", "UTC", 1)
    assert sites["new"]["assets"] == 0
    assert sites["new"]["ts"] is None


async def test_power_is_by_direction_over_all_sites(world):
    for site, watts in (("a", 500.0), ("b", -200.0), ("c", 100.0)):
        await world.say("street", site=site, power_w=watts, tags={"kind": "grid"})
    await world.say("sun", site="b", power_w=-900.0, tags={"kind": "pv"})
    sites, meta = await fleet(world)
    assert meta["power"] == {"import_w": 600.0, "export_w": 200.0, "generation_w": 900.0}
    assert (sites["b"]["grid_w"], sites["b"]["import_w"], sites["b"]["export_w"]) == (-200.0, 0.0, 200.0)


async def test_without_any_meter_power_and_energy_are_not_known(world):
    await world.say("t", temperature=290.0)
    _, meta = await fleet(world)
    assert set(meta["power"].values()) == set(meta["energy"].values()) == {None}


async def test_freshness_is_told_in_ages(world):
    for minutes in range(100):
        await world.say(f"t{minutes}", minutes * MINUTE, temperature=290.0)
    _, meta = await fleet(world)
    assert meta["freshness"] == {"p50_ms": 49 * MINUTE, "p95_ms": 94 * MINUTE, "oldest_ms": 99 * MINUTE}


async def test_events_are_those_above_the_criticality_since_midnight_in_the_zone(world):
    def event(number, ts, criticality):
        return Event(str(number), ts, "", criticality, "door", "gate")

    midnight = world.time - world.time % DAY
    await world.put(
        events=[event(1, midnight - 1, 9), event(2, midnight, 9), event(3, midnight, 7), event(4, world.time, 8)]
    )
    _, meta = await fleet(world)
    assert meta["events"] == {"above": 7, "since": midnight, "count": 2, "more": False}
    _, meta = await fleet(world, criticality_above=8, zone="Europe/Berlin")
    assert meta["events"]["since"] == midnight - HOUR
    assert meta["events"]["count"] == 2
    with pytest.raises(InvalidInput):
        await fleet(world, zone="Mars/Olympus")


async def test_the_worst_are_silent_then_impossible_then_of_concern_then_late(world):
    await world.say("late", 4 * MINUTE, step=MINUTE, count=9, temperature=290.0)
    await world.say("hot", soc=0.5, temperature=325.0)
    await world.say("odd", temperature=-1.0)
    await world.say("gone", HOUR, step=MINUTE, count=9, temperature=290.0)
    await world.say("fine", temperature=290.0)
    _, meta = await fleet(world)
    assert [(each["id"], each["state"]) for each in meta["worst"]] == [
        ("gone", "silent"), ("odd", "bad"), ("hot", "ok"), ("late", "late"),
    ]  # fmt: skip
    assert meta["worst"][2]["reason"] == "cells at 51.9 °C, above 45 °C"


async def test_at_most_ten_are_the_worst_and_the_furthest_gone_come_first(world):
    for number in range(15):
        await world.say(f"t{number:02}", (20 + number) * MINUTE, step=MINUTE, count=9, temperature=290.0)
    _, meta = await fleet(world)
    assert [each["id"] for each in meta["worst"]] == [f"t{number:02}" for number in range(14, 4, -1)]


async def test_an_empty_tenant_has_an_empty_fleet(world):
    sites, meta = await fleet(world)
    assert sites == {}
    assert meta["totals"]["assets"] == 0
    assert meta["totals"]["online"] is None
    assert meta["worst"] == []


async def test_the_store_is_asked_a_constant_number_of_questions(world):
    counts = []
    for number in range(2):
        for one in range(1 + 40 * number):
            site = f"s{number}-{one}"
            await world.say("street", site=site, step=MINUTE, count=3, power_w=5.0, tags={"kind": "grid"})
        await fleet(world)
        world.counting.asked.clear()
        await fleet(world)
        counts.append(sorted(world.counting.asked))
    assert counts[0] == counts[1]
    assert len(counts[0]) <= 5
