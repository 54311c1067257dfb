"""Expressions over random readings equal a second implementation, one instant at a time, in plain Python."""

import random
import statistics

import pytest

from tests.unit.api.conftest import NOW
from tests.unit.api.prometheus import reference
from tests.unit.api.prometheus.conftest import same

START, STEP, STEPS = NOW - 3_600_000, 150_000, 25
TIMES = range(START, START + STEP * STEPS, STEP)
END = TIMES[-1]
MINUTES = 60_000


def irregular(seed, *, counter=False, aligned=False):
    """Readings with gaps, some exactly on the steps; a counter also falls now and then."""
    rng = random.Random(seed)
    ts, value, readings = START - 2_000_000, 0.0, []
    while ts < END + 100_000:
        ts += rng.choice((10_000, 15_000, 50_000)) if aligned else rng.choice((9_973, 15_017, 61_001))
        if rng.random() < 0.03:
            ts += 700_000
        if counter:
            value = rng.uniform(0, 5) if rng.random() < 0.05 else value + rng.uniform(0, 20)
        else:
            value = round(rng.gauss(20, 5), 1)
        readings.append((ts, value))
    return readings


@pytest.fixture(params=[0, 1], ids=["on the steps", "between them"])
def world_of(request, reader):
    """{sensor: readings} of five sensors of two sites, as `power_w`."""
    made = {}
    for i in range(5):
        sensor = f"m{i}"
        made[sensor] = irregular(10 * request.param + i, counter=i % 2 == 0, aligned=request.param % 2 == 0)
        reader.add("power_w", made[sensor], sensor=sensor, site="hq" if i < 3 else "lab", room=f"r{i % 2}")
    return made


def check(got, want):
    """Both {sensor or key: {t: value}}, the wanted one with None for nothing."""
    want = {key: {t: v for t, v in line.items() if v is not None} for key, line in want.items()}
    want = {key: line for key, line in want.items() if line}
    assert got.keys() == want.keys()
    for key, line in want.items():
        assert got[key].keys() == line.keys(), key
        for t, value in line.items():
            assert same(got[key][t], value), (key, t, got[key][t], value)


def by(label, lines):
    return {dict(labels)[label]: line for labels, line in lines.items()}


@pytest.mark.parametrize("function", sorted(reference.ONE | reference.TWO))
@pytest.mark.parametrize("span", [37, 10 * 60], ids=["short", "long"])
async def test_a_function_of_a_range_is_what_the_documentation_says(asker, world_of, function, span):
    got = await asker.range(f"{function}(power_w[{span}s])", START, END, STEP)
    want = {
        sensor: {t: reference.over_time(function, readings, t, span * 1000) for t in TIMES}
        for sensor, readings in world_of.items()
    }
    check(by("sensor", got), want)


async def test_an_instant_is_the_newest_reading_of_the_five_minutes_before(asker, world_of):
    got = await asker.range("power_w", START, END, STEP)
    want = {sensor: {t: reference.newest(r, t) for t in TIMES} for sensor, r in world_of.items()}
    check(by("sensor", got), want)


async def test_the_lookback_is_a_parameter(asker, world_of):
    got = await asker.range("power_w", START, END, STEP, lookback_delta="30s")
    want = {sensor: {t: reference.newest(r, t, 30_000) for t in TIMES} for sensor, r in world_of.items()}
    check(by("sensor", got), want)


@pytest.mark.parametrize("q", [-0.1, 0.0, 0.3, 0.5, 0.99, 1.0, 1.5])
async def test_a_quantile_over_time_interpolates(asker, world_of, q):
    got = await asker.range(f"quantile_over_time({q}, power_w[7m])", START, END, STEP)
    want = {
        sensor: {t: reference.quantile(q, [v for _, v in reference.window(r, t, 420_000)]) for t in TIMES}
        for sensor, r in world_of.items()
    }
    check(by("sensor", got), want)


AGGREGATES = {
    "sum": sum,
    "avg": statistics.fmean,
    "min": min,
    "max": max,
    "count": len,
    "group": lambda _: 1.0,
    "stddev": statistics.pstdev,
    "stdvar": statistics.pvariance,
}


@pytest.mark.parametrize("op", sorted(AGGREGATES))
async def test_an_aggregation_is_over_what_is_there_at_each_step(asker, world_of, op):
    got = await asker.range(f"{op} by (site) (power_w)", START, END, STEP)
    want = {}
    for site, sensors in (("hq", ("m0", "m1", "m2")), ("lab", ("m3", "m4"))):
        want[site] = {}
        for t in TIMES:
            values = [v for s in sensors if (v := reference.newest(world_of[s], t)) is not None]
            want[site][t] = AGGREGATES[op](values) if values else None
    check(by("site", got), want)


async def test_without_drops_the_labels_it_names_and_the_metric(asker, world_of):
    got = await asker.at("sum without (sensor, room, unit) (power_w)", END)
    assert {tuple(sorted(labels)) for labels in got} <= {(("site", "hq"),), (("site", "lab"),)}


@pytest.mark.parametrize("q", [-1, 0, 0.25, 0.5, 1, 2])
async def test_a_quantile_over_series_interpolates(asker, world_of, q):
    got = await asker.range(f"quantile({q}, power_w)", START, END, STEP)
    want = {}
    for t in TIMES:
        want[t] = reference.quantile(q, [v for r in world_of.values() if (v := reference.newest(r, t)) is not None])
    check(got, {frozenset(): want})


@pytest.mark.parametrize("op", ["topk", "bottomk"])
async def test_topk_keeps_the_greatest_of_each_step_with_their_labels(asker, world_of, op):
    got = await asker.range(f"{op}(2, power_w)", START, END, STEP)
    want = {sensor: {} for sensor in world_of}
    for t in TIMES:
        there = {s: v for s, r in world_of.items() if (v := reference.newest(r, t)) is not None}
        for sensor in sorted(there, key=there.get, reverse=op == "topk")[:2]:
            want[sensor][t] = there[sensor]
    check(by("sensor", got), want)
    assert all(("__name__", "power_w") in labels for labels in got)


async def test_topk_at_one_instant_comes_in_order(asker, world_of):
    values = list((await asker.at("topk(3, power_w)", END)).values())
    assert values == sorted(values, reverse=True)


async def test_offset_and_at_move_the_instant(asker, world_of):
    moved = await asker.range("power_w offset 10m", START, END, STEP)
    check(by("sensor", moved), {s: {t: reference.newest(r, t - 600_000) for t in TIMES} for s, r in world_of.items()})
    ahead = await asker.range("sum_over_time(power_w[3m] offset -1m)", START, END - 60_000, STEP)
    times = [t for t in TIMES if t <= END - 60_000]
    check(
        by("sensor", ahead),
        {
            s: {t: reference.over_time("sum_over_time", r, t + 60_000, 180_000) for t in times}
            for s, r in world_of.items()
        },
    )
    for at, instant in ((f"@ {(END - 60_000) / 1000}", END - 60_000), ("@ start()", START), ("@ end()", END)):
        fixed = await asker.range(f"power_w {at}", START, END, STEP)
        check(by("sensor", fixed), {s: dict.fromkeys(TIMES, reference.newest(r, instant)) for s, r in world_of.items()})


async def test_a_subquery_ranges_over_an_expression(asker, world_of):
    got = await asker.range("max_over_time(rate(power_w[5m])[20m:1m])", START, END, STEP)
    want = {}
    for sensor, readings in world_of.items():
        want[sensor] = {}
        for t in TIMES:
            inner = range((t - 20 * MINUTES) // MINUTES * MINUTES + MINUTES, t + 1, MINUTES)
            values = [v for u in inner if (v := reference.over_time("rate", readings, u, 300_000)) is not None]
            want[sensor][t] = max(values, default=None)
    check(by("sensor", got), want)


async def test_predict_linear_goes_on_from_the_instant(asker, world_of):
    got = await asker.range("predict_linear(power_w[10m], 3600)", START, END, STEP)
    want = {}
    for sensor, readings in world_of.items():
        want[sensor] = {}
        for t in TIMES:
            points = reference.window(readings, t, 600_000)
            if len(points) > 1:
                slope, level = reference.line(points)
                want[sensor][t] = level + slope * ((t - points[0][0]) / 1000 + 3600)
    check(by("sensor", got), want)
