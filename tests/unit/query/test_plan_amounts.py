"""Queries over amounts and single readings, earlier periods, two levels and arithmetic."""

import numpy as np
import pytest

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE, SECOND, parse_time
from penstock.query import samples
from penstock.query.port import Consumption, Fetch, Query, Select, Then
from tests.unit.query.query_world import T0, World, temperature
from tests.unit.query.test_plan import answer, query, rooms

POWER = SeriesKey("hq", "m1", "power_w", "W")
METER = SeriesKey("hq", "e1", "energy_wh", "Wh")
EXPORT = SeriesKey("hq", "e1", "energy_export_wh", "Wh")
PULSES = SeriesKey("hq", "p1", "pulses", "")


async def meters() -> World:
    """A counter that resets, its export counter, and a power of 1 kW for two hours."""
    world = World()
    await world.put([(METER, T0 + h * HOUR, float(v)) for h, v in enumerate((100, 400, 700, 50, 150))])
    await world.put([(EXPORT, T0 + h * HOUR, 10.0 * h) for h in range(5)])
    await world.put([(POWER, T0 + m * MINUTE, 1000.0) for m in range(0, 121, 10)])
    await world.put([(PULSES, T0 + h * HOUR, 7.0 * h) for h in range(5)])
    return world


async def test_energy_is_what_consumption_says_imported_minus_exported():
    world = await meters()
    asked = Consumption(tenant="acme", where=Select(), start=T0, end=T0 + 4 * HOUR, window="1h")
    old = (await world.ask(asked)).table
    net = [a - b for a, b in zip(old["import_wh"].to_pylist(), old["export_wh"].to_pylist(), strict=True)]
    new = await answer(world, query(fn="energy"))
    assert [row["value"] for row in new] == pytest.approx(net)
    assert [row["coverage"] for row in new] == old["coverage"].to_pylist()
    assert [row["count"] for row in new] == old["readings"].to_pylist()
    assert {(row["metric"], row["unit"]) for row in new} == {("energy", "Wh")}
    kilo = await answer(world, query(fn="energy", unit="kWh"))
    assert [row["value"] for row in kilo] == pytest.approx([value / 1000 for value in net])
    assert kilo[0]["unit"] == "kWh"


async def test_energy_is_separated_by_metric_where_that_is_asked():
    world = await meters()
    rows = await answer(world, query(fn="energy", by=("metric",), window=0))
    assert {row["metric"] for row in rows} == {"energy_wh", "energy_export_wh", "power_w"}


async def test_energy_from_power_runs_on_to_the_end_of_what_the_last_reading_holds():
    world = await meters()
    rows = await answer(world, query(fn="energy", where=Select(metric="power_w"), end=T0 + 6 * HOUR))
    assert [row["value"] for row in rows] == pytest.approx([1000.0, 1000.0, 1000.0])


async def test_increase_tells_resets_apart_and_rate_is_per_second():
    world = await meters()
    where = Select(metric="energy_wh")
    risen = await answer(world, query(fn="increase", where=where))
    assert [(row["ts"] - T0, row["value"]) for row in risen] == [(0, 300.0), (HOUR, 300.0), (3 * HOUR, 100.0)]
    rates = await answer(world, query(fn="rate", where=where, unit="kWh"))
    assert [row["value"] * 3600 * 1000 for row in rates] == pytest.approx([row["value"] for row in risen])
    assert {row["unit"] for row in rates} == {"kWh/s"}


async def test_increase_of_something_else_needs_its_name():
    world = await meters()
    rows = await answer(world, query(fn="increase", where=Select(metric="pulses")))
    assert [row["value"] for row in rows] == [7.0] * 4
    with pytest.raises(NotFound, match="is a counter"):
        await world.ask(query(fn="increase", where=Select(sensor="p1")))


async def test_delta_is_last_minus_first_and_counts_exports_negative():
    world = await meters()
    rows = await answer(world, query(fn="delta", where=Select(sensor="e1"), by=("sensor",), window=0))
    assert [(row["metric"], row["value"]) for row in rows] == [("energy_export_wh", -40.0), ("energy_wh", 700.0)]
    warm = await rooms()
    await warm.put([(temperature("r1", "t0")[0], T0 + 5 * MINUTE, 280.0)])
    rows = await answer(warm, query(fn="delta", unit="degF", end=T0 + 2 * HOUR))
    assert [row["value"] for row in rows] == pytest.approx([0.0, 0.0], abs=1e-9)
    rows = await answer(warm, query(fn="delta", unit="degF", end=T0 + 2 * HOUR, window=0))
    assert [row["value"] for row in rows] == pytest.approx([3 * 18.0])
    assert rows[0]["count"] == 37


async def test_percentile_and_deviation_are_over_all_readings_of_the_group(monkeypatch):
    monkeypatch.setattr(samples, "_BLOCK", 10)
    rng = np.random.default_rng(4)
    world = World()
    keys = [SeriesKey("hq", f"t{i}", "temperature", "K") for i in range(3)]
    rows = [(key, T0 + int(ms), float(rng.normal(290, 5))) for key in keys for ms in rng.integers(0, 4 * HOUR, 40)]
    rows = list({(key, ts): (key, ts, value) for key, ts, value in rows}.values())
    await world.put(rows)
    for fn, q, rule in (
        ("percentile", 97.5, lambda x: np.percentile(x, 97.5)),
        ("percentile", 0.0, np.min),
        ("stddev", None, np.std),
    ):
        found = await answer(world, query(fn=fn, q=q, unit="degC", end=T0 + 3 * HOUR))
        for row in found:
            inside = [value for _, ts, value in rows if row["ts"] <= ts < row["ts"] + HOUR]
            expected = rule(np.array(inside)) - (0.0 if fn == "stddev" else 273.15)
            assert row["value"] == pytest.approx(expected, rel=1e-9)
            assert row["count"] == len(inside)


async def test_too_many_single_readings_are_refused_with_their_number(monkeypatch):
    monkeypatch.setattr(samples, "MAX_READINGS", 50)
    world = await rooms()
    for fn, q in (("raw", None), ("stddev", None), ("percentile", 50.0)):
        with pytest.raises(InvalidInput, match="54 readings") as refused:
            await world.ask(query(fn=fn, q=q))
        assert refused.value.code == "too_many_readings"


async def test_two_levels_the_hottest_of_each_room_then_their_mean():
    world = await rooms()
    rows = await answer(world, query(fn="max", by=("building", "room"), then=Then(fn="mean", by=("building",))))
    assert [(row["building"], row["value"], row["count"]) for row in rows] == [
        ("B1", 291.5, 18), ("B1", 301.5, 18), ("B1", 311.5, 18),
    ]  # fmt: skip
    assert "room" not in rows[0]


async def test_an_earlier_period_is_labelled_as_now():
    world = World()
    await world.put([(POWER, T0 + h * HOUR, float(h)) for h in range(48)])
    fetch = {"now": Fetch(), "then": Fetch(shift="1d"), "raw": Fetch(fn="raw", shift="1d")}
    start = T0 + DAY
    rows = await answer(world, query(start, start + 3 * HOUR, fetch=fetch, math={"rise": "now - then"}))
    values = {
        name: [(row["ts"] - start, row["value"]) for row in rows if row["name"] == name] for name in (*fetch, "rise")
    }
    assert values == {
        "now": [(0, 24.0), (HOUR, 25.0), (2 * HOUR, 26.0)],
        "then": [(0, 0.0), (HOUR, 1.0), (2 * HOUR, 2.0)],
        "raw": [(0, 0.0), (HOUR, 1.0), (2 * HOUR, 2.0)],
        "rise": [(0, 24.0), (HOUR, 24.0), (2 * HOUR, 24.0)],
    }


async def test_by_the_calendar_an_hour_is_compared_with_the_same_local_hour():
    world = World()
    spring = parse_time("2026-03-28T00:00:00+01:00")
    world.time = spring + 9 * DAY
    await world.put([(POWER, spring + h * HOUR, float(h)) for h in range(72)])
    start = parse_time("2026-03-30T00:00:00+02:00")
    asked = query(
        start,
        start + 5 * HOUR,
        fetch={"x": Fetch(shift="1d", fn="sum")},
        window="1h",
        zone="Europe/Berlin",
        fill="null",
    )
    rows = await answer(world, asked)
    # 02:00 to 03:00 did not exist the day before.
    assert [row["value"] for row in rows] == [24.0, 25.0, None, 26.0, 27.0]


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ({"math": {"y": "x +"}}, "math y: the expression cannot be read at its end"),
        ({"math": {"y": "z * 2"}}, "math y: the name 'z' at character 1 is not known"),
        ({"math": {"y": "w + 1", "w": "x"}}, "the name 'w' at character 1 is not known"),
        ({"math": {"y": "2 * 3"}}, "of numbers alone"),
        ({"math": {"x": "1"}}, "fetched and computed"),
        ({"fn": "raw", "math": {"y": "x"}}, "holds readings, which have no windows"),
        ({"fn": "raw", "then": Then(fn="max")}, "no windows in which"),
        ({"then": Then(fn="max", by=("room",))}, "the second level groups by room"),
        ({"then": Then(fn="percentile")}, "percentile needs q"),
        ({"fn": "percentile", "q": 101.0}, "percentile needs q"),
        ({"shift": "soon"}, "shift 'soon' is not understood"),
    ],
    ids=range(11),
)
async def test_what_cannot_be_computed_is_refused_before_anything_is_read(rest, said):
    with pytest.raises(InvalidInput, match=said):
        await World().ask(query(**rest))


async def test_a_shifted_question_is_complete_once_its_own_range_is_past():
    world = await meters()
    later = query(world.time, world.time + DAY, shift="2d")
    assert (await world.ask(later)).complete
    assert not (await world.ask(query(world.time, world.time + DAY))).complete


def test_a_query_can_be_said_as_json():
    assert Query(tenant="t", start=0, end=SECOND, fetch={"a": Fetch()}).window == "auto"
