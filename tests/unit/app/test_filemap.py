"""From flags to a mapping."""

from __future__ import annotations

import pytest

from penstock.app.filemap import MapFlags, build_mapping, read_flags, told_guess
from penstock.model.errors import InvalidInput

COLUMNS = ["Date", "Time", "meter_id", "Global_active_power", "Voltage", "site"]


def test_what_is_not_said_follows_from_the_names():
    mapping = build_mapping(MapFlags(), COLUMNS)
    assert mapping is not None
    assert (mapping.time, mapping.sensor, mapping.site) == (("Date", "Time"), "meter_id", "site")
    assert set(mapping.metrics) == {"Global_active_power", "Voltage"}


def test_what_is_said_wins():
    flags = MapFlags(
        time="Date+Time", time_format="%d/%m/%Y %H:%M:%S", timezone="Europe/Paris", sensor="'m 1'", site="hq",
        maps=("Voltage=voltage_v[V]", "Global_active_power = power_w [ kW ]"),
    )  # fmt: skip
    mapping = build_mapping(flags, COLUMNS)
    assert mapping is not None
    assert (mapping.sensor, mapping.sensor_value, mapping.site, mapping.site_value) == (None, "m 1", None, "hq")
    assert (mapping.time_format, mapping.timezone) == ("%d/%m/%Y %H:%M:%S", "Europe/Paris")
    assert mapping.metrics == {"Voltage": ("voltage_v", "V"), "Global_active_power": ("power_w", "kW")}


def test_a_name_in_quotes_is_never_a_column():
    mapping = build_mapping(MapFlags(site="'site'", sensor='"meter_id"'), COLUMNS)
    assert mapping is not None
    assert (mapping.site_value, mapping.sensor_value) == ("site", "meter_id")


def test_a_mapped_column_without_a_metric_is_a_metric_of_its_name():
    mapping = build_mapping(MapFlags(maps=("Voltage",)), COLUMNS)
    assert mapping is not None
    assert mapping.metrics == {"Voltage": ("voltage", None)}


@pytest.mark.parametrize(
    ("flags", "hint"),
    [
        (MapFlags(sensor="meterid"), "meter_id"),
        (MapFlags(maps=("Voltag=voltage_v[V]",)), "Voltage"),
        (MapFlags(maps=("[kW]=",)), "columns are"),
        (MapFlags(maps=("Voltage=a[b",)), "Column=metric[unit]"),
    ],
)
def test_a_mistyped_column_is_refused_with_the_one_that_was_meant(flags, hint):
    with pytest.raises(InvalidInput) as refused:
        build_mapping(flags, COLUMNS)
    assert hint in (refused.value.hint or "")


def test_what_was_taken_by_its_name_is_told_with_its_unit():
    told = told_guess(MapFlags(sensor="'x'"), ["ts", "Temperature", "power_kw"]) or ""
    assert "Temperature → temperature in K" in told
    assert "power_kw → power_kw in W" in told
    assert told_guess(MapFlags(sensor="'x'", maps=("Temperature",)), ["ts", "Temperature"]) is None
    assert told_guess(MapFlags(), []) is None


def test_a_file_without_a_sensor_or_a_time_says_how_to_name_them():
    with pytest.raises(InvalidInput) as refused:
        build_mapping(MapFlags(), ["ts", "power_w"])
    assert "--sensor \"'meter-1'\"" in (refused.value.hint or "")
    with pytest.raises(InvalidInput) as refused:
        build_mapping(MapFlags(), ["sensor_id", "power_w"])
    assert "--time" in (refused.value.hint or "")


def test_rows_with_the_usual_names_need_no_mapping():
    assert build_mapping(MapFlags(), []) is None


def test_a_mapping_file_says_the_same_and_flags_win(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text("sensor = 'meter_id'\nsite = 'hq'\n[map]\nVoltage = 'voltage_v[V]'\n")
    flags = read_flags(path, MapFlags(site="lab"))
    assert flags == MapFlags(sensor="meter_id", site="lab", maps=("Voltage=voltage_v[V]",))


@pytest.mark.parametrize(
    ("text", "told"),
    [("senzor = 'x'", "did you mean sensor?"), ("sensor = 5", "sensor"), ("sensor =", "TOML"), ("map = 'x'", "[map]")],
)
def test_a_mapping_file_that_is_not_understood_is_refused(tmp_path, text, told):
    path = tmp_path / "m.toml"
    path.write_text(text + "\n")
    with pytest.raises(InvalidInput) as refused:
        read_flags(path, MapFlags())
    assert told in refused.value.detail + (refused.value.hint or "")
