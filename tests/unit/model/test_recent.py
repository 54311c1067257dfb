"""Counts and durations of the last minute, told by a clock that tests decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.recent import Spans, Tally


class Seconds:
    def __init__(self, at=1_000.0):
        self.at = at

    def __call__(self):
        return self.at


@pytest.fixture
def now():
    return Seconds()


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(0, 1_000)), max_size=60), st.integers(1, 60))
def test_a_rate_is_the_mean_of_the_whole_seconds_before_this_one(steps, seconds):
    now, counted = Seconds(), []
    tally = Tally(now)
    for pause, count in steps:
        now.at += pause
        tally.add(count)
        counted.append((int(now.at), count))
    now.at += 1.0
    this = int(now.at)
    expected = sum(count for at, count in counted if this - seconds <= at < this) / seconds
    assert tally.rate(seconds) == pytest.approx(expected)
    assert tally.total == sum(count for _, count in steps)


def test_the_second_that_has_begun_does_not_count_yet(now):
    tally = Tally(now)
    tally.add(7)
    assert tally.rate(10) == 0.0
    now.at += 1.0
    assert tally.rate(10) == 0.7


def test_a_minute_of_silence_is_no_rate_and_a_clock_that_stands_still_does_not_matter(now):
    tally = Tally(now)
    tally.add(7)
    now.at += 3_600.0
    assert (tally.rate(60), tally.total) == (0.0, 7)
    now.at -= 10.0
    tally.add(1)
    assert tally.total == 8


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=1_500), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_a_quantile_is_one_of_the_newest_durations(durations, share):
    spans = Spans(Seconds())
    for ms in durations:
        spans.add(ms)
    newest = sorted(durations[-1_024:])
    found = spans.quantile(share)
    assert found in newest
    assert sum(ms <= found for ms in newest) >= share * len(newest) - 1e-6


def test_durations_are_forgotten_after_a_minute(now):
    spans = Spans(now)
    assert spans.quantile(0.5) is None
    spans.add(3.0)
    now.at += 59.0
    spans.add(5.0)
    assert (spans.quantile(0.5), spans.quantile(0.95)) == (3.0, 5.0)
    now.at += 2.0
    assert spans.quantile(0.5) == 5.0
    now.at += 60.0
    assert spans.quantile(0.5) is None
