"""Queries over partials and readings: windows, groups, units, fill, thinning."""

import pytest

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.codec import decode_question, encode_question
from penstock.query.port import Aggregate, Fetch, Query, Select
from tests.unit.query.query_world import T0, World, temperature

POWER = SeriesKey("hq", "m1", "power_w", "W")


def query(start=T0, end=T0 + 4 * HOUR, **rest) -> Query:
    fetch = rest.pop("fetch", None) or {
        "x": Fetch(**{k: rest.pop(k) for k in list(rest) if k in Fetch.__struct_fields__})
    }
    return Query(tenant="acme", start=start, end=end, fetch=fetch, window=rest.pop("window", HOUR), **rest)


async def rooms() -> World:
    """Three thermometers in two rooms, every ten minutes for three hours: 290 + sensor + 10 per hour."""
    world = World()
    rows, attributes = [], {}
    for n, room in enumerate(("r1", "r2", "r1")):
        key, known = temperature(room, f"t{n}")
        (sensor,) = known
        attributes[sensor] = Attributes("B1", room, f"ahu{n}", {"floor": str(n % 2)})
        rows += [(key, T0 + m * MINUTE, 290.0 + n + 10 * (m // 60)) for m in range(0, 180, 10)]
    await world.put(rows, attributes=attributes)
    return world


async def answer(world: World, asked: Query) -> list[dict]:
    """Over the wire, as the doors ask."""
    return (await world.ask(decode_question(encode_question(asked)))).table.to_pylist()


async def test_a_query_gives_the_numbers_of_the_aggregates_question():
    world = await rooms()
    old = await world.ask(
        Aggregate(tenant="acme", where=Select(), start=T0 + 7, end=T0 + 4 * HOUR, window=HOUR, group_by=("room",))
    )
    for fn in ("count", "sum", "mean", "time_weighted_mean", "min", "max", "first", "last", "coverage"):
        new = await answer(world, query(T0 + 7, fn=fn, by=("room",)))
        assert [row["value"] for row in new] == old.table[fn].to_pylist()
        assert [row["room"] for row in new] == old.table["room"].to_pylist()
        assert [row["count"] for row in new] == old.table["count"].to_pylist()
        assert [row["coverage"] for row in new] == old.table["coverage"].to_pylist()


async def test_equipment_tags_and_metric_separate_and_are_columns_in_a_fixed_order():
    world = await rooms()
    rows = await answer(world, query(fn="count", by=("tag:floor", "metric", "room", "equipment", "site"), window=0))
    assert list(rows[0]) == ["name", "ts", "metric", "unit", "site_id", "room", "equipment", "tag:floor", "value", "count", "coverage", "percent_good"]  # fmt: skip
    assert [(row["room"], row["tag:floor"]) for row in rows] == [("r1", "0"), ("r2", "1")]
    assert rows[0]["unit"] == "1"


async def test_a_name_that_is_not_grouped_by_a_column_is_null_in_it():
    world = await rooms()
    fetch = {"all": Fetch(), "each": Fetch(by=("room",))}
    rows = await answer(world, query(fetch=fetch, window=0, show=("each", "all")))
    assert [(row["name"], row["room"]) for row in rows] == [("each", "r1"), ("each", "r2"), ("all", None)]


async def test_windows_of_the_calendar_are_labelled():
    world = await rooms()
    rows = await answer(world, query(T0 - DAY, T0 + DAY, window="1d", zone="Europe/Berlin", fn="count"))
    assert [(row["ts"], row["label"], row["value"]) for row in rows] == [(T0 - HOUR, "2026-01-01T00:00:00+01:00", 54)]


@pytest.mark.parametrize(
    ("zone", "most", "window"), [("UTC", None, 15_000), ("UTC", 3, HOUR), ("Asia/Kathmandu", None, "15s")], ids=str
)
async def test_auto_is_the_finest_usual_window_within_the_points(zone, most, window):
    world = await rooms()
    found = await world.ask(query(window="auto", zone=zone, max_points=most))
    assert found.meta["window"] == window


async def test_raw_is_the_readings_of_each_series_in_the_unit_asked_for():
    world = await rooms()
    rows = await answer(world, query(end=T0 + 20 * MINUTE, fn="raw", unit="degC", where=Select(room="r1")))
    assert [(row["sensor_id"], row["ts"] - T0, row["value"], row["count"]) for row in rows] == [
        ("t0", 0, 16.85, 1),
        ("t0", 10 * MINUTE, 16.85, 1),
        ("t2", 0, 18.85, 1),
        ("t2", 10 * MINUTE, 18.85, 1),
    ]
    assert rows[0]["coverage"] is None


async def test_what_is_filled_says_that_no_reading_is_behind_it():
    world = World()
    await world.put([(POWER, T0 + HOUR, 10.0), (POWER, T0 + 3 * HOUR, 30.0)])
    values = {}
    for fill in ("none", "null", "previous", "linear"):
        rows = await answer(world, query(end=T0 + 5 * HOUR, fill=fill))
        values[fill] = [row["value"] for row in rows]
        assert [row["count"] for row in rows if row["ts"] not in (T0 + HOUR, T0 + 3 * HOUR)] == [0] * (len(rows) - 2)
    assert values == {
        "none": [10.0, 30.0],
        "null": [None, 10.0, None, 30.0, None],
        "previous": [None, 10.0, 10.0, 30.0, 30.0],
        "linear": [None, 10.0, 20.0, 30.0, None],
    }


async def test_long_lines_keep_their_extremes():
    world = World()
    await world.put([(POWER, T0 + m * MINUTE, float(m % 17) if m != 100 else 999.0) for m in range(240)])
    found = await world.ask(query(window=MINUTE, max_points=20))
    values = found.table["value"].to_pylist()
    assert (max(values), min(values)) == (999.0, 0.0)
    assert len(values) <= 20
    assert found.meta["downsampled"]
    assert found.table["ts"].to_pylist() == sorted(found.table["ts"].to_pylist())


async def test_descending_turns_each_line_round():
    world = await rooms()
    rows = await answer(world, query(by=("room",), descending=True))
    assert [(row["room"], row["ts"] - T0) for row in rows] == [(r, h * HOUR) for r in ("r1", "r2") for h in (2, 1, 0)]


async def test_meta_says_what_was_read():
    world = await rooms()
    meta = (await world.ask(query(fetch={"low": Fetch(fn="min"), "high": Fetch(fn="max")}))).meta
    assert meta == {"window": HOUR, "tier": 0, "revision": 1, "series": 3, "cost": 9, "downsampled": False}


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ({"end": T0}, "empty_range"),
        ({"by": ("floor",)}, "invalid_group_by"),
        ({"by": ("room", "room")}, "invalid_group_by"),
        ({"unit": "kWh"}, "unit_mismatch"),
        ({"fn": "count", "unit": "degC"}, "unit_mismatch"),
        ({"q": 50.0}, "invalid_q"),
        ({"window": -1}, "invalid_window"),
        ({"window": "7m13s"}, "invalid_window"),
        ({"zone": "Mars/Olympus", "window": "1d"}, "unknown_zone"),
        ({"show": ("y",)}, "unknown_name"),
        ({"max_points": 1}, "invalid_max_points"),
        ({"fetch": {"1x": Fetch()}}, "invalid_name"),
        ({"window": 1, "fill": "null"}, "too_many_points"),
    ],
    ids=str,
)
async def test_impossible_queries_are_refused(rest, code):
    world = await rooms()
    with pytest.raises(InvalidInput) as refused:
        await world.ask(query(**rest))
    assert refused.value.code == code


async def test_too_many_points_name_a_window_that_fits():
    world = await rooms()
    with pytest.raises(InvalidInput, match="432000 windows of 1s in 3 groups are 1296000") as refused:
        await world.ask(query(window=1000, fill="null", by=("sensor",), end=T0 + 5 * DAY, where=Select(room="r*")))
    assert "fits" in (refused.value.hint or "")


async def test_what_is_named_and_not_there_is_not_found():
    world = await rooms()
    with pytest.raises(NotFound):
        await world.ask(query(where=Select(room="r9")))
    assert await answer(world, query(where=Select(metric="none"))) == []
