import asyncio
import math
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query import meters as module
from penstock.query.port import Consumption, Select
from tests.unit.query.query_world import T0, World, temperature

POWER = SeriesKey("hq", "m1", "power_w", "W")
BATTERY = SeriesKey("hq", "bat", "power_w", "W")
COUNTER = SeriesKey("hq", "m2", "energy_wh", "Wh")
SAME = SeriesKey("hq", "m2", "power_w", "W")
EXPORT = SeriesKey("hq", "m3", "energy_export_wh", "Wh")
WATER = SeriesKey("hq", "w1", "water", "m3")


def question(start=T0, end=T0 + DAY, **rest):
    return Consumption(tenant="acme", where=rest.pop("where", Select()), start=start, end=end, **rest)


async def ask(rows, asked, now=None):
    world = World()
    world.time = now or world.time
    await world.put(rows)
    return (await world.ask(asked)).table.to_pylist()


def hourly(key, *values, start=T0):
    return [(key, start + i * HOUR, value) for i, value in enumerate(values)]


async def test_a_days_bar_adds_up_power_and_says_how_much_of_the_day_it_knows():
    (day,) = await ask(hourly(POWER, *[1000.0] * 12), question())
    assert day["import_wh"] == 12_000.0
    assert (day["export_wh"], day["increase"], day["coverage"], day["series"]) == (0.0, None, 0.5, 1)
    assert (day["label"], day["unit"], day["percent_good"]) == ("2026-01-01T00:00:00+00:00", "Wh", 100.0)


async def test_a_sensors_power_is_not_added_to_its_counter():
    rows = hourly(COUNTER, 0.0, 500.0, 1000.0) + hourly(SAME, 500.0, 500.0) + hourly(POWER, 100.0, 100.0)
    found = {row["sensor_id"]: row["import_wh"] for row in await ask(rows, question(group_by=("sensor",)))}
    assert found == {"m2": 1000.0, "m1": 200.0}
    (power,) = await ask(rows, question(kind="power"))
    (counter,) = await ask(rows, question(kind="counter"))
    assert (power["import_wh"], counter["import_wh"]) == (1200.0, 1000.0)


async def test_what_a_counter_of_exports_counts_is_export():
    (row,) = await ask(hourly(EXPORT, 10.0, 25.0) + hourly(COUNTER, 0.0, 5.0), question())
    assert (row["import_wh"], row["export_wh"]) == (5.0, 15.0)


async def test_a_counter_of_something_else_rises_in_its_own_unit():
    (row,) = await ask(hourly(WATER, 1.25, 1.5, 2.0), question(kind="counter", where=Select(metric="water")))
    assert (row["increase"], row["unit"], row["import_wh"]) == (0.75, "m3", None)


async def test_what_is_not_known_is_null_and_the_cumulative_stands_still():
    rows = hourly(POWER, 100.0) + hourly(POWER, 300.0, start=T0 + 3 * HOUR)
    found = await ask(rows, question(window="1h", cumulative=True))
    assert [row["import_wh"] for row in found] == [100.0, None, None, 300.0]
    assert [row["cumulative_import_wh"] for row in found] == [100.0, 100.0, 100.0, 400.0]
    assert [row["coverage"] for row in found] == [1.0, 0.0, 0.0, 1.0]
    assert [row["percent_good"] for row in found] == [100.0, None, None, 100.0]


async def test_the_coverage_of_a_sum_counts_every_meter_of_the_group():
    rows = hourly(POWER, 100.0, 100.0) + hourly(BATTERY, -50.0)
    first, second = await ask(rows, question(window="1h"))
    assert (first["import_wh"], first["export_wh"], first["coverage"], first["series"]) == (100.0, 50.0, 1.0, 2)
    assert (second["import_wh"], second["export_wh"], second["coverage"], second["series"]) == (100.0, 0.0, 0.5, 1)


async def test_nothing_is_said_about_the_future():
    (row,) = await ask(hourly(POWER, 1000.0), question(), now=T0 + HOUR // 2 - 1)
    assert (row["import_wh"], row["coverage"]) == (500.0, 1.0)


async def test_a_range_begins_with_what_was_held_into_it_and_ends_at_its_end():
    rows = hourly(POWER, 1000.0, start=T0 - HOUR // 2) + hourly(POWER, 600.0, 600.0, start=T0 + HOUR // 4)
    (row,) = await ask(rows, question(T0, T0 + HOUR))
    assert row["import_wh"] == 250.0 + 450.0
    history = hourly(COUNTER, 0.0, 100.0, start=T0 - HOUR // 2)
    (row,) = await ask(history, question(T0, T0 + HOUR))
    assert row["import_wh"] == 50.0


async def test_a_gap_across_the_whole_range_is_spread_and_not_covered():
    rows = [(COUNTER, T0 - 10 * DAY, 0.0), (COUNTER, T0 + 10 * DAY, 2000.0)]
    (row,) = await ask(rows, question())
    assert (row["import_wh"], row["coverage"], row["readings"]) == (100.0, 0.0, 0)


async def test_days_are_those_of_the_zone():
    rows = [(COUNTER, T0 + i * HOUR, 1000.0 + i) for i in range(86 * 24, 90 * 24)]
    found = await ask(rows, question(T0 + 86 * DAY, T0 + 90 * DAY, zone="Europe/Berlin"), now=T0 + 100 * DAY)
    assert [row["label"] for row in found] == [
        "2026-03-28T00:00:00+01:00",
        "2026-03-29T00:00:00+01:00",
        "2026-03-30T00:00:00+02:00",
        "2026-03-31T00:00:00+02:00",
        "2026-04-01T00:00:00+02:00",
    ]
    # The range begins at one in the morning, and its last reading is an hour into the last day.
    assert [row["import_wh"] for row in found] == [23.0, 23.0, 24.0, 24.0, 1.0]


async def test_windows_on_the_quarter_are_read_from_the_tier_that_has_edges_there():
    world = World()
    await world.put([(POWER, T0 + i * MINUTE, 600.0) for i in range(600)])
    for zone, window, hold, tier in (
        ("UTC", "1d", HOUR, HOUR), ("Asia/Kathmandu", "1h", HOUR, 15 * MINUTE), ("UTC", "5m", HOUR, MINUTE),
        ("UTC", "10s", HOUR, 0), ("UTC", "1d", 20 * MINUTE, 15 * MINUTE), ("UTC", "1d", DAY, DAY),
    ):  # fmt: skip
        asked = question(T0 + 7 * MINUTE, T0 + 9 * HOUR + 1, window=window, zone=zone, max_hold=hold)
        answer = await world.ask(asked)
        assert answer.meta["tier"] == tier
        assert math.fsum(answer.table["import_wh"].to_pylist()) == pytest.approx(600 * (9 - 7 / 60), abs=1e-3)


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([POWER, BATTERY, COUNTER, EXPORT]),
        st.one_of(st.integers(0, 3 * DAY), st.integers(0, 72).map(lambda n: n * HOUR)).map(lambda ms: T0 + ms),
        st.integers(-2000, 2000).map(float),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row[:2],
).map(lambda rows: [(key, ts, value if key is BATTERY else abs(value)) for key, ts, value in rows])
QUESTIONS = st.builds(
    lambda start, length, window, by, method, zone: question(
        T0 + start, T0 + start + length, window=window, group_by=by, method=method, zone=zone, cumulative=True
    ),
    st.one_of(st.just(0), st.integers(-HOUR, DAY)),
    st.integers(HOUR, 3 * DAY),
    st.sampled_from(["15m", "1h", "6h", "1d"]),
    st.sampled_from([(), ("sensor",)]),
    st.sampled_from(["hold", "trapezoid"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=HISTORY, asked=QUESTIONS, block=st.sampled_from([1, 7, 1_000_000]))
def test_no_answer_is_impossible_and_neither_blocks_nor_tiers_change_it(rows, asked, block):
    def answer():
        try:
            return asyncio.run(ask(rows, asked))
        except NotFound:
            return []

    whole = answer()
    with pytest.MonkeyPatch.context() as patch:
        # Blocks of a few rows, hours of raw readings one by one.
        patch.setattr(module, "_BLOCK", block)
        patch.setattr(module, "_CELLS", block)
        patch.setattr(module, "SECOND", 0)
        pieces = answer()
    assert len(whole) == len(pieces)
    for mine, other in zip(whole, pieces, strict=True):
        for name, value in mine.items():
            close = pytest.approx(other[name], rel=1e-9, abs=1e-6) if isinstance(value, float) else other[name]
            assert value == close, name
        assert all(mine[name] is None or mine[name] >= 0.0 for name in ("import_wh", "export_wh", "coverage"))
        assert mine["coverage"] is None or mine["coverage"] <= 1.0
        assert (mine["import_wh"] is None) == (mine["series"] == 0)
    for before, after in pairwise(whole):
        if before.get("sensor_id") == after.get("sensor_id"):
            for name in ("cumulative_import_wh", "cumulative_export_wh"):
                assert before[name] is None or before[name] <= after[name]


async def test_answers_while_late_readings_arrive_never_fall_and_end_the_same_in_any_order():
    rng = random.Random(5)
    rows = [(COUNTER, T0 + i * 10 * MINUTE, 1000.0 + 7 * i) for i in range(400)]
    rows += [(POWER, T0 + i * 10 * MINUTE, float(rng.randrange(100, 900))) for i in range(400)]
    asked = question(T0, T0 + 3 * DAY, window="1h", cumulative=True)
    ends = []
    for seed in range(3):
        arrivals = list(rows)
        # Most come nearly in order, some hours late, a tenth twice.
        arrivals.sort(key=lambda row: row[1] + random.Random(row[1] + seed).choice([0, 0, HOUR, 20 * HOUR]))
        world = World()
        for start in range(0, len(arrivals), 40):
            await world.put(arrivals[start : start + 40] + arrivals[start : start + 4][::-1][:1])
            table = (await world.ask(asked)).table
            running = np.array(table["cumulative_import_wh"].to_pylist(), float)
            assert np.all(np.diff(running[~np.isnan(running)]) >= 0.0)
            assert min((x for x in table["import_wh"].to_pylist() if x is not None), default=0.0) >= 0.0
        ends.append((await world.ask(asked)).table.to_pydict())
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (question(window="7h"), "invalid_window"),
        (question(zone="Nowhere"), "unknown_zone"),
        (question(T0, T0), "empty_range"),
        (question(group_by=("floor",)), "invalid_group_by"),
        (question(max_hold=1), "invalid_max_hold"),
        (question(tolerance=-1.0), "invalid_counter_rule"),
        (question(window="1s", end=T0 + 9 * DAY), "too_many_points"),
    ],
    ids=["window", "zone", "range", "group", "hold", "rule", "points"],
)
async def test_a_question_that_cannot_be_answered_is_refused(asked, code):
    with pytest.raises(InvalidInput) as refused:
        await ask([(POWER, T0 + i * DAY, 1.0) for i in range(9)], asked)
    assert refused.value.code == code


async def test_too_many_readings_are_refused_with_their_number(monkeypatch):
    monkeypatch.setattr(module, "SECOND", 0)
    monkeypatch.setattr(module, "_MOST_COUNTS", 3)
    with pytest.raises(InvalidInput, match="counter m2 has 4 readings"):
        await ask(hourly(COUNTER, 1.0, 2.0, 3.0, 4.0), question())
    monkeypatch.setattr(module, "_MOST", 3)
    with pytest.raises(InvalidInput, match="selected series have 4 readings"):
        await ask(hourly(COUNTER, 1.0, 2.0, 3.0, 4.0), question())


async def test_what_is_neither_power_nor_a_counter_is_not_found():
    key, _ = temperature("101", "t1")
    with pytest.raises(NotFound, match="power in W or an energy counter") as refused:
        await ask([(key, T0, 290.0)], question())
    assert "kind=counter" in (refused.value.hint or "")
    with pytest.raises(NotFound):
        await ask(hourly(WATER, 1.0), question())


async def test_a_range_without_data_has_no_rows():
    assert await ask(hourly(POWER, 1.0), question(T0 + 5 * DAY, T0 + 6 * DAY)) == []
