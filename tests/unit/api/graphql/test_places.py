"""The tenant's structure as places; each level of what is asked about them is one question."""

import pytest

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.model.series import Attributes, SeriesKey
from penstock.query.port import Series
from tests.unit.api.conftest import NOW


async def test_places_are_those_that_points_say(ask):
    data = await ask(
        """{ tenant { id sites { name buildings { name site rooms { name building equipment { name } } } } } }"""
    )
    sites = data["tenant"]["sites"]
    assert data["tenant"]["id"] == "acme"
    assert [site["name"] for site in sites] == ["site-1", "site-2", "site-3"]
    assert [building["name"] for building in sites[1]["buildings"]] == ["b1", "b2", "b3", "b4"]
    assert [room["name"] for room in sites[0]["buildings"][3]["rooms"]] == ["r1", "r2", "r3", "r4", "r5"]
    assert sites[0]["buildings"][0]["rooms"][0] == {"name": "r1", "building": "b1", "equipment": [{"name": "ahu-r1"}]}


async def test_each_level_is_one_question_however_many_places_there_are(ask, estate):
    data = await ask(
        """{ tenant { sites { buildings { rooms { points(first: 5) { nodes { sensor latest { value } } } } } } } }"""
    )
    points = [
        point
        for site in data["tenant"]["sites"]
        for building in site["buildings"]
        for room in building["rooms"]
        for point in room["points"]["nodes"]
    ]
    assert len(points) == 3 * 4 * 5 * 2
    assert all(point["latest"]["value"] is not None for point in points)
    assert estate.kinds() == ["Series", "Latest"]


async def test_energy_of_every_building_is_one_question(ask, estate):
    data = await ask(
        """{ tenant { sites { name buildings { name energy(from: "2026-01-31T08:00:00Z", window: "1h") { ts importWh } } } } }"""
    )
    buildings = [building for site in data["tenant"]["sites"] for building in site["buildings"]]
    assert len(buildings) == 12
    assert all([row["importWh"] for row in building["energy"]] == [4000.0] * 4 for building in buildings)
    assert estate.kinds() == ["Series", "Consumption"]


async def test_a_filter_at_the_root_holds_for_everything_below(ask):
    data = await ask(
        """{ tenant(where: {site: "site-*", building: "b2", metric: "co2"}) {
             sites(name: "site-3") { rooms { name points { nodes { metric building } } } } } }"""
    )
    (site,) = data["tenant"]["sites"]
    assert len(site["rooms"]) == 5
    assert {(p["metric"], p["building"]) for room in site["rooms"] for p in room["points"]["nodes"]} == {("co2", "b2")}


async def test_one_site_is_reached_by_its_name_and_one_that_is_not_there_is_null(ask):
    data = await ask(
        """{ here: site(name: "site-2") { name buildings { name } } gone: site(name: "nowhere") { name } }"""
    )
    assert len(data["here"]["buildings"]) == 4
    assert data["gone"] is None
    assert (await ask("""{ site(name: "site-*") { name } }"""))["site"] is None


async def test_points_that_say_no_building_or_room_are_in_their_site_only(ask, estate):
    await estate.put([(SeriesKey("site-9", "lonely", "temperature", "K"), NOW - 1, 280.0)])
    await estate.put(
        [(SeriesKey("site-9", "hut", "temperature", "K"), NOW - 1, 281.0)],
        attributes={("site-9", "hut"): Attributes("", "hut")},
    )
    data = await ask(
        """{ site(name: "site-9") { buildings { name } rooms { name building } points { nodes { sensor building } } } }"""
    )
    assert data["site"]["buildings"] == []
    assert data["site"]["rooms"] == [{"name": "hut", "building": ""}]
    assert [point["sensor"] for point in data["site"]["points"]["nodes"]] == ["hut", "lonely"]


async def test_the_structure_of_too_many_points_is_refused_with_what_to_do(make_world):
    world = await make_world(graphql=GraphQLBounds(points=2))
    world.reader.says(Series, _listing(3), next_cursor="more")
    answer = (await world.client().post("/graphql", json={"query": "{ tenant { sites { name } } }"})).json()
    assert answer["errors"][0]["extensions"]["code"] == "too_many_points"


def _listing(n):
    texts = [f"s{i}" for i in range(n)]
    return {
        "sensor_id": texts, "site_id": texts, "metric": texts, "unit": texts, "building": texts, "room": texts,
        "tags": ["{}"] * n, "first_ts": [None] * n, "last_ts": [None] * n,
    }  # fmt: skip


@pytest.mark.parametrize("level", ["tenant", 'site(name: "site-1")'])
async def test_the_points_of_a_place_are_paged_by_name(ask, level):
    query = f"""query($after: String) {{ place: {level} {{ points(first: 7, after: $after) {{
        nodes {{ site sensor }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }} }}"""
    seen, after = [], None
    while True:
        page = (await ask(query, after=after))["place"]["points"]
        seen += [(point["site"], point["sensor"]) for point in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == (132 if level == "tenant" else 44)
