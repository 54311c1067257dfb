"""Columns as text, whole columns at a time: what CSV, NDJSON and spreadsheets are made of.

A line is a join of text columns and of what stands between them, made by Arrow in one pass, so that no Python object is made
per reading. Texts are escaped once per different text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute

__all__ = ["csv_header", "csv_lines", "csv_text", "is_text", "json_lines", "lines", "numbers", "texts", "times"]

pc: Any = pyarrow.compute  # its functions are made at import time, so a type checker cannot see them

_FORMULA: Final = frozenset("=+-@\t\r")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_QUOTED: Final = re.compile(r'[",\r\n]')
_DATE: Final = len("2026-01-31")
_SECOND: Final = len("2026-01-31 12:00:00")
_INSTANT: Final = len("2026-01-31 12:00:00.000")


def times(ms: pa.ChunkedArray | pa.Array) -> pa.Array:
    """RFC 3339 UTC of int64 epoch ms in the years 0 to 9999, as `model.time.format_time` writes it; null stays null."""
    column = _whole(ms)
    rows = len(column)
    shown = pc.cast(pc.cast(pc.fill_null(column, 0), pa.timestamp("ms")), pa.string())
    offsets = np.frombuffer(shown.buffers()[1], np.int32, rows + 1, shown.offset * 4)
    letters = np.frombuffer(shown.buffers()[2], np.uint8, rows * _INSTANT, int(offsets[0]) if rows else 0)
    padded = np.empty((rows, _INSTANT + 1), np.uint8)
    padded[:, :_INSTANT] = letters.reshape(rows, _INSTANT)
    padded[:, _DATE] = ord("T")
    padded[:, _INSTANT] = ord("Z")
    kept = np.ones(padded.shape, np.bool_)
    kept[:, _SECOND:_INSTANT] = (np.asarray(pc.fill_null(column, 0)) % 1_000 != 0)[:, None]
    ends = np.concatenate([np.zeros(1, np.int32), np.cumsum(kept.sum(axis=1), dtype=np.int32)])
    made = pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(padded[kept]))
    return pc.if_else(pc.is_valid(column), made, None) if column.null_count else made


def numbers(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Numbers in the shortest text that reads back as the same number; null for what is not finite."""
    values = _whole(column)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_finite(values), values, None)
    return pc.cast(values, pa.string())


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text, dictionary-encoded or not."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(plain) or pa.types.is_large_string(plain)


def texts(column: pa.ChunkedArray | pa.Array, escape: Callable[[str], str]) -> pa.Array:
    """A text column with `escape` of each text; null stays null."""
    whole = _whole(column)
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    escaped = pa.array([escape(text) for text in coded.dictionary.to_pylist()], pa.string())
    return escaped.take(coded.indices)


def lines(parts: Sequence[pa.Array | str], *, null: str) -> bytes:
    """Row by row, the parts one after another: a column gives its text of the row, or `null`, a str gives itself."""
    if all(isinstance(part, str) for part in parts):
        return b""
    joined = pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement=null)
    size = len(joined)
    if not size:
        return b""
    offsets = np.frombuffer(joined.buffers()[1], np.int32, size + 1, joined.offset * 4)
    return joined.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes()


def csv_text(text: str) -> str:
    """One cell of text: what a spreadsheet would run as a formula gets an apostrophe, then RFC 4180 quoting."""
    if text[:1] in _FORMULA and _NUMBER.fullmatch(text) is None:
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def csv_header(table: pa.Table) -> bytes:
    """The header record of RFC 4180."""
    return (",".join(map(csv_text, table.column_names)) + "\r\n").encode()


def csv_lines(table: pa.Table, time_columns: frozenset[str]) -> bytes:
    """Records of RFC 4180 without the header; empty cells are null."""
    parts: list[pa.Array | str] = []
    for name in table.column_names:
        parts += [_cells(table.column(name), csv_text, timed=name in time_columns), ","]
    return lines([*parts[:-1], "\r\n"], null="")


def json_lines(table: pa.Table, time_columns: frozenset[str]) -> bytes:
    """One JSON object per line, its members in the order of the columns."""
    parts: list[pa.Array | str] = []
    before = "{"
    for name in table.column_names:
        timed = name in time_columns
        cells = _cells(table.column(name), _json_text, timed=timed)
        if timed:
            cells = pc.binary_join_element_wise('"', cells, '"', "")
        parts += [f"{before}{_json_text(name)}:", cells]
        before = ","
    return lines([*parts, "}\n"], null="null")


def _cells(column: pa.ChunkedArray, escape: Callable[[str], str], *, timed: bool) -> pa.Array:
    if timed:
        return times(column)
    return texts(column, escape) if is_text(column.type) else numbers(column)


def _json_text(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _whole(column: pa.ChunkedArray | pa.Array) -> Any:
    """A column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return (
            column.unify_dictionaries().combine_chunks()
            if pa.types.is_dictionary(column.type)
            else column.combine_chunks()
        )
    return column
