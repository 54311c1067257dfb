"""Every command against a running platform, as a person or a script uses it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pyarrow.parquet as pq
import pytest

import penstock

from .conftest import clean_environment, pause, run_cli, until

BASE = 1_769_860_800_000  # 2026-01-31T12:00:00Z, a full hour


@pytest.fixture(scope="module")
def filled(platform):
    """Two rooms with a reading a minute over half an hour, and some events."""
    rows = [
        {"sensor_id": f"cli-{room}", "site_id": "cli", "building": "hq", "room": room, "metric": "temperature",
         "value": 293.15 + minute + offset, "ts": BASE + minute * 60_000}
        for room, offset in (("101", 0), ("102", 100))
        for minute in range(30)
    ]  # fmt: skip
    platform.post("/v1/readings", rows)
    events = [
        {"criticality": level, "timestamp": f"2026-01-31T12:00:{level:02d}Z", "eventMessage": f"cli event {level}"}
        for level in range(10)
    ]
    platform.post("/v1/events", events)
    until(lambda: len(platform.get("/v1/series?site=cli")["data"]) == 2, what="the rooms")
    until(lambda: len(platform.get("/v1/events?limit=10")["data"]) == 10, what="the events")
    return platform


WINDOW = ["--from", str(BASE), "--to", str(BASE + 1_800_000)]


def test_query_by_options_gives_csv_in_a_pipe(filled):
    done = filled.cli("query", "--site", "cli", "--metric", "temperature", "--window", "15m", "--by", "room", *WINDOW)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(r["ts"], r["room"], r["count"]) for r in rows] == [
        ("2026-01-31T12:00:00Z", "101", "15"),
        ("2026-01-31T12:15:00Z", "101", "15"),
        ("2026-01-31T12:00:00Z", "102", "15"),
        ("2026-01-31T12:15:00Z", "102", "15"),
    ]
    assert float(rows[0]["mean"]) == pytest.approx(300.15)


def test_query_by_a_sentence_gives_only_what_was_asked(filled):
    question = f"avg,max(temperature) by room at cli every 30m from {BASE} to {BASE + 1_800_000} in degC"
    done = filled.cli("query", question)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert list(rows[0]) == ["ts", "room", "metric", "mean_temperature", "max_temperature", "unit"]
    assert [(r["room"], float(r["max_temperature"]), r["unit"]) for r in rows] == [
        ("101", pytest.approx(49.0), "degC"),
        ("102", pytest.approx(149.0), "degC"),
    ]


def test_energy_of_a_site_by_local_day_gives_csv_in_a_pipe(filled):
    rows = [
        {"sensor_id": "cli-meter", "site_id": "cli-energy", "metric": "energy_kwh", "value": 100 + i, "ts": BASE + i * 3_600_000}
        for i in range(-24, 1)
    ]  # fmt: skip
    filled.post("/v1/readings", rows)
    times = ("--from", str(BASE - 24 * 3_600_000), "--to", str(BASE + 1))
    done = filled.cli("energy", "cli-energy", "--zone", "Europe/Berlin", "--by", "sensor", "--cumulative", *times)
    assert done.code == 0, done.err
    found = list(csv.DictReader(io.StringIO(done.out)))
    assert [(r["label"], r["sensor_id"], float(r["import_wh"]), float(r["cumulative_import_wh"])) for r in found] == [
        ("2026-01-30T00:00:00+01:00", "cli-meter", 11_000.0, 11_000.0),
        ("2026-01-31T00:00:00+01:00", "cli-meter", 13_000.0, 24_000.0),
    ]
    answer = filled.cli("energy", "--sensor", "cli-meter", "--window", "1mo", "--json", *times).json()
    assert [row["import_wh"] for row in answer["data"]] == [24_000.0]
    assert filled.cli("energy").code == 64


def test_query_of_a_sensor_gives_its_newest_readings(filled):
    answer = filled.cli("query", "--sensor", "cli-101", "--limit", "2", "--json").json()
    assert [row["ts"] for row in answer["data"]] == ["2026-01-31T12:29:00Z", "2026-01-31T12:28:00Z"]
    assert {"as_of", "staleness_ms", "complete"} <= set(answer)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", "avgg(temperature)"], "did you mean avg?"),
        (["query", "--window", "15"], "15m"),
        (["query", "--sensor", "x", "--from", "lately"], "2026-01-31T12:00:00Z"),
        (["query", "--widnow", "15m"], "--window"),
        (["simulate", "--fleet", "batterys"], "batteries"),
        (["simulate", "--to", "htpp"], "http"),
        (["run", "quary"], "did you mean query?"),
    ],
)
def test_a_mistake_is_wrong_usage_and_says_what_was_meant(filled, arguments, told):
    done = filled.cli(*arguments)
    assert (done.code, done.out) == (64, ""), done.err
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_metric_that_is_not_there_is_answered_with_the_one_that_is(filled):
    for question in ("avg(temprature) at cli", "temprature"):
        done = filled.cli("query", question, "--from", str(BASE))
        assert (done.code, done.out) == (1, "")
        assert "did you mean temperature?" in done.err


def test_events_are_asked_over_nats_above_the_threshold_of_the_environment(filled):
    done = filled.cli("events", "--last", "3", "--json", PENSTOCK_CRITICALITY_ABOVE="4")
    assert done.code == 0, done.err
    assert [e["criticality"] for e in done.json()] == [9, 8, 7]
    assert {"criticality", "timestamp", "eventMessage"} <= set(done.json()[0])
    done = filled.cli("events", "--last", "10", "--above", "8")
    assert list(csv.DictReader(io.StringIO(done.out))) == [
        {"criticality": "9", "timestamp": "2026-01-31T12:00:09Z", "eventMessage": "cli event 9"}
    ]
    assert len(filled.cli("events", "--json").json()) == 10


def test_events_need_nothing_but_the_address_of_the_broker(filled, tmp_path):
    environment = clean_environment(PENSTOCK_NATS_URL=filled.state()["nats_url"], PENSTOCK_DATA=str(tmp_path))
    done = run_cli(["events", "--last", "1", "--above", "8", "--json"], environment)
    assert done.code == 0, done.err
    assert done.json()[0]["eventMessage"] == "cli event 9"


def test_tail_shows_what_arrives_and_only_what_was_asked(platform):
    command = [sys.executable, "-m", "penstock", "tail", "liv", "--site", "li*", "--json", "--limit", "2"]
    environment = clean_environment(PENSTOCK_DATA=str(platform.data))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as watching:
        deadline = time.monotonic() + 20
        while watching.poll() is None and time.monotonic() < deadline:
            now = time.time_ns() // 1_000_000
            for site in ("live", "other", "lion"):
                platform.post("/v1/readings", {"sensor_id": f"{site}-1", "site_id": site, "power_w": 5.0, "ts": now})
            pause(0.2)
        out, err = watching.communicate(timeout=5)
    assert watching.returncode == 0, err
    assert [json.loads(line)["site_id"] for line in out.splitlines()] == ["live", "live"]


def test_status_tells_what_runs_and_that_the_ledger_adds_up(filled):
    filled.balanced()
    done = filled.cli("status", "--ledger", "--json")
    assert done.code == 0, done.err
    answer = done.json()
    assert answer["url"] == filled.url
    assert set(answer["processes"]) == {"core", "edge", "nats"}
    assert {row["difference"] for row in answer["ledger"]} == {0}
    assert filled.url in filled.cli("status").out


def test_a_key_works_until_it_is_revoked(platform):
    created = platform.cli("keys", "create", "ci", "--scope", "read", "--json").json()
    environment = clean_environment(PENSTOCK_URL=platform.url, PENSTOCK_KEY=created["key"])
    assert run_cli(["status", "--json"], environment).code == 0
    (listed,) = [key for key in platform.cli("keys", "list", "--json").json() if key["name"] == "ci"]
    assert created["key"] not in json.dumps(listed)
    assert platform.cli("keys", "revoke", listed["id"]).code == 0
    done = run_cli(["status"], environment)
    assert done.code == 1
    assert "credential" in done.err
    assert platform.cli("keys", "revoke", listed["id"]).code == 1


def test_a_sign_in_link_opens_a_session_once(platform):
    link = platform.cli("keys", "link").out.strip()
    assert link.startswith(f"{platform.url}/login?k=")
    with urllib.request.urlopen(link, timeout=10) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(link, timeout=10)


@pytest.mark.parametrize("target", ["http", "nats"])
def test_a_simulation_is_stored_whole(platform, tmp_path, target):
    fleet = "ems:meters=6,step=10s" if target == "http" else "batteries:count=5,step=30s"
    truth = tmp_path / "truth.parquet"
    done = platform.cli(
        "simulate", "--fleet", fleet, "--to", target, "--history", "20m", "--duration", "10m", "--seed", "3",
        "--truth", str(truth), "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    tally = done.json()
    assert tally["sent"] == tally["unique"] + tally["duplicates"] + tally["corrections"]
    expected = pq.read_table(truth)
    assert len(expected) == tally["unique"]
    (row,) = [row for row in platform.balanced() if row["source"] == "simulate"]
    assert row["stored"] >= tally["unique"]
    first = expected.slice(0, 1).to_pylist()[0]
    rows = platform.get(f"/v1/sensors/{first['sensor_id']}/recent?metric={first['metric']}&limit=10000")["data"]
    stamps = expected.filter(
        (expected["sensor_id"].to_numpy(zero_copy_only=False) == first["sensor_id"])
        & (expected["metric"].to_numpy(zero_copy_only=False) == first["metric"])
    )
    assert len(rows) >= len(stamps)


def test_a_simulation_on_stdout_repeats_by_its_seed(tmp_path):
    arguments = [
        "simulate",
        "--fleet",
        "ems:meters=2,step=10s",
        "--to",
        "stdout",
        "--history",
        "1m",
        "--duration",
        "30s",
    ]
    environment = clean_environment(PENSTOCK_DATA=str(tmp_path))
    done = run_cli(arguments, environment)
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {"sensor_id", "ts", "power_w", "voltage_v", "current_a", "site_id", "tags", "tenant_id"} <= set(rows[0])


def test_openapi_is_the_document_that_the_platform_serves(platform):
    assert platform.cli("openapi").json()["paths"].keys() == platform.get("/openapi.json")["paths"].keys()


def test_version_and_settings(tmp_path):
    environment = clean_environment(PENSTOCK_KEY="s3cr3t-s3cr3t-s3cr3t")
    assert run_cli(["version"], environment).out == f"penstock {penstock.__version__}\n"
    listed = {row["setting"]: row for row in run_cli(["settings", "--json"], environment).json()}
    assert listed["key"]["value"] == "(hidden)"
    assert listed["key"]["from"] == "PENSTOCK_KEY"
    assert listed["http"]["from"] == "default"


def test_without_a_platform_a_command_says_how_to_start_one(tmp_path):
    done = run_cli(["status"], clean_environment(PENSTOCK_DATA=str(tmp_path)))
    assert (done.code, done.out) == (69, "")
    assert "penstock up" in done.err


def test_the_local_key_is_never_sent_to_another_machine(platform):
    environment = clean_environment(PENSTOCK_DATA=str(platform.data), PENSTOCK_URL="http://192.0.2.1:9")
    done = run_cli(["status"], environment)
    assert done.code == 1
    assert "PENSTOCK_KEY" in done.err


def test_a_reader_that_leaves_is_no_failure(filled):
    command = f"{sys.executable} -m penstock query --sensor cli-101 --limit 30 | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True, text=True, env=clean_environment(PENSTOCK_DATA=str(filled.data)), check=False, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_quick():
    environment = clean_environment()
    run_cli(["--help"], environment)
    took = []
    for _ in range(5):
        began = time.monotonic()
        done = run_cli(["--help"], environment)
        took.append(time.monotonic() - began)
    assert "ingest" in done.out
    # 0.25 s on an idle machine.
    assert min(took) < 0.5
