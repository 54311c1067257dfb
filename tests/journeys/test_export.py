"""Exports and queries in words against a running platform, as a person uses them; files are read back by polars."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import polars as pl
import pytest

from .conftest import clean_environment, until

BASE = 1_769_860_800_000  # 2026-01-31T12:00:00Z, a full hour
ROOMS = ("201", "202", "203")
MINUTES = 120
RANGE = ("--from", str(BASE), "--to", str(BASE + MINUTES * 60_000))
CLAUSES = f"at exports from {BASE} to {BASE + MINUTES * 60_000}"


@pytest.fixture(scope="module")
def filled(platform):
    """Three rooms with a reading a minute over two hours."""
    rows = [
        {"sensor_id": f"ex-{room}", "site_id": "exports", "building": "hq", "room": room, "metric": "temperature",
         "value": 290.0 + minute / 8 + number, "ts": BASE + minute * 60_000}
        for number, room in enumerate(ROOMS)
        for minute in range(MINUTES)
    ]  # fmt: skip
    platform.post("/v1/readings", rows)
    until(lambda: len(platform.get("/v1/series?site=exports")["data"]) == len(ROOMS), what="the rooms")
    return platform


def expected() -> list[tuple[str, float]]:
    return [(room, 290.0 + minute / 8 + n) for n, room in enumerate(ROOMS) for minute in range(MINUTES)]


@pytest.mark.parametrize("name", ["all.csv", "all.parquet", "all.xlsx", "all.ndjson", "all.arrow", "all.csv.gz"])
def test_export_writes_every_format_whole(filled, tmp_path, name):
    file = tmp_path / name
    done = filled.cli("export", str(file), "--site", "exports", *RANGE)
    assert (done.code, done.out) == (0, f"{file}\n"), done.err
    assert f"{len(expected())} rows" in done.err
    readers = {
        ".csv": pl.read_csv, ".gz": pl.read_csv, ".parquet": pl.read_parquet, ".ndjson": pl.read_ndjson,
        ".arrow": pl.read_ipc_stream, ".xlsx": lambda path: pl.read_excel(path, sheet_name="data"),
    }  # fmt: skip
    frame = readers[file.suffix](file)
    assert list(zip(map(str, frame["room"].to_list()), frame["value"].to_list(), strict=True)) == expected()
    assert [left.name for left in tmp_path.iterdir()] == [name]
    assert filled.get("/v1/jobs")["data"] == []


def test_export_of_a_query_holds_its_answer(filled, tmp_path):
    file = tmp_path / "rooms.parquet"
    done = filled.cli("export", str(file), f"max(temperature) by room every 1h {CLAUSES}", "--json")
    assert done.code == 0, done.err
    assert (done.json()["rows"], done.json()["file"]) == (6, str(file))
    frame = pl.read_parquet(file)
    assert frame["value"].to_list() == [290.0 + last / 8 + n for n in range(3) for last in (59, 119)]


def test_an_export_that_cannot_be_leaves_no_file(filled, tmp_path):
    for arguments, code in (
        (("x.docx",), 64),
        (("x.csv", "avg(temperature", "--json"), 64),
        (("x.csv", "--sensor", "nobody"), 1),
    ):
        done = filled.cli("export", str(tmp_path / arguments[0]), *arguments[1:])
        assert done.code == code, done.err
        assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_streamed_export_says_how_many_rows_it_has(filled):
    body = {"format": "csv", "select": {"site": "exports"}, "from": BASE, "to": BASE + 60_000}
    text = filled.post("/v1/exports", body).decode()
    assert text.split("\r\n")[0] == "ts,sensor_id,site_id,metric,value,unit,building,room"
    assert len(text.split("\r\n")) == 1 + len(ROOMS) + 1


def test_query_in_words_over_http_and_in_every_format_of_the_command(filled):
    question = f"avg(temperature) by room every 1h {CLAUSES} in degC"
    rows = filled.cli("query", question, "-o", "json").json()["data"]
    assert [(row["room"], row["unit"], row["count"]) for row in rows] == [(r, "degC", 60) for r in ROOMS for _ in "ab"]
    markdown = filled.cli("query", question, "-o", "md").out.splitlines()
    assert markdown[0] == "| ts | room | metric | mean_temperature | unit |"
    assert len(markdown) == 2 + 6
    for form, read in (("parquet", pl.read_parquet), ("arrow", pl.read_ipc_stream)):
        done = subprocess.run(
            [sys.executable, "-m", "penstock", "query", question, "-o", form],
            capture_output=True, env=clean_environment(PENSTOCK_DATA=str(filled.data)), check=True,
        )  # fmt: skip
        assert read(io.BytesIO(done.stdout))["value"].to_list() == [row["value"] for row in rows]


def test_two_levels_in_words(filled):
    done = filled.cli("query", f"mean(max(temperature) by room) every all {CLAUSES}", "-o", "json")
    assert [row["value"] for row in done.json()["data"]] == [290.0 + 119 / 8 + 1]


def test_arithmetic_in_words(filled):
    done = filled.cli("query", f"max(temperature) - min(temperature) by room every all {CLAUSES}", "-o", "json")
    assert [row["value"] for row in done.json()["data"]] == [119 / 8] * 3, done.err


def test_a_chart_draws_each_line(filled):
    done = filled.cli("query", f"avg(temperature) by room every 10m {CLAUSES}", "--chart", COLUMNS="60")
    assert done.code == 0, done.err
    assert [line.split(" [")[0] for line in done.out.splitlines() if "mean_temperature" in line] == [
        f"mean_temperature · {room}" for room in ROOMS
    ]
    assert len(done.out.splitlines()) == 3 * 7
    assert max(len(line) for line in done.out.splitlines()) <= 60 + 40


def test_a_mistyped_clause_is_pointed_at(filled):
    done = filled.cli("query", "avg(temperature) evry 1h")
    assert (done.code, done.out) == (64, "")
    assert "did you mean every?" in done.err
    assert "^" in done.err
    assert json.loads(filled.cli("query", "avg(temperature)", "--json").out)["data"] is not None
