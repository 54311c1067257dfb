"""The verdict on one JSON row: what it says, or why it is refused. The slow path, and the definition of the fast one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from penstock.model.batch import DraftKey
from penstock.model.errors import InvalidInput
from penstock.model.series import Attributes
from penstock.model.units import quantity_of, resolve_metric
from penstock.sources.formats.collect import Collector
from penstock.sources.formats.fields import (
    read_name,
    read_number,
    read_seq,
    read_tags,
    read_text,
    read_time,
    shown,
)

__all__ = ["BATTERY", "LONG", "READINGS", "SHARED", "TEMPERATURE", "Dialect", "judge"]

SHARED: Final = ("site_id", "tenant_id", "building", "room", "tags", "seq")
"""Optional fields that mean the same in every row, besides its sensor and its time."""

LONG: Final = ("metric", "value", "unit")

# A row that lacks `ts` but has one of these must hear so, instead of gaining a metric named `timestamp`.
_NEVER_METRICS: Final = frozenset({"ts", "time", "timestamp", *SHARED, *LONG, "units"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What rows of one door look like.

    sensor   names of the field that holds the sensor's id; any one of them may be used
    time     likewise for the time
    long     rows with `metric` and `value` are understood besides wide ones
    metric   with it a row holds one value (in `value` or a field of this name) of this metric, and an optional `unit`
    origin   (building, room) that the door itself says about every row
    """

    sensor: tuple[str, ...]
    time: tuple[str, ...]
    long: bool = True
    metric: str | None = None
    origin: tuple[str, str] | None = None


READINGS: Final = Dialect(("sensor_id",), ("ts",))
BATTERY: Final = Dialect(("battery_id", "sensor_id"), ("ts", "timestamp"), long=False)


def TEMPERATURE(building: str, room: str) -> Dialect:  # noqa: N802 - reads as the third of the dialects
    """The dialect of one room's temperature."""
    return Dialect(("sensor_id",), ("ts", "timestamp"), long=False, metric="temperature", origin=(building, room))


class _Origin(NamedTuple):
    sensor: str
    ts: int
    seq: int
    site: str | None
    tenant: str | None
    building: str
    room: str
    tags: Mapping[str, str]


def judge(row: object, at: int, dialect: Dialect, out: Collector) -> None:
    """Add the readings of row number `at` to `out`; raises InvalidInput, having added nothing, if it is refused."""
    if not isinstance(row, dict):
        raise InvalidInput(f"a row must be a JSON object, not {shown(row)}", code="not_an_object")
    fields: dict[str, Any] = row
    origin = _origin(fields, dialect)
    if dialect.metric is not None:
        readings = [_single(fields, dialect, dialect.metric)]
    elif dialect.long and ("metric" in fields or "value" in fields):
        readings = [_long(fields, dialect)]
    else:
        readings = _wide(fields, dialect)
    for metric, value, unit in readings:
        out.reading(DraftKey(origin.site, origin.sensor, metric, unit, origin.tenant), origin.ts, value, at, origin.seq)
    out.describe(origin.site, origin.sensor, Attributes(origin.building, origin.room, tags=origin.tags))


def _origin(fields: Mapping[str, Any], dialect: Dialect) -> _Origin:
    sensor = read_name(dialect.sensor[0], _one_of(fields, dialect.sensor))
    building, room = read_name("building", fields.get("building")), read_name("room", fields.get("room"))
    if dialect.origin is not None:
        building, room = dialect.origin
        sensor = sensor if sensor is not None else f"{building}/{room}"
    if sensor is None:
        raise InvalidInput(f"{dialect.sensor[0]} is missing", code="missing_field")
    return _Origin(
        sensor,
        read_time(dialect.time[0], _one_of(fields, dialect.time)),
        read_seq("seq", fields.get("seq")),
        read_name("site_id", fields.get("site_id")),
        read_text("tenant_id", fields.get("tenant_id")),
        building or "",
        room or "",
        read_tags("tags", fields.get("tags")),
    )


def _one_of(fields: Mapping[str, Any], names: tuple[str, ...]) -> object:
    """The value of the one of `names` that is there; None if none is. Two that disagree are refused."""
    found = [(name, fields[name]) for name in names if fields.get(name) is not None]
    for name, value in found[1:]:
        if value != found[0][1]:
            raise InvalidInput(
                f"{found[0][0]} is {shown(found[0][1])} but {name} is {shown(value)}", code="conflicting_fields"
            )
    return found[0][1] if found else None


def _long(fields: Mapping[str, Any], dialect: Dialect) -> tuple[str, float, str | None]:
    _only(fields, (*dialect.sensor, *dialect.time, *SHARED, *LONG))
    metric = read_text("metric", fields.get("metric"))
    if metric is None:
        raise InvalidInput("metric is missing", code="missing_field", hint="name what value measures")
    if fields.get("value") is None:
        raise InvalidInput(f"{metric} has no value", code="no_value")
    return metric, read_number("value", fields["value"]), read_text("unit", fields.get("unit"))


def _single(fields: Mapping[str, Any], dialect: Dialect, metric: str) -> tuple[str, float, str | None]:
    known = tuple(name for name in SHARED if dialect.origin is None or name not in ("building", "room"))
    _only(fields, (*dialect.sensor, *dialect.time, *known, "value", metric, "unit"))
    value = _one_of(fields, ("value", metric))
    if value is None:
        raise InvalidInput(f"neither value nor {metric} is there", code="no_value")
    return metric, read_number(metric, value), read_text("unit", fields.get("unit"))


def _wide(fields: Mapping[str, Any], dialect: Dialect) -> list[tuple[str, float, str | None]]:
    known = (*dialect.sensor, *dialect.time, *SHARED, "units")
    units = _units(fields.get("units"))
    readings: list[tuple[str, float, str | None]] = []
    for name, value in fields.items():
        if name in known or value is None:
            continue
        read_text("the name of a field", name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _NEVER_METRICS or not (number or quantity_of(resolve_metric(name)[0])):
            raise InvalidInput(
                f"field {shown(name)} is neither known nor a metric with a number",
                code="unknown_field",
                hint=f"known are {', '.join(known)}, and any metric's name with a number",
            )
        readings.append((name, read_number(name, value), units.get(name)))
    if not readings:
        raise InvalidInput("the row holds no value", code="no_value", hint="at least one field must be a number")
    return readings


def _units(value: object) -> dict[str, str | None]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(
            f"units must be an object, not {shown(value)}", code="invalid_field", hint='send {"temperature": "degC"}'
        )
    units: dict[str, Any] = value
    return {metric: read_text(f"units.{metric}", unit) for metric, unit in units.items()}


def _only(fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in fields:
        if name not in known:
            raise InvalidInput(
                f"field {shown(name)} is not known here", code="unknown_field", hint=f"known are {', '.join(known)}"
            )
