import numpy as np
import pytest

from penstock.app.democatalog import demo_records, fill_catalog
from penstock.model.series import SeriesInfo, SeriesKey
from penstock.query.fleet.balance import balance
from penstock.query.fleet.build import build
from penstock.query.fleet.power import asset_power, nodes
from penstock.query.places import Placing
from penstock.query.standing import Facts
from penstock.sources.simulate import Buildings, Ems, Grid, parse_fleet
from penstock.store.catalog import Building, Equipment, Merge, Point, Room, Site
from penstock.store.catalog.sql import SqlCatalog, SqlConfig
from penstock.store.series import Newest

NOON = 1_781_697_600_000
"""2026-06-17T12:00:00Z, a Wednesday."""


@pytest.fixture
async def catalog(tmp_path):
    made = SqlCatalog(SqlConfig(f"sqlite:///{tmp_path / 'catalog.db'}"))
    await made.open()
    yield made
    await made.close()


def test_every_sensor_of_the_demonstration_has_a_point_and_what_it_names_is_there():
    records = demo_records()
    of = {kind: [r for r in records if isinstance(r, kind)] for kind in (Site, Building, Room, Equipment, Point)}
    assert [(s.id, s.zone) for s in of[Site]] == [
        ("hq", "Europe/Berlin"), ("lab", "Europe/Lisbon"), ("depot", "America/New_York"),
    ]  # fmt: skip
    assert len(of[Building]) == 3
    assert len(of[Room]) == 42
    sensors = {
        (site, name)
        for fleet in parse_fleet("demo")
        for process in fleet.processes(1)
        for site, name in zip(process.sensors.sites, process.sensors.names, strict=True)
    }
    assert {(p.site_id, p.sensor_id) for p in of[Point]} == sensors
    assert len(of[Equipment]) == 1000 + 21 + 3 + 3


async def test_it_is_written_once_and_what_somebody_changed_stays(catalog):
    fleets = len(demo_records())
    assert await fill_catalog(catalog, "demo") == fleets
    await catalog.write("demo", [Merge("sites", ("hq",), {"name": "Our house"})])
    assert await fill_catalog(catalog, "demo") == 0
    assert (await catalog.get("demo", "sites", ("hq",))).record.name == "Our house"


async def demo_index(catalog):
    """The demonstration as an index, and what each of its series measures at NOON: float64 [series ids]."""
    await fill_catalog(catalog, "demo")
    snapshot = await catalog.snapshot("demo")
    placing = Placing(snapshot)
    infos, values = [], []
    for fleet in parse_fleet("demo"):
        for process in fleet.processes(1):
            sensors = process.sensors
            units = np.arange(len(sensors), dtype=np.int32)
            values.append(process.values(units, np.full(len(units), NOON)).ravel())
            for key in sensors.keys:
                unit = {"degC": "K"}.get(key.unit, key.unit)
                asked = SeriesKey(key.site, key.sensor, key.metric, unit)
                tags = sensors.described[key.site, key.sensor]
                infos.append(placing.applied(SeriesInfo(len(infos), "demo", asked, tags, None, None)))
    return build(infos, Facts(snapshot)), np.concatenate(values)


async def test_every_site_of_the_demonstration_has_a_whole_energy_flow(catalog):
    index, _ = await demo_index(catalog)
    assert index.sites == ("depot", "hq", "lab")
    for site in index.sites:
        roles = {asset.role for asset in index.assets if asset.site == site}
        assert {"pv", "grid", "battery", "ev", "load"} <= roles
    assert {asset.kind for asset in index.assets} == {"battery", "pv", "ev", "meter", "room"}
    assert not [a.id for a in index.assets if a.kind == "meter" and a.role is None]
    assert next(a for a in index.assets if a.id == "bat-0001").name == "Battery 0001"


async def test_the_grid_delivers_what_the_other_meters_take_so_none_of_them_counts_twice(catalog):
    index, values = await demo_index(catalog)
    count = len(index.ids)
    newest = Newest(np.full(count, NOON), values[index.ids], np.full(count, 10_000))
    found = nodes(index, asset_power(index, newest, NOON))
    for site, name in enumerate(index.sites):
        assert found.known[site].tolist() == found.assets[site].tolist()
        whole = balance(found.power[site][:, None], index.present[site])
        assert whole.derived[0] == -1, name
        assert abs(whole.unmetered[0]) < 0.1, name  # W: the grid meter's resolution


def test_a_meter_beside_others_does_not_claim_the_whole_building():
    meters = [r for r in demo_records() if isinstance(r, Equipment) and r.building and r.attributes.get("role")]
    assert [(m.name, m.type) for m in meters] == [
        (f"{name}: rooms", "Electrical_Meter") for name in ("Headquarters", "Laboratory", "Depot")
    ]


def test_fleets_of_another_size_have_their_records_too():
    records = demo_records((Buildings(rooms_per_building=3), Ems(meters=3), Grid()))
    assert len([r for r in records if isinstance(r, Room)]) == 9
