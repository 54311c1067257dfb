import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.units import (
    _ALIASES,
    _METRICS,
    _SUFFIXES,
    _UNITS,
    CANONICAL,
    conversion,
    find_unit,
    quantity_of,
    resolve_metric,
)

UREG = pint.UnitRegistry()

# How pint spells ours, and the canonical unit of their quantity. Humidity in %RH has no other unit to convert to.
PINT = {
    "K": "kelvin", "degC": "degC", "degF": "degF", "W": "watt", "mW": "milliwatt", "kW": "kilowatt", "MW": "megawatt",
    "var": "watt", "kvar": "kilowatt", "VA": "volt_ampere", "kVA": "kilovolt_ampere", "V": "volt", "mV": "millivolt",
    "kV": "kilovolt", "A": "ampere", "mA": "milliampere", "kA": "kiloampere", "Wh": "watt_hour", "kWh": "kilowatt_hour",
    "MWh": "megawatt_hour", "J": "joule", "kJ": "kilojoule", "MJ": "megajoule", "Ah": "ampere_hour",
    "mAh": "milliampere_hour", "Hz": "hertz", "%RH": "percent", "ppm": "ppm", "1": "dimensionless", "%": "percent",
    "lx": "lux", "Pa": "pascal", "hPa": "hectopascal", "kPa": "kilopascal", "bar": "bar", "m3": "meter ** 3",
    "L": "liter", "s": "second", "min": "minute", "h": "hour", "Ohm": "ohm", "mOhm": "milliohm", "kg/kg": "kg/kg",
    "g/kg": "g/kg",
}  # fmt: skip


@pytest.mark.parametrize("unit", sorted(_UNITS.keys() - {"ppb"}))
@pytest.mark.parametrize("value", [0.0, 1.0, -40.0, 123.456])
def test_factors_equal_pint(unit, value):
    ours = _UNITS[unit]
    canonical = CANONICAL[ours.quantity].unit
    expected = UREG.Quantity(value, PINT[unit]).to(PINT[canonical]).magnitude
    assert value * ours.factor + ours.offset == pytest.approx(expected, rel=1e-12, abs=1e-9)


def test_a_thousand_ppb_are_one_ppm():
    assert _UNITS["ppb"].factor * 1000 == 1.0


def test_every_unit_is_of_a_quantity_whose_canonical_unit_it_converts_to():
    for name, unit in _UNITS.items():
        quantity = CANONICAL[unit.quantity]
        assert quantity.unit in _UNITS, name
        canonical = _UNITS[quantity.unit]
        assert (canonical.factor, canonical.offset) == (1.0, 0.0)


def test_every_alias_metric_and_suffix_points_at_something():
    assert set(_ALIASES.values()) <= _UNITS.keys()
    assert all(alias == alias.lower() for alias in _ALIASES)
    assert set(_METRICS.values()) <= CANONICAL.keys()
    assert {unit for _, unit, _ in _SUFFIXES} <= _UNITS.keys()


@pytest.mark.parametrize("unit", sorted(_UNITS))
def test_a_canonical_spelling_is_itself(unit):
    assert find_unit(unit) == unit
    assert find_unit(f" {unit} ") == unit


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("°C", "degC"),
        ("celsius", "degC"),
        ("Kelvin", "K"),
        ("KWH", "kWh"),
        ("kw", "kW"),
        ("Ω", "Ohm"),
        ("m³", "m3"),
        ("Lux", "lx"),
        ("parsec", None),
        ("", None),
    ],
)
def test_units_as_people_type_them(typed, unit):
    assert find_unit(typed) == unit


def test_mega_is_not_milli():
    assert (find_unit("MW"), find_unit("mW")) == ("MW", "mW")
    assert conversion("power", "MW").factor == 1e6
    assert conversion("power", "mW").factor == 1e-3


def test_a_case_that_could_be_mega_or_milli_is_not_guessed():
    assert find_unit("Mw") is None
    assert find_unit("mohm") == "mOhm"


@pytest.mark.parametrize(
    ("metric", "canonical", "unit"),
    [
        ("power_kw", "power_w", "kW"),
        ("soc_pct", "soc", "%"),
        ("temperature_c", "temperature", "degC"),
        ("energy_kwh", "energy_wh", "kWh"),
        ("voltage_mv", "voltage_v", "mV"),
        ("co2_ppm", "co2", "ppm"),
        ("power_w", "power_w", None),
        ("cache_k", "cache_k", None),
        ("mem_free_pct", "mem_free_pct", None),
        ("_kw", "_kw", None),
        ("temperature", "temperature", None),
        ("boiler_degc", "boiler", "degC"),
    ],
)
def test_a_unit_in_a_metrics_name_is_split_out(metric, canonical, unit):
    assert resolve_metric(metric) == (canonical, unit)


@given(st.text(max_size=20))
def test_resolving_a_metric_twice_changes_nothing_more(metric):
    name, unit = resolve_metric(metric)
    if unit is None:
        assert name == metric
    assert resolve_metric(name)[0] == name or unit is not None


@pytest.mark.parametrize(
    ("metric", "unit", "expected"),
    [
        ("temperature", None, ("K", 1.0, 0.0)),
        ("temperature", "°C", ("K", 1.0, 273.15)),
        ("soc", "%", ("1", 0.01, 0.0)),
        ("soc", None, ("1", 1.0, 0.0)),
        ("humidity", "%", ("%RH", 1.0, 0.0)),
        ("humidity", "fraction", ("%RH", 100.0, 0.0)),
        ("power_w", "kW", ("W", 1000.0, 0.0)),
        ("unheard_of", "kW", ("W", 1000.0, 0.0)),
        ("unheard_of", " furlong ", ("furlong", 1.0, 0.0)),
        ("unheard_of", None, ("", 1.0, 0.0)),
    ],
)
def test_conversion_follows_the_metric(metric, unit, expected):
    assert conversion(metric, unit) == expected


@pytest.mark.parametrize(
    ("metric", "unit", "code"),
    [("power_w", "K", "unit_mismatch"), ("power_w", "parsec", "unknown_unit"), ("temperature", "%", "unit_mismatch")],
)
def test_a_unit_of_something_else_is_refused_with_what_fits(metric, unit, code):
    with pytest.raises(InvalidInput) as refused:
        conversion(metric, unit)
    assert refused.value.code == code
    assert quantity_of(metric).unit in refused.value.hint


def test_freezing_points_and_absolute_zero():
    c, f = conversion("temperature", "degC"), conversion("temperature", "degF")
    assert -273.15 * c.factor + c.offset == 0.0
    assert 32 * f.factor + f.offset == pytest.approx(273.15, abs=1e-10)
    assert -459.67 * f.factor + f.offset == pytest.approx(0.0, abs=1e-10)
