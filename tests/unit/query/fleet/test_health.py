import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.batch import Readings
from penstock.model.errors import InvalidInput, NotFound
from penstock.model.time import HOUR, MINUTE
from penstock.query.fleet.health import histogram, percentile
from penstock.query.port import BatteryHealth


async def health(world, battery="b", hours=24, **question):
    question = {"start": world.time - hours * HOUR, "end": world.time} | question
    return await world.ask(BatteryHealth(tenant="acme", battery=battery, **question))


async def test_it_says_every_series_and_the_row_of_the_list(world):
    await world.say("b", soc=0.5, voltage_v=51.0)
    answer = await health(world)
    assert answer.meta["battery"]["soc"] == 0.5
    rows = {row["metric"]: row for row in answer.table.to_pylist()}
    assert rows["voltage_v"] == {
        "sensor_id": "b", "metric": "voltage_v", "value": 51.0, "unit": "V", "ts": world.time, "interval_ms": None,
    }  # fmt: skip


async def test_cycles_that_the_battery_reports_are_told_as_reported(world):
    await world.say("b", cycles=812.5, soc=0.5)
    assert (await health(world)).meta["cycles"] == {"value": 812.5, "from": "reported", "since": None}


async def test_else_cycles_are_the_charge_that_was_moved_in_either_direction_by_twice_the_capacity(world):
    await world.say(
        "b", 12 * HOUR, step=10 * MINUTE, count=6 * 12 + 1, current_a=50.0, soc=0.5, tags={"capacity_ah": "100"}
    )
    await world.say("b", step=10 * MINUTE, count=6 * 12, current_a=-50.0)
    cycles = (await health(world)).meta["cycles"]
    assert cycles["value"] == pytest.approx(24 * 50 / 200, rel=0.01)
    assert (cycles["from"], cycles["since"]) == ("estimated", world.time - 24 * HOUR)


async def test_without_a_capacity_nothing_is_estimated(world):
    await world.say("b", soc=0.5, current_a=5.0)
    answer = await health(world)
    assert answer.meta["cycles"] == {"value": None, "from": None, "since": None}
    assert "c_rate" not in answer.meta["histograms"]


async def test_histograms_hold_the_hours_of_the_range(world):
    await world.say(
        "b",
        6 * HOUR,
        step=10 * MINUTE,
        count=36,
        temperature=300.0,
        current_a=20.0,
        soc=0.5,
        tags={"capacity_ah": "100"},
    )
    await world.say("b", step=10 * MINUTE, count=36, temperature=310.0, current_a=-40.0)
    found = (await health(world, hours=12)).meta["histograms"]
    for name, low, high in (("temperature", 300.0, 310.0), ("c_rate", -0.4, 0.2)):
        edges, hours = found[name]["edges"], found[name]["hours"]
        assert len(edges) == len(hours) + 1
        assert edges[0] <= low < edges[1] + 1e-9
        assert edges[-2] <= high + 1e-9
        assert high <= edges[-1]
        assert sum(hours) == pytest.approx(12, abs=0.4)


readings = st.lists(
    st.tuples(st.integers(0, 100 * HOUR), st.floats(-500, 500)), min_size=1, max_size=50, unique_by=lambda row: row[0]
)


@given(readings, st.floats(0.01, 5.0))
def test_a_histogram_holds_all_the_time_that_is_known_in_few_bins(rows, width):
    rows = sorted(rows)
    ts, value = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    end = int(ts[-1]) + 10 * HOUR
    found = histogram(Readings(np.zeros(len(ts), np.int32), ts, value), end, width, scale=1.0, offset=0.0)
    held = np.minimum(np.append(ts[1:], end) - ts, HOUR).sum() / HOUR
    assert sum(found["hours"]) == pytest.approx(held, abs=1e-3)
    assert 1 <= len(found["hours"]) <= 60
    assert found["edges"][0] <= value.min() + 1e-5
    assert value.max() <= found["edges"][-1] + 1e-5


def test_no_reading_is_no_histogram():
    none = Readings(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0))
    assert histogram(none, 0, 1.0, scale=1.0, offset=0.0) == {"edges": [], "hours": []}


def test_a_percentile_is_the_share_of_those_below_with_equal_ones_counted_half():
    values = np.array([1.0, 2.0, 2.0, 3.0, np.nan])
    assert percentile(values, 2.0) == 0.5
    assert percentile(values, 3.0) == 0.875
    assert percentile(values, float("nan")) is None
    assert percentile(np.array([1.0, np.nan]), 1.0) is None


async def test_it_is_compared_with_its_like_where_there_are_enough(world):
    for number in range(12):
        await world.say(f"l{number:02}", soc=number / 100, tags={"chemistry": "LFP"})
        await world.say(f"n{number:02}", soc=0.9, tags={"chemistry": "NMC"})
    similar = (await health(world, "l11")).meta["similar"]
    assert (similar["count"], similar["by"]) == (12, {"chemistry": "lfp"})
    assert similar["percentile"]["soc"] == pytest.approx(11.5 / 12)
    assert similar["percentile"]["soh"] is None
    await world.say("rare", soc=0.5, tags={"chemistry": "lead"})
    assert (await health(world, "rare")).meta["similar"]["count"] == 25


async def test_a_battery_that_there_is_not_or_that_is_named_twice_is_refused(world):
    await world.say("b", soc=0.5)
    await world.say("b", site="farm", soc=0.6)
    await world.say("meter", power_w=1.0)
    for name in ("c", "meter"):
        with pytest.raises(NotFound):
            await health(world, name)
    with pytest.raises(InvalidInput, match="2 batteries") as refused:
        await health(world)
    assert "farm, plant" in refused.value.hint
    assert (await health(world, site="farm")).meta["battery"]["soc"] == 0.6


async def test_however_many_batteries_the_store_is_asked_the_same(world):
    counts = []
    for number in range(2):
        for one in range(1 + 40 * number):
            await world.say(f"x{number}-{one}", soc=0.5, current_a=1.0, tags={"capacity_ah": "10"})
        await health(world, "x0-0")
        world.counting.asked.clear()
        await health(world, "x0-0")
        counts.append(sorted(world.counting.asked))
    assert counts[0] == counts[1]
    assert len(counts[0]) <= 6
