from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, SECOND, parse_time
from penstock.query.windows import Window, find_zone, parse_window, tile

ZONES = [
    "UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Kathmandu", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "America/Toronto", "Pacific/Kwajalein", "Asia/Gaza",
]  # fmt: skip


def windows(text, zone, start, end, most=10_000):
    return tile(parse_window(text), find_zone(zone), parse_time(start), parse_time(end), most)


def hours(tiled):
    return (np.diff(tiled.edges) / HOUR).tolist()


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    text=st.sampled_from(["5m", "15m", "1h", "6h", "1d", "3d", "1w", "2w", "1mo", "3mo", "1y", "10y"]),
    start=st.integers(parse_time("1905-01-01T00:00:00Z"), parse_time("2150-01-01T00:00:00Z")),
    length=st.integers(1, 40 * DAY),
)
def test_windows_tile_the_range_and_begin_where_the_calendar_says(zone, text, start, length):
    tiled = tile(parse_window(text), find_zone(zone), start, start + length, 200_000)
    edges = tiled.edges
    assert edges[0] <= start < edges[1]
    assert edges[-2] < start + length <= edges[-1]
    assert np.all(np.diff(edges) > 0)
    assert len(tiled.labels()) == len(tiled) == len(edges) - 1
    for label, edge in zip(tiled.labels(), edges.tolist(), strict=False):
        assert parse_time(label) == edge
    again = tile(parse_window(text), find_zone(zone), int(edges[0]), int(edges[-1]), 200_000)
    assert np.array_equal(again.edges, edges)


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    text=st.sampled_from(["1d", "1w", "1mo", "1y"]),
    day=st.integers(0, 75_000).map(lambda n: datetime(1910, 1, 1, tzinfo=UTC) + timedelta(days=n)),
)
def test_a_calendar_window_begins_at_the_first_instant_of_its_date(zone, text, day):
    start = int(day.timestamp()) * SECOND
    local = ZoneInfo(zone)
    for edge in tile(parse_window(text), local, start, start + 3 * DAY, 100).edges.tolist():
        at = datetime.fromtimestamp(edge // SECOND, local)
        before = datetime.fromtimestamp(edge // SECOND - 1, local)
        assert before.date() < at.date()
        if text == "1w":
            # Where a zone skipped a day (Apia, Kwajalein) a week begins with the day after it.
            assert at.weekday() == 0 or before.date() < at.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        ("Europe/Berlin", "2026-03-28T23:30Z", "2026-03-29T22:00Z", [("2026-03-29T00:00:00+01:00", 23.0)]),
        ("Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T23:00Z", [("2026-10-25T00:00:00+02:00", 25.0)]),
        ("America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-05T02:00Z", [("2018-11-04T01:00:00-02:00", 23.0)]),
        ("America/Sao_Paulo", "2018-02-17T02:00Z", "2018-02-18T03:00Z", [("2018-02-17T00:00:00-02:00", 25.0)]),
        ("Africa/Cairo", "2023-04-27T22:00Z", "2023-04-28T21:00Z", [("2023-04-28T01:00:00+03:00", 23.0)]),
        ("Africa/Cairo", "2023-10-25T21:00Z", "2023-10-26T22:00Z", [("2023-10-26T00:00:00+03:00", 25.0)]),
        (
            "Pacific/Apia", "2011-12-29T10:00Z", "2011-12-31T10:00Z",
            [("2011-12-29T00:00:00-10:00", 24.0), ("2011-12-31T00:00:00+14:00", 24.0)],
        ),
        ("Asia/Kathmandu", "2025-12-31T18:15Z", "2026-01-01T18:15Z", [("2026-01-01T00:00:00+05:45", 24.0)]),
    ],
    ids=["berlin-spring", "berlin-autumn", "sao-paulo-spring", "sao-paulo-autumn", "cairo-spring", "cairo-autumn",
         "apia-skips-a-day", "kathmandu"],
)  # fmt: skip
def test_a_day_is_as_long_as_its_zone_decreed(zone, start, end, expected):
    tiled = windows("1d", zone, start, end)
    assert list(zip(tiled.labels(), hours(tiled), strict=True)) == expected


def test_months_and_years_begin_at_local_midnight():
    tiled = windows("1mo", "Europe/Berlin", "2026-02-10T00:00Z", "2026-04-10T00:00Z")
    assert tiled.labels() == ["2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"]
    assert hours(tiled) == [672.0, 743.0, 720.0]
    assert windows("1y", "Asia/Kolkata", "2026-06-01T00:00Z", "2026-06-02T00:00Z").labels() == [
        "2026-01-01T00:00:00+05:30"
    ]
    assert windows("3mo", "UTC", "2026-05-05T00:00Z", "2026-05-06T00:00Z").labels() == ["2026-04-01T00:00:00+00:00"]


def test_weeks_begin_on_monday():
    assert windows("1w", "Europe/Berlin", "2026-01-15T12:00Z", "2026-01-20T00:00Z").labels() == [
        "2026-01-12T00:00:00+01:00",
        "2026-01-19T00:00:00+01:00",
    ]


def test_an_hour_begins_on_the_local_hour():
    tiled = windows("1h", "Asia/Kathmandu", "2026-01-01T00:00Z", "2026-01-01T01:00Z")
    assert tiled.labels() == ["2026-01-01T05:00:00+05:45", "2026-01-01T06:00:00+05:45"]


def test_the_hour_that_a_clock_repeats_is_two_windows():
    tiled = windows("1h", "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T02:00Z")
    assert tiled.labels() == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_shorter_windows_are_counted_from_the_local_day_and_the_last_one_is_what_is_left():
    tiled = windows("6h", "Australia/Lord_Howe", "2026-04-04T13:00Z", "2026-04-05T13:30Z")
    assert hours(tiled) == [6.0, 6.0, 6.0, 6.0, 0.5]


@pytest.mark.parametrize("text", ["", "0m", "1", "m", "7h", "24h", "25h", "1.5h", "-1d", "5mo", "367d", "1 d", "1M"])
def test_a_window_that_is_none_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        parse_window(text)
    assert refused.value.code == "invalid_window"


@pytest.mark.parametrize("text", ["500ms", "30s", "15m", "1h", "12h", "1d", "2w", "1mo", "10y"])
def test_a_window_is_written_as_it_was_read(text):
    assert parse_window(text).text == text
    assert parse_window("60m") == Window(HOUR, "ms")
    assert parse_window("90s").count == 90 * SECOND


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "../etc/passwd", "/etc/passwd", "CEST?", "a\x00b"])
def test_a_zone_that_is_none_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        find_zone(name)
    assert refused.value.code == "unknown_zone"


def test_too_many_windows_are_refused_with_one_that_fits():
    with pytest.raises(InvalidInput, match="in 1 groups 44642 points; at most 400 are") as refused:
        windows("1m", "UTC", "2026-01-01T00:00Z", "2026-02-01T00:00Z", most=400)
    assert refused.value.hint == "a window of 2h fits"
    assert len(windows("6h", "UTC", "2026-01-01T00:00Z", "2026-02-01T00:00Z", most=400)) == 124
    with pytest.raises(InvalidInput) as refused:
        windows("1m", "UTC", "2026-01-01T00:00Z", "2026-02-01T00:00Z", most=0)
    assert refused.value.hint == "select or group less"


def test_times_beyond_the_calendar_are_refused():
    with pytest.raises(InvalidInput, match="1900"):
        tile(parse_window("1d"), find_zone("UTC"), -(1 << 52), MINUTE, 10)
