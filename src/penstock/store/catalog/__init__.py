"""Sites, buildings, rooms, equipment, devices, sensor types and points: the port. Adapters are named in `app.wiring` only."""

from penstock.store.catalog.port import MAX_EDITS, Catalog, Edit, Merge, Outcome, Put, Remove, Snapshot, Stored
from penstock.store.catalog.records import (
    KINDS,
    Building,
    Device,
    Equipment,
    Key,
    Kind,
    Point,
    Record,
    Room,
    SensorType,
    Site,
    Value,
    kind_named,
    kind_of,
)
from penstock.store.catalog.rules import merged, record_from

__all__ = [
    "KINDS",
    "MAX_EDITS",
    "Building",
    "Catalog",
    "Device",
    "Edit",
    "Equipment",
    "Key",
    "Kind",
    "Merge",
    "Outcome",
    "Point",
    "Put",
    "Record",
    "Remove",
    "Room",
    "SensorType",
    "Site",
    "Snapshot",
    "Stored",
    "Value",
    "kind_named",
    "kind_of",
    "merged",
    "record_from",
]
