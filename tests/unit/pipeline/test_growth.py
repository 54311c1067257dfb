"""How long a disk lasts at the pace at which it fills."""

import pytest

from penstock.model.time import DAY, HOUR, MINUTE
from penstock.pipeline.growth import Growth

NOW = 1_769_860_800_000


def watched(span, per_day, step=MINUTE, free=100_000_000):
    growth = Growth()
    for passed in range(0, span + 1, step):
        growth.note(NOW + passed, free - per_day * passed // DAY)
    return growth


def test_a_steady_pace_is_found_and_tells_the_days_left():
    growth = watched(6 * HOUR, 1_440_000)
    assert growth.per_day() == pytest.approx(1_440_000, rel=1e-6)
    assert growth.days_left(14_400_000) == pytest.approx(10.0, rel=1e-6)
    assert growth.days_left(-5) == 0.0


def test_a_disk_that_is_not_watched_for_ten_minutes_yet_is_not_judged():
    assert watched(9 * MINUTE, 1_440_000).per_day() is None
    assert watched(10 * MINUTE, 1_440_000).per_day() is not None
    assert Growth().days_left(1) is None


@pytest.mark.parametrize("per_day", [0, -1_440_000])
def test_a_disk_that_does_not_fill_lasts(per_day):
    assert watched(HOUR, per_day).days_left(1_000) is None


def test_samples_are_a_minute_apart_and_of_the_last_day():
    growth = watched(2 * DAY, 1_440_000, step=20_000)
    assert len(growth._samples) == 1_440
    assert DAY - 2 * MINUTE <= growth.watched <= DAY


def test_a_clock_that_is_set_back_begins_anew():
    growth = watched(HOUR, 1_440_000)
    growth.note(NOW, 5)
    assert (growth.watched, growth.per_day()) == (0, None)
