"""Readings for selectors, through the Reader: single readings where they fit the bound, else windows of the query engine.

Over a long range a graph has steps much longer than the time between readings. Where single readings would be too many,
one aggregate per step stands in for them, as a sample 1 ms before the step's end: windows hold their start and not their
end, so what is then computed is exactly the expression's value 1 ms before every step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from penstock.api.prometheus.expressions import Selector
from penstock.api.prometheus.matrix import Floats, Ints, execution
from penstock.api.prometheus.plan import Need
from penstock.api.prometheus.samples import Samples
from penstock.api.prometheus.series import Catalogue, Found, Known
from penstock.model.errors import InvalidInput, NotFound
from penstock.model.time import HOUR, MINUTE, format_time
from penstock.query.port import Fetch, Query, Reader, Select

__all__ = ["MAX_READINGS", "Fetched", "Fetcher"]

MAX_READINGS: Final = 2_000_000
"""Single readings that one request may read."""
_PER_QUESTION: Final = 100_000
_UNCOUNTED: Final = 12 * HOUR
"""Series × time up to which readings are asked for without counting them first."""
_SHORTEST: Final = MINUTE
_FETCHES: Final = 16
_EXCESS: Final = 1.25
"""How many more series than wanted one selection may take in."""

_Text = Literal["site", "building", "room", "sensor"]
_FIELDS: Final[tuple[_Text, ...]] = ("site", "building", "room", "sensor")

_WINDOWED: Final = {
    "min_over_time": "min",
    "max_over_time": "max",
    "sum_over_time": "sum",
    "avg_over_time": "sum",
    "count_over_time": "sum",
    "present_over_time": "sum",
    "last_over_time": "last",
    None: "last",
}
"""Function over a range (None: an instant selector) → the engine's function whose windows, with their counts, make it up."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a selector reads. With `thinned`, samples are aggregates of whole windows, and `counts` how many readings each holds."""

    samples: Samples
    counts: Samples | None = None

    @property
    def thinned(self) -> bool:
        """Whether aggregates stand in for readings."""
        return self.counts is not None


@dataclass(frozen=True, slots=True)
class _Columns:
    """Readings or aggregates: series int64 [n] (index of the wanted ones), ts int64, value float64, count int64."""

    series: Ints
    ts: Ints
    value: Floats
    count: Ints


@dataclass(slots=True)
class Fetcher:
    """Reads for one request. `warnings` is what the client should be told about how it was answered.

    What takes one question is asked of `reader`, which may give an answer out again; what takes several, of `steady`, whose answers are
    all of one revision.
    """

    reader: Reader
    steady: Reader
    tenant: str
    warnings: list[str] = field(default_factory=list[str])
    _readings: int = 0
    _done: dict[object, Fetched] = field(default_factory=dict[object, Fetched])

    async def fetch(self, needed: Sequence[Need]) -> dict[Selector, Fetched]:
        """The readings of (after, until] of each selector's series; what an expression needs twice is read once.

        Raises InvalidInput (`execution`: more readings than may be read, with what would fit), Unavailable.
        """
        if len({_name(need) for need in needed}) > 1:
            self.reader = self.steady
        catalogue = Catalogue(self.reader, self.tenant)
        for need in needed:
            if (name := _name(need)) not in self._done:
                self._done[name] = await self._fetch(need, catalogue)
        return {need.selector: self._done[_name(need)] for need in needed}

    async def _fetch(self, need: Need, catalogue: Catalogue) -> Fetched:
        start, end = need.after + 1, need.until + 1
        found = (await catalogue.find(need.selector.matchers)).within(start, end)
        if not found.series:
            return Fetched(_samples(found, _joined(())))
        # A range may begin long before there is anything: pieces of equal length would leave all readings to the last one.
        start = max(start, found.first)
        wheres = _selections(found)
        total = 0.0
        if (end - start) * len(found.series) > _UNCOUNTED:
            self.reader = self.steady
            total = await self._count(wheres, found, start, end)
        over = self._readings + total > MAX_READINGS
        function = _aggregate_of(need)
        if function is not None and need.after + need.span == need.until and (over or total > _PER_QUESTION):
            return await self._alone(need, found, wheres, function, start)
        if over:
            return await self._thinned(need, found, wheres, function, total, start)
        pieces = max(1, math.ceil(total / _PER_QUESTION))
        edges = np.linspace(start, end, pieces + 1).astype(np.int64).tolist()
        parts = [
            part
            for begin, stop in pairwise(edges)
            if begin < stop
            for part in await self._read(wheres, found, "raw", begin, stop, 0)
        ]
        columns = _joined(parts)
        self._readings += len(columns.ts)
        return Fetched(_samples(found, columns))

    async def _count(self, wheres: Sequence[Select], found: Found, start: int, end: int) -> float:
        counted = [await self._ask(group, found, "count", start, end, 0) for group in _grouped(wheres)]
        return float(sum(part.count.sum() for part in counted))

    async def _alone(self, need: Need, found: Found, wheres: Sequence[Select], function: str, start: int) -> Fetched:
        """One aggregate per series, of exactly what the only instant of `need` looks at; it stands at that instant."""
        parts = [await self._ask(group, found, function, start, need.until + 1, 0) for group in _grouped(wheres)]
        columns = _joined(parts)
        return _aggregated(found, replace(columns, ts=np.full_like(columns.ts, need.until)))

    async def _thinned(
        self, need: Need, found: Found, wheres: Sequence[Select], function: str | None, total: float, start: int
    ) -> Fetched:
        """Windows in place of readings. Raises InvalidInput where nothing exact can be made of them."""
        selector, step = need.selector, _step(need.times)
        window = math.gcd(step, selector.range or step)
        aligned = step > 0 and int(need.times[0]) % step == 0
        if function is None or not aligned or window < _SHORTEST:
            raise execution(
                f"a selector of the query reads {total:.0f} readings from {format_time(start)} to "
                f"{format_time(min(need.until, found.last))}, more than {MAX_READINGS}",
                "select less or a shorter range; avg, min, max, sum, count and last_over_time with a range and step of whole "
                "minutes are answered over any range",
            )
        begin, end = start // window * window, need.until // window * window
        columns = _joined(await self._read(wheres, found, function, begin, end, window) if begin < end else ())
        columns = replace(columns, ts=columns.ts + window - 1)
        shown = "the newest reading of each step" if need.function is None else need.function
        self.warnings.append(
            f"{total:.0f} readings were not read one by one: shown is {shown}, as it was 1 ms before each step"
        )
        return _aggregated(found, columns)

    async def _read(
        self, wheres: Sequence[Select], found: Found, fn: str, start: int, end: int, window: int
    ) -> list[_Columns]:
        """The answer for [start, end), in as many pieces as it takes for each to fit an answer."""
        parts: list[_Columns] = []
        for group in _grouped(wheres):
            pending = [(start, end)]
            while pending:
                begin, stop = pending.pop()
                try:
                    parts.append(await self._ask(group, found, fn, begin, stop, window))
                except InvalidInput as error:
                    shortest = max(window, _SHORTEST)
                    if not error.code.startswith("too_") or stop - begin <= shortest:
                        raise
                    middle = begin + max(1, (stop - begin) // (2 * shortest)) * shortest
                    pending += [(begin, middle), (middle, stop)]
        return parts

    async def _ask(
        self, wheres: Sequence[Select], found: Found, fn: str, start: int, end: int, window: int
    ) -> _Columns:
        fetch = {f"f{i}": Fetch(where=where, fn=fn, by=("site", "sensor")) for i, where in enumerate(wheres)}  # pyright: ignore[reportArgumentType] - one of Function
        question = Query(tenant=self.tenant, start=start, end=end, fetch=fetch, window=window)
        try:
            answer = await self.reader.ask(question)
        except NotFound:  # the series were listed a moment ago: retention has just taken the last of them
            return _joined(())
        return _columns(answer.table, found.series, units=fn != "count")


def _name(need: Need) -> object:
    """What tells readings apart."""
    return need.selector.matchers, need.selector.range, need.after, need.until, need.function, _step(need.times)


def _aggregate_of(need: Need) -> str | None:
    """The engine's function that can stand for the readings; None where they are themselves what is wanted."""
    readings = need.selector.range is not None and need.function is None
    return None if readings else _WINDOWED.get(need.function)


def _step(times: Ints) -> int:
    """The distance of the steps; 0 where it is not one and the same."""
    if len(times) < 2:
        return 0
    distance = np.diff(times)
    return int(distance[0]) if (distance == distance[0]).all() else 0


def _grouped(wheres: Sequence[Select]) -> list[Sequence[Select]]:
    return [wheres[i : i + _FETCHES] for i in range(0, len(wheres), _FETCHES)]


def _selections(found: Found) -> list[Select]:
    """Selections that take in all of the wanted series, and few others."""
    by_metric: dict[str, list[Known]] = {}
    for known in found.series:
        by_metric.setdefault(known.metric, []).append(known)
    return [
        where
        for metric, wanted in by_metric.items()
        for where in _narrowed({"metric": metric}, wanted, [known for known in found.among if known.metric == metric])
    ]


def _narrowed(fixed: dict[str, str], wanted: Sequence[Known], among: Sequence[Known]) -> list[Select]:
    """Splits by one place after the other until a selection takes in few series that are not wanted."""
    if len(among) <= len(wanted) * _EXCESS:
        return [Select(**fixed)]  # pyright: ignore[reportArgumentType] - every key is a field that holds text
    for name in _FIELDS:
        values = {_place(known, name) for known in wanted}
        if name in fixed or "" in values or any("*" in value for value in values):
            continue
        return [
            where
            for value in sorted(values)
            for where in _narrowed(
                {**fixed, name: value},
                [known for known in wanted if _place(known, name) == value],
                [known for known in among if _place(known, name) == value],
            )
        ]
    return [Select(**fixed)]  # pyright: ignore[reportArgumentType] - every key is a field that holds text


def _place(known: Known, name: _Text) -> str:
    if name in {"site", "sensor"}:
        return known.site if name == "site" else known.sensor
    return dict(known.labels).get(name, "")


def _columns(table: pa.Table, wanted: Sequence[Known], *, units: bool) -> _Columns:
    """The rows of the wanted series. `units`: whether the answer's unit tells series of one metric apart."""
    names = ("site_id", "sensor_id", "metric", *(("unit",) if units else ()))
    index: dict[tuple[str, ...], int] = {}
    for at, known in enumerate(wanted):
        index[(known.site, known.sensor, known.metric, known.unit)[: len(names)]] = at
    if not table.num_rows:
        return _joined(())
    code = np.zeros(table.num_rows, np.int64)
    texts: list[list[str]] = []
    for name in names:
        column = table.column(name).combine_chunks().dictionary_encode()
        texts.append([text or "" for text in column.dictionary.to_pylist()])
        code = code * len(texts[-1]) + column.indices.to_numpy(zero_copy_only=False)
    distinct, inverse = np.unique(code, return_inverse=True)
    series = np.array([index.get(_key(number, texts), -1) for number in distinct.tolist()], np.int64)[inverse]
    value = table.column("value").to_numpy()
    kept = (series >= 0) & ~np.isnan(value)
    return _Columns(
        series[kept], table.column("ts").to_numpy()[kept], value[kept], table.column("count").to_numpy()[kept]
    )


def _key(number: int, texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The texts that a combined code stands for."""
    parts: list[str] = []
    for column in reversed(texts):
        number, at = divmod(number, len(column))
        parts.append(column[at])
    return tuple(reversed(parts))


def _joined(parts: Sequence[_Columns]) -> _Columns:
    if not parts:
        none = np.empty(0, np.int64)
        return _Columns(none, none, np.empty(0), none)
    return _Columns(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.ts for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.count for part in parts]),
    )


def _aggregated(found: Found, columns: _Columns) -> Fetched:
    counts = _samples(found, replace(columns, value=columns.count.astype(np.float64)))
    return Fetched(_samples(found, columns), counts)


def _samples(found: Found, columns: _Columns) -> Samples:
    return Samples.of([known.labels for known in found.series], columns.series, columns.ts, columns.value)
