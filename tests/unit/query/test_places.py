"""Series stand where the catalog says, and every question sees it."""

import asyncio
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import HOUR, MINUTE
from penstock.query.engine import Engine
from penstock.query.places import Places, Placing, placed
from penstock.query.port import Aggregate, Explain, Latest, Select, Series
from penstock.store.catalog import Building, Equipment, Merge, Point, Put, Room, Site, Snapshot, Stored, kind_of
from penstock.store.catalog.sql import SqlCatalog, SqlConfig
from penstock.store.series import Filter
from tests.unit.query.query_world import T0, World

T1 = SeriesKey("default", "t1", "temperature", "K")
T2 = SeriesKey("default", "t2", "temperature", "K")
BUILDINGS = [
    Site(id="campus"),
    Building(id="hq", site="campus"),
    Room(building="hq", id="101"),
    Room(building="hq", id="102"),
]


def placing(*records):
    rows = {}
    for record in records:
        rows.setdefault(kind_of(record).name, []).append(Stored(record, 1))
    return Placing(Snapshot(1, rows))


class Placed(World):
    """A world whose engine goes by a catalog."""

    def __init__(self, directory):
        super().__init__()
        self.catalog = SqlCatalog(SqlConfig(f"sqlite:///{directory / 'catalog.db'}"))
        self.places = Places(self.catalog)
        self.engine = Engine(placed(self.store, self.places), self, self, self.metrics)
        self.ask = self.engine.ask

    async def write(self, *edits):
        outcomes = await self.catalog.write("acme", edits)
        assert not [outcome.error for outcome in outcomes if outcome.error]
        await self.places.refresh()

    async def mean(self, room):
        where = Select(building="hq", room=room)
        question = Aggregate(tenant="acme", where=where, start=T0, end=T0 + 4 * HOUR, window=HOUR)
        return (await self.ask(question)).table.column("mean").to_pylist()


@pytest.fixture
async def world(tmp_path):
    made = Placed(tmp_path)
    await made.catalog.open()
    await made.write(*map(Put, BUILDINGS))
    yield made
    await made.catalog.close()


async def fill(world):
    """Four hours: t1 reads 290 K, t2 reads 300 K; the sender of t2 says that it is in room 102."""
    instants = range(T0, T0 + 4 * HOUR, 10 * MINUTE)
    rows = [(key, ts, value) for ts in instants for key, value in ((T1, 290.0), (T2, 300.0))]
    await world.put(rows, attributes={("default", "t2"): Attributes("hq", "102")})


async def test_a_move_changes_the_averages_of_both_rooms(world):
    await fill(world)
    await world.write(Put(Point(site_id="default", sensor_id="t1", building="hq", room="101")))
    assert (await world.mean("101"), await world.mean("102")) == ([290.0] * 4, [300.0] * 4)
    await world.write(Merge("points", ("default", "t1", ""), {"room": "102"}))
    assert await world.mean("102") == [295.0] * 4
    with pytest.raises(NotFound):
        await world.mean("101")
    await world.write(Merge("points", ("default", "t1", ""), {"room": "101"}))
    assert (await world.mean("101"), await world.mean("102")) == ([290.0] * 4, [300.0] * 4)


async def test_the_catalog_goes_over_what_the_sender_said(world):
    await fill(world)
    await world.write(Put(Point(site_id="default", sensor_id="t2", building="hq", room="101")))
    assert await world.mean("101") == [300.0] * 4
    with pytest.raises(NotFound):
        await world.mean("102")


async def test_a_series_is_found_at_the_site_of_its_building(world):
    await fill(world)
    await world.write(Put(Point(site_id="default", sensor_id="t1", building="hq", room="101")))
    listed = (await world.ask(Series(tenant="acme"))).table.to_pylist()
    assert [(row["sensor_id"], row["site_id"], row["room"]) for row in listed] == [
        ("t1", "campus", "101"),
        ("t2", "default", "102"),
    ]
    found = (await world.ask(Latest(tenant="acme", where=Select(site="campus", sensor="t1")))).table
    assert found.column("site_id").to_pylist() == ["campus"]
    told = await world.ask(Explain(tenant="acme", sensor="t1", metric="temperature", ts=T0, site="campus"))
    assert told.meta["found"]


async def test_a_place_changes_the_revision_and_every_hour(world):
    await fill(world)
    store = placed(world.store, world.places)
    before, hours = (await store.state()).revision, await store.changed(T0, T0 + HOUR)
    await world.write(Put(Site(id="elsewhere")))
    assert (await store.state()).revision == before
    assert (await store.changed(T0, T0 + HOUR) == hours).all()
    await world.write(Put(Point(site_id="default", sensor_id="t1", building="hq")))
    assert (await store.state()).revision > before
    assert (await store.changed(T0, T0 + HOUR) > before).all()
    assert (await store.changed(0, HOUR) > before).all()


async def test_another_tenants_places_move_nothing(world):
    await fill(world)
    await world.catalog.write(
        "other", [Put(r) for r in [*BUILDINGS, Point(site_id="default", sensor_id="t2", building="hq", room="101")]]
    )
    await world.places.refresh()
    assert await world.mean("102") == [300.0] * 4


def test_equipment_lends_its_place_to_its_points_and_parts():
    where = placing(
        *BUILDINGS,
        Equipment(id="ahu", building="hq", room="102"),
        Equipment(id="fan", part_of="ahu"),
        Equipment(id="pv", site="campus"),
        Point(site_id="s", sensor_id="a", equipment="fan"),
        Point(site_id="s", sensor_id="b", equipment="fan", building="hq", room="101"),
        Point(site_id="s", sensor_id="c", equipment="pv"),
    )
    found = {name: where.of(SeriesKey("s", name, "m", ""))[1:5] for name in "abc"}
    assert found == {
        "a": ("campus", "hq", "102", "fan"),
        "b": ("campus", "hq", "101", "fan"),
        "c": ("campus", "", "", "pv"),
    }


async def test_a_point_of_one_metric_goes_before_that_of_the_sensor(world):
    where = placing(
        *BUILDINGS,
        Point(site_id="s", sensor_id="a", building="hq", room="101"),
        Point(site_id="s", sensor_id="a", metric="power_w", building="hq", room="102"),
    )
    assert where.of(SeriesKey("s", "a", "power_w", "W")).room == "102"
    assert where.of(SeriesKey("s", "a", "co2", "ppm")).room == "101"
    assert where.of(SeriesKey("t", "a", "co2", "ppm")) is None


async def test_attributes_of_a_point_are_tags_and_leave_the_senders_place(world):
    await fill(world)
    await world.write(
        Put(Point(site_id="default", sensor_id="t2", attributes={"wing": "east", "spare": True, "no": 7}))
    )
    (row,) = (
        await world.ask(Latest(tenant="acme", where=Select(tags={"wing": "e*", "spare": "true", "no": "7"})))
    ).table.to_pylist()
    assert row["sensor_id"] == "t2"
    assert await world.mean("102") == [300.0] * 4


texts = st.sampled_from(["a", "b"])
patterns = st.none() | texts | st.sampled_from(["*", "a*"])
points = st.builds(Point, site_id=texts, sensor_id=texts, metric=st.sampled_from(["", "m"]), building=st.none() | texts)
said = st.dictionaries(st.tuples(texts, texts), st.builds(Attributes, building=st.sampled_from(["", "a", "b"])))
filters = st.builds(
    Filter, site=patterns, sensor=patterns, building=patterns,
    sensors=st.sampled_from([(), ("a",), ("a", "b")]), after=st.integers(-1, 4), limit=st.none() | st.integers(1, 4),
)  # fmt: skip


@given(said=said, points=st.lists(points, unique_by=lambda p: (p.site_id, p.sensor_id, p.metric)), where=filters)
def test_a_store_finds_by_place_what_placing_all_and_looking_finds(said, points, where):
    async def run():
        world = World()
        keys = [SeriesKey(site, sensor, metric, "") for site, sensor, metric in itertools.product("ab", "ab", "mn")]
        await world.put([(key, T0, 1.0) for key in keys], attributes=said)
        where_all = placing(Site(id="c"), Building(id="a", site="c"), Building(id="b", site="a"), *points)
        places = Places(None)
        places._placings["acme"] = where_all
        found = await placed(world.store, places).find("acme", where)
        wide = replace(where, site=None, building=None, limit=None)
        everything = [where_all.applied(info) for info in await world.store.find("acme", wide)]

        def matches(pattern, text):
            return pattern in (None, "*", text) or (pattern == "a*" and text == "a")

        wanted = [
            i for i in everything if matches(where.site, i.key.site) and matches(where.building, i.attributes.building)
        ]
        assert [info.id for info in found] == [info.id for info in wanted[: where.limit]]
        assert found == wanted[: where.limit]

    asyncio.run(run())
