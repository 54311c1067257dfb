import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import MINUTE
from penstock.query.port import MAX_POINTS, Latest, Recent, Select, Series
from penstock.store.series import Filter
from tests.unit.query.query_world import T0, World

POWER = SeriesKey("hq", "m1", "power_w", "W")
KEYS = [SeriesKey("hq", f"s{i}", "power_w", "W") for i in range(5)]
ALL = Select()


def recent(**rest) -> Recent:
    return Recent(tenant="acme", where=rest.pop("where", ALL), **rest)


async def pages(world: World, question) -> list[list[dict]]:
    found = []
    while True:
        answer = await world.ask(question)
        found.append(answer.table.to_pylist())
        if answer.next_cursor is None:
            return found
        question = type(question)(
            **{f: getattr(question, f) for f in question.__struct_fields__} | {"cursor": answer.next_cursor}
        )


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 12)).map(
            lambda pair: (KEYS[pair[0]], T0 + pair[1], float(sum(pair)))
        ),
        min_size=1,
        max_size=50,
        unique_by=lambda row: row[:2],
    ),
    limit=st.integers(1, 9),
    start=st.none() | st.integers(T0, T0 + 6),
    end=st.none() | st.integers(T0 + 7, T0 + 13),
)
def test_pages_of_recent_are_all_readings_newest_first(rows, limit, start, end):
    async def check() -> None:
        world = World()
        await world.put(rows)
        ids = {info.key: info.id for info in await world.store.find("acme", Filter())}
        found = await pages(world, recent(limit=limit, start=start, end=end))
        inside = [r for r in rows if (start is None or r[1] >= start) and (end is None or r[1] < end)]
        expected = [(ts, key.sensor, value) for key, ts, value in sorted(inside, key=lambda r: (-r[1], ids[r[0]]))]
        assert [(r["ts"], r["sensor_id"], r["value"]) for page in found for r in page] == expected
        assert all(len(page) == limit for page in found[:-1])
        assert found[-1] or not expected

    asyncio.run(check())


async def test_a_fast_series_does_not_hide_a_slow_one():
    world = World()
    await world.put(
        [(KEYS[0], T0 + i, 0.0) for i in range(500)] + [(KEYS[1], T0 + 100 * i + 50, 1.0) for i in range(5)]
    )
    rows = (await world.ask(recent(limit=300))).table.to_pylist()
    assert [r["ts"] for r in rows if r["value"] == 1.0] == [T0 + 450, T0 + 350, T0 + 250]
    assert len(rows) == 300


async def test_what_arrives_between_pages_moves_no_page():
    world = World()
    await world.put([(key, T0 + i, float(i)) for i in range(10) for key in KEYS[:2]])
    first = await world.ask(recent(limit=7))
    await world.put([(KEYS[2], T0 + 100, 99.0), (KEYS[0], T0 + 50, 99.0), (KEYS[0], T0 - 5, -5.0)])
    second = await world.ask(recent(limit=100, cursor=first.next_cursor))
    values = [r["value"] for r in first.table.to_pylist() + second.table.to_pylist()]
    assert values == [float(9 - i // 2) for i in range(20)] + [-5.0]
    assert second.next_cursor is None


async def test_a_reading_row_has_names_value_and_unit():
    world = World()
    await world.put([(POWER, T0, 1500.0)])
    [row] = (await world.ask(recent(where=Select(sensor="m1"), unit="kw"))).table.to_pylist()
    assert row == {"ts": T0, "sensor_id": "m1", "site_id": "hq", "metric": "power_w", "value": 1.5, "unit": "kW"}


@given(st.integers(-4000, 20000).map(lambda n: n / 100))
@settings(max_examples=60, deadline=None)
def test_what_went_in_in_celsius_comes_back_as_the_same_number(celsius):
    async def check() -> None:
        world = World()
        await world.put([(SeriesKey("hq", "t", "temperature", "K"), T0, celsius * 1.0 + 273.15)])
        answer = await world.ask(recent(unit="degC"))
        assert answer.table["value"].to_pylist() == [celsius]

    asyncio.run(check())


@pytest.mark.parametrize(
    ("metric", "stored", "unit", "value"),
    [
        ("soc", "1", "%", 50.0),
        ("humidity", "%RH", "%", 0.5),
        ("blob", "furlong", "furlong", 0.5),
        ("feed", "K", "C", -272.65),
    ],
)
async def test_units_out_follow_the_metric(metric, stored, unit, value):
    world = World()
    await world.put([(SeriesKey("hq", "s", metric, stored), T0, 0.5)])
    assert (await world.ask(recent(unit=unit))).table["value"].to_pylist() == [pytest.approx(value, rel=1e-12)]


@pytest.mark.parametrize(
    ("metric", "stored", "unit"), [("power_w", "W", "V"), ("power_w", "W", "parsec"), ("blob", "x", "y")]
)
async def test_units_that_do_not_fit_are_refused(metric, stored, unit):
    world = World()
    await world.put([(SeriesKey("hq", "s", metric, stored), T0, 0.5)])
    with pytest.raises(InvalidInput) as refused:
        await world.ask(recent(unit=unit))
    assert stored in refused.value.hint


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ({"limit": 0}, "invalid_limit"),
        ({"limit": MAX_POINTS + 1}, "invalid_limit"),
        ({"start": 5, "end": 5}, "empty_range"),
        ({"cursor": "é"}, "invalid_cursor"),
        ({"cursor": "bm90IGpzb24"}, "invalid_cursor"),
        ({"cursor": "WzEyM10"}, "invalid_cursor"),
        ({"cursor": "WzFlOTksIDFd"}, "invalid_cursor"),
    ],
)
async def test_malformed_questions_are_refused(rest, code):
    world = World()
    await world.put([(POWER, T0, 1.0)])
    with pytest.raises(InvalidInput) as refused:
        await world.ask(recent(**rest))
    assert refused.value.code == code


async def test_recent_of_an_unknown_sensor_is_not_found():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    with pytest.raises(NotFound, match="m9"):
        await world.ask(recent(where=Select(sensor="m9")))
    with pytest.raises(NotFound):
        await world.ask(Recent(tenant="other", where=Select(sensor="m1")))
    answer = await world.ask(Recent(tenant="other", where=ALL))
    assert (answer.table.num_rows, answer.next_cursor) == (0, None)


async def test_latest_is_one_row_per_series_by_site_sensor_metric_in_pages():
    world = World()
    keys = [SeriesKey(site, f"s{i}", metric, "") for site in "ba" for i in (2, 1) for metric in ("y", "x")]
    await world.put([(key, T0 + MINUTE * i, float(i)) for i, key in enumerate(keys)])
    await world.put([(keys[0], T0 - 1, -1.0)])
    found = await pages(world, Latest(tenant="acme", limit=3))
    assert [len(page) for page in found] == [3, 3, 2]
    rows = [(r["site_id"], r["sensor_id"], r["metric"], r["value"]) for page in found for r in page]
    assert rows == sorted((k.site, k.sensor, k.metric, float(i)) for i, k in enumerate(keys))


async def test_series_lists_what_is_known_in_pages():
    world = World()
    await world.put(
        [(key, T0 + i, 1.0) for i, key in enumerate(KEYS)],
        attributes={("hq", "s1"): Attributes("B", "R", tags={"a": "ü"})},
    )
    found = await pages(world, Series(tenant="acme", limit=2))
    rows = [row for page in found for row in page]
    assert [len(page) for page in found] == [2, 2, 1]
    assert [row["sensor_id"] for row in rows] == [key.sensor for key in KEYS]
    assert rows[1] == {
        "sensor_id": "s1", "site_id": "hq", "metric": "power_w", "unit": "W", "building": "B", "room": "R", "equipment": "",
        "tags": '{"a": "ü"}', "first_ts": T0 + 1, "last_ts": T0 + 1,
    }  # fmt: skip
    none = await world.ask(Series(tenant="acme", where=Select(sensor="nothing")))
    assert (none.table.num_rows, none.table.schema) == (0, (await world.ask(Series(tenant="acme"))).table.schema)


async def test_thousands_of_series_are_not_read_in_full():
    world = World()
    many = [SeriesKey("hq", f"s{i}", "x", "") for i in range(2000)]
    await world.put([(key, T0 + i + 5000 * j, 0.0) for i, key in enumerate(many) for j in range(5)])
    read = []
    real = world.store.recent

    async def counted(*arguments):
        found = await real(*arguments)
        read.append(len(found.ts))
        return found

    world.store.recent = counted
    rows = (await world.ask(recent(limit=50))).table["ts"].to_pylist()
    assert rows == [T0 + 1999 - i + 20_000 for i in range(50)]
    assert sum(read) < 3000
