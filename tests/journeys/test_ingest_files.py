"""`penstock ingest`: files in, receipts and rejects out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import clean_environment, until

START = 1_769_860_800_000  # 2026-01-31T12:00:00Z


@pytest.fixture
def wide(tmp_path):
    """Ten minutes of an office, one row without a value, one with an impossible temperature."""
    path = tmp_path / "office.csv"
    lines = ["when,T,CO2"]
    lines += [f"2026-01-31 12:{minute:02d}:00,{20 + minute / 10},{400 + minute}" for minute in range(10)]
    lines += ["2026-01-31 12:10:00,?,", "2026-01-31 12:11:00,-300,410"]
    path.write_text("\n".join(lines) + "\n")
    return path


def _flags(sensor, rejects):
    return [
        "--time", "when", "--timezone", "UTC", "--sensor", f"'{sensor}'", "--site", "files", "--building", "b", "--room", "r",
        "--map", "T=temperature[degC]", "--map", "CO2=co2[ppm]", "--rejects", str(rejects), "--json",
    ]  # fmt: skip


def test_temperatures_that_can_hardly_be_kelvin_are_refused_until_the_unit_is_said(platform, tmp_path):
    path = tmp_path / "room.csv"
    path.write_text("time,temperature\n2026-01-31T12:00:00Z,21.5\n")
    done = platform.cli("ingest", str(path), "--sensor", "'unsaid'")
    assert done.code == 64
    assert "temperature[degC]" in done.err
    assert platform.cli("ingest", str(path), "--sensor", "'unsaid'", "--map", "temperature=temperature[degC]").code == 0
    assert platform.cli("ingest", str(path), "--sensor", "'cold'", "--map", "temperature=temperature[K]").code == 0


def test_good_rows_are_stored_bad_ones_told_with_their_text(platform, wide, tmp_path):
    rejects = tmp_path / "rejects.ndjson"
    done = platform.cli("ingest", str(wide), *_flags("wide-1", rejects))
    assert done.code == 2, done.err
    summary = done.json()
    assert (summary["rows"], summary["rejected"]) == (12, 2)
    # The CO2 beside an impossible temperature is good: only the reading is refused.
    assert summary["stored"] == 21
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(r["row"], r["code"]) for r in told] == [(10, "no_value"), (11, "value_out_of_range")]
    assert told[1]["text"] == "2026-01-31 12:11:00,-300,410"
    rows = platform.get("/v1/sensors/wide-1/recent?metric=temperature&limit=1")["data"]
    assert rows[0]["ts"] == "2026-01-31T12:09:00Z"
    assert rows[0]["value"] == pytest.approx(20.9 + 273.15)
    assert rows[0]["site_id"] == "files"

    again = platform.cli("ingest", str(wide), *_flags("wide-1", rejects)).json()
    assert (again["stored"], again["duplicate"], again["superseded"], again["rejected"]) == (0, 21, 0, 2)


def test_many_chunks_end_as_one_summary(platform, tmp_path):
    rows = 5_000
    path = tmp_path / "long.parquet"
    table = pa.table(
        {
            "ts": pa.array([START + 1000 * i for i in range(rows)], pa.timestamp("ms", tz="UTC")),
            "device": pa.array([f"long-{i % 7}" for i in range(rows)]),
            "quantity": pa.array(["power_w", "voltage_v"] * (rows // 2)),
            "reading": pa.array([float(i % 240) for i in range(rows)]),
        }
    )
    pq.write_table(table, path)
    flags = ["--sensor", "device", "--metric-column", "quantity", "--value-column", "reading", "--site", "long"]
    done = platform.cli("ingest", str(path), *flags, "--chunk-rows", "700", "--json")
    assert done.code == 0, done.err
    summary = done.json()
    assert (summary["rows"], summary["stored"], summary["rejected"]) == (rows, rows, 0)
    assert summary["files"][0]["rejects"] is None


def test_what_is_typed_by_hand_goes_in_too(platform, tmp_path):
    path = tmp_path / "rows.ndjson"
    rows = [
        {"sensor_id": "hand-1", "ts": START, "power_w": 10.5, "site_id": "hand"},
        {"sensor_id": "hand-1", "ts": START // 1000, "power_w": 11.0, "site_id": "hand"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    done = platform.cli("ingest", str(path))
    assert done.code == 2, done.err
    assert "stored 1" in done.out
    (told,) = map(json.loads, (tmp_path / "rows.ndjson.rejects.ndjson").read_text().splitlines())
    assert (told["row"], told["code"]) == (1, "looks_like_seconds")
    assert json.loads(told["text"]) == rows[1]


def test_a_mapping_can_be_kept_in_a_file(platform, wide, tmp_path):
    mapping = tmp_path / "office.toml"
    mapping.write_text(
        "time = 'when'\ntimezone = 'UTC'\nsensor = \"'mapped-1'\"\nsite = 'files'\n"
        "[map]\nT = 'temperature[degC]'\nCO2 = 'co2[ppm]'\n"
    )
    done = platform.cli("ingest", str(wide), "--mapping", str(mapping), "--json", "--rejects", str(tmp_path / "r"))
    assert done.json()["stored"] == 21


def test_a_dry_run_sends_nothing(platform, wide, tmp_path):
    flags = [flag for flag in _flags("dry-1", tmp_path / "r") if flag != "--json"]
    done = platform.cli("ingest", str(wide), *flags, "--dry-run")
    assert done.code == 2
    assert "12 rows" in done.err
    assert "dry-1,files,temperature,K,10" in done.out
    assert platform.get("/v1/series?sensor=dry-1")["data"] == []
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("flags", "told", "code"),
    [
        (["--sensor", "senzor"], "\"'senzor'\"", 64),
        (["--map", "TT=temperature[degC]"], "did you mean 'T'", 64),
        ([], "--sensor", 64),
        (["--sensor", "'x'", "--map", "T=temperature[kW]", "--timezone", "UTC"], "unit", 2),
        (["--sensor", "'x'", "--map", "T=temperature[degC]"], "time zone", 64),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(platform, wide, tmp_path, flags, told, code):
    done = platform.cli("ingest", str(wide), "--time", "when", *flags, "--rejects", str(tmp_path / "r"))
    assert done.code == code, done.err
    assert told in done.err + ((tmp_path / "r").read_text() if (tmp_path / "r").exists() else "")
    assert "Traceback" not in done.err


def test_a_file_that_is_not_there_is_said_so(platform, tmp_path):
    done = platform.cli("ingest", str(tmp_path / "absent.csv"))
    assert done.code == 1
    assert "absent.csv" in done.err


def test_a_process_that_dies_under_it_costs_a_pause_and_no_row(fresh_platform, tmp_path):
    rows = 60_000
    path = tmp_path / "big.parquet"
    pq.write_table(
        pa.table(
            {
                "ts": [START + i for i in range(rows)],
                "sensor_id": ["big"] * rows,
                "power_w": [float(i) for i in range(rows)],
            }
        ),
        path,
    )
    environment = clean_environment(PENSTOCK_DATA=str(fresh_platform.data))
    command = [sys.executable, "-m", "penstock", "ingest", str(path), "--chunk-rows", "1000", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as sending:
        until(lambda: fresh_platform.get("/v1/series?sensor=big")["data"], 30.0, what="the first readings")
        os.kill(fresh_platform.state()["processes"]["core"], signal.SIGKILL)
        os.kill(fresh_platform.state()["processes"]["edge"], signal.SIGKILL)
        out, _ = sending.communicate(timeout=90)
    assert sending.returncode == 0
    summary = json.loads(out)
    assert summary["stored"] + summary["duplicate"] == rows
    assert summary["readings"] == rows
    fresh_platform.balanced()
    count = sum(
        r["count"]
        for r in fresh_platform.get(f"/v1/sites/default/agg?window=1h&from={START}&to={START + rows}")["data"]
    )
    assert count == rows
