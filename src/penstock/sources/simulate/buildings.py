"""A fleet of buildings: rooms with temperature, humidity and CO2, and an energy meter per building."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.model.event import Event
from penstock.model.series import Attributes
from penstock.model.time import MINUTE
from penstock.sources.simulate import energy, rooms
from penstock.sources.simulate.fleet import Process, Sensors, check_positive
from penstock.sources.simulate.places import DEMO_SITES, Site

__all__ = ["Buildings"]

_PEOPLE_PER_ROOM = 7


@dataclass(frozen=True, slots=True)
class Buildings:
    """Sites → buildings → rooms.

    A site's only building has its name; several are `<site>-a`, `<site>-b`, …. Rooms are sensors `<building>/r01`, …,
    the meter is `<building>/meter`. Steps are ms.
    """

    sites: tuple[Site, ...] = DEMO_SITES
    buildings_per_site: int = 1
    rooms_per_building: int = 14
    step: int = MINUTE
    meter_step: int = MINUTE
    tenant: str = "default"

    def __post_init__(self) -> None:
        check_positive(self, "buildings_per_site", "rooms_per_building", "step", "meter_step")

    def _buildings(self, site: Site) -> tuple[str, ...]:
        count = self.buildings_per_site
        return (site.name,) if count == 1 else tuple(f"{site.name}-{_letters(i)}" for i in range(count))

    def processes(self, seed: int) -> Sequence[Process]:
        """Rooms and meters of every site."""
        made: list[Process] = []
        for site in self.sites:
            buildings = self._buildings(site)
            numbers = [f"r{i + 1:02d}" for i in range(self.rooms_per_building)]
            room_sensors = _sensors(site, rooms.METRICS, [(b, room, room) for b in buildings for room in numbers])
            meter_sensors = _sensors(site, energy.METRICS, [(b, "", "meter") for b in buildings])
            made.append(rooms.Rooms(seed, site, buildings, room_sensors, self.step))
            seats = self.rooms_per_building * _PEOPLE_PER_ROOM
            made.append(energy.EnergyMeters(seed, site, buildings, meter_sensors, self.meter_step, seats))
        return made

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        """None: buildings only measure."""
        del seed, start, end
        return ()


def _sensors(site: Site, metrics: tuple[tuple[str, str], ...], named: Sequence[tuple[str, str, str]]) -> Sensors:
    """Sensors from (building, room, last part of the sensor's id)."""
    return Sensors(
        sites=(site.name,) * len(named),
        names=tuple(f"{building}/{last}" for building, _, last in named),
        metrics=metrics,
        attributes=tuple(Attributes(building, room) for building, room, _ in named),
    )


def _letters(index: int) -> str:
    """0 → a, 25 → z, 26 → aa."""
    text = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        text = chr(97 + digit) + text
    return text
