import itertools
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import Readings
from penstock.model.partials import partials_at
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.energy import Rows, from_partials, from_power, one_sign
from penstock.query.windows import find_zone, parse_window, tile

NEVER = 1 << 50


def rows(*histories):
    """Power readings of several series, each [(ts, watts), …]."""
    table = [(number, ts, watts) for number, history in enumerate(histories) for ts, watts in sorted(history)]
    series, ts, watts = zip(*table, strict=True) if table else ((), (), ())
    return Rows(np.array(series, np.int64), np.array(ts, np.int64), np.array(watts, np.float64))


def brute_force(history, start, end, method, max_hold, until):
    """(import, export, covered) of [start, end) in Wh and ms, in exact fractions, one interval at a time."""
    forward = backward = covered = Fraction(0)
    history = sorted(history)
    for i, (ts, watts) in enumerate(history):
        after = history[i + 1] if i + 1 < len(history) else None
        joined = after is not None and after[0] - ts <= max_hold
        if method == "trapezoid":
            if not joined:
                continue
            stop, slope = after[0], Fraction(after[1] - watts) / (after[0] - ts)
        else:
            stop, slope = after[0] if joined else max(ts, min(ts + max_hold, until)), Fraction(0)
        low, high = max(ts, start), min(stop, end)
        if low >= high:
            continue
        covered += high - low
        cuts = [Fraction(low), Fraction(high)]
        if slope and low < (crossing := ts - Fraction(watts) / slope) < high:
            cuts.insert(1, crossing)
        for a, b in itertools.pairwise(cuts):
            area = (watts + slope * ((a + b) / 2 - ts)) * (b - a) / HOUR
            forward, backward = forward + max(area, 0), backward + max(-area, 0)
    return float(forward), float(backward), float(covered)


HISTORY = st.lists(
    st.tuples(
        st.one_of(st.integers(0, DAY), st.integers(0, 2 * HOUR), st.integers(0, 24).map(lambda n: n * HOUR)),
        st.integers(-5000, 5000),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[0],
)
EDGES = st.lists(st.integers(-2, 110), min_size=2, max_size=20, unique=True).map(
    lambda quarters: np.array(sorted(quarters), np.int64) * 15 * MINUTE
)
HOLDS = st.sampled_from([15 * MINUTE, HOUR, 3 * HOUR])
UNTIL = st.one_of(st.just(NEVER), st.integers(0, DAY))


@settings(max_examples=150, deadline=None)
@given(HISTORY, EDGES, HOLDS, UNTIL, st.sampled_from(["hold", "trapezoid"]))
def test_energy_equals_a_brute_force_integral(history, edges, max_hold, until, method):
    flow = from_power(rows(history), edges, 1, method=method, max_hold=max_hold, until=until)
    for window, (start, end) in enumerate(zip(edges.tolist(), edges[1:].tolist(), strict=False)):
        forward, backward, covered = brute_force(history, start, end, method, max_hold, until)
        assert flow.forward[0, window] == pytest.approx(forward, rel=1e-9, abs=1e-6)
        assert flow.backward[0, window] == pytest.approx(backward, rel=1e-9, abs=1e-6)
        assert flow.covered[0, window] == flow.known[0, window] == covered
        assert flow.readings[0, window] == sum(start <= ts < end for ts, _ in history)
    assert np.all(flow.forward >= 0.0)
    assert np.all(flow.backward >= 0.0)


@settings(max_examples=150, deadline=None)
@given(
    histories=st.lists(
        st.one_of(HISTORY.map(lambda h: [(ts, abs(w)) for ts, w in h]), HISTORY.map(lambda h: [(t, -abs(w)) for t, w in h])),
        min_size=1,
        max_size=3,
    ),
    edges=EDGES,
    max_hold=HOLDS,
    until=UNTIL,
)  # fmt: skip
def test_partials_give_the_same_energy_as_the_readings_they_were_made_of(histories, edges, max_hold, until):
    readings = rows(*histories)
    within = readings.ts < edges[-1]
    partials = partials_at(Readings(readings.series[within].astype(np.int32), readings.ts[within], readings.watts[within]), 15 * MINUTE)  # fmt: skip
    assert one_sign(partials).all()
    index = partials.series.astype(np.int64)
    told = from_partials(partials, index, edges, len(histories), max_hold=max_hold, until=until)
    raw = from_power(readings, edges, len(histories), method="hold", max_hold=max_hold, until=until)
    for name in told.__slots__:
        assert getattr(told, name) == pytest.approx(getattr(raw, name), rel=1e-9, abs=1e-9), name


@settings(max_examples=100, deadline=None)
@given(HISTORY, EDGES, st.sampled_from(["hold", "trapezoid"]))
def test_windows_add_up_to_their_range(history, edges, method):
    power = rows(history)
    parts = from_power(power, edges, 1, method=method, max_hold=HOUR, until=NEVER)
    whole = from_power(power, edges[[0, -1]], 1, method=method, max_hold=HOUR, until=NEVER)
    assert parts.forward.sum() == pytest.approx(whole.forward.sum(), rel=1e-9, abs=1e-9)
    assert parts.backward.sum() == pytest.approx(whole.backward.sum(), rel=1e-9, abs=1e-9)
    assert parts.covered.sum() == whole.covered.sum()


def test_power_is_held_until_the_next_reading_and_at_most_an_hour():
    flow = from_power(
        rows([(0, 1000.0), (HOUR // 2, 2000.0), (5 * HOUR, 500.0)]),
        np.arange(8) * HOUR, 1, method="hold", max_hold=HOUR, until=NEVER,
    )  # fmt: skip
    assert flow.forward[0].tolist() == [1500.0, 1000.0, 0.0, 0.0, 0.0, 500.0, 0.0]
    assert flow.covered[0].tolist() == [HOUR, HOUR / 2, 0, 0, 0, HOUR, 0]


def test_power_is_not_held_beyond_now():
    flow = from_power(rows([(0, 1000.0)]), np.array([0, HOUR]), 1, method="hold", max_hold=HOUR, until=15 * MINUTE)
    assert (flow.forward.sum(), flow.covered.sum()) == (250.0, 15 * MINUTE)


def test_a_straight_line_through_zero_is_import_and_export():
    flow = from_power(rows([(0, 1000.0), (HOUR, -1000.0)]), np.array([0, HOUR]), 1, method="trapezoid", max_hold=HOUR, until=NEVER)  # fmt: skip
    assert (flow.forward.sum(), flow.backward.sum()) == (250.0, 250.0)


def test_import_and_export_do_not_cancel():
    flow = from_power(rows([(0, 600.0), (HOUR, -300.0)]), np.array([0, 2 * HOUR]), 1, method="hold", max_hold=HOUR, until=NEVER)  # fmt: skip
    assert (flow.forward.sum(), flow.backward.sum()) == (600.0, 300.0)


def test_whole_watts_give_whole_numbers():
    history = [(i * MINUTE, 1000.0) for i in range(1441)]
    flow = from_power(rows(history), np.array([0, DAY]), 1, method="hold", max_hold=HOUR, until=NEVER)
    assert flow.forward.tolist() == [[24_000.0]]


def test_a_power_that_overflows_is_not_finite_and_no_warning():
    flow = from_power(rows([(0, 1e308), (1, -1e308)]), np.array([0, HOUR]), 1, method="trapezoid", max_hold=HOUR, until=NEVER)  # fmt: skip
    assert not math.isfinite(flow.forward.sum() + flow.backward.sum())


def test_daily_energy_of_a_real_household_equals_polars():
    path = Path(__file__).parents[2] / "data" / "household_power_sample.csv"
    frame = pl.read_csv(path, null_values=["?"], infer_schema_length=None).drop_nulls("Global_active_power")
    local = (frame["Date"] + " " + frame["Time"]).str.to_datetime("%d/%m/%Y %H:%M:%S")
    stamps = local.dt.replace_time_zone("Europe/Paris").dt.convert_time_zone("UTC").dt.epoch("ms")
    frame = pl.DataFrame({"ts": stamps, "watts": frame["Global_active_power"] * 1000.0}).sort("ts")
    days = tile(parse_window("1d"), find_zone("Europe/Paris"), int(frame["ts"][0]), int(frame["ts"][-1]) + 1, 100)
    flow = from_power(
        Rows(np.zeros(len(frame), np.int64), frame["ts"].to_numpy(), frame["watts"].to_numpy()),
        days.edges, 1, method="hold", max_hold=HOUR, until=NEVER,
    )  # fmt: skip
    # Readings stand on the minute and none is near midnight, so a day's energy is that of the readings in it.
    expected = (
        frame.with_columns(held=(pl.col("ts").shift(-1) - pl.col("ts")).fill_null(HOUR).clip(0, HOUR))
        .with_columns(day=pl.from_epoch("ts", "ms").dt.convert_time_zone("Europe/Paris").dt.date())
        .group_by("day")
        .agg(wh=(pl.col("watts") * pl.col("held")).sum() / HOUR)
    )
    told = {label[:10]: wh for label, wh in zip(days.labels(), flow.forward[0].tolist(), strict=True) if wh}
    assert told == {row["day"].isoformat(): pytest.approx(row["wh"], rel=1e-12) for row in expected.to_dicts()}
