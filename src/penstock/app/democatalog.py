"""What the catalog holds of the demonstration: its sites, buildings, rooms and machines, and which sensor measures what of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from penstock.sources.simulate import DEMO_SITES, Fleet, parse_fleet
from penstock.store.catalog import Building, Catalog, Equipment, Point, Put, Record, Room, Site, Value, kind_of

__all__ = ["demo_records", "fill_catalog"]

_NAMES: Final = {"hq": "Headquarters", "lab": "Laboratory", "depot": "Depot"}
_TYPES: Final = {
    "pv": "PV_Array",
    "ev": "Electric_Vehicle_Charging_Station",
    "grid": "Utility_Meter",
}
"""Brick classes by the tag `kind`, where another one than that of a meter says more."""
_SEED: Final = 0
"""Names do not depend on it."""


async def fill_catalog(catalog: Catalog, tenant: str) -> int:
    """Write the demonstration's records that are not there yet, and return how many; what is there stays as it is."""
    there = {
        (kind, kind_of(row.record).key_of(row.record))
        for kind, rows in (await catalog.snapshot(tenant)).records.items()
        for row in rows
    }
    missing = [
        record for record in demo_records() if (kind_of(record).name, kind_of(record).key_of(record)) not in there
    ]
    if missing:
        await catalog.write(tenant, [Put(record) for record in missing])
    return len(missing)


def demo_records(fleets: Sequence[Fleet] | None = None) -> Sequence[Record]:
    """The records, each after those that it refers to."""
    made: dict[tuple[str, tuple[str, ...]], Record] = {}
    for record in _records(parse_fleet("demo") if fleets is None else fleets):
        kind = kind_of(record)
        made.setdefault((kind.name, kind.key_of(record)), record)
    return tuple(made.values())


def _records(fleets: Sequence[Fleet]) -> Iterator[Record]:
    for site in DEMO_SITES:
        yield Site(id=site.name, name=_NAMES[site.name], zone=site.zone, attributes={"latitude": site.latitude})
    for fleet in fleets:
        for process in fleet.processes(_SEED):
            sensors = process.sensors
            metrics = {name for name, _ in sensors.metrics}
            for site, name, said in zip(sensors.sites, sensors.names, sensors.attributes, strict=True):
                if said.building:
                    yield Building(id=said.building, site=site, name=_NAMES.get(said.building, said.building))
                if said.room:
                    floor, number = divmod(int(said.room.lstrip("r")) - 1, 7)
                    title = f"Room {floor + 1}{number + 1:02d}"
                    yield Room(building=said.building, id=said.room, name=title, floor=str(floor + 1))
                    yield Point(site_id=site, sensor_id=name, building=said.building, room=said.room)
                else:
                    machine = _machine(site, name, said.building, metrics, dict(said.tags))
                    yield machine
                    yield Point(site_id=site, sensor_id=name, equipment=machine.id)


def _machine(site: str, sensor: str, building: str, metrics: set[str], tags: dict[str, str]) -> Equipment:
    """A battery or a meter; what it is called says what it measures."""
    kind = tags.get("kind", "")
    at, inside = (None, building) if building else (site, None)
    if metrics & {"soc", "soh"}:
        capacity: dict[str, Value] = {"capacity_ah": float(tags["capacity_ah"])}
        title = f"Battery {sensor.rpartition('-')[2]}"
        return Equipment(id=sensor, name=title, type="Battery", site=at, building=inside, attributes=capacity)
    if building:
        # Only the rooms are behind it: the meters of the energy management stand beside it, so no load counts twice.
        title = f"{_NAMES.get(building, building)}: rooms"
        return Equipment(id=sensor, name=title, type="Electrical_Meter", building=inside, attributes={"role": "load"})
    title = {"pv": "Solar roof", "ev": "Car chargers", "grid": "Grid connection"}.get(kind, kind.capitalize() or sensor)
    return Equipment(id=sensor, name=title, type=_TYPES.get(kind, "Electrical_Meter"), site=at)
