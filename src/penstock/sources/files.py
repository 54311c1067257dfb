"""Files of readings, read piece by piece in constant memory: CSV and its relatives, Parquet, NDJSON."""

from __future__ import annotations

import io
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput, NotFound, RowError
from penstock.sources.formats import FileMapping, decode_rows, guess_mapping, table_to_draft
from penstock.sources.formats.delimited import Misfit, Misfits, csv_options, read_header, renumber
from penstock.sources.formats.mapping import MISSING

__all__ = ["file_columns", "read_file"]

_TEXT: Final = frozenset({".csv", ".tsv", ".txt"})
_PARQUET: Final = frozenset({".parquet", ".pq"})
_LINES: Final = frozenset({".ndjson", ".jsonl"})
_PACKED: Final = frozenset({".gz", ".zst", ".bz2"})
_SAMPLE: Final = 65_536
_BLOCK: Final = 1 << 20


def file_columns(path: Path) -> list[str]:
    """Names of the columns of a CSV or Parquet file, for a mapping to choose from; raises as `read_file`."""
    with _readable(path):
        if _kind(path) in _PARQUET:
            return list(pq.ParquetFile(path).schema_arrow.names)
        if _kind(path) in _TEXT:
            return [name for name in _header(path)[0] if name]
    return []


def read_file(path: Path, mapping: FileMapping | None = None, chunk_rows: int = 50_000) -> Iterator[Draft]:
    """Drafts of at most about `chunk_rows` rows each, in the order of the file.

    A Draft's rows count from 0 within it: the file's row is that plus the `rows` of all Drafts before. Without a mapping,
    columns are taken by their names (`guess_mapping`), and NDJSON holds rows as `POST /v1/readings` takes them. Files may
    be packed (.gz, .zst, .bz2). Raises NotFound, and InvalidInput when the file as a whole cannot be understood, such as
    when all times of its beginning lack a time zone.
    """
    with _readable(path):
        kind = _kind(path)
        if kind in _PARQUET:
            drafts = _read_parquet(path, mapping, chunk_rows)
        elif kind in _LINES:
            drafts = _read_lines(path, mapping, chunk_rows)
        else:
            drafts = _read_csv(path, mapping, chunk_rows)
        for number, draft in enumerate(drafts):
            if number == 0:
                _check_zone(path, draft)
            yield draft


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    kind = suffixes[-1] if suffixes else ""
    if kind not in _TEXT | _PARQUET | _LINES:
        raise InvalidInput(
            f"{path.name}: the kind of file is not known",
            code="unknown_file",
            hint=f"name it {', '.join(sorted(_TEXT | _PARQUET | _LINES))}",
        )
    return kind


@contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except (pa.ArrowException, OSError, EOFError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {str(error)[:200]}", code="unreadable_file") from None


def _check_zone(path: Path, draft: Draft) -> None:
    naive = sum(error.code == "naive_timestamp" for error in draft.rejected)
    if naive and naive == draft.rows:
        raise InvalidInput(
            f"{path.name}: its times have no offset",
            code="naive_timestamp",
            hint="name the time zone in which they were written, such as Europe/Paris or UTC",
        )


def _header(path: Path) -> tuple[list[str], str]:
    with pa.input_stream(path, compression="detect") as stream:
        sample = bytes(stream.read(_SAMPLE))
    return read_header(sample.removeprefix(b"\xef\xbb\xbf"))


def _read_csv(path: Path, mapping: FileMapping | None, chunk_rows: int) -> Iterator[Draft]:
    columns, delimiter = _header(path)
    mapping = guess_mapping(columns) if mapping is None else mapping
    mapping.check(columns)
    misfits: Misfits = []
    options = csv_options(columns, delimiter, misfits, _BLOCK)
    options["convert_options"].include_columns = list(dict.fromkeys(mapping.columns))
    first = 0
    with (
        pa.input_stream(path, compression="detect") as stream,
        pa_csv.open_csv(stream, **options) as reader,
    ):
        for table in _rechunked(reader, chunk_rows):
            draft, first = renumber(table_to_draft(table, mapping), first, misfits)
            yield draft
    if misfits:  # after the last good row
        yield renumber(table_to_draft(pa.table({}), replace(mapping)), first, misfits)[0]


def _rechunked(reader: Any, chunk_rows: int) -> Iterator[pa.Table]:
    """Tables of `chunk_rows` rows (the last may have fewer) from a reader of smaller or larger batches."""
    held: list[Any] = []
    rows = 0
    for batch in reader:
        held.append(batch)
        rows += batch.num_rows
        if rows >= chunk_rows:
            table = pa.Table.from_batches(held)
            for start in range(0, rows - chunk_rows + 1, chunk_rows):
                yield table.slice(start, chunk_rows)
            rest = table.slice(rows - rows % chunk_rows)
            held, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(held)


def _read_parquet(path: Path, mapping: FileMapping | None, chunk_rows: int) -> Iterator[Draft]:
    with pq.ParquetFile(path) as file:
        columns = list(file.schema_arrow.names)
        mapping = guess_mapping(columns) if mapping is None else mapping
        mapping.check(columns)
        for batch in file.iter_batches(chunk_rows, columns=list(dict.fromkeys(mapping.columns)), use_threads=False):
            yield table_to_draft(pa.Table.from_batches([batch]), mapping, nan_is_missing=True)


def _read_lines(path: Path, mapping: FileMapping | None, chunk_rows: int) -> Iterator[Draft]:
    with pa.input_stream(path, compression="detect") as stream:
        rows = (line for line in io.BufferedReader(stream, _BLOCK) if line.strip())
        while lines := list(islice(rows, chunk_rows)):
            yield decode_rows(b"".join(lines), "ndjson") if mapping is None else _mapped_lines(lines, mapping)


def _mapped_lines(lines: list[bytes], mapping: FileMapping) -> Draft:
    """A Draft of JSON objects whose fields are columns of a mapping."""
    columns: dict[str, list[str | None]] = {name: [] for name in mapping.columns}
    misfits: Misfits = []
    for row, line in enumerate(lines):
        try:
            fields = msgspec.json.decode(line, type=dict[str, Any])
        except (ValueError, RecursionError):
            misfits.append(Misfit(row, 1, 0))
            continue
        for name, cells in columns.items():
            cells.append(_cell(fields.get(name)))
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    draft, _ = renumber(table_to_draft(table, mapping), 0, misfits)
    draft.rejected = [
        RowError(error.row, "malformed_json", "the line is not a JSON object")
        if error.code == "malformed_row"
        else error
        for error in draft.rejected
    ]
    return draft


def _cell(value: object) -> str | None:
    """A JSON value as a cell of text; None if it says that there is no value."""
    text = value if isinstance(value, str) else None if value is None else json.dumps(value)
    return None if text in MISSING else text
