"""Arrow tables into Drafts: the shared end of the Arrow, CSV and Parquet decoders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import InvalidInput
from penstock.model.series import Attributes
from penstock.model.units import quantity_of, resolve_metric
from penstock.sources.formats.collect import Collector, Float64s, Int32s, Int64s
from penstock.sources.formats.fields import shown
from penstock.sources.formats.mapping import FileMapping, exact_mapping
from penstock.sources.formats.names import distinct
from penstock.sources.formats.times import Times, parse_times, read_timestamps

__all__ = ["table_to_draft"]

pc: Any = pyarrow.compute  # its functions are made at run time, unseen by type checkers
Bools = npt.NDArray[np.bool_]

_NUMBER: Final = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_MAX_RADIX: Final = 1 << 31


def table_to_draft(table: pa.Table, mapping: FileMapping | None = None, *, nan_is_missing: bool = False) -> Draft:
    """Readings of a table, one row of it being one row of the Draft.

    Without a mapping, columns have the names of JSON rows' fields (`exact_mapping`) and timestamps without a zone are
    UTC. Columns of text are parsed; numbers, dictionaries and timestamps are taken over without a copy where their type
    allows it. In a long table a null value refuses its row; in a wide one it was not measured. `nan_is_missing` treats
    NaN like null (files written by pandas). Raises InvalidInput if the columns do not fit the mapping.
    """
    timezone = mapping.timezone if mapping is not None else "UTC"
    exact = mapping is None
    mapping = exact_mapping(table.column_names) if mapping is None else mapping
    mapping.check(table.column_names)
    return _Reader(table, mapping, timezone, nan_is_missing=nan_is_missing, exact=exact).read()


class _Coded:
    """A column of names: int32 [n] codes (-1 for null) into `count` names, which are read when somebody asks for them.

    fingerprint  equal for equal names; None where that cannot be told cheaply
    """

    def __init__(self, code: Int32s, names: pa.Array) -> None:
        self.code = code
        self.count = len(names)
        self._array = names

    @cached_property
    def names(self) -> Sequence[str | None]:
        return self._array.to_pylist()

    @property
    def fingerprint(self) -> bytes | None:
        if self._array.offset:
            return None
        digest = blake2b(f"{self._array.type} {self.count}".encode(), digest_size=16)
        for buffer in self._array.buffers():
            digest.update(memoryview(buffer) if buffer is not None else b"-")
        return digest.digest()


class _Reader:
    """Reads one table. The first reason to refuse a row is the one that is told."""

    def __init__(
        self, table: pa.Table, mapping: FileMapping, timezone: str | None, *, nan_is_missing: bool, exact: bool
    ) -> None:
        self._table = table
        self._map = mapping
        self._timezone = timezone
        self._nan_is_missing = nan_is_missing
        self._exact = exact
        self._n = table.num_rows
        self._out = Collector()
        self._refused: Bools = np.zeros(self._n, bool)

    def read(self) -> Draft:
        if self._n == 0:
            return self._out.draft(0)
        names = self._map
        sensor = self._names(names.sensor, names.sensor_value)
        self._refuse(np.flatnonzero(sensor.code < 0), "missing_field", "the sensor is missing")
        ts = self._times()
        seq = self._seq(names.seq)
        site = self._names(names.site, names.site_value)
        tenant = self._names(names.tenant, None)
        if names.metric is not None and names.value is not None:
            self._read_long([sensor, site, tenant], ts, seq, names.metric, names.value)
        else:
            self._read_wide([sensor, site, tenant], ts, seq)
        building = self._names(names.building, names.building_value)
        room = self._names(names.room, names.room_value)
        if building.count or room.count:
            self._describe([sensor, site, building, room])
        return self._out.draft(self._n)

    def _read_long(self, who: list[_Coded], ts: Int64s, seq: Int64s | None, metric_: str, value_: str) -> None:
        metric = self._names(metric_, None)
        self._refuse(np.flatnonzero(metric.code < 0), "missing_field", f"{metric_} is missing")
        value, there = self._numbers(value_)
        self._refuse(np.flatnonzero(~there & ~self._refused), "no_value", f"{value_} is missing")
        columns = [*who, metric, self._names(self._map.unit, None)]
        keep = None if not self._refused.any() else np.flatnonzero(~self._refused)
        combination, distinct_rows = _combine(columns, keep, self._n)
        keys = self._keys(columns, distinct_rows)
        row = np.arange(self._n, dtype=np.int32) if keep is None else keep.astype(np.int32)
        self._out.block(keys[combination], _kept(ts, keep), _kept(value, keep), row, _kept(seq, keep))

    def _keys(self, columns: list[_Coded], distinct_rows: Int64s) -> Int32s:
        """The codes of the keys that these rows have; read once for as long as tables say the same ones."""
        parts = [column.fingerprint for column in columns]
        name = None if None in parts else b"".join(part for part in parts if part)
        if name is not None:
            name += b"".join(column.code[distinct_rows].tobytes() for column in columns)
        return self._out.codes_of(
            name,
            lambda: (
                DraftKey(site, sensor or "", metric or "", unit, tenant)
                for sensor, site, tenant, metric, unit in _spelled(columns, distinct_rows)
            ),
        )

    def _read_wide(self, who: list[_Coded], ts: Int64s, seq: Int64s | None) -> None:
        metrics = list(self._map.metrics.items())
        value: Float64s = np.empty((self._n, len(metrics)))
        there = np.empty((self._n, len(metrics)), bool)
        for j, (column, _) in enumerate(metrics):
            value[:, j], there[:, j] = self._numbers(column)
        empty = ~there.any(axis=1) & ~self._refused
        self._refuse(np.flatnonzero(empty), "no_value", "no column of the row holds a value")
        keep = None if not self._refused.any() else np.flatnonzero(~self._refused)
        combination, distinct_rows = _combine(who, keep, self._n)
        there = _kept(there, keep)
        used = np.zeros((len(distinct_rows), len(metrics)), bool)
        if there.all():
            used[combination] = True
            pick: Any = np.s_[:]
        else:
            at, column_at = there.nonzero()
            used[combination[at], column_at] = True
            pick = there.ravel()
        codes = np.zeros(used.shape, np.int32)
        spelled = list(_spelled(who, distinct_rows))
        codes[used] = self._out.codes(
            DraftKey(spelled[i][1], spelled[i][0] or "", metrics[j][1][0], metrics[j][1][1], spelled[i][2])
            for i, j in zip(*(axis.tolist() for axis in used.nonzero()), strict=True)
        )
        per_row = there.sum(axis=1)
        row = np.arange(self._n, dtype=np.int32) if keep is None else keep.astype(np.int32)
        self._out.block(
            codes[combination].ravel()[pick],
            np.repeat(_kept(ts, keep), per_row),
            _kept(value, keep).ravel()[pick],
            np.repeat(row, per_row),
            None if seq is None else np.repeat(_kept(seq, keep), per_row),
        )

    def _describe(self, columns: list[_Coded]) -> None:
        keep = np.flatnonzero(~self._refused)
        combination, distinct_rows = _combine(columns, keep, self._n)
        last = np.zeros(len(distinct_rows), np.int64)
        last[combination] = keep  # rows ascend, and the last of equal indices wins
        spelled = list(_spelled(columns, distinct_rows))
        for at in np.argsort(last).tolist():
            sensor, site, building, room = spelled[at]
            self._out.describe(site, sensor or "", Attributes(building or "", room or ""))

    def _column(self, name: str) -> Any:
        """The column as one array."""
        column = self._table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def _names(self, name: str | None, constant: str | None) -> _Coded:
        if name is None:
            code = np.zeros(self._n, np.int32) if constant is not None else np.full(self._n, -1, np.int32)
            return _Coded(code, pa.array([] if constant is None else [constant], pa.string()))
        column = self._column(name)
        if pa.types.is_integer(column.type):
            column = column.cast(pa.string())
        if not pa.types.is_dictionary(column.type):
            if not _is_text(column.type):
                raise InvalidInput(f"column {name!r} must be text, not {column.type}", code="invalid_column")
            column = column.dictionary_encode()
        if not _is_text(column.type.value_type):
            raise InvalidInput(f"column {name!r} must be text, not {column.type.value_type}", code="invalid_column")
        indices = column.indices.fill_null(-1) if column.null_count else column.indices
        code = indices.to_numpy().astype(np.int32, copy=False)
        if column.dictionary.null_count:
            lut = np.where(_nulls(column.dictionary), -1, np.arange(len(column.dictionary))).astype(np.int32)
            code = np.where(code < 0, -1, lut[code]).astype(np.int32)
        return _Coded(code, column.dictionary)

    def _times(self) -> Int64s:
        columns = [self._column(name) for name in self._map.times]
        nulls = np.zeros(self._n, bool)
        for column in columns:
            nulls |= _nulls(column)
        self._refuse(np.flatnonzero(nulls), "missing_field", f"{' and '.join(self._map.times)} is missing")
        column = columns[0]
        if len(columns) > 1:
            column = pc.binary_join_element_wise(*(_text(part) for part in columns), " ")
        if pa.types.is_date(column.type):
            column = column.cast(pa.timestamp("ms"))
        if pa.types.is_timestamp(column.type):
            return self._judged(read_timestamps(column, self._timezone))
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            return self._judged(_whole_numbers(column, nulls))
        if not _is_text(column.type):
            raise InvalidInput(
                f"column {self._map.times[0]!r} must be a time, not {column.type}", code="invalid_column"
            )
        return self._judged(_parsed_times(_text(column), nulls, self._map, self._timezone))

    def _judged(self, times: Times) -> Int64s:
        for row, (code, detail) in times.errors.items():
            if not self._refused[row]:
                self._refused[row] = True
                self._out.reject(row, code, detail)
        return times.ms

    def _seq(self, name: str | None) -> Int64s | None:
        if name is None:
            return None
        column = self._column(name)
        there = ~_nulls(column)
        if _is_text(column.type) or pa.types.is_dictionary(column.type):
            texts = _text(column).to_pylist()
            seqs = [int(t) if t is not None and t.isascii() and t.isdigit() and len(t) < 19 else -1 for t in texts]
            seq = np.array(seqs, np.int64)
        elif pa.types.is_integer(column.type):
            seq = column.cast(pa.int64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False)
        else:
            raise InvalidInput(f"column {name!r} must be whole numbers, not {column.type}", code="invalid_column")
        self._refuse(
            np.flatnonzero(there & (seq < 0)), "invalid_seq", f"{name} must be a whole number from 0 to 2^63-1"
        )
        return np.where(there, seq, 0)

    def _numbers(self, name: str) -> tuple[Float64s, Bools]:
        """float64 [n] and which of them are there; rows whose cell is no number are refused."""
        column = self._column(name)
        kind = column.type
        if pa.types.is_null(kind):
            return np.zeros(self._n), np.zeros(self._n, bool)
        if pa.types.is_dictionary(kind) or _is_text(kind):
            return self._parsed_numbers(name, _text(column))
        if not (
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_decimal(kind)
        ):
            raise self._no_numbers(name, str(kind))
        there = ~_nulls(column)
        if not pa.types.is_float64(kind):
            column = column.cast(pa.float64(), safe=False)
        value = (column.fill_null(0.0) if column.null_count else column).to_numpy(zero_copy_only=False)
        return value, there & ~np.isnan(value) if self._nan_is_missing else there

    def _parsed_numbers(self, name: str, texts: Any) -> tuple[Float64s, Bools]:
        there = ~_nulls(texts)
        value = np.zeros(self._n)
        try:
            value = texts.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
            good = np.isfinite(value)
        except pa.ArrowInvalid:
            trimmed = pc.utf8_trim_whitespace(texts)
            match = pc.match_substring_regex(trimmed, _NUMBER).fill_null(False)
            good = match.to_numpy(zero_copy_only=False)
            numbers = pc.replace_substring_regex(trimmed.filter(match), r"^\+", "")
            value[good] = numbers.cast(pa.float64()).to_numpy(zero_copy_only=False)
            good = good & np.isfinite(value)
        wrong = np.flatnonzero(there & ~good)
        if self._exact and len(wrong) == int(there.sum()) > 0 and quantity_of(resolve_metric(name)[0]) is None:
            raise self._no_numbers(name, "text")
        cells = texts.take(pa.array(wrong)).to_pylist()
        self._refuse(wrong, "invalid_value", (f"{name} must be a number, not {shown(cell)}" for cell in cells))
        return value, there

    def _no_numbers(self, name: str, kind: str) -> InvalidInput:
        return InvalidInput(
            f"column {name!r} holds {kind}, no numbers",
            code="unknown_field" if self._exact else "invalid_column",
            hint="leave it out, or give it the name of a field: sensor_id, ts, site_id, unit, building, room, seq, tenant_id",
        )

    def _refuse(self, rows: Int64s, code: str, details: str | Iterable[str]) -> None:
        texts = (details for _ in rows) if isinstance(details, str) else details
        for row, detail in zip(rows.tolist(), texts, strict=True):
            if not self._refused[row]:
                self._refused[row] = True
                self._out.reject(row, code, detail)


def _whole_numbers(column: Any, nulls: Bools) -> Times:
    """Epoch ms from a column of integers, or of floats that are whole."""
    if pa.types.is_integer(column.type):
        wide = pa.types.is_uint64(column.type)
        ms = column.cast(pa.int64(), safe=False)
        ms = (ms.fill_null(0) if ms.null_count else ms).to_numpy(zero_copy_only=False)
        wrong = np.flatnonzero((ms < 0) & ~nulls) if wide else ()
    else:
        number = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
        whole = np.isfinite(number) & (np.abs(number) < 2.0**62) & (np.trunc(number) == number)
        ms = np.where(whole, number, 0.0).astype(np.int64)
        wrong = np.flatnonzero(~whole & ~nulls)
    return Times(ms, {int(row): ("invalid_timestamp", "ts is not a whole number of epoch ms") for row in wrong})


def _parsed_times(texts: Any, nulls: Bools, mapping: FileMapping, timezone: str | None) -> Times:
    """Times of a column of text; rows of `nulls` have none."""
    there = np.flatnonzero(~nulls)
    times = parse_times(
        texts.take(pa.array(there)) if len(there) < len(texts) else texts, mapping.time_format, timezone
    )
    ms = np.zeros(len(texts), np.int64)
    ms[there] = times.ms
    return Times(ms, {int(there[at]): error for at, error in times.errors.items()})


def _combine(columns: Sequence[_Coded], keep: Int64s | None, n: int) -> tuple[Int64s, Int64s]:
    """int64 [k]: the combination of codes that each kept row has; and, for each combination, one row that has it."""
    combined = np.zeros(n if keep is None else len(keep), np.int64)
    bound = 1
    for column in columns:
        radix = column.count + 1
        if radix == 1 or (radix == 2 and not (column.code < 0).any()):
            continue  # the same in all rows
        if bound * radix >= _MAX_RADIX:
            present, combined = distinct(combined, bound)
            bound = len(present)
        combined = combined * radix + (_kept(column.code, keep) + 1)
        bound *= radix
    present, local = distinct(combined, bound)
    row = np.zeros(len(present), np.int64)
    row[local] = np.arange(n) if keep is None else keep
    return local, row


def _spelled(columns: Sequence[_Coded], rows: Int64s) -> Iterable[tuple[str | None, ...]]:
    """What each column says in each of `rows`."""
    said = [[column.names[code] if code >= 0 else None for code in column.code[rows].tolist()] for column in columns]
    return zip(*said, strict=True)


def _kept(values: Any, keep: Int64s | None) -> Any:
    return values if keep is None or values is None else values[keep]


def _nulls(column: Any) -> Bools:
    if column.null_count == 0 and not pa.types.is_dictionary(column.type):
        return np.zeros(len(column), bool)
    return column.is_null().to_numpy(zero_copy_only=False)


def _is_text(kind: Any) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _text(column: Any) -> Any:
    """The column as plain strings."""
    return column if pa.types.is_string(column.type) else column.cast(pa.string())
