"""What the catalog says of a tenant, ready to be looked up: where things stand, what they are called and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from penstock.store.catalog import Equipment, Point, Snapshot, Value

__all__ = ["NO_FACTS", "Facts", "Resolver", "SiteFacts", "Standing"]


class Standing(NamedTuple):
    """Site, building and room of something; empty texts where nothing says so."""

    site: str
    building: str
    room: str


class Resolver:
    """Follows references up to the place that they end in."""

    def __init__(self, snapshot: Snapshot) -> None:
        records = snapshot.records
        self._site: Mapping[str, str] = {
            row.record.id: row.record.site for row in cast(Sequence[Any], records.get("buildings", ()))
        }
        self._equipment: Mapping[str, Equipment] = {
            row.record.id: row.record for row in cast(Sequence[Any], records.get("equipment", ()))
        }

    def of_point(self, point: Point) -> Standing:
        """Where what it measures stands."""
        if point.building is None and point.equipment is not None:
            return self.of_equipment(point.equipment)
        building = point.building or ""
        return Standing(self._site.get(building, ""), building, point.room or "")

    def of_equipment(self, name: str | None) -> Standing:
        """Where it stands, or the nearest one that it is part of and that says."""
        while name is not None and (equipment := self._equipment.get(name)) is not None:
            if equipment.site is not None or equipment.building is not None:
                building = equipment.building or ""
                return Standing(equipment.site or self._site.get(building, ""), building, equipment.room or "")
            name = equipment.part_of
        return Standing("", "", "")


class SiteFacts(NamedTuple):
    """A site of the catalog; `zone` is empty where none is said."""

    name: str
    zone: str


class Facts:
    """Sites and equipment of one tenant, from one snapshot of the catalog."""

    def __init__(self, snapshot: Snapshot) -> None:
        records = snapshot.records
        resolver = Resolver(snapshot)
        self.sites: Mapping[str, SiteFacts] = {
            row.record.id: SiteFacts(row.record.name, row.record.zone)
            for row in cast(Sequence[Any], records.get("sites", ()))
        }
        self.equipment: Mapping[str, Equipment] = {
            row.record.id: row.record for row in cast(Sequence[Any], records.get("equipment", ()))
        }
        self.standing: Mapping[str, Standing] = {name: resolver.of_equipment(name) for name in self.equipment}
        self._parts: dict[str, list[str]] = {}
        for name, record in self.equipment.items():
            if record.part_of is not None:
                self._parts.setdefault(record.part_of, []).append(name)

    def above(self, equipment: str) -> Sequence[str]:
        """What a piece of equipment is part of, the nearest first."""
        found: list[str] = []
        part_of = self.equipment[equipment].part_of if equipment in self.equipment else None
        while part_of is not None and part_of not in found:
            found.append(part_of)
            part_of = self.equipment[part_of].part_of if part_of in self.equipment else None
        return found

    def below(self, equipment: str) -> Sequence[str]:
        """What is part of a piece of equipment, and what is part of that."""
        found: dict[str, None] = {}
        rest = list(self._parts.get(equipment, ()))
        while rest:
            if (name := rest.pop()) not in found:
                found[name] = None
                rest += self._parts.get(name, ())
        return list(found)

    def attributes(self, equipment: str) -> Mapping[str, Value]:
        """Its free attributes; none for equipment that the catalog does not hold."""
        record = self.equipment.get(equipment)
        return {} if record is None else record.attributes


NO_FACTS: Final = Facts(Snapshot(0, {}))
"""Of a tenant whose catalog is empty."""
