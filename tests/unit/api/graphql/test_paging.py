"""Pages of points, readings and events: whole, in order, once each, whatever the page size and wherever they are cut."""

import pytest

from penstock.model.event import make_event
from penstock.model.series import SeriesKey
from tests.unit.api.conftest import NOW

PAGE = "edges { cursor node { %s } } nodes { %s } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


async def pages(ask, query, first, path, **variables):
    """Every page to the end, continued from `endCursor`."""
    found, after = [], None
    while True:
        page = await ask(query, first=first, after=after, **variables)
        for name in path:
            page = page[name]
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        found.append(page)
        info = page["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        if page["edges"]:
            assert (info["startCursor"], info["endCursor"]) == (page["edges"][0]["cursor"], page["edges"][-1]["cursor"])
        if not info["hasNextPage"]:
            return found
        after = info["endCursor"]


def paged(field, columns, arguments=""):
    return f"""query($first: Int!, $after: String) {{ {field}(first: $first, after: $after {arguments}) {{ {PAGE % (columns, columns)} }} }}"""


QUERIES = {
    "points": (paged("points", "id", ', where: {site: "site-*"}'), ["points"], 132),
    "tagged points": (paged("points", "id", ', where: {tags: [{key: "floor", value: "2"}]}'), ["points"], 12),
    "readings": (paged("readings", "ts site sensor metric value", ', where: {metric: "temperature", room: "r1"}'), ["readings"], 12 * 16),
    "events": (paged("events", "id ts", ", minCriticality: 3"), ["events"], 7),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("first", [1, 5, 50])
async def test_pages_together_are_everything_once_in_order(ask, name, first):
    query, path, total = QUERIES[name]
    if first == 1 and total > 100:
        query, total = (
            query.replace('room: "r1"', 'room: "r1", site: "site-1", building: "b1"').replace("site-*", "site-1"),
            None,
        )
    found = await pages(ask, query, first, path)
    (whole,) = await pages(ask, query, 200, path)
    assert [node for page in found for node in page["nodes"]] == whole["nodes"]
    assert len({str(node) for node in whole["nodes"]}) == len(whole["nodes"]) == (total or len(whole["nodes"]))
    assert all(len(page["nodes"]) == first for page in found[:-1])


@pytest.mark.parametrize("name", QUERIES)
async def test_every_edge_is_a_place_to_continue_from(ask, name):
    query, path, _ = QUERIES[name]
    page = (await ask(query, first=9, after=None))[path[0]]
    rest = (await ask(query, first=20, after=None))[path[0]]["nodes"]
    for i, edge in enumerate(page["edges"]):
        behind = (await ask(query, first=4, after=edge["cursor"]))[path[0]]["nodes"]
        assert behind == rest[i + 1 : i + 5]


async def test_a_point_s_readings_are_paged_by_instant(ask, estate):
    query = """query($first: Int!, $after: String) { site(name: "site-1") { rooms(name: "r1") { points(first: 1) { nodes {
        readings(first: $first, after: $after) { edges { cursor node { ts value } } nodes { ts value }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } } } }"""

    async def first_room(text, **variables):
        data = await ask(text, **variables)
        return data["site"]["rooms"][0]["points"]["nodes"][0]

    found = await pages(first_room, query, 5, ["readings"])
    nodes = [node for page in found for node in page["nodes"]]
    assert [len(page["nodes"]) for page in found] == [5, 5, 5, 1]
    assert [node["ts"] for node in nodes] == sorted((node["ts"] for node in nodes), reverse=True)


async def test_readings_of_many_points_are_one_question_and_the_same_as_one_by_one(ask, estate):
    together = await ask(
        """{ site(name: "site-3") { points(first: 40) { nodes { id sensor metric readings(first: 3, unit: null) { nodes { ts value unit sensor }
             pageInfo { hasNextPage } } } } } }"""
    )
    assert estate.kinds() == ["Series", "Query"]
    points = together["site"]["points"]["nodes"]
    assert len(points) == 40
    for point in points[::13]:
        alone = await ask(
            f"""{{ readings(where: {{site: "site-3", sensor: "{point["sensor"]}"}}, first: 3, from: "2026-01-30T12:00:00Z") {{
                   nodes {{ ts value unit sensor }} pageInfo {{ hasNextPage }} }} }}"""
        )
        assert point["readings"] == alone["readings"]


async def test_new_readings_move_no_page(ask, estate):
    query, path, _ = QUERIES["readings"]
    first = (await ask(query, first=6, after=None))[path[0]]
    expected = (await ask(query, first=12, after=None))[path[0]]["nodes"][6:]
    await estate.put([(SeriesKey("site-1", "t-b1-r1", "temperature", "K"), NOW - i, 1.0) for i in range(20)])
    second = (await ask(query, first=6, after=first["pageInfo"]["endCursor"]))[path[0]]["nodes"]
    assert second == expected


async def test_hundreds_of_events_of_one_instant_are_paged_whole(ask, estate):
    await estate.put(
        events=[make_event(9, "2026-01-31T10:00:00Z", f"at once {n}", event_id=f"x{n:03}") for n in range(300)]
    )
    found = await pages(ask, paged("events", "id", ', minCriticality: 9, to: "2026-01-31T10:30:00Z"'), 7, ["events"])
    ids = [node["id"] for page in found for node in page["nodes"]]
    assert len(ids) == len(set(ids)) == 300


async def test_ranges_and_units_hold_for_readings(ask):
    data = await ask(
        """{ readings(where: {sensor: "t-b1-r1", site: "site-1"}, from: "2026-01-31T09:00:00Z", to: 1769852700000, unit: "degC") {
             nodes { ts value unit } pageInfo { hasNextPage } freshness { complete } } }"""
    )
    assert [node["ts"] for node in data["readings"]["nodes"]] == [
        "2026-01-31T09:30:00Z", "2026-01-31T09:15:00Z", "2026-01-31T09:00:00Z",
    ]  # fmt: skip
    assert {node["unit"] for node in data["readings"]["nodes"]} == {"degC"}
    assert data["readings"]["freshness"] == {"complete": True}


@pytest.mark.parametrize("field", ["points", "readings", "events", 'site(name: "site-1") { points'])
@pytest.mark.parametrize("cursor", ["x", "W10", "bnVsbA", "WyJ4IiwgMV0", "🙂"])
async def test_a_made_up_cursor_is_refused(refused, field, cursor):
    error = await refused(
        f'{{ {field}(after: "{cursor}") {{ nodes {{ __typename }} }} {"}" if "{" in field else ""} }}'
    )
    assert error["extensions"]["code"] == "invalid_cursor"


@pytest.mark.parametrize("time", ['"yesterday"', '"2026-01-31T09:00:00"', "true", "[1]"])
async def test_a_time_that_is_none_is_refused_with_what_would_be(refused, time):
    error = await refused(f"{{ readings(from: {time}) {{ nodes {{ ts }} }} }}")
    assert error["extensions"]["code"] in {"invalid_timestamp", "naive_timestamp", "invalid_query"}
    assert "time" in error["message"].lower()
