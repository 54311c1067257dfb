import asyncio
import math
import random
from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.query import pieces
from penstock.query.port import MAX_POINTS, Aggregate, Select
from penstock.query.windows import find_zone, parse_window, tile
from tests.unit.query.query_world import T0, World, temperature

POWER = SeriesKey("hq", "m1", "power_w", "W")
M2 = SeriesKey("hq", "m2", "power_w", "W")
M3 = SeriesKey("plant", "m3", "power_w", "W")
SOC = SeriesKey("plant", "b1", "soc", "1")
ALL = Select()


def question(start: int, end: int, **rest) -> Aggregate:
    return Aggregate(tenant="acme", where=rest.pop("where", ALL), start=start, end=end, **rest)


# -- against a recomputation in plain Python


def brute_force(rows, asked: Aggregate, now: int) -> list[dict]:
    """The answer by its definition, one reading at a time."""
    end = asked.end + asked.include_end
    edges = _edges(asked, end)
    readings: dict[SeriesKey, list[tuple[int, float]]] = {}
    for (key, ts), value in sorted({(key, ts): value for key, ts, value in rows}.items()):
        readings.setdefault(key, []).append((ts, value))
    slots: dict[tuple, dict[SeriesKey, list[tuple[int, float]]]] = {}
    for key, history in readings.items():
        label = (key.metric, key.unit, *(getattr(key, name) for name in asked.group_by))
        for ts, value in history:
            if asked.start <= ts < end:
                window = edges[bisect_right(edges, ts) - 1]
                slots.setdefault((label, window), {}).setdefault(key, []).append((ts, value))
    answer = []
    for (label, window), members in sorted(slots.items()):
        after = edges[edges.index(window) + 1]
        opens, closes = max(window, asked.start), min(after, end, now + 1)
        hold = max(after - window, HOUR)
        area = covered = 0.0
        past, possible = 0, len(members) * max(0, closes - opens)
        for key, inside in members.items():
            steps = list(inside)
            before = [reading for reading in readings[key] if reading[0] < opens]
            if before and before[-1][0] >= opens - hold:
                steps.insert(0, (opens, before[-1][1]))
            last = max(closes, inside[-1][0])
            for (ts, value), until in zip(steps, [ts for ts, _ in steps[1:]] + [last], strict=True):
                area += value * (until - ts)
                covered += until - ts
                past += max(0, min(until, now + 1) - ts)
        everything = sorted((ts, key, value) for key, inside in members.items() for ts, value in inside)
        numbers = [value for _, _, value in everything]
        answer.append({
            "ts": window,
            "label": label,
            "count": len(numbers),
            "sum": math.fsum(numbers),
            "mean": math.fsum(numbers) / len(numbers),
            "min": min(numbers),
            "max": max(numbers),
            "first": everything[0][2],
            "last": everything[-1][2],
            "time_weighted_mean": area / covered if covered else None,
            "coverage": past / possible if possible else 0.0,
            "series": len(members),
        })  # fmt: skip
    return answer


def _edges(asked: Aggregate, end: int) -> list[int]:
    if isinstance(asked.window, str):
        return tile(parse_window(asked.window), find_zone(asked.zone), asked.start, end, MAX_POINTS).edges.tolist()
    if asked.window == 0:
        return [asked.start, end]
    return list(range(asked.start - asked.start % asked.window, end + asked.window, asked.window))


def check_answer(found: list[dict], rows, asked: Aggregate, now: int) -> None:
    """That an answer's rows are those of the definition: exact, or to the rounding of sums."""
    expected = brute_force(rows, asked, now)
    assert len(found) == len(expected)
    for mine, true in zip(found, expected, strict=True):
        columns = [{"site": "site_id", "sensor": "sensor_id"}[name] for name in asked.group_by]
        assert (mine["metric"], mine["unit"], *(mine[c] for c in columns)) == true["label"]
        for name in ("ts", "count", "min", "max", "first", "last", "coverage", "series"):
            assert mine[name] == true[name], name
        scale = 1e-12 * max(abs(true["min"]), abs(true["max"]))
        for name in ("sum", "mean", "time_weighted_mean"):
            allowed = scale * (true["count"] if name == "sum" else 1)
            assert (mine[name] is None) == (true[name] is None)
            assert mine[name] is None or mine[name] == pytest.approx(true[name], rel=1e-12, abs=allowed), name
        assert mine["min"] <= mine["mean"] <= mine["max"]
        assert 0.0 <= mine["coverage"] <= 1.0


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([POWER, M2, M3, SOC]),
        st.one_of(st.integers(0, 5 * MINUTE), st.integers(0, 2 * DAY)).map(lambda ms: T0 + ms),
        st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row[:2],
)
QUESTIONS = st.builds(
    lambda start, length, window, by, closed: question(
        T0 + start, T0 + start + length, window=window, group_by=by, include_end=closed and not window
    ),
    st.integers(-MINUTE, DAY),
    st.integers(1, 2 * DAY),
    st.sampled_from([0, 90 * SECOND, MINUTE, 7 * MINUTE, 15 * MINUTE, HOUR, DAY]),
    st.sampled_from([(), ("site",), ("sensor",), ("site", "sensor")]),
    st.booleans(),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=HISTORY, asked=QUESTIONS, now=st.integers(T0, T0 + 3 * DAY), cells=st.sampled_from([1, 3, 2_000_000]))
def test_answers_equal_a_recomputation_from_raw(rows, asked, now, cells):
    async def answer() -> list[dict]:
        world = World()
        world.time = now
        await world.put(rows)
        return (await world.ask(asked)).table.to_pylist()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_MAX_CELLS", cells)
        found = asyncio.run(answer())
    check_answer(found, rows, asked, now)


@settings(max_examples=40, deadline=None)
@given(rows=HISTORY, seed=st.integers(0, 1000))
def test_who_arrived_first_changes_no_bit(rows, seed):
    async def answer(arrivals) -> dict:
        world = World()
        for row in arrivals:
            await world.put([row])
        return (await world.ask(question(T0, T0 + 3 * DAY, window=15 * MINUTE))).table.to_pydict()

    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    assert asyncio.run(answer(rows)) == asyncio.run(answer(shuffled))


# -- windows


async def test_windows_are_aligned_to_the_epoch_and_readings_outside_the_range_do_not_count():
    world = World()
    await world.put([(POWER, T0 + i * 10_000, float(i)) for i in range(18)])
    table = (await world.ask(question(T0 + 30_000, T0 + 130_000))).table.to_pydict()
    assert table["ts"] == [T0, T0 + MINUTE, T0 + 2 * MINUTE]
    assert table["count"] == [3, 6, 1]
    assert table["first"] == [3.0, 6.0, 12.0]


async def test_window_zero_is_the_range_after_start_up_to_and_including_the_end():
    world = World()
    room, known = temperature("R1", "t1")
    now = T0 + 15 * MINUTE
    await world.put(
        [(room, T0, 1000.0), (room, T0 + 1, 300.0), (room, now, 301.0), (room, now + 1, 9999.0)], attributes=known
    )
    asked = question(T0 + 1, now, window=0, include_end=True, where=Select(building="B1", room="R1"))
    [row] = (await world.ask(asked)).table.to_pylist()
    assert (row["ts"], row["count"], row["mean"]) == (T0 + 1, 2, 300.5)
    [row] = (await world.ask(question(T0 + 1, now, window=0))).table.to_pylist()
    assert row["count"] == 1


async def test_a_room_is_not_polluted_by_other_rooms_or_buildings():
    world = World()
    one, known = temperature("R1", "t1")
    two, also = temperature("R2", "t2")
    await world.put([(one, T0, 290.0), (two, T0, 400.0)], attributes=known | also)
    asked = question(T0, T0 + HOUR, window=0, unit="°C", where=Select(building="B1", room="R1", metric="temperature"))
    [row] = (await world.ask(asked)).table.to_pylist()
    assert (row["count"], row["unit"], row["mean"]) == (1, "degC", 16.85)


async def test_the_current_window_holds_a_value_no_further_than_now():
    world = World()
    world.time = T0 + 30_000
    await world.put([(POWER, T0, 0.0), (POWER, T0 + 20_000, 9.0)])
    [row] = (await world.ask(question(T0, T0 + HOUR))).table.to_pylist()
    assert row["time_weighted_mean"] == pytest.approx(9.0 * 10_001 / 30_001, rel=1e-12)
    assert row["coverage"] == 1.0  # of the window's past: what is to come is no gap


@pytest.mark.parametrize(("age", "expected"), [(HOUR, 25.0), (HOUR + 1, 40.0)])
async def test_a_value_is_held_into_a_window_over_an_hour_at_most(age, expected):
    world = World()
    await world.put([(POWER, T0 - age, 10.0), (POWER, T0 + 30_000, 40.0)])
    [row] = (await world.ask(question(T0, T0 + MINUTE))).table.to_pylist()
    assert row["time_weighted_mean"] == expected
    assert (row["count"], row["mean"]) == (1, 40.0)
    assert row["coverage"] == (1.0 if age == HOUR else 0.5)


async def test_series_are_weighted_by_the_time_that_they_cover():
    world = World()
    await world.put([(POWER, T0, 0.0), (M2, T0 + 45_000, 100.0)])
    [row] = (await world.ask(question(T0, T0 + MINUTE))).table.to_pylist()
    assert (row["mean"], row["series"]) == (50.0, 2)
    assert row["time_weighted_mean"] == pytest.approx(100.0 * 15 / 75)
    assert row["coverage"] == 75 / 120


async def test_a_clock_that_runs_ahead_makes_up_for_no_gap_and_covers_nothing_that_is_to_come():
    world = World()
    world.time = T0 + 30_000 - 1
    await world.put([(POWER, T0 - 2 * HOUR, 1.0), (POWER, T0 + 15_000, 1.0), (M2, T0, 1.0), (M2, T0 + 45_000, 2.0)])
    await world.put([(M2, T0 + 90_000, 3.0)])
    rows = (await world.ask(question(T0, T0 + HOUR))).table.to_pylist()
    assert [row["coverage"] for row in rows] == [45 / 60, 0.0]


async def test_coverage_of_the_whole_range_counts_from_its_start():
    world = World()
    await world.put([(POWER, T0 + 45 * MINUTE, 1.0), (POWER, T0 + 50 * MINUTE, 2.0)])
    [row] = (await world.ask(question(T0 - HOUR, T0 + HOUR, window=0))).table.to_pylist()
    assert row["coverage"] == 15 / 120


# -- groups and units


async def test_metrics_and_units_always_separate():
    world = World()
    await world.put([(POWER, T0, 1.0), (SOC, T0, 0.5), (POWER._replace(metric="x", unit="foo"), T0, 2.0)])
    await world.put([(POWER._replace(metric="x", unit="bar"), T0, 3.0)])
    table = (await world.ask(question(T0, T0 + MINUTE))).table.to_pydict()
    assert list(zip(table["metric"], table["unit"], table["sum"], strict=True)) == [
        ("power_w", "W", 1.0),
        ("soc", "1", 0.5),
        ("x", "bar", 3.0),
        ("x", "foo", 2.0),
    ]


async def test_groups_are_columns_in_the_order_asked():
    world = World()
    attributes = {("hq", "m1"): Attributes("B1", "R1"), ("hq", "m2"): Attributes("B1", "R2")}
    await world.put([(POWER, T0, 1.0), (M2, T0, 2.0), (M3, T0, 4.0)], attributes=attributes)
    table = (await world.ask(question(T0, T0 + MINUTE, group_by=("room", "building")))).table
    assert table.column_names == [
        "ts", "metric", "unit", "room", "building", "count", "sum", "mean", "min", "max", "first", "last",
        "time_weighted_mean", "coverage", "series",
    ]  # fmt: skip
    assert table.select(["room", "building", "sum"]).to_pylist() == [
        {"room": "", "building": "", "sum": 4.0},
        {"room": "R1", "building": "B1", "sum": 1.0},
        {"room": "R2", "building": "B1", "sum": 2.0},
    ]


async def test_a_sum_in_degrees_converts_each_reading():
    world = World()
    room, _ = temperature("R1", "t1")
    await world.put([(room, T0, 293.15), (room, T0 + 1, 294.65)])
    [row] = (await world.ask(question(T0, T0 + MINUTE, unit="C"))).table.to_pylist()
    assert (row["min"], row["max"], row["unit"]) == (20.0, 21.5, "degC")
    assert row["sum"] == pytest.approx(41.5, rel=1e-12)
    assert row["mean"] == pytest.approx(20.75, rel=1e-12)


async def test_a_unit_that_does_not_fit_names_what_does():
    world = World()
    await world.put([(POWER, T0, 1.0), (SOC, T0, 0.5)])
    with pytest.raises(InvalidInput, match="power") as refused:
        await world.ask(question(T0, T0 + MINUTE, unit="degC", where=Select(metric="power_w")))
    assert "kW" in refused.value.hint
    with pytest.raises(InvalidInput):
        await world.ask(question(T0, T0 + MINUTE, unit="kW"))


async def test_the_mean_of_equal_values_is_that_value():
    world = World()
    await world.put([(POWER, T0 + i, 0.1) for i in range(1000)])
    [row] = (await world.ask(question(T0, T0 + MINUTE))).table.to_pylist()
    assert row["min"] == row["mean"] == row["max"] == 0.1


async def test_a_sum_that_overflows_is_null_and_not_a_number_that_looks_right():
    world = World()
    await world.put([(POWER, T0, 1.7e308), (M2, T0, 1.7e308)])
    [row] = (await world.ask(question(T0, T0 + MINUTE))).table.to_pylist()
    assert (row["sum"], row["mean"], row["max"]) == (None, None, 1.7e308)


# -- refusals


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ({"start": T0, "end": T0}, "empty_range"),
        ({"start": T0 + 1, "end": T0}, "empty_range"),
        ({"start": T0, "end": T0 + 1, "window": -1}, "invalid_window"),
        ({"start": T0, "end": T0 + 1, "window": 10**30}, "invalid_window"),
        ({"start": T0, "end": T0 + 1, "include_end": True}, "invalid_window"),
        ({"start": T0, "end": T0 + 1, "group_by": ("colour",)}, "invalid_group_by"),
        ({"start": T0, "end": T0 + 1, "group_by": ("site", "site")}, "invalid_group_by"),
        ({"start": T0, "end": 10**30}, "invalid_timestamp"),
    ],
)
async def test_impossible_questions_are_refused(rest, code):
    world = World()
    await world.put([(POWER, T0, 1.0)])
    with pytest.raises(InvalidInput) as refused:
        await world.ask(question(**rest))
    assert refused.value.code == code


async def test_too_many_points_name_the_number_and_a_window_that_fits():
    world = World()
    await world.put([(POWER, T0, 1.0), (POWER, T0 + 7 * DAY, 1.0), (M2, T0, 1.0)])
    asked = question(T0, T0 + 8 * DAY, window=SECOND, group_by=("sensor",))
    with pytest.raises(InvalidInput, match=str(2 * (7 * DAY // SECOND + 1))) as refused:
        await world.ask(asked)
    window = parse_window(refused.value.hint.split()[3]).count
    assert 2 * 7 * DAY / window <= MAX_POINTS
    fitting = question(T0, T0 + 8 * DAY, window=window, group_by=("sensor",))
    assert (await world.ask(fitting)).table.num_rows == 3


async def test_a_long_range_costs_only_what_it_holds():
    world = World()
    await world.put([(POWER, T0, 1.0), (POWER, T0 + MINUTE, 2.0)])
    assert (await world.ask(question(0, 2 * T0, window=SECOND))).table["sum"].to_pylist() == [1.0, 2.0]


async def test_what_is_named_and_not_there_is_not_found():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    with pytest.raises(NotFound, match="nowhere"):
        await world.ask(question(T0, T0 + 1, where=Select(site="nowhere")))
    with pytest.raises(NotFound):
        await world.ask(Aggregate(tenant="other", where=Select(site="hq"), start=T0, end=T0 + 1))
    for where in (Select(site="no*"), Select(metric="humidity")):
        assert (await world.ask(question(T0, T0 + 1, where=where))).table.num_rows == 0


async def test_an_empty_answer_has_the_columns_of_a_full_one():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    full = (await world.ask(question(T0, T0 + 1, group_by=("site",)))).table
    none = (await world.ask(question(T0 + 5, T0 + 9, group_by=("site",)))).table
    assert none.num_rows == 0
    assert none.schema == full.schema


async def test_a_gap_has_no_row():
    world = World()
    await world.put([(POWER, T0, 1.0), (POWER, T0 + 5 * MINUTE, 1.0)])
    assert (await world.ask(question(T0, T0 + HOUR))).table["ts"].to_pylist() == [T0, T0 + 5 * MINUTE]
    assert np.all(np.isfinite((await world.ask(question(T0, T0 + HOUR))).table["mean"].to_numpy()))


async def test_the_time_weighted_mean_of_1_2_3_is_not_drawn_out_by_the_silence_behind_it():
    world = World()
    await world.put([(POWER, T0 + i * HOUR, float(i + 1)) for i in range(3)])
    whole = (await world.ask(question(T0, T0 + 3 * HOUR, window=0))).table.to_pylist()
    assert whole[0]["time_weighted_mean"] == 2.0
    # Days later nothing is known any more: hours without a reading have no row, the others keep their value.
    hours = (await world.ask(question(T0, T0 + 20 * DAY, window=HOUR))).table.to_pylist()
    assert [row["time_weighted_mean"] for row in hours] == [1.0, 2.0, 3.0]
