"""What is made of readings: the query AST as it is built, the engine's numbers as they come back, one question per level."""

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from penstock.api.graphql.lines import lines_of, moving_average
from penstock.model.errors import InvalidInput
from penstock.query.ast import Fetch, Query, Select, Then
from tests.unit.api.conftest import NOW

FOUR_HOURS = 'from: "2026-01-31T08:00:00Z", to: "2026-01-31T12:00:00Z"'
LINES = "lines { name metric unit site building room sensor groups { key value } columns { ts value count } }"


async def test_the_whole_ast_can_be_asked_and_the_numbers_are_the_engine_s(ask, estate):
    data = await ask(
        """query($input: QueryInput!) { query(input: $input) { lines { name unit site columns { ts value coverage } }
            window tier revision series cost downsampled freshness { complete asOf } } }""",
        input={
            "start": "2026-01-31T08:00:00Z",
            "end": NOW,
            "window": "1h",
            "zone": "Europe/Berlin",
            "fetch": [
                {"name": "t", "where": {"metric": "temperature", "tags": [{"key": "floor", "value": "1"}]},
                 "fn": "MAX", "by": ["site", "building"], "then": {"fn": "MEAN", "by": ["site"]}, "unit": "degC"},
                {"name": "c", "where": {"metric": "co2"}, "by": ["site"]},
            ],
            "math": [{"name": "x", "expression": "c / 2"}],
            "show": ["t", "x"],
            "fill": "NULL",
        },
    )  # fmt: skip
    query = Query(
        tenant="acme",
        start=NOW - 4 * 3_600_000,
        end=NOW,
        window="1h",
        zone="Europe/Berlin",
        fetch={
            "t": Fetch(where=Select(metric="temperature", tags={"floor": "1"}), fn="max", by=("site", "building"),
                       then=Then(fn="mean", by=("site",)), unit="degC"),
            "c": Fetch(where=Select(metric="co2"), by=("site",)),
        },
        math={"x": "c / 2"},
        show=("t", "x"),
        fill="null",
    )  # fmt: skip
    assert estate.asked == [query]
    said = (await estate.engine.ask(query)).table
    found = [v for line in data["query"]["lines"] for v in line["columns"]["value"]]
    assert found == said.column("value").to_pylist()
    assert [ts for line in data["query"]["lines"] for ts in line["columns"]["ts"]] == said.column("ts").to_pylist()
    assert [(line["name"], line["site"]) for line in data["query"]["lines"]] == [
        (name, f"site-{n}") for name in ("t", "x") for n in (1, 2, 3)
    ]
    assert data["query"]["window"] == "1h"
    assert data["query"]["freshness"] == {"complete": True, "asOf": "2026-01-31T12:00:00Z"}
    assert data["query"]["series"] > 0


@pytest.mark.parametrize("fn", ["MEAN", "MAX", "COUNT", "LAST", "STDDEV", "TIME_WEIGHTED_MEAN", "DELTA"])
async def test_every_room_s_line_is_what_the_room_alone_would_be_told(ask, estate, fn):
    data = await ask(
        f"""{{ tenant {{ sites {{ name buildings {{ name rooms {{ name
              aggregate(input: {{metric: "temperature", fn: {fn}, window: "1h", {FOUR_HOURS}}}) {{ {LINES} }} }} }} }} }} }}"""
    )
    assert estate.kinds() == ["Series", "Query"]
    rooms = [
        (site["name"], building["name"], room)
        for site in data["tenant"]["sites"]
        for building in site["buildings"]
        for room in building["rooms"]
    ]
    assert len(rooms) == 60
    for site, building, room in rooms[::17]:
        alone = Query(
            tenant="acme", start=NOW - 4 * 3_600_000, end=NOW, window="1h",
            fetch={"v": Fetch(where=Select(site=site, building=building, room=room["name"], metric="temperature"), fn=fn.lower())},
        )  # fmt: skip
        (line,) = room["aggregate"]["lines"]
        assert (line["site"], line["building"], line["room"]) == (site, building, room["name"])
        assert line["columns"]["value"] == (await estate.engine.ask(alone)).table.column("value").to_pylist()


async def test_levels_group_further_within_themselves_and_in_two_levels(ask, estate):
    data = await ask(
        f"""{{ tenant {{ sites {{ name aggregate(input: {{metric: "temperature", fn: MAX, by: ["building", "room"],
              then: {{fn: MEAN, by: ["building"]}}, window: 0, {FOUR_HOURS}}}) {{ {LINES} }} }} }} }}"""
    )
    (query,) = [question for question in estate.asked if isinstance(question, Query)]
    assert query.fetch["value"].by == ("site", "building", "room")
    assert query.fetch["value"].then == Then(fn="mean", by=("site", "building"))
    first = data["tenant"]["sites"][0]["aggregate"]["lines"]
    # Rooms of site-1 are 290 + i + 15 / 4 at the end, i counting rooms.
    assert [(line["building"], line["columns"]["value"]) for line in first] == [
        (f"b{b}", [290.0 + 5 * (b - 1) + 2 + 3.75]) for b in (1, 2, 3, 4)
    ]


async def test_points_are_asked_about_together_and_units_are_converted(ask, estate):
    data = await ask(
        f"""{{ site(name: "site-2") {{ rooms {{ points {{ nodes {{ sensor metric latest {{ value unit }}
              aggregate(input: {{fn: MEAN, window: 0, {FOUR_HOURS}}}) {{ lines {{ sensor unit columns {{ value }} }} }} }} }} }} }} }}"""
    )
    assert sorted(estate.kinds()) == ["Latest", "Query", "Series"]
    points = [point for room in data["site"]["rooms"] for point in room["points"]["nodes"]]
    assert len(points) == 40
    for point in points:
        (line,) = point["aggregate"]["lines"]
        assert line["sensor"] == point["sensor"]
    celsius = await ask(
        """{ site(name: "site-1") { rooms(name: "r1") { points(first: 1, after: null) { nodes { sensor } } }
             equipment(name: "ahu-r1") { points { nodes { latest(unit: "degC") { value unit } } } } } }"""
    )
    (machine,) = celsius["site"]["equipment"]
    assert [node["latest"]["unit"] for node in machine["points"]["nodes"]] == ["degC"] * 4
    assert machine["points"]["nodes"][0]["latest"]["value"] == pytest.approx(290 + 3.75 - 273.15)


async def test_a_metric_that_a_place_does_not_have_gives_no_lines(ask):
    data = await ask(
        """{ site(name: "site-1") { aggregate(input: {metric: "humidity"}) { lines { name } freshness { complete } } } }"""
    )
    assert data["site"]["aggregate"] == {"lines": [], "freshness": None}


async def test_a_period_is_compared_with_an_earlier_one_in_one_question(ask, estate):
    data = await ask(
        """{ site(name: "site-1") { compare(input: {metric: "co2", window: "1h", from: "2026-01-31T10:00:00Z",
             to: "2026-01-31T12:00:00Z"}, shift: "2h") { lines { name columns { value } } } } }"""
    )
    assert estate.kinds() == ["Series", "Query"]
    lines = {line["name"]: line["columns"]["value"] for line in data["site"]["compare"]["lines"]}
    assert list(lines) == ["now", "before", "difference", "change"]
    assert lines["difference"] == [80.0, 80.0]
    assert lines["change"] == pytest.approx([80 / 415, 80 / 455], abs=0.2)
    assert np.allclose(lines["now"], np.array(lines["before"]) + 80)


async def test_lines_are_thinned_out_and_averaged_on_the_way(ask, estate):
    data = await ask(
        f"""{{ site(name: "site-1") {{ aggregate(input: {{metric: "co2", window: "15m", maxPoints: 8, {FOUR_HOURS}}}) {{ downsampled
              lines {{ buckets(movingAverage: 3) {{ ts value }} raw: columns {{ value }} columns(movingAverage: 3) {{ value }} }} }} }} }}"""
    )
    result = data["site"]["aggregate"]
    (line,) = result["lines"]
    assert result["downsampled"] is True
    assert len(line["raw"]["value"]) <= 8
    assert [bucket["value"] for bucket in line["buckets"]] == line["columns"]["value"]
    raw = line["raw"]["value"]
    assert line["columns"]["value"] == pytest.approx([np.mean(raw[max(0, i - 2) : i + 1]) for i in range(len(raw))])


async def test_the_same_question_of_two_fields_is_asked_once(ask, estate):
    same = f'input: {{metric: "co2", {FOUR_HOURS}}}'
    await ask(f'{{ site(name: "site-1") {{ a: aggregate({same}) {{ tier }} b: aggregate({same}) {{ tier }} }} }}')
    assert estate.kinds() == ["Series", "Query"]


async def test_a_whole_query_takes_the_times_that_rest_takes(ask, refused):
    text = 'query($start: When!, $end: When!) { query(input: {start: $start, end: $end, window: 0, fetch: [{name: "a"}]}) { cost } }'
    assert await ask(text, start="-4h", end="now") == await ask(text, start=NOW - 4 * 3_600_000, end=NOW)
    assert await ask('{ query(input: {start: "now-4h", window: 0, fetch: [{name: "a"}]}) { cost } }') == await ask(
        text, start="-4h", end=str(NOW)
    )
    error = await refused('{ query(input: {start: "yesterday", fetch: [{name: "a"}]}) { cost } }')
    assert (error["extensions"]["code"], error["message"][:7]) == ("invalid_timestamp", "/start:")
    assert "-24h" in error["extensions"]["hint"]


async def test_what_the_engine_refuses_is_said(refused):
    error = await refused('{ site(name: "site-1") { aggregate(input: {metric: "co2", unit: "degC"}) { tier } } }')
    assert error["extensions"]["code"] in {"unit_mismatch", "unknown_unit", "invalid_unit"}
    twice = await refused("""{ query(input: {start: 1, end: 2, fetch: [{name: "a"}, {name: "a"}]}) { tier } }""")
    assert twice["extensions"]["code"] == "duplicate_name"


# -- lines and moving averages by themselves


def test_lines_are_cut_where_any_group_changes():
    table = pa.table(
        {
            "name": ["a", "a", "a", "b"], "ts": [1, 2, 1, 1], "metric": ["m"] * 4, "unit": ["K", "K", "K", None],
            "room": ["r", "r", None, None], "value": [1.0, None, 3.0, 4.0], "count": [1, 0, 1, 1],
            "coverage": [1.0] * 4, "percent_good": [100.0] * 4,
        }
    )  # fmt: skip
    lines = lines_of(table)
    assert [(line.name, line.unit, dict(line.group), line.rows.num_rows) for line in lines] == [
        ("a", "K", {"room": "r"}, 2), ("a", "K", {"room": ""}, 1), ("b", None, {"room": ""}, 1),
    ]  # fmt: skip
    assert lines_of(table.slice(0, 0)) == []


def test_a_moving_average_passes_over_what_is_not_known():
    nan = float("nan")
    found = moving_average(np.array([nan, 1.0, 3.0, nan, nan, nan, 8.0]), 3)
    assert np.array_equal(found, [nan, 1.0, 2.0, 2.0, 3.0, nan, 8.0], equal_nan=True)
    assert np.array_equal(moving_average(np.array([1e300, 1.0, 2.0]), 2)[2:], [1.5])
    assert len(moving_average(np.array([]), 5)) == 0


@pytest.mark.parametrize("windows", [0, -1, 1_001])
def test_a_moving_average_has_bounds(windows):
    with pytest.raises(InvalidInput):
        moving_average(np.ones(3), windows)


def test_the_ast_is_what_it_was_when_the_inputs_were_written():
    assert [field.name for field in msgspec.structs.fields(Select)] == [
        "site", "sensor", "metric", "building", "room", "equipment", "tags",
    ]  # fmt: skip
