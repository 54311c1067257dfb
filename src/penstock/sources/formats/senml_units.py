"""Units of the SenML registry (RFC 8428 §12.1, RFC 8798 and later entries) in Penstock's words, and what they measure.

SenML's codes are case-sensitive and not UCUM: `C` is coulomb and `F` farad, which people elsewhere type for degrees. So a code is
looked up here and never guessed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from penstock.model.errors import InvalidInput
from penstock.model.units import find_unit

__all__ = ["SenmlUnit", "senml_unit"]


class SenmlUnit(NamedTuple):
    """`unit` after multiplying by `factor`; `metric` for a record whose name says none; the same for the sum over seconds."""

    unit: str
    metric: str = "value"
    factor: float = 1.0
    sum_unit: str = ""
    sum_factor: float = 1.0


_AMPERE_HOURS: Final = 1 / 3600

_KNOWN: Final[dict[str, SenmlUnit]] = {
    "K": SenmlUnit("K", "temperature"),
    "Cel": SenmlUnit("degC", "temperature"),
    "W": SenmlUnit("W", "power", 1.0, "J"),
    "kW": SenmlUnit("kW", "power", 1.0, "kJ"),
    "var": SenmlUnit("var", "reactive_power"),
    "kvar": SenmlUnit("kvar", "reactive_power"),
    "VA": SenmlUnit("VA", "apparent_power"),
    "kVA": SenmlUnit("kVA", "apparent_power"),
    "V": SenmlUnit("V", "voltage"),
    "mV": SenmlUnit("mV", "voltage"),
    "A": SenmlUnit("A", "current", 1.0, "Ah", _AMPERE_HOURS),
    "mA": SenmlUnit("mA", "current", 1.0, "mAh", _AMPERE_HOURS),
    "C": SenmlUnit("Ah", "charge", _AMPERE_HOURS),
    "Ah": SenmlUnit("Ah", "charge"),
    "J": SenmlUnit("J", "energy"),
    "Wh": SenmlUnit("Wh", "energy"),
    "kWh": SenmlUnit("kWh", "energy"),
    "Hz": SenmlUnit("Hz", "frequency"),
    "MHz": SenmlUnit("Hz", "frequency", 1e6),
    "%RH": SenmlUnit("%RH", "humidity"),
    "ppm": SenmlUnit("ppm", "concentration"),
    "ppb": SenmlUnit("ppb", "concentration"),
    "lx": SenmlUnit("lx", "illuminance"),
    "Pa": SenmlUnit("Pa", "pressure"),
    "hPa": SenmlUnit("hPa", "pressure"),
    "m3": SenmlUnit("m3", "volume"),
    "l": SenmlUnit("L", "volume"),
    "m3/s": SenmlUnit("m3/s", "flow", 1.0, "m3"),
    "l/s": SenmlUnit("l/s", "flow", 1.0, "L"),
    "Ohm": SenmlUnit("Ohm", "resistance"),
    "s": SenmlUnit("s", "duration"),
    "ms": SenmlUnit("s", "duration", 1e-3),
    "min": SenmlUnit("min", "duration"),
    "h": SenmlUnit("h", "duration"),
    "/": SenmlUnit("1"),
    "%": SenmlUnit("%"),
    "/100": SenmlUnit("%"),
    "/1000": SenmlUnit("1", "value", 1e-3),
    "%EL": SenmlUnit("%", "soc"),
    "count": SenmlUnit("1", "count"),
    "F": SenmlUnit("farad", "capacitance"),
}
"""Those that Penstock converts, or that its own aliases would take for something else."""

_KEPT: Final = frozenset({
    "m", "kg", "g", "cd", "mol", "rad", "sr", "N", "S", "Wb", "T", "H", "lm", "Bq", "Gy", "Sv", "kat", "m2", "m/s",
    "m/s2", "W/m2", "cd/m2", "bit", "bit/s", "lat", "lon", "pH", "dB", "dBW", "Bspl", "EL", "1/s", "1/min",
    "beat/min", "beats", "S/m", "B", "VAs", "vars", "J/m", "kg/m3", "deg", "NTU", "varh", "kvarh", "kVAh", "Wh/km",
    "KiB", "GB", "Mbit/s", "B/s", "MB/s", "dBm", "ug/m3", "mm/h", "m/h", "mm", "cm", "km", "km/h", "ppt", "VAh",
    "mg/l", "ug/l", "g/l",
})  # fmt: skip
"""Those that are kept as they are written."""

_MEANT: Final = {code.lower(): code for code in (*_KEPT, *_KNOWN)} | {unit.unit: code for code, unit in _KNOWN.items()}


def senml_unit(code: str) -> SenmlUnit:
    """What a code of the registry means; raises InvalidInput (`unknown_unit`)."""
    known = _KNOWN.get(code)
    if known is None and code in _KEPT:
        known = SenmlUnit(code)
    if known is None:
        meant = _MEANT.get(find_unit(code[:32]) or "") or _MEANT.get(code[:32].lower())
        raise InvalidInput(
            f"u {code!r:.40} is not in the SenML units registry",
            code="unknown_unit",
            hint=f"did you mean {meant}?" if meant else "codes are case-sensitive: Cel, W, kWh, %RH, V, A",
        )
    return known if known.sum_unit else known._replace(sum_unit=f"{known.unit}.s", sum_factor=known.factor)
