"""Real files go in by the CLI, come out by REST, and equal what polars computes from the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).parents[1] / "data"
FULL = Path(os.environ["PENSTOCK_TEST_DATA"]) if "PENSTOCK_TEST_DATA" in os.environ else None

ROOM = [DATA / "room_occupancy_day.txt"]
HOUSE = [DATA / "household_power_sample.csv"]
if FULL:
    ROOM += sorted(FULL.glob("room_occupancy/datatraining.txt"))
    HOUSE += sorted(FULL.glob("household_power_1min/*.csv"))

ROOM_FLAGS = [
    "--time", "date", "--timezone", "Europe/Brussels", "--site", "mons", "--building", "office", "--room", "r1",
    "--map", "Temperature=temperature[degC]", "--map", "Humidity=humidity[%RH]", "--map", "Light=illuminance[lx]",
    "--map", "CO2=co2[ppm]", "--map", "HumidityRatio=humidity_ratio[kg/kg]", "--map", "Occupancy=occupancy",
]  # fmt: skip
HOUSE_FLAGS = [
    "--time", "Date+Time", "--time-format", "%d/%m/%Y %H:%M:%S", "--timezone", "Europe/Paris", "--site", "sceaux",
    "--map", "Global_active_power=power_w[kW]", "--map", "Voltage=voltage_v[V]", "--map", "Global_intensity=current_a[A]",
]  # fmt: skip
ROOM_COLUMNS = {
    "temperature": ("Temperature", lambda c: c + 273.15),
    "humidity": ("Humidity", lambda c: c),
    "illuminance": ("Light", lambda c: c),
    "co2": ("CO2", lambda c: c),
    "humidity_ratio": ("HumidityRatio", lambda c: c),
    "occupancy": ("Occupancy", lambda c: c),
}
HOUSE_COLUMNS = {
    "power_w": ("Global_active_power", lambda c: c * 1000.0),
    "voltage_v": ("Voltage", lambda c: c),
    "current_a": ("Global_intensity", lambda c: c),
}


def _ingest(platform, path, flags, tmp_path):
    done = platform.cli(
        "ingest", str(path), "--json", "--rejects", str(tmp_path / "rejects.ndjson"), *flags, timeout=120
    )
    assert done.code in {0, 2}, done.err
    return done.json(), done.code


def _room(path):
    lines = path.read_text().splitlines()
    header = ["id", *(h.strip('"') for h in lines[0].split(","))]
    frame = pl.read_csv(path, skip_rows=1, has_header=False, new_columns=header)
    times = frame["date"].str.to_datetime("%Y-%m-%d %H:%M:%S").dt.replace_time_zone("Europe/Brussels")
    return frame.with_columns(ts=times.dt.convert_time_zone("UTC"))


def _house(path):
    frame = pl.read_csv(path, null_values=["?"], infer_schema_length=None)
    text = frame["Date"] + " " + frame["Time"]
    times = text.str.to_datetime("%d/%m/%Y %H:%M:%S").dt.replace_time_zone("Europe/Paris")
    return frame.with_columns(ts=times.dt.convert_time_zone("UTC")).drop_nulls("Voltage")


def _quarters(frame, column, convert):
    """The oracle: mean, count, min and max per quarter of an hour, straight from the file."""
    return (
        frame.with_columns(value=convert(pl.col(column).cast(pl.Float64)), window=pl.col("ts").dt.truncate("15m"))
        .group_by("window")
        .agg(mean=pl.col("value").mean(), count=pl.len(), min=pl.col("value").min(), max=pl.col("value").max())
        .sort("window")
    )


def _served(platform, site, metric, frame):
    start = int(frame["ts"].min().timestamp() * 1000)
    end = int(frame["ts"].max().timestamp() * 1000) + 1
    rows, cursor_start = [], start - start % 900_000
    answer = platform.get(f"/v1/sites/{site}/agg?window=15m&metric={metric}&from={cursor_start}&to={end}")
    rows += answer["data"]
    assert answer["complete"] is True
    return rows


def _check(platform, site, frame, columns):
    for metric, (column, convert) in columns.items():
        expected = _quarters(frame, column, convert)
        rows = _served(platform, site, metric, frame)
        assert len(rows) == len(expected)
        for row, wanted in zip(rows, expected.iter_rows(named=True), strict=True):
            assert row["ts"] == wanted["window"].strftime("%Y-%m-%dT%H:%M:%SZ")
            assert row["count"] == wanted["count"]
            assert row["mean"] == pytest.approx(wanted["mean"], rel=1e-12)
            assert row["min"] == pytest.approx(wanted["min"], rel=1e-14)
            assert row["max"] == pytest.approx(wanted["max"], rel=1e-14)


@pytest.mark.parametrize("path", ROOM, ids=lambda p: p.name)
def test_a_room_is_stored_whole_and_its_averages_equal_the_files(fresh_platform, path, tmp_path):
    frame = _room(path)
    flags = [*ROOM_FLAGS, "--sensor", "'occupancy-1'"]
    summary, code = _ingest(fresh_platform, path, flags, tmp_path)
    assert (summary["stored"], summary["duplicate"], summary["rejected"], code) == (6 * len(frame), 0, 0, 0)
    _check(fresh_platform, "mons", frame, ROOM_COLUMNS)
    average = fresh_platform.get("/v1/buildings/office/rooms/r1/temperature/average")
    assert (average["value"], average["count"]) == (None, 0)  # 2015 is not the last 15 minutes

    before = fresh_platform.get("/v1/sensors/occupancy-1/recent?limit=500")["data"]
    again, code = _ingest(fresh_platform, path, flags, tmp_path)
    assert (again["stored"], again["duplicate"], again["superseded"], code) == (0, 6 * len(frame), 0, 0)
    assert fresh_platform.get("/v1/sensors/occupancy-1/recent?limit=500")["data"] == before


@pytest.mark.parametrize("path", HOUSE, ids=lambda p: p.name)
def test_a_household_is_stored_and_its_empty_rows_are_reported_not_invented(fresh_platform, path, tmp_path):
    frame = _house(path)
    flags = [*HOUSE_FLAGS, "--sensor", "'meter-1'"]
    summary, code = _ingest(fresh_platform, path, flags, tmp_path)
    assert (summary["stored"], summary["rejected"], code) == (3 * len(frame), 5, 2)
    rejects = [json.loads(line) for line in (tmp_path / "rejects.ndjson").read_text().splitlines()]
    assert [r["code"] for r in rejects] == ["no_value"] * 5
    _check(fresh_platform, "sceaux", frame, HOUSE_COLUMNS)

    again, _ = _ingest(fresh_platform, path, flags, tmp_path)
    assert (again["stored"], again["duplicate"], again["rejected"]) == (0, 3 * len(frame), 5)
