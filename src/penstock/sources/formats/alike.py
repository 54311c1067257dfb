"""JSON rows that look alike, decoded at C speed and turned into columns.

Decoding runs over pieces of a few hundred kilobytes, so that the rows are still in the CPU's cache when their columns
are taken. One short-lived struct per row is the price of reading JSON text: Arrow's JSON reader, which makes none,
measured 1.8 times slower than the same rows through msgspec.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from penstock.model.errors import InvalidInput
from penstock.sources.formats.collect import Collector, Float64s, Int32s, Int64s
from penstock.sources.formats.fields import read_times
from penstock.sources.formats.judge import Dialect
from penstock.sources.formats.looks import Look, forget, look_of
from penstock.sources.formats.structs import Model, model_of

__all__ = ["Alike"]

_BLAME: Final = re.compile(r" - at `\$\[(\d+)\]")  # where msgspec says that a value does not fit
_RUN: Final = 64
_FEW: Final = 64  # rows unlike the others up to which sifting is worth it, plus a share of those seen
_FEW_SHARE: Final = 0.2
_REFUSALS: Final = (ValueError, TypeError, OverflowError, RecursionError, InvalidInput)


class Alike:
    """Decodes pieces of one body into `out`."""

    def __init__(self, dialect: Dialect, out: Collector) -> None:
        self._dialect = dialect
        self._out = out
        self._last: Model | None = None
        self._described: dict[Look, Int32s] = {}

    def decode(self, array: bytes, first: int, rows: int | None = None) -> int | None:
        """Add the rows of a JSON array, numbered from `first`; returns how many there are.

        None, with nothing added, if they are not alike, if there are not `rows` of them, or if one needs `judge` to
        say what is wrong with it.
        """
        if self._last is not None:
            added = self._decode(array, first, rows, self._last)
            if added is not None:
                return added
        try:
            model = model_of(array, self._dialect)
        except InvalidInput:
            return None
        if model is None or model is self._last:
            return None
        self._last = model
        return self._decode(array, first, rows, model)

    def sift(self, rows: Sequence[bytes], first: int) -> list[int] | None:
        """Add the rows (JSON objects, numbered from `first`) that are like the rows before; returns the indices of others.

        None, with nothing added, if too many are not, or one of those that are alike needs `judge` all the same. Costs
        two passes of the decoder, because it tells only the first value that does not fit.
        """
        model = self._last
        if model is None:
            return None
        structs: list[Any] = []
        others: list[int] = []
        start = 0
        while start < len(rows):
            run = rows[start : start + _RUN]
            good = _fitting(model, run, structs)
            start += good
            if good < len(run):
                others.append(start)
                start += 1
            if len(others) > _FEW + start * _FEW_SHARE:
                return None
        place = np.arange(first, first + len(rows), dtype=np.int32)
        return others if self._take(model, structs, np.delete(place, others)) else None

    def _decode(self, array: bytes, first: int, rows: int | None, model: Model) -> int | None:
        try:
            structs = model.decoder.decode(array)
        except _REFUSALS:
            return None
        if rows is not None and len(structs) != rows:
            return None
        place = np.arange(first, first + len(structs), dtype=np.int32)
        return len(structs) if self._take(model, structs, place) else None

    def _take(self, model: Model, structs: Sequence[Any], place: Int32s) -> bool:
        """Add the rows; False, with nothing added, if one of them is not plainly right."""
        look = look_of(model, self._out.names)
        try:
            self._add(look, structs, place)
        except _REFUSALS:
            forget(look)
            return False
        return True

    def _add(self, look: Look, structs: Sequence[Any], place: Int32s) -> None:
        """`place` int32 [n]: number of each row. Raises one of `_REFUSALS`, with nothing added to the Draft."""
        n = len(structs)
        seq = _seq(structs) if "seq" in look.model.names else None
        ts = _times(structs, self._dialect.time[0])
        rows = _Columns(ts, place, seq)
        identity = look.identify(structs)
        if look.model.metrics:
            self._add_wide(look, structs, identity, rows)
        else:
            value = np.fromiter(map(attrgetter("value"), structs), np.float64, n)
            numbers = look.numbers(np.bincount(identity)[:, None] > 0)
            self._out.block(numbers[identity, 0], rows.ts, value, rows.row, rows.seq)
        if look.tells[identity].any():
            self._describe(look, identity)

    def _add_wide(self, look: Look, structs: Sequence[Any], identity: Int32s, rows: _Columns) -> None:
        n, m = len(structs), len(look.model.metrics)
        value: Float64s = np.empty((n, m))
        for j in range(m):
            value[:, j] = np.fromiter(map(attrgetter(f"m{j}"), structs), np.float64, n)
        there = value == value  # noqa: PLR0124 - JSON has no NaN: here it marks what a row did not say
        per_row = there.sum(axis=1)
        if not per_row.all():
            raise InvalidInput("a row without any value")
        used = np.zeros((int(identity.max(initial=-1)) + 1, m), bool)
        if int(per_row.min(initial=m)) == m:
            used[identity] = True
            pick: Any = np.s_[:]
        else:
            at, column = there.nonzero()
            used[identity[at], column] = True
            pick = there.ravel()
        self._out.block(
            look.numbers(used)[identity].ravel()[pick],
            np.repeat(rows.ts, per_row),
            value.ravel()[pick],
            np.repeat(rows.row, per_row),
            None if rows.seq is None else np.repeat(rows.seq, per_row),
        )

    def _describe(self, look: Look, identity: Int32s) -> None:
        """Say what the rows said about their sensors, unless this body has said just that."""
        last = np.full(int(identity.max()) + 1, -1, np.int64)
        last[identity] = np.arange(len(identity))  # the last of equal indices wins
        present = np.flatnonzero(last >= 0)
        described = self._described.get(look, np.empty(0, np.int32))
        if len(described) < look.sensors:
            described = np.concatenate([described, np.full(look.sensors - len(described), -1, np.int32)])
            self._described[look] = described
        if bool((described[look.owner[present]] == present).all()):
            return
        for at in map(int, present[np.argsort(last[present])]):
            said = look.said[at]
            self._out.describe(said.site_id, said.sensor, said.attributes)
            described[look.owner[at]] = at


def _fitting(model: Model, run: Sequence[bytes], structs: list[Any]) -> int:
    """Decode the rows of `run` before the first that does not fit onto `structs`; returns how many there are."""
    try:
        decoded = model.decoder.decode(b"[" + b",".join(run) + b"]")
    except msgspec.ValidationError as error:
        blamed = _BLAME.search(str(error))
        good = int(blamed[1]) if blamed else 0
        return _fitting(model, run[:good], structs) if 0 < good < len(run) else 0
    except _REFUSALS:
        return 0
    if len(decoded) != len(run):  # what was taken for one row held two
        return 0
    structs += decoded
    return len(decoded)


class _Columns(NamedTuple):
    ts: Int64s
    row: Int32s
    seq: Int64s | None


def _seq(structs: Sequence[Any]) -> Int64s:
    seq = np.fromiter(map(attrgetter("seq"), structs), np.int64, len(structs))
    if len(seq) and int(seq.min()) < 0:
        raise InvalidInput("a negative seq")
    return seq


def _times(structs: Sequence[Any], time: str) -> Int64s:
    times = [r.ts for r in structs]
    if times and isinstance(times[0], str):
        return read_times(time, times)
    return np.fromiter(times, np.int64, len(times))
