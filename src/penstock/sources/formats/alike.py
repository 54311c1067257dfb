"""JSON rows that look alike, decoded at C speed and turned into columns.

Decoding runs over pieces of a few hundred kilobytes, so that the rows are still in the CPU's cache when their columns
are taken. One short-lived struct per row is the price of reading JSON text: Arrow's JSON reader, which makes none,
measured 1.8 times slower than the same rows through msgspec.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from penstock.model.batch import DraftKey
from penstock.model.errors import InvalidInput
from penstock.sources.formats.collect import Collector, Float64s, Int32s, Int64s
from penstock.sources.formats.fields import read_name, read_tags, read_times
from penstock.sources.formats.judge import Dialect
from penstock.sources.formats.structs import Model, model_of

__all__ = ["Alike"]

_REFUSALS: Final = (ValueError, TypeError, OverflowError, RecursionError, InvalidInput)


class Alike:
    """Decodes pieces of one body into `out`, remembering the looks and the sensors that it has met."""

    def __init__(self, dialect: Dialect, out: Collector) -> None:
        self._dialect = dialect
        self._out = out
        self._looks: dict[Model, _Look] = {}
        self._last: Model | None = None

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
        look = self._looks.pop(model, None) or _Look(model, self._dialect.time[0], self._out)
        try:
            structs = model.decoder.decode(array)
            if rows is not None and len(structs) != rows:
                return None
            look.add(structs, first)
        except _REFUSALS:
            return None  # the look may hold half-learnt sensors: it is dropped, and learnt again
        self._looks[model] = look
        return len(structs)


class _Columns(NamedTuple):
    ts: Int64s
    row: Int32s
    seq: Int64s | None


class _Look:
    """Rows of one model: the distinct things that they say about themselves, each learnt once per body.

    An identity is what a row says besides time and values (`_NAMES`). `_codes` is int32 [identity, metric]: the key in
    the Draft, -1 until it is used. `_owner` maps an identity to its (site, sensor), `_described` that to the identity
    that described it last.
    """

    def __init__(self, model: Model, time: str, out: Collector) -> None:
        self._model = model
        self._time = time
        self._out = out
        self._names = tuple(name for name in _NAMES if name == "sensor" or name in model.names)
        self._index: defaultdict[tuple[Any, ...], int] = defaultdict(count().__next__)
        self._said: list[_Said] = []
        self._codes: Int32s = np.empty((0, max(len(model.metrics), 1)), np.int32)
        self._owners: dict[tuple[str | None, str], int] = {}
        self._owner = np.empty(0, np.int32)
        self._described = np.empty(0, np.int32)

    def add(self, structs: Sequence[Any], first: int) -> None:
        """Raises one of `_REFUSALS`, with nothing added to the Draft, if a row is not plainly right."""
        n = len(structs)
        seq = _seq(structs) if "seq" in self._model.names else None
        ts = _times(structs, self._time)
        rows = _Columns(ts, np.arange(first, first + n, dtype=np.int32), seq)
        identity = self._identify(structs)
        if self._model.metrics:
            self._add_wide(structs, identity, rows)
        else:
            value = np.fromiter(map(attrgetter("value"), structs), np.float64, n)
            codes = self._keys(np.bincount(identity, minlength=len(self._said))[:, None] > 0)
            self._out.block(codes[identity, 0], rows.ts, value, rows.row, rows.seq)
        if self._model.names & {"building", "room", "tags"}:
            self._describe(identity)

    def _add_wide(self, structs: Sequence[Any], identity: Int32s, rows: _Columns) -> None:
        n, m = len(structs), len(self._model.metrics)
        value: Float64s = np.empty((n, m))
        for j in range(m):
            value[:, j] = np.fromiter(map(attrgetter(f"m{j}"), structs), np.float64, n)
        there = value == value  # noqa: PLR0124 - JSON has no NaN: here it marks what a row did not say
        per_row = there.sum(axis=1)
        if not per_row.all():
            raise InvalidInput("a row without any value")
        used = np.zeros((len(self._said), m), bool)
        if int(per_row.min(initial=m)) == m:
            used[identity] = True
            pick: Any = np.s_[:]
        else:
            at, column = there.nonzero()
            used[identity[at], column] = True
            pick = there.ravel()
        self._out.block(
            self._keys(used)[identity].ravel()[pick],
            np.repeat(rows.ts, per_row),
            value.ravel()[pick],
            np.repeat(rows.row, per_row),
            None if rows.seq is None else np.repeat(rows.seq, per_row),
        )

    def _identify(self, structs: Sequence[Any]) -> Int32s:
        """int32 [n]: the identity of each row; new ones are learnt."""
        index, names = self._index, self._names
        # The two usual looks are spelled out: a comprehension takes 0.6 of the time of the general way below.
        if names == _USUAL_WIDE:
            codes = [index[r.sensor, r.site_id, r.tenant_id, b"" + r.tags] for r in structs]
        elif names == _USUAL_LONG:
            codes = [index[r.sensor, r.site_id, r.tenant_id, r.metric, r.unit] for r in structs]
        else:
            columns = [
                [b"" + getattr(r, name) for r in structs] if name in _RAW else map(attrgetter(name), structs)
                for name in names
            ]
            codes = [index[said] for said in zip(*columns, strict=True)]
        if len(index) > len(self._said):
            self._learn()
        return np.array(codes, np.int32)

    def _learn(self) -> None:
        known = len(self._said)
        for said in list(self._index)[known:]:
            fields = dict(zip(self._names, said, strict=True))
            for name in self._model.integers:
                fields[name] = read_name(name, fields[name])
            if "tags" in fields:
                fields["tags"] = _tags(fields["tags"])
            if "units" in fields:
                fields["units"] = _decode_units(fields["units"]) or {}
            self._said.append(_Said(**fields))
        new = self._said[known:]
        owner = [self._owners.setdefault((s.site_id, s.sensor), len(self._owners)) for s in new]
        self._owner = np.append(self._owner, np.array(owner, np.int32))
        self._described = _grown(self._described, len(self._owners))
        self._codes = _grown(self._codes, len(self._said))

    def _keys(self, used: np.ndarray[Any, np.dtype[np.bool_]]) -> Int32s:
        """`_codes` with every one of the `used` [identity, metric] filled in."""
        metrics = self._model.metrics
        missing = used & (self._codes < 0)
        if missing.any():
            for i, j in zip(*(axis.tolist() for axis in missing.nonzero()), strict=True):
                said = self._said[i]
                metric, unit = (metrics[j], said.units.get(metrics[j])) if metrics else (said.metric, said.unit)
                key = DraftKey(said.site_id, said.sensor, metric, unit, said.tenant_id)
                self._codes[i, j] = self._out.code(key)
        return self._codes

    def _describe(self, identity: Int32s) -> None:
        last = np.full(len(self._said), -1, np.int64)
        last[identity] = np.arange(len(identity))  # the last of equal indices wins
        present = np.flatnonzero(last >= 0)
        if bool((self._described[self._owner[present]] == present).all()):
            return
        for at in map(int, present[np.argsort(last[present])]):
            said = self._said[at]
            self._out.describe(said.site_id, said.sensor, said.building or "", said.room or "", said.tags)
            self._described[self._owner[at]] = at


_NOTHING: Final[Mapping[str, Any]] = {}


class _Said(NamedTuple):
    """An identity, read."""

    sensor: str
    site_id: str | None = None
    tenant_id: str | None = None
    building: str | None = None
    room: str | None = None
    tags: Mapping[str, str] = _NOTHING
    metric: str = ""
    unit: str | None = None
    units: Mapping[str, str | None] = _NOTHING


_NAMES: Final = _Said._fields
_RAW: Final = ("tags", "units")
_USUAL_WIDE: Final = ("sensor", "site_id", "tenant_id", "tags")
_USUAL_LONG: Final = ("sensor", "site_id", "tenant_id", "metric", "unit")
_MAX_CACHED: Final = 1_024  # bytes of raw JSON that are worth keeping between bodies


def _grown(known: Int32s, size: int) -> Int32s:
    """`known` with -1 appended along the first axis up to `size`."""
    more = np.full((size - len(known), *known.shape[1:]), -1, np.int32)
    return np.concatenate([known, more])


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


def _tags(raw: bytes) -> Mapping[str, str]:
    if raw == b"null":
        return _NOTHING
    return _cached_tags(raw) if len(raw) <= _MAX_CACHED else read_tags("tags", msgspec.json.decode(raw))


@lru_cache(maxsize=4096)
def _cached_tags(raw: bytes) -> Mapping[str, str]:
    return read_tags("tags", msgspec.json.decode(raw))


_decode_units: Final = msgspec.json.Decoder(dict[str, str | None] | None).decode
