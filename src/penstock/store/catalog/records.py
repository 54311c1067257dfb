"""What the catalog holds: one record type per kind, what names a record, and what it refers to.

The third normal form: every fact hangs on the key of its record, the whole key and nothing but the key. A room's building is part
of the room's key; a building's site is said by the building alone; a sensor type's unit by the sensor type alone. What follows
from these (the site of a point, say) is never stored a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from penstock.model.errors import InvalidInput, NotFound

__all__ = [
    "KINDS",
    "Building",
    "Device",
    "Equipment",
    "Key",
    "Kind",
    "Point",
    "Record",
    "Reference",
    "Room",
    "SensorType",
    "Site",
    "Value",
    "kind_named",
    "kind_of",
    "referred",
]

Value = str | int | float | bool
"""What a free attribute may be."""

Key = tuple[str, ...]
"""The texts that name a record within its tenant and kind, in the order of `Kind.key`."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every kind has: a name for people, and free attributes. Ids are for programs, and never change."""

    name: str = ""
    attributes: dict[str, Value] = {}


class Site(Record, frozen=True):
    """A place with buildings or plant. `zone` is the IANA time zone that its days begin in, empty for not said."""

    id: str
    zone: str = ""


class Building(Record, frozen=True):
    """A building of a site; its id is unique in the tenant."""

    id: str
    site: str


class Room(Record, frozen=True):
    """A room of a building; its id is unique in the building."""

    building: str
    id: str
    floor: str = ""


class Equipment(Record, frozen=True):
    """A machine: battery, meter, inverter, air handler. It stands in a site, a building or a room, or is part of another one
    and then stands where that does unless it says otherwise. `type` is free, best a Brick class.
    """

    id: str
    type: str = ""
    site: str | None = None
    building: str | None = None
    room: str | None = None
    part_of: str | None = None


class Device(Record, frozen=True):
    """The thing that measures and sends. It can be replaced while its points keep their history."""

    id: str
    manufacturer: str = ""
    model: str = ""
    serial: str = ""


class SensorType(Record, frozen=True):
    """A kind of sensor. `accuracy` is ± in `unit`; `preprocessing` says in words what is done to a value before it is sent."""

    id: str
    metric: str = ""
    unit: str = ""
    description: str = ""
    accuracy: float | None = None
    preprocessing: str = ""


class Point(Record, frozen=True):
    """Where and by what one quantity is measured. `site_id`, `sensor_id` and `metric` are what the sender says; with an empty
    metric the point stands for every metric of the sensor that has no point of its own.

    What it measures stands in `building` (and `room`), or where `equipment` stands; a point with none of these is unassigned.
    """

    site_id: str
    sensor_id: str
    metric: str = ""
    building: str | None = None
    room: str | None = None
    equipment: str | None = None
    device: str | None = None
    sensor_type: str | None = None

    @property
    def placed(self) -> bool:
        """Whether it says where it is."""
        return self.building is not None or self.equipment is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """`fields` of a record hold, unless one of them is None, the key of a record of `kind`."""

    fields: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. `name` is plural and stands in paths; `key` are the fields that name a record."""

    name: str
    singular: str
    record: type[Record]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields: the key first, then in the order of the record type."""
        rest = (name for name in self.record.__struct_fields__ if name not in self.key)
        return (*self.key, *rest)

    def key_of(self, record: Record) -> Key:
        """The texts that name `record`."""
        return tuple(getattr(record, field) for field in self.key)

    def text(self, key: Key) -> str:
        """A key as one text: its parts joined by `/`, with / and % in them escaped. A point's empty metric is left out."""
        parts = key[:-1] if self.name == "points" and not key[-1] else key
        return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)

    def parse(self, text: str) -> Key:
        """The inverse of `text`, also where it went through a URL. Raises NotFound for what can name no record of this kind."""
        parts = tuple(unquote(part) for part in text.split("/"))
        if self.name == "points" and len(parts) == len(self.key) - 1:
            parts = (*parts, "")
        if len(parts) != len(self.key):
            raise NotFound(
                f"{text!r:.200} names no {self.singular}",
                hint=f"a {self.singular} is named by {'/'.join(self.key)}, each percent-encoded",
            )
        return parts


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("sites", "site", Site, ("id",)),
        Kind("buildings", "building", Building, ("id",), (Reference(("site",), "sites"),)),
        Kind("rooms", "room", Room, ("building", "id"), (Reference(("building",), "buildings"),)),
        Kind(
            "equipment",
            "piece of equipment",
            Equipment,
            ("id",),
            (
                Reference(("site",), "sites"),
                Reference(("building",), "buildings"),
                Reference(("building", "room"), "rooms"),
                Reference(("part_of",), "equipment"),
            ),
        ),
        Kind("devices", "device", Device, ("id",)),
        Kind("sensor-types", "sensor type", SensorType, ("id",)),
        Kind(
            "points",
            "point",
            Point,
            ("site_id", "sensor_id", "metric"),
            (
                Reference(("building",), "buildings"),
                Reference(("building", "room"), "rooms"),
                Reference(("equipment",), "equipment"),
                Reference(("device",), "devices"),
                Reference(("sensor_type",), "sensor-types"),
            ),
        ),
    )
}
"""Every kind by its name; what a kind refers to comes before it."""


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises InvalidInput listing those that there are."""
    try:
        return KINDS[name]
    except KeyError:
        raise InvalidInput(
            f"{name!r:.60} is no kind of the catalog", code="unknown_kind", hint=f"one of {', '.join(KINDS)}"
        ) from None


def kind_of(record: Record) -> Kind:
    """The kind that a record is of."""
    return _BY_TYPE[type(record)]


_BY_TYPE: Final[Mapping[type[Record], Kind]] = {kind.record: kind for kind in KINDS.values()}


def referred(kind: Kind, record: Record) -> Sequence[tuple[Reference, Key]]:
    """What `record` refers to: each reference that is there, with the key that it names."""
    found: list[tuple[Reference, Key]] = []
    for reference in kind.references:
        key: tuple[Any, ...] = tuple(getattr(record, field) for field in reference.fields)
        if None not in key:
            found.append((reference, key))
    return found
