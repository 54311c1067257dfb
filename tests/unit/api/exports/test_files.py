"""Files of every format, read back by polars."""

import csv
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from penstock.api.exports.files import COMPRESSIONS, file_type, open_file
from penstock.api.exports.xlsx import XlsxFile
from penstock.model.errors import InvalidInput

T0 = 1_769_860_800_000
ABOUT = {"query": '{"site":"hq"}', "tenant": "acme", "as_of": "2026-01-31T12:00:00Z"}
COLUMNS = ["ts", "sensor_id", "value", "unit"]
FORMATS = [(form, compression) for form, kinds in COMPRESSIONS.items() for compression in kinds]


def page(rows: int, first: int = 0, sensor: str = "s") -> pa.Table:
    numbers = range(first, first + rows)
    return pa.table(
        {
            "ts": pa.array([T0 + i * 500 for i in numbers], pa.int64()),
            "sensor_id": pa.array([f"{sensor}{i % 3}" for i in numbers], pa.string()).dictionary_encode(),
            "value": pa.array([None if i % 7 == 3 else i / 8 for i in numbers], pa.float64()),
            "unit": pa.array(["K"] * rows, pa.string()).dictionary_encode(),
        }
    )


def written(form, compression=None, pages=(), **more) -> bytes:
    pages = pages or (page(40), page(25, 40, "other"))
    file = open_file(form, compression, ABOUT, **more)
    parts = [file.write(table) for table in pages]
    return b"".join(parts) + file.finish(sum(table.num_rows for table in pages))


def read(form, compression, data: bytes) -> pl.DataFrame:
    if form in {"csv", "ndjson"} and compression == "gzip":
        data = gzip.decompress(data)
    elif form in {"csv", "ndjson"} and compression == "zstd":
        data = pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
    match form:
        case "csv":
            return pl.read_csv(data, try_parse_dates=True)
        case "ndjson":
            return pl.read_ndjson(data).with_columns(pl.col("ts").str.to_datetime(time_zone="UTC"))
        case "parquet":
            return pl.read_parquet(data)
        case "arrow":
            return pl.read_ipc_stream(data)
        case _:
            return pl.read_excel(data, sheet_name="data")


@pytest.mark.parametrize(("form", "compression"), FORMATS, ids=str)
def test_every_format_reads_back_as_what_was_written(form, compression):
    frame = read(form, compression, written(form, compression))
    rows = page(40).to_pylist() + page(25, 40, "other").to_pylist()
    assert frame.columns == COLUMNS
    assert frame["sensor_id"].to_list() == [row["sensor_id"] for row in rows]
    assert frame["value"].to_list() == [row["value"] for row in rows]
    times = [moment.replace(tzinfo=UTC).timestamp() * 1_000 for moment in frame["ts"].to_list()]
    assert [round(ms) for ms in times] == [row["ts"] for row in rows]


@pytest.mark.parametrize("form", [form for form in COMPRESSIONS if form != "ndjson"])
def test_an_export_without_rows_is_a_whole_file_with_its_columns(form):
    empty = page(1).slice(1)
    frame = read(form, None, written(form, pages=(empty,)))
    assert (frame.height, frame.columns) == (0, COLUMNS)


def test_parquet_and_arrow_say_what_they_hold():
    footer = parquet.read_metadata(io.BytesIO(written("parquet"))).metadata
    said = {f"penstock.{name}".encode(): text.encode() for name, text in ABOUT.items()}
    assert {k: v for k, v in footer.items() if k.startswith(b"penstock.")} == said | {b"penstock.rows": b"65"}
    with pa.ipc.open_stream(written("arrow")) as reader:
        assert reader.schema.metadata == said


def test_csv_says_what_it_holds_only_when_asked():
    assert written("csv").startswith(b"ts,sensor_id,value,unit\r\n2026-01-31T12:00:00Z,s0,0,K\r\n")
    said = written("csv", comments=True).split(b"\r\n")
    assert said[:3] == [b'# query: {"site":"hq"}', b"# tenant: acme", b"# as_of: 2026-01-31T12:00:00Z"]
    assert said[3] == b"ts,sensor_id,value,unit"


def test_a_workbook_says_what_it_holds_in_a_sheet_of_its_own():
    about = pl.read_excel(written("xlsx"), sheet_name="about", has_header=False)
    assert dict(about.iter_rows()) == {**ABOUT, "rows": "65", "times": "UTC"}


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_a_file_that_broke_off_is_not_readable(form):
    file = open_file(form, None, ABOUT)
    with pytest.raises(Exception, match=r"(?i)parquet|zip|excel|workbook|archive"):
        read(form, None, file.write(page(40)))


def test_a_full_sheet_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr("penstock.api.exports.xlsx.MAX_ROWS", 30)
    file = XlsxFile(ABOUT, frozenset({"ts"}))
    data = file.write(page(40)) + file.write(page(25, 40)) + file.finish(65)
    heights = {name: frame.height for name, frame in pl.read_excel(data, sheet_id=0).items()}
    assert heights == {"data": 30, "data 2": 30, "data 3": 5, "about": 4}


RISKY = [
    "=1+1",
    "+cmd",
    "-x",
    "@a",
    "\tq",
    "\rq",
    '=LINK("x")',
    "plain",
    "-5",
    "+1.5e3",
    "a,b",
    'say "x"',
    "two\r\nlines",
]


def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe_unless_it_is_a_number():
    table = pa.table({"sensor_id": pa.array(RISKY)})
    text = written("csv", pages=(table,)).decode()
    cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert cells == ["'" + cell if i < 7 else cell for i, cell in enumerate(RISKY)]


def test_a_workbook_has_no_formulas_whatever_texts_it_holds():
    table = pa.table({"sensor_id": pa.array([*RISKY, "a<b>&\x00"])})
    data = written("xlsx", pages=(table,))
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    found = pl.read_excel(data, sheet_name="data")["sensor_id"].to_list()
    assert (found[0], found[-1]) == ("=1+1", "a<b>&\ufffd")


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-2_208_988_800_000, 7_258_118_400_000),
            st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_json_lines_hold_any_time_text_and_number_exactly(rows):
    ts, text, value = zip(*rows, strict=True)
    table = pa.table({"ts": pa.array(ts), "t": pa.array(text, pa.string()), "v": pa.array(value, pa.float64())})
    found = [json.loads(line) for line in written("ndjson", pages=(table,)).decode().split("\n")[:-1]]
    assert [(row["t"], row["v"]) for row in found] == list(zip(text, value, strict=True))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    moments = [datetime.fromisoformat(row["ts"]) - epoch for row in found]
    assert [round(moment.total_seconds() * 1_000) for moment in moments] == list(ts)


def test_numbers_that_are_not_finite_are_empty_and_whole_numbers_stay_whole():
    table = pa.table({"value": pa.array([float("nan"), float("inf"), 1e300]), "count": pa.array([1, 2, 1 << 60])})
    assert written("csv", pages=(table,)).decode().split("\r\n")[1:-1] == [",1", ",2", "1e+300,1152921504606846976"]


def test_a_compression_that_a_format_has_not_got_is_refused_with_what_it_has():
    with pytest.raises(InvalidInput, match="xlsx is not compressed with gzip"):
        open_file("xlsx", "gzip", {})
    with pytest.raises(InvalidInput) as refused:
        open_file("csv", "snappy", {})
    assert refused.value.hint == "one of none, gzip, zstd"


def test_names_and_media_types_tell_the_compression_of_text():
    assert (file_type("csv", "none").suffix, file_type("csv", "none").media) == ("csv", "text/csv")
    assert (file_type("ndjson", "zstd").suffix, file_type("ndjson", "zstd").media) == ("ndjson.zst", "application/zstd")
    assert file_type("parquet", "zstd").suffix == "parquet"
