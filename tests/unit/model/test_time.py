import contextlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.time import (
    FUTURE_TOLERANCE,
    TIME_CODES,
    Stamps,
    WallClock,
    check_times,
    format_time,
    parse_duration,
    parse_time,
)

MS_2000, MS_2100 = 946_684_800_000, 4_102_444_800_000
NOW = 1_769_860_800_000


class SteppingClock:
    def __init__(self, times: list[int]) -> None:
        self.times = times

    def now(self) -> int:
        return self.times.pop(0)


def verdict(ts: int, *, now: int = NOW, earliest: int = MS_2000) -> int:
    return int(check_times(np.array([ts], np.int64), now=now, earliest=earliest)[0])


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - made UTC below
def test_a_wrong_unit_is_told_by_its_range(moment):
    seconds = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert verdict(seconds) == 1
    assert verdict(seconds * 1_000, now=MS_2100) == 0
    assert verdict(seconds * 1_000_000) == 2
    assert verdict(seconds * 1_000_000_000) == 3


@pytest.mark.parametrize(
    ("ts", "code"),
    [
        (NOW, 0),
        (NOW + FUTURE_TOLERANCE, 0),
        (NOW + FUTURE_TOLERANCE + 1, 5),
        (MS_2000, 0),
        (MS_2000 - 1, 4),
        (MS_2100 + 1, 4),
        (MS_2100, 5),
        (0, 4),
        (-1, 4),
        (-(2**63), 4),
        (2**63 - 1, 4),
    ],
)
def test_verdicts_at_the_edges(ts, code):
    assert verdict(ts) == code


def test_before_retention_is_said_and_the_edge_is_kept():
    assert verdict(NOW - 1, earliest=NOW) == 6
    assert verdict(NOW, earliest=NOW) == 0


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20),
    st.integers(MS_2000, MS_2100),
    st.integers(MS_2000, MS_2100),
)
def test_a_verdict_does_not_depend_on_neighbours(times, now, earliest):
    together = check_times(np.array(times, np.int64), now=now, earliest=earliest).tolist()
    assert together == [verdict(ts, now=now, earliest=earliest) for ts in times]
    assert set(together) <= {0, *TIME_CODES}
    for ts, code in zip(times, together, strict=True):
        assert (code == 0) == (max(earliest, MS_2000) <= ts <= min(now + FUTURE_TOLERANCE, MS_2100))


def test_stamps_rise_strictly_even_when_the_clock_steps_back():
    stamps = Stamps(SteppingClock([5, 5, 3, 9]))
    assert [stamps.next() for _ in range(4)] == [5000, 5001, 5002, 9000]


def test_the_wall_clock_is_in_milliseconds():
    assert MS_2000 < WallClock().now() < MS_2100


@given(st.integers(MS_2000, MS_2100))
def test_what_is_formatted_parses_to_the_same(ms):
    assert parse_time(format_time(ms)) == ms
    assert parse_time(str(ms)) == ms
    assert parse_time(ms) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-31T12:00:00Z", NOW),
        ("2026-01-31T13:00:00+01:00", NOW),
        (" 2026-01-31T12:00:00.250Z ", NOW + 250),
        ("2026-01-31T12:00:00.2509Z", NOW + 250),
        ("20260131T120000Z", NOW),
        (float(NOW), NOW),
        ("-5", -5),
    ],
)
def test_times_that_are_understood(text, ms):
    assert parse_time(text) == ms


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-01-31T12:00:00", "naive_timestamp"),
        ("2026-01-31", "naive_timestamp"),
        ("yesterday", "invalid_timestamp"),
        ("", "invalid_timestamp"),
        ("-", "invalid_timestamp"),
        ("--5", "invalid_timestamp"),
        ("²", "invalid_timestamp"),
        (float("nan"), "invalid_timestamp"),
        (float("inf"), "invalid_timestamp"),
        (True, "invalid_timestamp"),
        (1e19, "invalid_timestamp"),
        (-(10**30), "invalid_timestamp"),
        ("9" * 5000, "invalid_timestamp"),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_times_that_are_not_understood_are_refused(text, code):
    if code is None:
        assert parse_time(text) < 0
        return
    with pytest.raises(InvalidInput) as refused:
        parse_time(text)
    assert refused.value.code == code


@given(st.text(max_size=25))
def test_any_text_is_a_time_or_refused(text):
    with contextlib.suppress(InvalidInput):
        assert -(2**63) <= parse_time(text) < 2**63


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("500ms", 500),
        ("30s", 30_000),
        ("15m", 900_000),
        ("1h", 3_600_000),
        (" 7d ", 604_800_000),
        ("2w", 1_209_600_000),
    ],
)
def test_durations(text, ms):
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "5", "m", "0s", "-5s", "1.5h", "5 m", "5M", "5min", "²s", "٣s", "9" * 5000 + "s"])
def test_durations_that_are_not_understood_are_refused(text):
    with pytest.raises(InvalidInput) as refused:
        parse_duration(text)
    assert refused.value.code == "invalid_duration"
