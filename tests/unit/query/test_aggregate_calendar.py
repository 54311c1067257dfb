"""Aggregates in windows of the calendar."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, SECOND, parse_time
from penstock.query import pieces
from penstock.query.port import Aggregate, Select
from tests.unit.query.query_world import T0, World
from tests.unit.query.test_aggregate import M2, M3, POWER, check_answer

SPRING = parse_time("2026-03-28T00:00:00Z")
FALL = parse_time("2026-10-24T00:00:00Z")
APRIL = parse_time("2026-04-04T00:00:00Z")
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]


def question(start: int, end: int, window: int | str, zone: str = "UTC", **rest) -> Aggregate:
    return Aggregate(tenant="acme", where=Select(), start=start, end=end, window=window, zone=zone, **rest)


async def ask(rows, asked: Aggregate, now: int = 1 << 42):
    world = World()
    world.time = now
    await world.put(rows)
    return (await world.ask(asked)).table


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([POWER, M2, M3]),
        st.one_of(st.integers(0, 4 * HOUR), st.integers(0, 3 * DAY)),
        st.sampled_from([0.1, 0.2, 1 / 3, 1e6, -2.5]) | st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)
BASES = st.sampled_from([T0, SPRING, FALL, APRIL])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    history=HISTORY,
    base=BASES,
    start=st.integers(-DAY, DAY),
    length=st.integers(1, 4 * DAY),
    window=st.sampled_from(["90s", "15m", "1h", "12h", "1d", "2d", "1w", "1mo", "1y"]),
    zone=st.sampled_from(ZONES),
    by=st.sampled_from([(), ("site",), ("sensor",)]),
    age=st.integers(0, 5 * DAY),
    cells=st.sampled_from([1, 100, 2_000_000]),
)
def test_answers_equal_a_recomputation_from_raw(history, base, start, length, window, zone, by, age, cells):
    rows = [(key, base + ts, value) for key, ts, value in history]
    asked = question(base + start, base + start + length, window, zone, group_by=by)
    whole = asyncio.run(ask(rows, asked, base + age))
    check_answer(whole.to_pylist(), rows, asked, base + age)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_MAX_CELLS", cells)
        assert asyncio.run(ask(rows, asked, base + age)).equals(whole)


@settings(max_examples=60, deadline=None)
@given(
    history=HISTORY,
    base=BASES,
    window=st.sampled_from(
        [("90s", 90 * SECOND), ("15m", 15 * MINUTE), ("6h", 6 * HOUR), ("1d", DAY), ("3d", 3 * DAY)]
    ),
)
def test_calendar_windows_of_utc_have_the_bits_of_windows_in_milliseconds(history, base, window):
    rows = [(key, base + ts, value) for key, ts, value in history]
    text, width = window
    mine, fixed = (asyncio.run(ask(rows, question(base, base + 3 * DAY, w))) for w in (text, width))
    assert mine.drop_columns("label").equals(fixed)


@settings(max_examples=60, deadline=None)
@given(history=HISTORY, base=BASES, window=st.sampled_from(["12h", "1d", "1w"]), zone=st.sampled_from(ZONES))
def test_the_bits_of_a_window_do_not_depend_on_what_else_is_asked_for(history, base, window, zone):
    rows = [(key, base + ts, value) for key, ts, value in history]
    lead = [(POWER, base - 40 * DAY, 1.0), (M2, base - 40 * DAY, 1.0), (M3, base - 40 * DAY, 1.0)]
    long = asyncio.run(ask(lead + rows, question(base - 40 * DAY, base + 40 * DAY, window, zone))).to_pylist()
    for row in long[1:]:
        start = row["ts"]
        alone = asyncio.run(ask(lead + rows, question(start, base + 40 * DAY, window, zone))).to_pylist()
        assert alone[0] == row


def hourly(start: int, hours: int):
    return [(POWER, start + i * HOUR, float(i)) for i in range(hours)]


@pytest.mark.parametrize(
    ("first", "hours"),
    [("2026-03-28T23:00:00Z", [23, 24]), ("2026-10-24T22:00:00Z", [25, 24])],
    ids=["spring", "autumn"],
)
async def test_a_day_in_berlin_has_the_hours_that_it_has_and_is_labelled_at_local_midnight(first, hours):
    start = parse_time(first)
    asked = question(start, start + sum(hours) * HOUR, "1d", "Europe/Berlin")
    table = await ask(hourly(start, sum(hours)), asked)
    assert table["ts"].to_pylist() == [start, start + hours[0] * HOUR]
    assert table["count"].to_pylist() == hours
    assert table["coverage"].to_pylist() == [1.0, 1.0]
    labels = {23: ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"], 25: ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"]}  # fmt: skip
    assert table["label"].to_pylist() == labels[hours[0]]
    assert table.column_names[:3] == ["ts", "label", "metric"]


async def test_months_and_years_begin_where_the_zone_says():
    start = parse_time("2026-01-31T23:00:00Z")
    rows = [(POWER, start - 1, 1.0), (POWER, start, 2.0), (POWER, parse_time("2026-12-31T23:00:00Z"), 3.0)]
    months = await ask(rows, question(T0, T0 + 400 * DAY, "1mo", "Europe/Berlin"))
    assert months["label"].to_pylist() == [f"{m}-01T00:00:00+01:00" for m in ("2026-01", "2026-02", "2027-01")]
    years = await ask(rows, question(T0, T0 + 400 * DAY, "1y", "Europe/Berlin"))
    assert years["sum"].to_pylist() == [3.0, 3.0]


async def test_an_answer_says_its_window_and_zone_and_an_empty_one_has_the_same_columns():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    full = await world.ask(question(T0, T0 + DAY, "1d", "Asia/Kathmandu"))
    none = await world.ask(question(T0 + DAY, T0 + 2 * DAY, "1d", "Asia/Kathmandu"))
    assert none.table.num_rows == 0
    assert none.table.schema == full.table.schema
    assert [(a.meta["window"], a.meta["zone"]) for a in (full, none)] == [("1d", "Asia/Kathmandu")] * 2


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ({"window": "7m"}, "invalid_window"),
        ({"window": "60w"}, "invalid_window"),
        ({"window": "1d", "include_end": True}, "invalid_window"),
        ({"window": "1d", "zone": "Mars"}, "unknown_zone"),
        ({"window": "1s", "end": T0 + 30 * DAY}, "too_many_points"),
    ],
)
async def test_impossible_questions_are_refused(rest, code):
    world = World()
    await world.put([(POWER, T0, 1.0), (POWER, T0 + 29 * DAY, 1.0)])
    with pytest.raises(InvalidInput) as refused:
        await world.ask(question(**{"start": T0, "end": T0 + DAY, **rest}))
    assert refused.value.code == code
