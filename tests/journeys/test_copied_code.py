"""What a chart of the web app gives to copy runs as it is, in a shell, in Python and in GraphQL, and gives the same numbers."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from penstock.model.time import parse_time
from penstock_client import QueryRow
from tests.journeys.conftest import Platform

GOLDEN = Path(__file__).parents[2] / "ui" / "src" / "charts" / "golden"
ADDRESS = "http://127.0.0.1:8080"
START = parse_time("2026-01-31T07:00:00Z")


@pytest.fixture(scope="module")
def measured(platform: Platform) -> Platform:
    """Five hours of two buildings of two rooms each."""
    rows = [
        {
            "sensor_id": f"{building}-{room}", "site_id": "copied", "building": building, "room": room, "metric": "temperature",
            "unit": "degC", "value": 18 + 3 * (building == "b") + (room == "2") + minute / 60, "ts": START + minute * 60_000,
            "tags": {"side": 'chef\'s "north"' if room == "1" else "south"},
        }
        for building in ("a", "b")
        for room in ("1", "2")
        for minute in range(0, 300, 5)
    ]  # fmt: skip
    assert platform.post("/v1/readings", rows)["accepted"] == len(rows)
    platform.balanced()
    return platform


@pytest.fixture(scope="module")
def answered(measured: Platform) -> list[tuple[str, str, int, float | None]]:
    """The rows that the shell's command asks for: name, building, ts, value."""
    command = shlex.split((GOLDEN / "rooms.sh").read_text())
    assert command[:3] == ["curl", f"{ADDRESS}/v1/query", "-H"]
    assert command[3:5] == ["Authorization: Bearer $PENSTOCK_KEY", "--json"]
    rows = measured.post("/v1/query", json.loads(command[5]))["data"]
    return sorted(
        ((row["name"], row["building"], parse_time(row["ts"]), row["value"]) for row in rows), key=lambda row: row[:3]
    )


def test_the_shells_command_is_answered_with_every_window(answered):
    assert {(name, building) for name, building, _, _ in answered} == {
        (n, b) for n in ("warmest", "change") for b in "ab"
    }
    assert len(answered) == 4 * 16
    assert any(value is not None for name, _, _, value in answered if name == "change")


def test_python_prints_the_same_rows(measured, answered, monkeypatch, capsys):
    code = (GOLDEN / "rooms.py").read_text().replace(ADDRESS, measured.url)
    everything = "print(row.ts, row.name, row.groups, row.value, row.unit)"
    assert everything in code
    monkeypatch.setenv("PENSTOCK_KEY", measured.key)
    exec(
        compile(code.replace(everything, "print(json.dumps(tell(row)))"), "rooms.py", "exec"),
        {"json": json, "tell": _tell},
    )
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [tuple(row) for row in sorted(rows, key=lambda row: row[:3])] == answered


def _tell(row: QueryRow) -> list[Any]:
    return [row.name, row.groups["building"], int(row.ts.timestamp() * 1_000), row.value]


def test_graphql_answers_the_same_lines(measured, answered):
    answer: dict[str, Any] = measured.post("/graphql", {"query": (GOLDEN / "rooms.graphql").read_text()})
    assert "errors" not in answer, answer
    rows = [
        (line["name"], line["groups"][0]["value"], ts, value)
        for line in answer["data"]["query"]["lines"]
        for ts, value in zip(line["columns"]["ts"], line["columns"]["value"], strict=True)
    ]
    assert sorted(rows, key=lambda row: row[:3]) == answered
