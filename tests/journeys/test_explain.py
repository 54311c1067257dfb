"""Any value can be explained, and so can any that is missing: over HTTP and on the command line."""

from __future__ import annotations

import pytest

from .conftest import until

BASE = 1_769_947_200_000  # 2026-02-01T12:00:00Z


def row(value: float, ts: int = BASE, **more: object) -> dict[str, object]:
    return {"sensor_id": "why-1", "site_id": "why", "metric": "temperature", "value": value, "ts": ts} | more


@pytest.fixture(scope="module")
def told(platform):
    """Receipts by name: a first reading in °C, a duplicate of it, one that comes too late, and a correction by seq."""
    receipts = {}
    for name, rows in {
        "first": [row(21.5, unit="degC"), row(-300.0, BASE + 1_000, unit="degC"), row(1e9, BASE + 2_000, metric="soc")],
        "duplicate": [row(294.65)],
        "correction": [row(22.5, unit="degC", seq=7)],
        "late": [row(290.0)],
        "other": [row(300.0, BASE + 60_000)],
    }.items():
        receipts[name] = platform.post("/v1/readings", rows)["receipt"]
        until(lambda name=name: settled(platform, receipts[name]), what=f"receipt {name}")
    return receipts


def settled(platform, receipt: str) -> bool:
    rows = platform.get("/v1/system/ledger")["data"]
    return all(r["in_flight"] == 0 for r in rows) and platform.get(f"/v1/receipts/{receipt}")["received"] > 0


def explain(platform, ts: int, metric: str = "temperature", sensor: str = "why-1"):
    return platform.get(f"/v1/explain?sensor_id={sensor}&metric={metric}&ts={ts}")


def test_a_corrected_value_is_told_with_every_version_that_arrived(platform, told):
    said = explain(platform, BASE)
    assert (said["found"], said["value"], said["unit"], said["seq"]) == (True, 295.65, "K", 7)
    assert said["decision"]["code"] == "seq_over_stamp"
    [conversion] = said["conversions"]
    assert (conversion["sent_value"], conversion["sent_unit"]) == (22.5, "degC")
    assert said["latency"]["device_to_door_ms"] > 0
    assert 0 <= said["latency"]["door_to_committed_ms"] < 60_000
    versions = {v["receipt"]: (v["value"], v["fate"], v["wins"]) for v in said["versions"]}
    assert versions == {
        told["first"]: (294.65, "replaced", False),
        told["duplicate"]: (294.65, "duplicate", False),
        told["correction"]: (295.65, "stored", True),
        told["late"]: (290.0, "superseded", False),
    }
    assert all(v["source"] == "http" and v["frames"] and v["committed_ts"] for v in said["versions"])


def test_a_refused_reading_is_told_with_its_row_and_receipt(platform, told):
    said = explain(platform, BASE + 1_000)
    assert not said["found"]
    reason = said["reasons"][0]
    assert (reason["code"], reason["receipt"]) == ("refused", told["first"])
    assert said["refused"][0]["code"] == "value_out_of_range"
    assert "-300 degC" in said["refused"][0]["detail"]


def test_a_missing_reading_is_told_with_its_neighbours(platform, told):
    said = explain(platform, BASE + 30_000)
    assert [reason["code"] for reason in said["reasons"]] == ["never_received"]
    assert said["nearest"]["before"] == {"ts": "2026-02-01T12:00:00Z", "value": 295.65}
    assert said["nearest"]["after"] == {"ts": "2026-02-01T12:01:00Z", "value": 300.0}


def test_a_sensor_that_never_sent_is_told_with_one_that_did(platform, told):
    [reason] = explain(platform, BASE, sensor="why-l")["reasons"]
    assert reason["code"] == "series_unknown"
    assert "why-1" in reason["close"]


def test_a_receipt_tells_what_was_refused_and_converted(platform, told):
    said = platform.get(f"/v1/receipts/{told['first']}")
    assert (said["received"], said["stored"], said["rejected"]) == (3, 1, 2)
    assert said["reasons"] == {"value_out_of_range": 2}
    assert said["conversions"][0]["sent_unit"] == "degC"
    assert said["frames"]
    assert said["admitted_ts"] <= said["committed_ts"]


def test_the_command_tells_the_same(platform, told):
    done = platform.cli("explain", "why-1", "temperature", str(BASE), "--json")
    assert done.code == 0, done.err
    fresh = {"as_of", "staleness_ms"}
    assert {k: v for k, v in done.json().items() if k not in fresh} == {
        k: v for k, v in explain(platform, BASE).items() if k not in fresh
    }
    done = platform.cli("explain", "why-1", "temperature_c", "2026-02-01T12:00:00Z")
    assert done.code == 0, done.err
    assert "295.65 K" in done.out
    assert "22.5 degC" in done.out
    assert told["late"] in done.out


def test_the_command_ends_with_a_finding_where_there_is_nothing(platform, told):
    done = platform.cli("explain", "why-1", "temperature", str(BASE + 1_000), "--site", "why")
    assert done.code == 2
    assert "value_out_of_range" in done.out
    assert told["first"] in done.out
