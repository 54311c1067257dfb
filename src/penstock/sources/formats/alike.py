"""JSON rows that look alike, decoded at C speed and turned into columns.

Decoding runs over pieces of a few hundred kilobytes, so that the rows are still in the CPU's cache when their columns
are taken. One short-lived struct per row is the price of reading JSON text: Arrow's JSON reader, which makes none,
measured 1.8 times slower than the same rows through msgspec.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

from penstock.model.errors import InvalidInput
from penstock.sources.formats.collect import Collector, Float64s, Int32s, Int64s
from penstock.sources.formats.fields import read_times
from penstock.sources.formats.judge import Dialect
from penstock.sources.formats.looks import Look, forget, look_of
from penstock.sources.formats.structs import Model, model_of

__all__ = ["Alike"]

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

    def _decode(self, array: bytes, first: int, rows: int | None, model: Model) -> int | None:
        look = look_of(model, self._out.names)
        try:
            structs = model.decoder.decode(array)
            if rows is not None and len(structs) != rows:
                return None
            self._add(look, structs, first)
        except _REFUSALS:
            forget(look)
            return None
        return len(structs)

    def _add(self, look: Look, structs: Sequence[Any], first: int) -> None:
        """Raises one of `_REFUSALS`, with nothing added to the Draft, if a row is not plainly right."""
        n = len(structs)
        seq = _seq(structs) if "seq" in look.model.names else None
        ts = _times(structs, self._dialect.time[0])
        rows = _Columns(ts, np.arange(first, first + n, dtype=np.int32), seq)
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
