"""Units and quantities: every number inside Penstock is in its quantity's canonical unit.

A unit is declared by the sender, or follows from the metric's name (`power_w`, `temperature`), and is converted
once, at admission, by `value * factor + offset`. Codes follow UCUM where it has one; the aliases are what people type.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from penstock.model.errors import InvalidInput

__all__ = ["CANONICAL", "Conversion", "Quantity", "conversion", "find_unit", "quantity_of", "resolve_metric"]


class Quantity(NamedTuple):
    """A kind of measure with its canonical unit and the closed range that is physically possible in that unit."""

    name: str
    unit: str
    low: float = float("-inf")
    high: float = float("inf")


class Conversion(NamedTuple):
    """canonical = sent * factor + offset."""

    unit: str
    factor: float
    offset: float


class _Unit(NamedTuple):
    quantity: str
    factor: float
    offset: float = 0.0


CANONICAL: Final[dict[str, Quantity]] = {
    q.name: q
    for q in (
        Quantity("temperature", "K", low=0.0),
        Quantity("power", "W"),
        Quantity("reactive_power", "var"),
        Quantity("apparent_power", "VA"),
        Quantity("voltage", "V"),
        Quantity("current", "A"),
        Quantity("energy", "Wh"),
        Quantity("charge", "Ah"),
        Quantity("frequency", "Hz"),
        Quantity("relative_humidity", "%RH", low=0.0, high=100.0),
        Quantity("concentration", "ppm", low=0.0),
        Quantity("fraction", "1", low=0.0, high=1.0),
        Quantity("ratio", "1"),
        Quantity("illuminance", "lx", low=0.0),
        Quantity("pressure", "Pa"),
        Quantity("volume", "m3"),
        Quantity("duration", "s"),
        Quantity("resistance", "Ohm"),
        Quantity("mass_ratio", "kg/kg", low=0.0),
    )
}

_UNITS: Final[dict[str, _Unit]] = {
    "K": _Unit("temperature", 1.0),
    "degC": _Unit("temperature", 1.0, 273.15),
    "degF": _Unit("temperature", 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    "W": _Unit("power", 1.0),
    "mW": _Unit("power", 1e-3),
    "kW": _Unit("power", 1e3),
    "MW": _Unit("power", 1e6),
    "var": _Unit("reactive_power", 1.0),
    "kvar": _Unit("reactive_power", 1e3),
    "VA": _Unit("apparent_power", 1.0),
    "kVA": _Unit("apparent_power", 1e3),
    "V": _Unit("voltage", 1.0),
    "mV": _Unit("voltage", 1e-3),
    "kV": _Unit("voltage", 1e3),
    "A": _Unit("current", 1.0),
    "mA": _Unit("current", 1e-3),
    "kA": _Unit("current", 1e3),
    "Wh": _Unit("energy", 1.0),
    "kWh": _Unit("energy", 1e3),
    "MWh": _Unit("energy", 1e6),
    "J": _Unit("energy", 1.0 / 3600.0),
    "kJ": _Unit("energy", 1000.0 / 3600.0),
    "MJ": _Unit("energy", 1e6 / 3600.0),
    "Ah": _Unit("charge", 1.0),
    "mAh": _Unit("charge", 1e-3),
    "Hz": _Unit("frequency", 1.0),
    "%RH": _Unit("relative_humidity", 1.0),
    "ppm": _Unit("concentration", 1.0),
    "ppb": _Unit("concentration", 1e-3),
    "1": _Unit("ratio", 1.0),
    "%": _Unit("ratio", 0.01),
    "lx": _Unit("illuminance", 1.0),
    "Pa": _Unit("pressure", 1.0),
    "hPa": _Unit("pressure", 1e2),
    "kPa": _Unit("pressure", 1e3),
    "bar": _Unit("pressure", 1e5),
    "m3": _Unit("volume", 1.0),
    "L": _Unit("volume", 1e-3),
    "s": _Unit("duration", 1.0),
    "min": _Unit("duration", 60.0),
    "h": _Unit("duration", 3600.0),
    "Ohm": _Unit("resistance", 1.0),
    "mOhm": _Unit("resistance", 1e-3),
    "kg/kg": _Unit("mass_ratio", 1.0),
    "g/kg": _Unit("mass_ratio", 1e-3),
}

_ALIASES: Final[dict[str, str]] = {
    "kelvin": "K", "°c": "degC", "c": "degC", "cel": "degC", "celsius": "degC", "degc": "degC", "deg_c": "degC",
    "°f": "degF", "f": "degF", "[degf]": "degF", "fahrenheit": "degF", "degf": "degF",
    "watt": "W", "watts": "W", "kilowatt": "kW", "volt": "V", "volts": "V", "ampere": "A", "amps": "A", "amp": "A",
    "kwh": "kWh", "wh": "Wh", "mwh": "MWh", "kw": "kW", "rh": "%RH", "%rh": "%RH", "percent": "%", "pct": "%",
    "lux": "lx", "fraction": "1", "ratio": "1", "ohm": "Ohm", "ω": "Ohm", "mohm": "mOhm",
    "l": "L", "litre": "L", "liter": "L", "m³": "m3", "sec": "s", "seconds": "s", "hours": "h",
    "ah": "Ah", "mah": "mAh", "hz": "Hz", "ma": "mA", "mv": "mV", "kv": "kV", "pa": "Pa", "hpa": "hPa", "kpa": "kPa",
    "w": "W", "v": "V", "a": "A", "k": "K", "va": "VA", "kva": "kVA",
}  # fmt: skip

_METRICS: Final[dict[str, str]] = {
    "temperature": "temperature", "power": "power", "power_w": "power", "active_power": "power",
    "reactive_power": "reactive_power", "apparent_power": "apparent_power", "voltage": "voltage",
    "voltage_v": "voltage", "current": "current", "current_a": "current", "energy": "energy", "energy_wh": "energy",
    "humidity": "relative_humidity", "co2": "concentration", "soc": "fraction", "soh": "fraction",
    "illuminance": "illuminance", "light": "illuminance", "frequency": "frequency", "frequency_hz": "frequency",
    "pressure": "pressure", "humidity_ratio": "mass_ratio", "capacity_ah": "charge", "occupancy": "ratio",
    "cycles": "ratio",
}  # fmt: skip

# A unit in a metric's name: (suffix, unit, suffix of the canonical name). Longest first.
_SUFFIXES: Final[tuple[tuple[str, str, str], ...]] = (
    ("_percent", "%", ""), ("_celsius", "degC", ""), ("_kelvin", "K", ""), ("_degc", "degC", ""), ("_mwh", "MWh", "_wh"),
    ("_kwh", "kWh", "_wh"), ("_wh", "Wh", "_wh"), ("_pct", "%", ""), ("_kw", "kW", "_w"), ("_mw", "MW", "_w"),
    ("_mv", "mV", "_v"), ("_kv", "kV", "_v"), ("_ma", "mA", "_a"), ("_ah", "Ah", "_ah"), ("_hz", "Hz", "_hz"),
    ("_ppm", "ppm", ""), ("_lux", "lx", ""), ("_w", "W", "_w"), ("_v", "V", "_v"), ("_a", "A", "_a"),
    ("_c", "degC", ""), ("_k", "K", ""),
)  # fmt: skip
# Suffixes that are also ordinary words (`mem_free_pct` is fine, `cache_k` is not a temperature) count only on a known stem.
_STEM_ONLY: Final = frozenset({"_c", "_k", "_pct", "_percent", "_ppm", "_lux", "_mw", "_ma", "_mv", "_a", "_v", "_w"})


def find_unit(text: str) -> str | None:
    """The canonical spelling of a unit that a person typed, or None if it is unknown to Penstock."""
    stripped = text.strip()
    if stripped in _UNITS:
        return stripped
    return _ALIASES.get(stripped.lower())


def quantity_of(metric: str) -> Quantity | None:
    """The quantity that a metric's (canonical) name stands for, if it is a known one."""
    name = _METRICS.get(metric)
    if name is None:
        for suffix, unit, _ in _SUFFIXES:
            if metric.endswith(suffix) and suffix not in _STEM_ONLY:
                name = _UNITS[unit].quantity
                break
    return CANONICAL[name] if name else None


def resolve_metric(metric: str) -> tuple[str, str | None]:
    """Split a unit out of a metric's name: `power_kw` → (`power_w`, `kW`), `soc_pct` → (`soc`, `%`)."""
    if metric in _METRICS:
        return metric, None
    for suffix, unit, canonical in _SUFFIXES:
        if metric.endswith(suffix) and len(metric) > len(suffix):
            stem = metric[: -len(suffix)]
            if suffix not in _STEM_ONLY or stem in _METRICS:
                return stem + canonical, unit
    return metric, None


def conversion(metric: str, unit: str | None) -> Conversion:
    """How a value of `metric` (canonical name) sent in `unit` becomes canonical.

    Without a unit the metric's own canonical unit is meant (temperature: kelvin). A metric that Penstock does not
    know keeps the unit it was sent with, converted to its quantity's canonical unit when that is known.
    Raises InvalidInput (`unit_mismatch`) when the unit measures something else than the metric.
    """
    quantity = quantity_of(metric)
    if not unit:
        return Conversion(quantity.unit if quantity else "", 1.0, 0.0)
    found = find_unit(unit)
    if found is None:
        if quantity is None:
            return Conversion(unit.strip(), 1.0, 0.0)
        raise InvalidInput(
            f"unit {unit!r} is not known, so {metric} cannot be converted to {quantity.unit}",
            code="unknown_unit",
            hint=f"{metric} can be in any of {', '.join(_units_of(quantity.name))}",
        )
    sent = _UNITS[found]
    # A percentage may be a plain ratio, a state of charge, or relative humidity: the metric decides.
    if quantity is not None and sent.quantity == "ratio":
        if quantity.name == "fraction":
            return Conversion(quantity.unit, sent.factor, 0.0)
        if quantity.name == "relative_humidity":
            return Conversion(quantity.unit, sent.factor * 100.0, 0.0)
    if quantity is not None and sent.quantity != quantity.name:
        raise InvalidInput(
            f"unit {unit!r} measures {sent.quantity}, but {metric} is a {quantity.name}",
            code="unit_mismatch",
            hint=f"send {metric} in {', '.join(_units_of(quantity.name))}",
        )
    return Conversion(CANONICAL[sent.quantity].unit, sent.factor, sent.offset)


def _units_of(quantity: str) -> list[str]:
    return [name for name, unit in _UNITS.items() if unit.quantity == quantity] or [CANONICAL[quantity].unit]
