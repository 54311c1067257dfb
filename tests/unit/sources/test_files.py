from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput, NotFound
from penstock.sources.files import file_columns, read_file
from penstock.sources.formats import FileMapping

TS = 1_767_225_600_000
OFFICE = FileMapping(
    time="date",
    timezone="Europe/Brussels",
    sensor_value="office",
    metrics={"Temperature": ("temperature", "degC"), "CO2": ("co2", "ppm")},
)
HEADER = '"date","Temperature","CO2"\n'


def office(path: Path, rows: int) -> Path:
    """A file as R writes it: quoted, with an index that the header does not name."""
    lines = [f'"{i + 1}","2015-02-04 17:{i // 60:02d}:{i % 60:02d}",{20 + i / 100},{700 + i}\n' for i in range(rows)]
    path.write_text(HEADER + "".join(lines))
    return path


def totals(drafts: list[Draft]) -> tuple[int, int, list[tuple[int, str]]]:
    """(rows, readings, refusals by row of the file)."""
    refused: list[tuple[int, str]] = []
    first = 0
    for draft in drafts:
        refused += [(first + error.row, error.code) for error in draft.rejected]
        first += draft.rows
    return first, sum(len(draft.ts) for draft in drafts), refused


def test_a_file_with_an_unnamed_index_is_read_in_local_time(tmp_path: Path):
    (draft,) = read_file(office(tmp_path / "a.txt", 3), OFFICE)
    assert draft.ts.tolist() == [1_423_065_600_000 + second * 1000 for second in (0, 0, 1, 1, 2, 2)]
    assert [(key.metric, key.unit) for key in draft.keys] == [("temperature", "degC"), ("co2", "ppm")]
    assert draft.value.tolist() == [20.0, 700.0, 20.01, 701.0, 20.02, 702.0]


@pytest.mark.parametrize("chunk", [1, 7, 100, 1_000])
def test_chunks_add_up_to_the_file(tmp_path: Path, chunk: int):
    drafts = list(read_file(office(tmp_path / "a.csv", 100), OFFICE, chunk))
    assert totals(drafts) == (100, 200, [])
    assert all(draft.rows <= chunk for draft in drafts)
    assert np.concatenate([draft.value for draft in drafts])[1::2].tolist() == [float(700 + i) for i in range(100)]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_refusals_keep_their_place_in_the_file(tmp_path: Path, chunk: int):
    path = tmp_path / "a.csv"
    rows = [
        "2026-01-01T00:00:00Z,1",
        "short",
        "2026-01-01T00:00:01Z,?",
        "x,1",
        "",
        "2026-01-01T00:00:02Z,2",
        "a,b,c",
        "one",
    ]
    path.write_text("time,power_w\n" + "\n".join(rows) + "\n")
    mapping = FileMapping(time="time", sensor_value="s", metrics={"power_w": ("power_w", None)})
    assert totals(list(read_file(path, mapping, chunk))) == (
        7,
        2,
        [(1, "malformed_row"), (2, "no_value"), (3, "invalid_timestamp"), (5, "malformed_row"), (6, "malformed_row")],
    )


def test_rows_beyond_one_block_keep_their_place(tmp_path: Path):
    path = tmp_path / "a.csv"
    lines = [f"{TS + i},{i}.5,{'x' * 60}" for i in range(40_000)]
    for bad in (5, 20_000, 39_999):
        lines[bad] = "short"
    path.write_text("ts,power_w,note\n" + "\n".join(lines) + "\n")
    mapping = FileMapping(time="ts", sensor_value="s", metrics={"power_w": ("power_w", None)})
    drafts = list(read_file(path, mapping, 10_000))
    assert totals(drafts) == (40_000, 39_997, [(row, "malformed_row") for row in (5, 20_000, 39_999)])
    first = np.cumsum([0, *(draft.rows for draft in drafts)])
    for start, draft in zip(first, drafts, strict=False):
        assert ((draft.row + start).astype(float) + 0.5 == draft.value).all()


def test_packed_files_are_unpacked(tmp_path: Path):
    plain = office(tmp_path / "a.csv", 10)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert totals(list(read_file(packed, OFFICE))) == (10, 20, [])
    assert file_columns(packed) == ["date", "Temperature", "CO2"]


def test_a_mapping_is_guessed_from_the_names(tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_text("Timestamp\tSensor\tCO2\tnote\n2026-01-01T00:00:00Z\ts1\t400\tx\n")
    (draft,) = read_file(path)
    assert [(key.sensor, key.metric) for key in draft.keys] == [("s1", "co2")]


def test_parquet_is_read_in_chunks_and_nan_is_missing(tmp_path: Path):
    path = tmp_path / "a.parquet"
    times = pa.array([TS * 1000 + i * 1_000_000 for i in range(5)], pa.timestamp("us", "UTC"))
    pq.write_table(
        pa.table({"ts": times, "sensor_id": ["a"] * 5, "power_w": [1.0, float("nan"), 3.0, None, 5.0]}), path
    )
    drafts = list(read_file(path, None, 2))
    assert totals(drafts) == (5, 3, [(1, "no_value"), (3, "no_value")])
    assert [ts for draft in drafts for ts in draft.ts.tolist()] == [TS, TS + 2_000, TS + 4_000]
    assert file_columns(path) == ["ts", "sensor_id", "power_w"]


def test_ndjson_holds_rows_or_mapped_columns(tmp_path: Path):
    path = tmp_path / "a.ndjson"
    rows = [{"sensor_id": "s", "ts": TS + i, "power_w": i} for i in range(5)]
    path.write_text("\n\n".join(map(json.dumps, rows)) + "\n{bad\n")
    assert totals(list(read_file(path, None, 2))) == (6, 5, [(5, "malformed_json")])
    mapping = FileMapping(time="ts", sensor="sensor_id", metrics={"power_w": ("power", "kW")})
    drafts = list(read_file(path, mapping, 4))
    assert totals(drafts) == (6, 5, [(5, "malformed_json")])
    assert {key[1:4] for draft in drafts for key in draft.keys} == {("s", "power", "kW")}


def test_times_without_a_zone_are_refused_for_the_file_as_a_whole(tmp_path: Path):
    mapping = FileMapping(time="date", sensor_value="s", metrics={"CO2": ("co2", None)})
    with pytest.raises(InvalidInput) as caught:
        list(read_file(office(tmp_path / "a.csv", 3), mapping))
    assert caught.value.code == "naive_timestamp"
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("missing.csv", None, NotFound),
        ("a.xlsx", b"x", InvalidInput),
        ("a.csv", b"", InvalidInput),
        ("a.csv", b"\xff\xfe\x00", InvalidInput),
        ("a.csv", b"date,CO2\n1,2\n", InvalidInput),
        ("a.parquet", b"PAR1 no", InvalidInput),
        ("a.csv.gz", b"not packed", InvalidInput),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_naming_it(tmp_path: Path, name, content, error):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error):
        list(read_file(path, OFFICE))
