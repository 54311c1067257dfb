import csv
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, parse_time
from penstock.query.counters import SCALE, CounterRule, Counts, flow_of, rises
from penstock.query.windows import find_zone, parse_window, tile

CASES = Path(__file__).parents[2] / "data" / "counters"


def counts(*histories):
    """Counts of several series, each [(ts, value), …]."""
    rows = [(number, ts, value) for number, history in enumerate(histories) for ts, value in sorted(history)]
    series, ts, value = zip(*rows, strict=True) if rows else ((), (), ())
    return Counts(np.array(series, np.int64), np.array(ts, np.int64), np.array(value, np.float64))


def every(step, *values):
    return counts([(i * step, value) for i, value in enumerate(values)])


def told(given_counts, rule=None):
    """(sum of the rises, resets, glitches) of one series."""
    rose = rises(given_counts, rule or CounterRule())
    return float(rose.amount.sum()) / SCALE, int(rose.reset.sum()), int(rose.glitch.sum())


def read_case(name):
    """Rows of a fixture: (epoch ms, value), as written."""
    with (CASES / f"{name}.csv").open() as file:
        return [(parse_time(row["ts"]), float(row["value"])) for row in csv.DictReader(file)]


# -- the cases of docs/energy.md


@pytest.mark.parametrize(
    ("name", "rise", "resets", "glitches"),
    [
        ("small_fall", 0.3, 0, 1),
        ("device_returns", 0.7, 0, 3),
        ("rollover", 3.3, 0, 0),
        ("new_meter", 8.5, 1, 0),
        ("used_meter", 14.0, 1, 0),
        ("spike", 3.0, 0, 1),
        ("daily_reset", 21.5, 2, 0),
    ],
)
def test_a_case_is_explained_as_documented(name, rise, resets, glitches):
    assert told(counts(read_case(name))) == (pytest.approx(rise, abs=1e-9), resets, glitches)


def test_the_day_bars_of_both_clock_changes_begin_at_local_midnight_and_hold_23_and_25_hours():
    for name, expected in (("day_of_23_hours", [24.0, 23.0, 24.0]), ("day_of_25_hours", [24.0, 25.0, 24.0])):
        rows = read_case(name)
        days = tile(parse_window("1d"), find_zone("Europe/Berlin"), rows[0][0], rows[-1][0], 10)
        flow = flow_of(counts(rows), days.edges, 1, CounterRule(), HOUR)
        # One unit is counted per hour, so a day's bar is its length.
        assert flow.forward[0].tolist() == expected
        assert all("T00:00:00" in label for label in days.labels())
        assert flow.covered[0].tolist() == np.diff(days.edges).tolist()


def test_a_reading_of_long_ago_that_arrives_last_changes_only_the_windows_that_it_lies_in():
    rows = read_case("late_reading")
    edges = np.arange(rows[0][0], max(rows)[0] + 1, 10 * MINUTE)
    without = flow_of(counts(rows[:-1]), edges, 1, CounterRule(), DAY).forward[0]
    late = flow_of(counts(rows), edges, 1, CounterRule(), DAY).forward[0]
    assert np.rint(late * SCALE).sum() == np.rint(without * SCALE).sum()
    at = sorted(rows).index(rows[-1])
    around = sorted(rows)[at - 1][0], sorted(rows)[at + 1][0]
    changed = edges[np.flatnonzero(late != without)]
    assert around[0] <= changed.min()
    assert changed.max() < around[1]


def test_an_older_reading_with_an_absurd_value_pollutes_nothing():
    rows = read_case("older_pollution")
    assert told(counts(rows)) == (pytest.approx(4.0), 0, 1)


# -- properties

HISTORY = st.lists(
    st.tuples(
        st.integers(0, 10 * DAY),
        st.one_of(
            st.floats(0, 1e5).map(lambda x: round(x, 3)),
            st.sampled_from([0.0, 0.1, 99_999.9, 215.7, 215.6, 2e15, -1.0]),
        ),
    ),
    max_size=60,
    unique_by=lambda row: row[0],
)
RISING = st.lists(st.tuples(st.integers(1, 2 * DAY), st.integers(0, 10**9)), min_size=2, max_size=80)
RULES = st.builds(
    CounterRule,
    st.sampled_from([None, 1e5, 1e6]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([None, 50.0, 1e6]),
)
EDGES = st.lists(st.integers(-DAY, 12 * DAY), min_size=2, max_size=40, unique=True).map(
    lambda edges: np.array(sorted(edges), np.int64)
)


@settings(max_examples=100, deadline=None)
@given(history=HISTORY, rule=RULES, edges=EDGES)
def test_windows_add_up_to_the_rises_exactly_and_none_is_negative(history, rule, edges):
    readings = counts(history)
    rose = rises(readings, rule)
    whole = np.array([-DAY, 12 * DAY], np.int64)
    split = np.unique(np.concatenate((whole, edges)))
    flow = flow_of(readings, split, 1, rule, HOUR)
    once = flow_of(readings, whole, 1, rule, HOUR)
    assert np.all(flow.forward >= 0.0)
    assert np.rint(flow.forward * SCALE).sum() == np.rint(once.forward * SCALE).sum() == rose.amount.sum()
    assert np.all((flow.covered <= flow.known) & (flow.known <= np.diff(split)))
    for name in ("known", "covered", "readings", "resets", "glitches"):
        assert getattr(flow, name).sum() == getattr(once, name).sum(), name
    assert flow.readings.sum() == len(history)


@settings(max_examples=100, deadline=None)
@given(steps=RISING, edges=EDGES)
def test_a_count_that_only_rises_adds_up_to_last_minus_first(steps, edges):
    ts = np.cumsum([step for step, _ in steps]) % (10 * DAY)
    ts = np.unique(ts)
    value = np.cumsum([rise for _, rise in steps][: len(ts)]) / 1000.0 + 1e9
    readings = Counts(np.zeros(len(ts), np.int64), ts, value)
    flow = flow_of(readings, np.unique(np.append(edges, [0, 10 * DAY])), 1, CounterRule(), HOUR)
    first, last = round(value[0] * 1000), round(value[-1] * 1000)
    assert np.rint(flow.forward * SCALE).sum() == (last - first) * 1000
    assert flow.resets.sum() == flow.glitches.sum() == 0


@settings(max_examples=100, deadline=None)
@given(
    segments=st.lists(
        st.lists(st.integers(1, 10**6), min_size=2, max_size=10).map(lambda rises: np.cumsum(rises).tolist()),
        min_size=1,
        max_size=6,
    )
)
def test_each_segment_adds_up_to_its_last_minus_first(segments):
    # A new segment begins at less than half of the end of the one before, and hours pass, so it is a reset.
    kept = [segments[0]]
    for segment in segments[1:]:
        if segment[0] < kept[-1][-1] / 2:
            kept.append(segment)
    values = [value for segment in kept for value in segment]
    readings = every(2 * HOUR, *values)
    # Without any rollover: the range is said to be far away. Sparse resets also fall below a hundredth of it.
    rise, resets, _ = told(readings, CounterRule(max_value=1e15))
    low = [value < 1e13 for value in values]
    assert all(low)
    assert (rise, resets) == (sum(segment[-1] - segment[0] for segment in kept), len(kept) - 1)


@settings(max_examples=100, deadline=None)
@given(histories=st.lists(HISTORY, min_size=1, max_size=4), rule=RULES, seed=st.integers(0, 99))
def test_series_are_told_apart_and_their_order_does_not_matter(histories, rule, seed):
    edges = np.arange(0, 11 * DAY, 7 * HOUR)
    together = flow_of(counts(*histories), edges, len(histories), rule, HOUR)
    order = list(range(len(histories)))
    random.Random(seed).shuffle(order)
    shuffled = flow_of(counts(*(histories[i] for i in order)), edges, len(histories), rule, HOUR)
    for position, number in enumerate(order):
        alone = flow_of(counts(histories[number]), edges, 1, rule, HOUR)
        for name in together.__slots__:
            assert np.array_equal(getattr(together, name)[number], getattr(alone, name)[0]), name
            assert np.array_equal(getattr(shuffled, name)[position], getattr(alone, name)[0]), name


@settings(max_examples=100, deadline=None)
@given(history=HISTORY, rule=RULES)
def test_no_explanation_counts_more_than_the_largest_count_per_segment(history, rule):
    rise, resets, glitches = told(counts(history), rule)
    sensible = [value for _, value in history if 0 <= value <= 1e15]
    rollovers = len(history) * (rule.max_value or 1e16)
    assert 0.0 <= rise <= (resets + 1) * max(sensible, default=0.0) + rollovers
    assert resets + glitches <= 2 * len(history)


# -- one rule at a time


def test_a_fall_and_its_recovery_add_nothing():
    assert told(every(MINUTE, 215.7, 215.6, 215.7)) == (0.0, 0, 1)
    assert told(every(MINUTE, 100.0, 60.0, 61.0, 99.0, 101.0)) == (1.0, 0, 3)


def test_a_fall_within_tolerance_is_no_glitch():
    assert told(every(MINUTE, 215.7, 215.6, 215.9), CounterRule(tolerance=0.1000001)) == (pytest.approx(0.2), 0, 0)


def test_what_was_used_while_a_meter_was_replaced_is_not_known():
    readings = every(HOUR, 4_500.0, 4_512.0, 3.0, 5.0)
    flow = flow_of(readings, np.arange(5) * HOUR, 1, CounterRule(), HOUR)
    assert flow.forward[0].tolist() == [12.0, 0.0, 2.0, 0.0]
    assert flow.known[0].tolist() == [HOUR, 0, HOUR, 0]
    assert flow.resets[0].tolist() == [0, 0, 1, 0]


def test_a_small_fall_that_lasts_more_than_a_day_is_another_meter():
    values = [1000.0, 1001.0, 600.0, 601.0, 602.0]
    assert told(every(12 * HOUR, *values)) == (1.0, 0, 3)
    assert told(every(DAY, *values)) == (3.0, 1, 0)
    assert told(every(DAY, 1000.0, 1001.0, 999.0, 999.5, 1000.0, 1002.0)) == (2.0, 0, 3)


def test_a_slow_slide_to_less_than_half_is_a_reset():
    assert told(every(MINUTE, 100.0, 70.0, 45.0, 46.0)) == (1.0, 1, 1)


def test_a_device_that_boots_with_zero_is_no_reset_when_it_resumes_within_the_hour():
    assert told(every(10 * MINUTE, 1400.2, 0.0, 0.0, 1400.9)) == (pytest.approx(0.7), 0, 2)
    assert told(every(2 * HOUR, 1400.2, 0.0, 0.0, 1400.9)) == (pytest.approx(1400.9), 1, 0)


def test_a_rollover_needs_its_range_to_be_known_or_a_power_of_ten():
    assert told(every(HOUR, 65_530.0, 4.0), CounterRule(max_value=65_536.0)) == (10.0, 0, 0)
    assert told(every(HOUR, 65_530.0, 4.0)) == (0.0, 1, 0)
    assert told(every(HOUR, 9_999_990.0, 15.0)) == (25.0, 0, 0)
    assert told(every(HOUR, 9_999.0, 1.0)) == (2.0, 0, 0)
    assert told(every(HOUR, 999.0, 1.0)) == (0.0, 1, 0)


def test_a_leap_faster_than_the_meter_can_count_is_flagged_and_not_counted():
    rule = CounterRule(max_rate=600.0)
    assert told(every(MINUTE, 100.0, 150.0, 101.0, 102.0), rule) == (2.0, 0, 1)
    assert told(every(MINUTE, 100.0, 150.0, 151.0, 152.0), rule) == (2.0, 1, 1)


def test_a_gap_is_spread_over_its_time_and_not_called_covered():
    readings = counts([(0, 10.0), (HOUR, 11.0), (11 * HOUR, 31.0), (12 * HOUR, 32.0)])
    flow = flow_of(readings, np.arange(0, 13, 1) * HOUR, 1, CounterRule(), HOUR)
    assert flow.forward[0].tolist() == [1.0] + [2.0] * 10 + [1.0]
    assert flow.covered[0].tolist() == [HOUR] + [0.0] * 10 + [HOUR]
    assert flow.known[0].tolist() == [HOUR] * 12


def test_before_the_first_and_after_the_last_reading_nothing_is_known():
    flow = flow_of(every(HOUR, 5.0, 6.0), np.arange(-2, 4) * HOUR, 1, CounterRule(), HOUR)
    assert flow.known[0].tolist() == [0, 0, HOUR, 0, 0]
    alone = flow_of(every(HOUR, 5.0), np.array([0, HOUR]), 1, CounterRule(), HOUR)
    assert (alone.known.sum(), alone.readings.sum()) == (0, 1)


def test_a_gauge_taken_for_a_counter_costs_little_and_stays_possible():
    noise = np.abs(np.cumsum(np.random.default_rng(1).normal(size=100_000)))
    readings = Counts(np.zeros(len(noise), np.int64), np.arange(len(noise)) * MINUTE, noise)
    flow = flow_of(readings, np.arange(0, 70) * DAY, 1, CounterRule(), HOUR)
    assert np.all(flow.forward >= 0.0)
    assert flow.glitches.sum() > 0


def test_no_readings_are_no_rises():
    assert told(counts()) == (0.0, 0, 0)


@pytest.mark.parametrize("wrong", [{"max_value": 0.0}, {"tolerance": -1.0}, {"max_rate": 0.0}, {"max_rate": np.nan}])
def test_a_rule_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidInput, match="counter"):
        CounterRule(**wrong)
