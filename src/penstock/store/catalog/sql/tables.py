"""The tables: one per kind, keyed by tenant and the kind's natural key, every reference a foreign key.

References are judged before anything is written (`judge`), so that a refusal can say what is wrong; the database judges them
again at COMMIT.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
)

__all__ = ["HEAD", "TABLES", "metadata", "tenant"]

HEAD: Final = "0001"
"""The migration that makes what is below."""

metadata: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)  # fmt: skip

_TEXT: Final = String().with_variant(String(collation="C"), "postgresql")
"""Compared by code point everywhere, as Python does."""


def _key(*names: str) -> list[Column[str]]:
    return [Column(name, _TEXT, primary_key=True) for name in ("tenant", *names)]


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, _TEXT, nullable=False) for name in ("name", *names)]


def _references(*names: str) -> list[Column[str]]:
    return [Column(name, _TEXT, nullable=True) for name in names]


def _common() -> list[Column[object]]:
    return [Column("attributes", JSON, nullable=False), Column("version", BigInteger, nullable=False)]


def _to(table: str, *columns: str, key: tuple[str, ...] = ("id",)) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant", *columns],
        [f"{table}.{column}" for column in ("tenant", *key)],
        deferrable=True,
        initially="DEFERRED",
    )


def _to_room() -> ForeignKeyConstraint:
    return _to("room", "building", "room", key=("building", "id"))


tenant: Final = Table("tenant", metadata, *_key(), Column("revision", BigInteger, nullable=False))

_site = Table("site", metadata, *_key("id"), *_texts("zone"), *_common(), _to("tenant", key=()))
_building = Table(
    "building", metadata, *_key("id"), *_texts(), Column("site", _TEXT, nullable=False), *_common(), _to("site", "site")
)
_room = Table("room", metadata, *_key("building", "id"), *_texts("floor"), *_common(), _to("building", "building"))
_equipment = Table(
    "equipment",
    metadata,
    *_key("id"),
    *_texts("type"),
    *_references("site", "building", "room", "part_of"),
    *_common(),
    _to("tenant", key=()),
    _to("site", "site"),
    _to("building", "building"),
    _to_room(),
    _to("equipment", "part_of"),
    CheckConstraint("site IS NULL OR building IS NULL", name="one_place"),
    CheckConstraint("room IS NULL OR building IS NOT NULL", name="room_of_building"),
)
_device = Table(
    "device", metadata, *_key("id"), *_texts("manufacturer", "model", "serial"), *_common(), _to("tenant", key=())
)
_sensor_type = Table(
    "sensor_type",
    metadata,
    *_key("id"),
    *_texts("metric", "unit", "description", "preprocessing"),
    Column("accuracy", Float, nullable=True),
    *_common(),
    _to("tenant", key=()),
)
_point = Table(
    "point",
    metadata,
    *_key("site_id", "sensor_id", "metric"),
    *_texts(),
    *_references("building", "room", "equipment", "device", "sensor_type"),
    *_common(),
    _to("tenant", key=()),
    _to("building", "building"),
    _to_room(),
    _to("equipment", "equipment"),
    _to("device", "device"),
    _to("sensor_type", "sensor_type"),
    CheckConstraint("room IS NULL OR building IS NOT NULL", name="room_of_building"),
)

# What the database looks up when something is deleted, and what lists are filtered by.
Index("ix_building_site", _building.c.tenant, _building.c.site)
Index("ix_equipment_building_room", _equipment.c.tenant, _equipment.c.building, _equipment.c.room)
Index("ix_equipment_part_of", _equipment.c.tenant, _equipment.c.part_of)
Index("ix_point_building_room", _point.c.tenant, _point.c.building, _point.c.room)
Index("ix_point_equipment", _point.c.tenant, _point.c.equipment)
Index("ix_point_device", _point.c.tenant, _point.c.device)
Index("ix_point_sensor_type", _point.c.tenant, _point.c.sensor_type)

TABLES: Final[Mapping[str, Table]] = {
    "sites": _site,
    "buildings": _building,
    "rooms": _room,
    "equipment": _equipment,
    "devices": _device,
    "sensor-types": _sensor_type,
    "points": _point,
}
"""Kind → its table, whose columns besides tenant and version are the record's fields."""
