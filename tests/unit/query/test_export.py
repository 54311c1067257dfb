"""Exports: pages put together are all readings of the range, once, in order."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, MINUTE
from penstock.query.codec import decode_reply, encode_answer
from penstock.query.port import Export, Select
from tests.unit.query.query_world import T0, World

# Ids go to series as they arrive, so names and ids sort differently.
KEYS = [SeriesKey(site, sensor, "power_w", "W") for site, sensor in (("b", "z"), ("a", "y"), ("b", "a"), ("a", "x"))]
SPAN = 3 * DAY


def export(**rest) -> Export:
    return Export(tenant="acme", **{"where": Select(), "start": T0, "end": T0 + SPAN} | rest)


async def pages(world: World, question: Export) -> list[list[dict]]:
    found = []
    while True:
        answer = await world.ask(question)
        found.append(answer.table.to_pylist())
        if answer.next_cursor is None:
            return found
        given = {name: getattr(question, name) for name in question.__struct_fields__}
        question = Export(**given | {"cursor": answer.next_cursor})


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 3)).map(
            lambda row: (KEYS[row[0]], T0 + row[1] * 2 * MINUTE * 60 + row[2], float(sum(row)))
        ),
        min_size=1,
        max_size=80,
        unique_by=lambda row: row[:2],
    ),
    limit=st.integers(1, 30),
    start=st.integers(T0 - DAY, T0 + DAY),
    end=st.integers(T0 + DAY + 1, T0 + 2 * SPAN),
)
def test_pages_together_are_all_readings_of_the_range_by_name_and_time(rows, limit, start, end):
    async def check() -> None:
        world = World()
        await world.put(rows)
        found = await pages(world, export(start=start, end=end, limit=limit))
        inside = [row for row in rows if start <= row[1] < end]
        expected = [(key.site, key.sensor, ts, value) for key, ts, value in sorted(inside)]
        assert [(r["site_id"], r["sensor_id"], r["ts"], r["value"]) for page in found for r in page] == expected
        assert all(len(page) == limit for page in found[:-1])
        assert found[-1] or not expected

    asyncio.run(check())


async def test_the_first_page_says_how_much_there_is_in_all():
    world = World()
    await world.put([(key, T0 + i * MINUTE, 1.0) for key in KEYS for i in range(10)])
    first = await world.ask(export(limit=7, end=T0 + 5 * MINUTE))
    assert first.meta == {"series": 4, "rows": 20}
    second = await world.ask(export(limit=7, end=T0 + 5 * MINUTE, cursor=first.next_cursor))
    assert second.meta == {}


async def test_many_series_and_one_with_far_more_readings_than_the_rest_are_paged_alike():
    world = World()
    rows = [(SeriesKey("s", f"n{i:03}", "power_w", "W"), T0 + i, float(i)) for i in range(60)]
    rows += [(SeriesKey("s", "n030x", "power_w", "W"), T0 + i * 1_000, float(i)) for i in range(500)]
    await world.put(rows)
    found = await pages(world, export(limit=100))
    assert [len(page) for page in found] == [100] * 5 + [60]
    assert [(r["sensor_id"], r["ts"]) for page in found for r in page] == sorted((k.sensor, ts) for k, ts, _ in rows)


async def test_what_arrives_between_pages_never_repeats_a_row():
    world = World()
    late, early = KEYS[0], KEYS[3]
    await world.put([(key, T0 + i * MINUTE, 1.0) for key in (early, late) for i in range(4)])
    first = await world.ask(export(limit=5))
    await world.put([(early, T0 + 10, 9.0), (late, T0 + 3 * MINUTE + 10, 9.0)])
    rest = await world.ask(export(limit=50, cursor=first.next_cursor))
    rows = first.table.to_pylist() + rest.table.to_pylist()
    assert len({(r["sensor_id"], r["ts"]) for r in rows}) == len(rows) == 9
    assert rows[-1]["value"] == 9.0


async def test_columns_carry_place_and_the_unit_asked_for_and_survive_the_bus():
    world = World()
    key = SeriesKey("hq", "t1", "temperature", "K")
    await world.put([(key, T0, 294.65)], attributes={("hq", "t1"): Attributes("B1", "101")})
    answer = decode_reply(encode_answer(await world.ask(export(unit="degC"))))
    assert answer.table.to_pylist() == [
        {
            "ts": T0, "sensor_id": "t1", "site_id": "hq", "metric": "temperature", "value": 21.5, "unit": "degC",
            "building": "B1", "room": "101",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"limit": 0}, "invalid_limit"),
        ({"end": T0}, "empty_range"),
        ({"cursor": "!"}, "invalid_cursor"),
        ({"unit": "degC"}, "unit_mismatch"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
async def test_what_cannot_be_exported_is_refused(change, code):
    world = World()
    await world.put([(KEYS[0], T0, 1.0)])
    with pytest.raises(InvalidInput) as refused:
        await world.ask(export(**change))
    assert refused.value.code == code


async def test_a_sensor_that_is_not_there_is_not_found_and_a_range_without_readings_is_empty():
    world = World()
    await world.put([(KEYS[0], T0, 1.0)])
    with pytest.raises(NotFound):
        await world.ask(export(where=Select(sensor="nobody")))
    answer = await world.ask(export(start=T0 + 1))
    assert answer.table.num_rows == 0
    assert answer.next_cursor is None
