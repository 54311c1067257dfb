"""The catalog's first tables. Revision 0001."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INDEXES = (
    ("building", ("site",)),
    ("equipment", ("building", "room")),
    ("equipment", ("part_of",)),
    ("point", ("building", "room")),
    ("point", ("equipment",)),
    ("point", ("device",)),
    ("point", ("sensor_type",)),
)


def upgrade() -> None:
    """Make them."""
    op.create_table("tenant", _text("tenant"), sa.Column("revision", sa.BigInteger(), nullable=False), _pk("tenant"))
    _create("site", ("id",), ("zone",), _fk("site", "tenant", (), key=()))
    _create("building", ("id",), ("site",), _fk("building", "site", ("site",)))
    _create("room", ("building", "id"), ("floor",), _fk("room", "building", ("building",)))
    _create(
        "equipment",
        ("id",),
        ("type",),
        *(_text(name, nullable=True) for name in ("site", "building", "room", "part_of")),
        _fk("equipment", "tenant", (), key=()),
        _fk("equipment", "site", ("site",)),
        _fk("equipment", "building", ("building",)),
        _fk("equipment", "room", ("building", "room"), key=("building", "id")),
        _fk("equipment", "equipment", ("part_of",)),
        sa.CheckConstraint("site IS NULL OR building IS NULL", name=op.f("ck_equipment_one_place")),
        sa.CheckConstraint("room IS NULL OR building IS NOT NULL", name=op.f("ck_equipment_room_of_building")),
    )
    _create("device", ("id",), ("manufacturer", "model", "serial"), _fk("device", "tenant", (), key=()))
    _create(
        "sensor_type",
        ("id",),
        ("metric", "unit", "description", "preprocessing"),
        sa.Column("accuracy", sa.Float(), nullable=True),
        _fk("sensor_type", "tenant", (), key=()),
    )
    _create(
        "point",
        ("site_id", "sensor_id", "metric"),
        (),
        *(_text(name, nullable=True) for name in ("building", "room", "equipment", "device", "sensor_type")),
        _fk("point", "tenant", (), key=()),
        _fk("point", "building", ("building",)),
        _fk("point", "room", ("building", "room"), key=("building", "id")),
        _fk("point", "equipment", ("equipment",)),
        _fk("point", "device", ("device",)),
        _fk("point", "sensor_type", ("sensor_type",)),
        sa.CheckConstraint("room IS NULL OR building IS NOT NULL", name=op.f("ck_point_room_of_building")),
    )
    for table, columns in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, ["tenant", *columns])


def downgrade() -> None:
    """Drop them, with all that they hold."""
    for table in ("point", "equipment", "room", "building", "site", "sensor_type", "device", "tenant"):
        op.drop_table(table)


def _create(table: str, key: tuple[str, ...], texts: tuple[str, ...], *rest: Any) -> None:
    """A table with what every kind has: its key within the tenant, a name, attributes and a version."""
    op.create_table(
        table,
        *(_text(name) for name in ("tenant", *key, "name", *texts)),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _pk(table, *key),
        *rest,
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def _pk(table: str, *key: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("tenant", *key, name=op.f(f"pk_{table}"))


def _fk(table: str, to: str, columns: tuple[str, ...], *, key: tuple[str, ...] = ("id",)) -> sa.ForeignKeyConstraint:
    names = ("tenant", *columns)
    return sa.ForeignKeyConstraint(
        list(names),
        [f"{to}.{column}" for column in ("tenant", *key)],
        name=op.f(f"fk_{table}_{'_'.join(names)}"),
        deferrable=True,
        initially="DEFERRED",
    )
