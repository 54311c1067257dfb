"""CSV into Drafts: every cell is read as text, then judged by `table`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput, RowError
from penstock.sources.formats.collect import MAX_REFUSED, Int64s, check_rows
from penstock.sources.formats.mapping import MISSING, FileMapping
from penstock.sources.formats.table import table_to_draft

__all__ = ["Misfit", "Misfits", "csv_options", "decode_csv", "read_header", "renumber"]

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 65_536


class Misfit(NamedTuple):
    """A row with another number of cells than there are columns; `row` counts data rows from 0."""

    row: int
    expected: int
    actual: int


Misfits = list[Misfit]


def decode_csv(body: bytes, mapping: FileMapping | None = None) -> Draft:
    """Readings of CSV text with a header line; comma, semicolon, tab or bar may separate cells.

    Columns as `table_to_draft` says; an empty cell, `?`, `NA`, `NaN` or `null` holds no value. Raises InvalidInput
    (`malformed_csv`, `missing_column`, `unknown_field`); a bad row is a RowError.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if not body.isascii():
        _check_utf8(body)
    check_rows(body.count(b"\n"), "lines")
    columns, delimiter = read_header(body[:_SAMPLE])
    misfits: Misfits = []
    try:
        table = pa_csv.read_csv(pa.BufferReader(body), **csv_options(columns, delimiter, misfits, len(body) + 1))
        table = table.drop_columns([""]) if "" in columns else table
        draft = table_to_draft(table, mapping)
    except pa.ArrowException as error:
        raise InvalidInput(
            f"not CSV: {str(error)[:200]}", code="malformed_csv", hint="send UTF-8 text with a header line"
        ) from None
    return renumber(draft, 0, misfits)[0]


def read_header(sample: bytes) -> tuple[list[str], str]:
    """Column names and delimiter from the beginning of a file.

    A header with one name fewer than the first row has cells (as R writes it) lacks the name of a leading index: that
    column is named "". Raises InvalidInput.
    """
    text = _check_utf8(sample, cut=True)
    lines = text.lstrip("\r\n").splitlines()
    if not lines or "\0" in text:
        raise InvalidInput("there is no header line", code="malformed_csv", hint="name the columns in the first line")
    delimiter = max(_DELIMITERS, key=lambda each: len(_cells(lines[0], each)))
    names = [name.strip() for name in _cells(lines[0], delimiter)]
    first = next((line for line in lines[1:] if line), None)
    if first is not None and len(_cells(first, delimiter)) == len(names) + 1:
        names = ["", *names]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated or "" in names[1:]:
        raise InvalidInput(
            f"columns {', '.join(map(repr, sorted(repeated)))} are there more than once"
            if repeated
            else "a column has no name",
            code="malformed_csv",
            hint="every column needs a name of its own",
        )
    return names, delimiter


def _check_utf8(data: bytes, *, cut: bool = False) -> str:
    """The text of `data`, whose last character may be `cut` off; raises InvalidInput naming the first bad byte."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if cut and error.start > len(data) - 4:
            return data[: error.start].decode()
        raise InvalidInput(
            f"not UTF-8 at byte {error.start}", code="malformed_csv", hint="convert it, e.g. with iconv -t utf-8"
        ) from None


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return [line]


def csv_options(columns: Sequence[str], delimiter: str, misfits: Misfits, block_size: int) -> dict[str, Any]:
    """Keyword arguments for pyarrow.csv's readers: all cells as text, rows that do not fit into `misfits`."""

    def misfit(row: Any) -> str:
        misfits.append(Misfit(row.number - 2, row.expected_columns, row.actual_columns))  # the header is number 1
        return "skip" if len(misfits) <= MAX_REFUSED else "error"

    return {
        "read_options": pa_csv.ReadOptions(
            column_names=list(columns), skip_rows=1, use_threads=False, block_size=min(block_size, 2**31 - 1)
        ),
        "parse_options": pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=misfit),
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()), null_values=list(MISSING), strings_can_be_null=True
        ),
    }


def renumber(draft: Draft, first: int, misfits: Misfits) -> tuple[Draft, int]:
    """The Draft of rows that were read together with the misfits among them, numbered from 0; and the next row.

    `first` is the data row that the Draft begins with. Misfits that come after it are taken off the list.
    """
    count = draft.rows
    among = 0
    while among < len(misfits) and misfits[among].row <= first + count + among:
        among += 1
    if among == 0:
        return draft, first + count
    taken, misfits[:among] = misfits[:among], []
    odd = np.array([misfit.row - first for misfit in taken], np.int64)
    at: Int64s = np.delete(np.arange(count + among), odd)
    draft.row = at[draft.row].astype(np.int32)
    draft.rows = count + among
    rejected = [error._replace(row=int(at[error.row])) for error in draft.rejected]
    rejected += [
        RowError(misfit.row - first, "malformed_row", f"the row has {misfit.actual} cells, not {misfit.expected}")
        for misfit in taken
    ]
    draft.rejected = sorted(rejected, key=lambda error: error.row)
    return draft, first + count + among
