"""The contract of the catalog, on every database that it runs on."""

import asyncio
import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from penstock.model.errors import Conflict, InvalidInput, Misconfigured, NotFound
from penstock.store.catalog import (
    KINDS,
    Building,
    Device,
    Equipment,
    Merge,
    Point,
    Put,
    Remove,
    Room,
    SensorType,
    Site,
    kind_of,
)
from penstock.store.catalog.sql import SqlCatalog, SqlConfig
from penstock.store.catalog.sql.schema import connect, migrate, upgrade, writing
from penstock.store.catalog.sql.tables import HEAD, metadata
from tests.contracts.catalogs import empty, postgres_url, sqlite_url

WORLD = [
    Site(id="campus", name="Campus", zone="Europe/Berlin"),
    Building(id="hq", site="campus"),
    Room(building="hq", id="101", floor="1", attributes={"wall": "brick", "area": 21.5, "corner": True}),
    Room(building="hq", id="102"),
    Equipment(id="ahu", type="AHU", building="hq", room="102"),
    Equipment(id="fan", part_of="ahu"),
    Device(id="d1", serial="0042"),
    SensorType(id="sht41", metric="temperature", unit="K", accuracy=0.2, preprocessing="median of 5"),
    Point(site_id="default", sensor_id="t1", building="hq", room="101", device="d1", sensor_type="sht41"),
    Point(site_id="default", sensor_id="t2", metric="temperature", equipment="fan"),
]


@pytest.fixture(scope="module")
def postgres():
    with postgres_url() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    found = request.getfixturevalue("postgres")
    empty(found)
    return found


@pytest.fixture
async def catalog(url):
    opened = SqlCatalog(SqlConfig(url))
    await opened.open()
    yield opened
    await opened.close()


async def fill(catalog, tenant="acme"):
    outcomes = await catalog.write(tenant, [Put(record, "create") for record in WORLD])
    assert {outcome.action for outcome in outcomes} == {"created"}


async def refusal(catalog, *edits):
    """The one error that refuses the edits."""
    outcomes = await catalog.write("acme", edits)
    (error,) = [outcome.error for outcome in outcomes if outcome.error]
    return error


async def test_what_was_written_is_read_back_as_it_was(catalog):
    await fill(catalog)
    for record in WORLD:
        kind = kind_of(record)
        assert (await catalog.get("acme", kind.name, kind.key_of(record))).record == record
    revision, records = await catalog.snapshot("acme")
    assert revision == 1
    assert [stored.record for kind in KINDS for stored in records[kind]] == WORLD
    assert {stored.version for rows in records.values() for stored in rows} == {1}


async def test_records_may_come_in_any_order(catalog):
    outcomes = await catalog.write("acme", [Put(record) for record in reversed(WORLD)])
    assert not [outcome.error for outcome in outcomes if outcome.error]


async def test_a_tenant_sees_nothing_of_another(catalog):
    await fill(catalog)
    await catalog.write("other", [Put(Site(id="campus", name="Another"))])
    assert [row.record.name for row in await catalog.find("other", "sites", {}, limit=10)] == ["Another"]
    assert await catalog.find("other", "rooms", {}, limit=10) == []
    with pytest.raises(NotFound):
        await catalog.get("other", "buildings", ("hq",))
    error = (await catalog.write("other", [Put(Room(building="hq", id="101"))]))[0].error
    assert error.code == "unknown_reference"
    assert dict(await catalog.revisions()) == {"acme": 1, "other": 1}


async def test_lists_continue_behind_a_key_and_take_patterns(catalog):
    rooms = [Room(building="hq", id=name) for name in ("1", "10", "1_", "a%", "B", "a", "é", "\U0001f600")]
    await catalog.write("acme", [Put(Site(id="s")), Put(Building(id="hq", site="s")), *map(Put, rooms)])
    names, after = [], None
    while page := await catalog.find("acme", "rooms", {}, after=after, limit=3):
        names += [stored.record.id for stored in page]
        after = (page[-1].record.building, page[-1].record.id)
    assert names == sorted(room.id for room in rooms)

    async def matching(pattern):
        return {row.record.id for row in await catalog.find("acme", "rooms", {"id": pattern}, limit=10)}

    assert await matching("1*") == {"1", "10", "1_"}
    assert await matching("*_") == {"1_"}
    assert await matching("a%") == {"a%"}
    assert await matching("b*") == set()


async def test_a_revision_counts_changes_only(catalog):
    await fill(catalog)
    same = await catalog.write("acme", [Put(WORLD[0], "create"), Merge("rooms", ("hq", "102"), {"name": ""})])
    assert [outcome.action for outcome in same] == ["unchanged", "unchanged"]
    assert (await catalog.revisions())["acme"] == 1
    changed = await catalog.write("acme", [Merge("rooms", ("hq", "102"), {"name": "Lab"})])
    assert changed[0].stored.version == (await catalog.revisions())["acme"] == 2


async def test_a_dry_run_judges_and_writes_nothing(catalog):
    outcomes = await catalog.write("acme", [Put(record) for record in WORLD], dry_run=True)
    assert {outcome.action for outcome in outcomes} == {"created"}
    assert await catalog.find("acme", "sites", {}, limit=1) == []
    assert (await catalog.revisions()).get("acme", 0) == 0


async def test_one_refused_edit_holds_back_all_and_each_has_its_verdict(catalog):
    await fill(catalog)
    edits = [
        Merge("rooms", ("hq", "102"), {"name": "Lab"}),
        Put(Room(building="annex", id="1")),
        Remove("rooms", ("hq", "999")),
    ]
    outcomes = await catalog.write("acme", edits)
    assert [outcome.action for outcome in outcomes] == ["updated", "refused", "refused"]
    assert outcomes[1].error.pointer == "/building"
    assert isinstance(outcomes[2].error, NotFound)
    assert (await catalog.get("acme", "rooms", ("hq", "102"))).record.name == ""


async def test_a_stale_version_is_refused(catalog):
    await fill(catalog)
    room = Room(building="hq", id="101")
    await catalog.write("acme", [Put(room, "replace", version=1)])
    for edit in (
        Put(room, "replace", version=1),
        Merge("rooms", ("hq", "101"), {"name": "x"}, version=1),
        Remove("rooms", ("hq", "101"), version=1),
    ):
        error = await refusal(catalog, edit)
        assert isinstance(error, Conflict)
        assert error.code == "precondition_failed"


async def test_a_version_never_comes_back_when_a_record_is_made_again(catalog):
    await catalog.write("acme", [Put(Site(id="s"))])
    await catalog.write("acme", [Remove("sites", ("s",))])
    (again,) = await catalog.write("acme", [Put(Site(id="s"))])
    assert again.stored.version == 3


async def test_creating_the_same_again_changes_nothing_and_another_is_refused(catalog):
    await fill(catalog)
    error = await refusal(catalog, Put(Site(id="campus", name="Other"), "create"))
    assert error.code == "already_exists"
    assert isinstance(await refusal(catalog, Put(Site(id="nowhere"), "replace")), NotFound)
    assert isinstance(await refusal(catalog, Merge("sites", ("nowhere",), {"name": "x"})), NotFound)


@pytest.mark.parametrize(
    ("kind", "key", "by"),
    [
        ("sites", ("campus",), "building 'hq'"),
        ("buildings", ("hq",), "piece of equipment 'ahu'"),
        ("rooms", ("hq", "101"), "point 'default/t1'"),
        ("equipment", ("ahu",), "piece of equipment 'fan'"),
        ("devices", ("d1",), "point 'default/t1'"),
        ("sensor-types", ("sht41",), "point 'default/t1'"),
    ],
)
async def test_what_is_referred_to_cannot_be_deleted(catalog, kind, key, by):
    await fill(catalog)
    error = await refusal(catalog, Remove(kind, key))
    assert error.code == "in_use"
    assert by in error.detail


async def test_everything_can_be_deleted_at_once(catalog):
    await fill(catalog)
    removals = [Remove(kind_of(record).name, kind_of(record).key_of(record)) for record in WORLD]
    assert {outcome.action for outcome in await catalog.write("acme", removals)} == {"removed"}
    assert not any((await catalog.snapshot("acme")).records.values())


async def test_large_changes_are_judged_as_small_ones(catalog):
    await fill(catalog)
    points = [Point(site_id="default", sensor_id=f"s{n}", building="hq", room="101") for n in range(300)]
    outcomes = await catalog.write("acme", [*map(Put, points), Remove("rooms", ("hq", "102"))])
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["in_use"]
    outcomes = await catalog.write(
        "acme", [*map(Put, points), Put(Point(site_id="x", sensor_id="y", room="9", building="hq"))]
    )
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["unknown_reference"]
    assert {outcome.action for outcome in await catalog.write("acme", list(map(Put, points)))} == {"created"}
    assert len(await catalog.find("acme", "points", {"room": "101"}, limit=1000)) == 301


async def test_equipment_cannot_be_part_of_itself(catalog):
    await fill(catalog)
    for edit in (Merge("equipment", ("ahu",), {"part_of": "fan"}), Merge("equipment", ("fan",), {"part_of": "fan"})):
        error = await refusal(catalog, edit)
        assert isinstance(error, InvalidInput)
        assert (error.code, error.pointer) == ("cycle", "/part_of")


async def test_writers_at_once_lose_nothing(url):
    catalogs = [SqlCatalog(SqlConfig(url)) for _ in range(3)]
    await asyncio.gather(*(catalog.open() for catalog in catalogs))
    await catalogs[0].write("acme", [Put(Device(id="d", attributes={f"n{n}": 0 for n in range(3)}))])

    async def count(n):
        for _ in range(10):
            held = False
            while not held:
                stored = await catalogs[n].get("acme", "devices", ("d",))
                more = stored.record.attributes[f"n{n}"] + 1
                edit = Merge("devices", ("d",), {"attributes": {f"n{n}": more}}, version=stored.version)
                held = (await catalogs[n].write("acme", [edit]))[0].action == "updated"

    await asyncio.gather(*(count(n) for n in range(3)))
    assert (await catalogs[0].get("acme", "devices", ("d",))).record.attributes == {"n0": 10, "n1": 10, "n2": 10}
    assert (await catalogs[0].revisions())["acme"] == 31
    await asyncio.gather(*(catalog.close() for catalog in catalogs))


names = st.sampled_from(["a", "b", "c"])
maybe = st.none() | names
edits = st.lists(
    st.one_of(
        st.builds(Put, st.builds(Site, id=names, name=names)),
        st.builds(Put, st.builds(Building, id=names, site=names)),
        st.builds(Put, st.builds(Equipment, id=names, site=maybe, part_of=maybe)),
        st.builds(Remove, st.just("sites"), st.tuples(names)),
        st.builds(Remove, st.just("buildings"), st.tuples(names)),
        st.builds(Remove, st.just("equipment"), st.tuples(names)),
        st.builds(Merge, st.just("equipment"), st.tuples(names), st.fixed_dictionaries({"part_of": maybe})),
    ),
    max_size=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(edits, max_size=6), data=st.data())
def test_no_history_leaves_a_reference_to_nothing(tmp_path_factory, calls, data):
    """The database's own constraints would raise a Conflict where the judgement was wrong."""

    async def run():
        catalog = SqlCatalog(SqlConfig(sqlite_url(tmp_path_factory.mktemp("history"))))
        await catalog.open()
        for call in calls:
            await catalog.write("acme", call)
        records = (await catalog.snapshot("acme")).records
        there = {kind: {KINDS[kind].key_of(row.record) for row in rows} for kind, rows in records.items()}
        assert all((row.record.site,) in there["sites"] for row in records["buildings"])
        assert all(
            row.record.part_of is None or (row.record.part_of,) in there["equipment"] for row in records["equipment"]
        )
        await catalog.close()

    asyncio.run(run())


@pytest.mark.parametrize("migrated", [True, False])
def test_the_migrations_make_what_the_tables_say_and_so_does_a_first_start(url, migrated):
    engine = connect(url)
    if migrated:
        with writing(engine) as connection:
            migrate(connection, None)
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def _open(url, gate):
    gate.wait()
    engine = connect(url)
    upgrade(engine)
    engine.dispose()


def test_processes_that_start_at_once_migrate_once(url):
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(3)
    started = [context.Process(target=_open, args=(url, gate)) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join(50)
    assert [process.exitcode for process in started] == [0, 0, 0]


def test_a_catalog_of_a_newer_version_is_refused(url):
    engine = connect(url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured, match="newer"):
        upgrade(engine)
    engine.dispose()
