"""Which column of a table means what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from penstock.model.errors import InvalidInput
from penstock.model.units import quantity_of, resolve_metric

__all__ = ["MISSING", "FileMapping", "exact_mapping", "guess_mapping"]

MISSING: Final = ("", "?", "NA", "na", "N/A", "NaN", "nan", "NAN", "null", "NULL", "Null")
"""Cells of text that say that there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMapping:
    """What the columns of a file mean. A field that names a column has a twin `…_value` for one value for all rows.

    time         the column of times, or two columns (date, time of day) that are joined by a space
    time_format  how times are written, for `strptime`; None: ISO 8601, or a whole number of epoch ms
    timezone     IANA zone of times without an offset; None: such times are refused
    sensor       column with the sensor's id
    metrics      wide files: column → (metric, unit as sent or None)
    metric, value, unit   columns of long files: what was measured, the number, its unit
    """

    time: str | tuple[str, str] = "ts"
    time_format: str | None = None
    timezone: str | None = None
    sensor: str | None = None
    sensor_value: str | None = None
    site: str | None = None
    site_value: str | None = None
    building: str | None = None
    building_value: str | None = None
    room: str | None = None
    room_value: str | None = None
    tenant: str | None = None
    seq: str | None = None
    metrics: Mapping[str, tuple[str, str | None]] = field(default_factory=dict[str, tuple[str, str | None]])
    metric: str | None = None
    value: str | None = None
    unit: str | None = None

    @property
    def times(self) -> tuple[str, ...]:
        """The one or two columns of time."""
        return (self.time,) if isinstance(self.time, str) else self.time

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is named."""
        single = (self.sensor, self.site, self.building, self.room, self.tenant, self.seq)
        long = (self.metric, self.value, self.unit)
        return (*self.times, *(name for name in (*single, *long) if name is not None), *self.metrics)

    def check(self, columns: Sequence[str]) -> None:
        """Raises InvalidInput unless all named columns are there, once, and the mapping says all that is needed."""
        for name in self.columns:
            if columns.count(name) != 1:
                problem = "missing" if name not in columns else "there more than once"
                raise InvalidInput(
                    f"column {name!r} is {problem}", code="missing_column", hint=f"columns are {', '.join(columns)}"
                )
        if self.sensor is None and self.sensor_value is None:
            raise InvalidInput(
                "no column names the sensor", code="missing_column", hint="map a column to the sensor, or give its name"
            )
        if (self.metric is None) != (self.value is None):
            raise InvalidInput("a long table needs both a metric and a value column", code="missing_column")
        if self.metric is None and not self.metrics:
            raise InvalidInput("no column holds a metric", code="missing_column", hint="map at least one column")


_LONG: Final = ("metric", "value")


def exact_mapping(columns: Sequence[str]) -> FileMapping:
    """The mapping of a table whose columns have the names of the fields of JSON rows.

    Without `metric` and `value`, every other column is a metric of its own name.
    """
    has = {name: name if name in columns else None for name in _EXACT}
    long = any(name in columns for name in _LONG)
    others = [name for name in columns if name not in _EXACT]
    if long and others:
        raise _unknown(others)
    return FileMapping(
        time="ts",
        sensor=has["sensor_id"],
        site=has["site_id"],
        building=has["building"],
        room=has["room"],
        tenant=has["tenant_id"],
        seq=has["seq"],
        metric=has["metric"],
        value=has["value"],
        unit=has["unit"],
        metrics={} if long else {name: (name, None) for name in others},
    )


def _unknown(names: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        f"column {', '.join(map(repr, names))} is not known",
        code="unknown_field",
        hint=f"known are {', '.join(_EXACT)}, and in a wide table any metric's name over a column of numbers",
    )


_EXACT: Final = ("sensor_id", "ts", "site_id", "tenant_id", "building", "room", "seq", "metric", "value", "unit")

_GUESSES: Final[dict[str, tuple[str, ...]]] = {
    "time": ("ts", "time", "timestamp", "datetime", "date_time", "date"),
    "sensor": ("sensor_id", "sensor", "device_id", "device", "battery_id", "meter_id", "point_id", "id"),
    "site": ("site_id", "site"),
    "building": ("building", "building_id"),
    "room": ("room", "room_id"),
    "tenant": ("tenant_id", "tenant"),
    "seq": ("seq", "version"),
    "metric": ("metric", "measurement", "quantity"),
    "value": ("value", "reading"),
    "unit": ("unit", "uom"),
}
_METRICS: Final[dict[str, str]] = {
    "light": "illuminance", "lux": "illuminance", "temp": "temperature", "humidityratio": "humidity_ratio",
    "global_active_power": "active_power", "global_reactive_power": "reactive_power", "global_intensity": "current",
    "intensity": "current", "relative_humidity": "humidity", "state_of_charge": "soc", "state_of_health": "soh",
}  # fmt: skip


def guess_mapping(columns: Sequence[str]) -> FileMapping:
    """The mapping that the columns' names suggest, whatever their case; columns that suggest nothing are left out.

    Units are never guessed: a `temperature` without one is kelvin. Raises InvalidInput if no column looks like a time.
    """
    lower = {name.strip().lower().replace(" ", "_"): name for name in columns if name}
    found = {role: next((lower[g] for g in names if g in lower), None) for role, names in _GUESSES.items()}
    if found["time"] is None:
        raise InvalidInput(
            f"no column of {', '.join(columns)} looks like a time", code="missing_column", hint="name the time column"
        )
    time: str | tuple[str, str] = found["time"]
    if "date" in lower and "time" in lower:
        time = (lower["date"], lower["time"])
    long = found["metric"] is not None and found["value"] is not None
    metrics: dict[str, tuple[str, str | None]] = {}
    for name, original in lower.items():
        metric = _METRICS.get(name, name)
        if not long and quantity_of(resolve_metric(metric)[0]) is not None:
            metrics[original] = (metric, None)
    return FileMapping(
        time=time,
        sensor=found["sensor"],
        site=found["site"],
        building=found["building"],
        room=found["room"],
        tenant=found["tenant"],
        seq=found["seq"],
        metrics=metrics,
        metric=found["metric"] if long else None,
        value=found["value"] if long else None,
        unit=found["unit"] if long else None,
    )
