import numpy as np
import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, format_time, parse_time
from penstock.query.shift import parse_shift


def earlier(text: str, zone: str, instant: str) -> str:
    return format_time(parse_shift(text, zone).earlier(parse_time(instant)))


@pytest.mark.parametrize(
    ("text", "zone", "instant", "expected"),
    [
        ("90m", "Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T00:30:00Z"),
        ("1d", "UTC", "2026-03-01T12:00:00.250Z", "2026-02-28T12:00:00.250Z"),
        ("1d", "Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-28T11:00:00Z"),
        ("1d", "Europe/Berlin", "2026-03-30T02:30:00+02:00", "2026-03-29T01:00:00Z"),
        ("1d", "Europe/Berlin", "2026-10-26T02:30:00+01:00", "2026-10-25T00:30:00Z"),
        ("2w", "UTC", "2026-01-05T00:00:00Z", "2025-12-22T00:00:00Z"),
        ("1mo", "UTC", "2026-01-15T08:00:00Z", "2025-12-15T08:00:00Z"),
        ("1mo", "UTC", "2026-03-31T08:00:00Z", "2026-03-01T00:00:00Z"),
        ("1y", "UTC", "2024-02-29T08:00:00Z", "2023-03-01T00:00:00Z"),
        ("1y", "America/New_York", "2026-07-01T00:00:00-04:00", "2025-07-01T04:00:00Z"),
    ],
)
def test_calendar_shifts_keep_the_local_time(text, zone, instant, expected):
    assert earlier(text, zone, instant) == expected


def test_edges_never_fall_and_what_was_read_comes_back_where_it_belongs():
    start, end = parse_time("2026-10-24T00:00:00Z"), parse_time("2026-10-28T00:00:00Z")
    shift = parse_shift("1d", "Europe/Berlin")
    moved = shift.edges(np.arange(start, end + 1, HOUR))
    assert (np.diff(moved) >= 0).all()
    ts = np.arange(shift.earlier(start), shift.earlier(end), 7 * 60_000)
    back = shift.later(ts, start, end)
    assert (np.diff(back) >= 0).all()
    assert ((back >= start) & (back < end)).all()
    plain = ts < parse_time("2026-10-24T00:00:00Z")
    assert (back[plain] == ts[plain] + DAY).all()


@pytest.mark.parametrize("text", ["", "1", "-1d", "1.5h", "0d", "day", "200y"])
def test_what_is_no_shift_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        parse_shift(text, "UTC")
    assert refused.value.code == "invalid_shift"


def test_a_calendar_has_bounds():
    with pytest.raises(InvalidInput, match="1900"):
        parse_shift("1d", "UTC").earlier(-(1 << 50))
