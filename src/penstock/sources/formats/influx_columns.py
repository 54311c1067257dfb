"""Plain lines of line protocol, split into columns by Arrow's CSV reader.

`series fields time` is CSV with spaces, fields are CSV with commas once each `=` is written `=,`. Whatever does not fit
is reported by its position and left to the line-by-line parser; 15 times slower, it also decides what is valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as pa_csv

from penstock.sources.formats.collect import Float64s, Int64s
from penstock.sources.formats.influx_series import field_name

__all__ = ["Fields", "Split", "read_fields", "split"]

pc: Any = pyarrow.compute  # its functions are made at run time, unseen by type checkers
Bools = npt.NDArray[np.bool_]

_SMALL: Final = 16  # lines of one look below which parsing them one by one is cheaper
_MAX_FIELDS: Final = 1_000
_LONGEST: Final = 2**31 - 1
_LARGEST: Final = float(np.finfo(np.float64).max)
_SMALLEST: Final = float(np.finfo(np.float64).tiny)
_SERIES: Final = pa.dictionary(pa.int32(), pa.binary())
_VALUE: Final = re.compile(rb"=[^,]*")
_TYPED: Final = re.compile(rb"=[^,]*[^0-9.](?:,|$)")
_TRUE: Final = pa.array([b"t", b"T", b"true", b"True", b"TRUE"], pa.binary())
_FALSE: Final = pa.array([b"f", b"F", b"false", b"False", b"FALSE"], pa.binary())


class Split(NamedTuple):
    """Lines in three columns; `at` is the line (from 0, blank lines not counted) of each row, `odd` are all others.

    `ts` is None when the lines were read as having no time.
    """

    series: Any
    fields: Any
    ts: Int64s | None
    at: Int64s
    odd: list[int]


class Fields(NamedTuple):
    """Rows whose fields have the same names: `at` int64 [n] positions, `value` float64 [n, m], `names` m of them."""

    names: tuple[str, ...]
    at: Int64s
    value: Float64s


def _read(body: bytes, types: dict[str, Any], delimiter: str, odd: list[int] | None) -> Any:
    """A table of the body's rows that have as many cells as there are types; the numbers (from 0) of others join `odd`.

    Raises pyarrow.ArrowInvalid when a cell does not convert, or when there are others and `odd` is None.
    """

    def skip(row: Any) -> str:
        if odd is None:
            return "error"
        odd.append(row.number - 1)
        return "skip"

    return pa_csv.read_csv(
        pa.BufferReader(body),
        read_options=pa_csv.ReadOptions(column_names=list(types), use_threads=False, block_size=len(body) + 1),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, quote_char=False, double_quote=False, invalid_row_handler=skip
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=types, null_values=[], strings_can_be_null=False, check_utf8=False
        ),
    )


def split(body: bytes, *, times: bool) -> Split:
    """Split lines that hold no tab and no return; raises pyarrow.ArrowInvalid when there is not one row."""
    types = {"series": _SERIES, "fields": pa.binary(), **({"ts": pa.int64()} if times else {})}
    odd: list[int] = []
    try:
        table = _read(body, types, " ", odd)
    except pa.ArrowInvalid:
        odd.clear()
        table = _read(body, {**types, "ts": pa.binary()} if times else types, " ", odd)
    at = np.arange(table.num_rows + len(odd))
    if odd:
        at = np.delete(at, odd)
    if times and table.schema.field("ts").type == pa.binary():
        # Some time is not a number: its line is odd, the others are not.
        good = pc.match_substring_regex(table.column("ts"), r"^-?(?:[0-9]{1,18}|[1-8][0-9]{18})$")
        odd += at[~_bools(good)].tolist()
        at = at[_bools(good)]
        table = table.filter(good)
        table = table.set_column(2, "ts", table.column("ts").cast(pa.string()).cast(pa.int64()))
    series, fields = _flat(table.column("series")), _flat(table.column("fields"))
    ts = _flat(table.column("ts")).to_numpy() if times else None
    return Split(series, fields, ts, at, odd)


def read_fields(fields: Any, rows: Int64s) -> Iterator[Fields | Int64s]:
    """Fields of the rows, group by group, and the positions of rows that must be parsed one by one.

    `fields` is a binary array; `rows` int64 are the positions in it to read.
    """
    if len(rows) < _SMALL:
        yield rows
        return
    chosen = fields if len(rows) == len(fields) else fields.take(pa.array(rows))
    sample = {_look(chosen[at].as_py()) for at in (0, len(rows) // 2, len(rows) - 1)}
    group = _alike(chosen, rows) if len(sample) == 1 else None
    if group is not None:
        yield from group
        return
    looks = pc.replace_substring_regex(chosen, r"=[^,]*", "=").dictionary_encode()
    codes = looks.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        group = _alike(chosen.take(pa.array(part)), rows[part]) if len(part) >= _SMALL else None
        yield from group or [rows[part]]


def _alike(fields: Any, rows: Int64s) -> list[Fields | Int64s] | None:
    """The rows' fields if all rows have the same names, else None; with the rows that hold something odd."""
    return _single(fields, rows) or _group(fields, rows)


def _single(fields: Any, rows: Int64s) -> list[Fields | Int64s] | None:
    """`_alike` for rows that all hold one field, a plain number: in a fifth of the time."""
    prefix = fields[0].as_py().partition(b"=")[0] + b"="
    name = field_name(prefix[:-1])
    if name is None or not pc.all(pc.starts_with(fields, prefix)).as_py():
        return None
    texts = pc.binary_slice(fields, len(prefix), _LONGEST).cast(pa.string(), safe=False)
    try:
        value, good = _numbers(texts.cast(pa.float64()), small=False)
    except pa.ArrowInvalid:
        return None
    zero = np.flatnonzero(value == 0)
    if len(zero):
        good[zero] &= ~_bools(pc.match_substring(texts.take(pa.array(zero)), "e", ignore_case=True))
    if good.all():
        return [Fields((name,), rows, value[:, None])]
    return [Fields((name,), rows[good], value[good, None]), rows[~good]]


def _group(fields: Any, rows: Int64s) -> list[Fields | Int64s] | None:
    """`_alike` for any number of fields."""
    first = fields[0].as_py()
    width = first.count(b"=")
    if not 0 < width <= _MAX_FIELDS:
        return None
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(fields)], pa.int32()), fields), b"\n")
    text = joined[0].as_buffer().to_pybytes().replace(b"=", b"=,")
    cells = [name for j in range(width) for name in (f"n{j}", f"v{j}")]
    typed = _TYPED.search(first) is not None  # integers and booleans are no numbers to Arrow
    types = {name: _SERIES if name[0] == "n" else pa.binary() if typed else pa.float64() for name in cells}
    try:
        table = _read_first(text, (types, dict.fromkeys(cells, pa.binary())))
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(fields):
        return None
    names = _names([_flat(table.column(2 * j)) for j in range(width)])
    if names is None:
        return None
    value = np.empty((len(fields), width))
    good = np.ones(len(fields), bool)
    small = b"-" in text and (b"e-" in text or b"E-" in text)
    for j in range(width):
        value[:, j], plain = _numbers(_flat(table.column(2 * j + 1)), small)
        good &= plain
    if good.all():
        return [Fields(names, rows, value)]
    return [Fields(names, rows[good], value[good]), rows[~good]]


def _read_first(text: bytes, ways: Sequence[dict[str, Any]]) -> Any:
    """The table read in the first of `ways` in which every cell converts."""
    for types in ways[:-1]:
        try:
            return _read(text, types, ",", None)
        except pa.ArrowInvalid:
            continue
    return _read(text, ways[-1], ",", None)


def _look(fields: bytes) -> bytes:
    """What equal groups of fields have in common: their names."""
    return _VALUE.sub(b"=", fields)


def _names(columns: list[Any]) -> tuple[str, ...] | None:
    """The one name in each column of `name=` cells; None if there are several, or one is not valid."""
    names: list[str] = []
    for column in columns:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        name = field_name(distinct[0][:-1]) if len(distinct) == 1 and distinct[0].count(b"=") == 1 else None
        if name is None or distinct[0][-1:] != b"=":
            return None
        names.append(name)
    return tuple(names) if len(set(names)) == len(names) else None


def _numbers(cells: Any, small: bool) -> tuple[Float64s, Bools]:
    """float64 [n] of one column of values, and which of them are plainly numbers or booleans.

    `small` says that there are negative exponents: then even a 0 may be what underflowed, and is left to the parser.
    """
    if not pa.types.is_floating(cells.type):
        return _typed_numbers(cells)
    value = cells.to_numpy(zero_copy_only=False)
    magnitude = np.abs(value)
    good = magnitude <= _LARGEST  # False for NaN
    tiny = magnitude < _SMALLEST
    if tiny.any():
        good &= ~tiny if small else ~tiny | (value == 0)
    return value, good


def _typed_numbers(cells: Any) -> tuple[Float64s, Bools]:
    """Values of which some are integers (`5i`, `5u`), booleans, or not numbers at all."""
    value = np.zeros(len(cells))
    good = np.zeros(len(cells), bool)
    for pattern, suffix in ((r"^-?[0-9]{1,18}i$", 1), (r"^[0-9]{1,18}u$", 1), (r"^-?[0-9]{1,32}(\.[0-9]{0,32})?$", 0)):
        matches = pc.match_substring_regex(cells, pattern)
        mask = _bools(matches)
        if mask.any():
            texts = cells.filter(matches).cast(pa.string())
            if suffix:
                texts = pc.utf8_slice_codeunits(texts, 0, -suffix).cast(pa.int64())
            value[mask] = texts.cast(pa.float64(), safe=False).to_numpy()
            good |= mask
    for constants, number in ((_TRUE, 1.0), (_FALSE, 0.0)):
        mask = _bools(pc.is_in(cells, value_set=constants))
        value[mask] = number
        good |= mask
    return value, good


def _flat(column: Any) -> Any:
    """A chunked column as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _bools(mask: Any) -> Bools:
    flat = _flat(mask) if isinstance(mask, pa.ChunkedArray) else mask
    return flat.to_numpy(zero_copy_only=False)
