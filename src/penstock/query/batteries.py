"""Battery readings as wide rows, one per (battery, instant), newest first, with bounds on their values."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesInfo
from penstock.query.newest import NewestRows, newest_rows
from penstock.query.port import Batteries, Select
from penstock.query.readings import NO_BOUND, Page
from penstock.query.select import (
    Instant,
    check_limit,
    check_range,
    decode_cursor,
    encode_cursor,
    find,
    floats,
    ids_of,
    spread,
)
from penstock.store.series import Filter, Readable

__all__ = ["batteries"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_MARKS: Final = ("soc", "soh")
"""Metrics that only a battery has."""

_EXAMINED: Final = 100_000
"""Rows that one question looks at for a match. A search that finds little stops there, with a cursor to go on."""


@dataclass(slots=True)
class _Wide:
    """Rows found so far: group int64 [n] (position in the sorted batteries), ts int64 [n], values [n, metrics]."""

    group: I64
    ts: I64
    values: F64


async def batteries(store: Readable, question: Batteries) -> Page:
    """A sensor is a battery if it has a `soc` or `soh` series, or if it was named exactly.

    A row holds what the battery said at that instant; a bound (`above`, `below`, strict) on a metric that the row does
    not hold refuses it. An answer may hold fewer rows than `limit` and yet a cursor: the search goes on there.
    """
    check_limit(question.limit)
    start, end = _span(question)
    position = decode_cursor(question.cursor, tuple[Instant, str, str])
    series = await _series(store, question)
    names = sorted({(info.key.site, info.key.sensor) for info in series})
    metrics = _metrics(series)
    labels = sorted(set(metrics))
    _check_bounds(question, labels)
    number = {name: i for i, name in enumerate(names)}
    group = np.array([number[info.key.site, info.key.sensor] for info in series], np.int64)
    column = np.array([labels.index(metric) for metric in metrics], np.int64)

    before = np.full(len(series), NO_BOUND if end is None else end, np.int64)
    if position:
        ts, *name = position
        before = _behind(before, group, ts, bisect.bisect_right(names, tuple(name)) - 1)
    found: list[_Wide] = []
    missing, examined, size, more, cursor = question.limit, 0, question.limit, bool(series), None
    while more and missing and examined < _EXAMINED:
        rows = await newest_rows(store, question.tenant, ids_of(series), group, size, before, start)
        wide, more = _pivot(rows, column, len(labels)), rows.more
        examined, size = examined + len(wide.ts), min(size * 4, _EXAMINED)
        hits = np.flatnonzero(_matches(wide, labels, question))
        last = len(wide.ts) - 1
        if len(hits) >= missing:
            hits = hits[:missing]
            more, last = more or hits[-1] < last, hits[-1]
        if more:
            ts, of = int(wide.ts[last]), int(wide.group[last])
            before, cursor = _behind(before, group, ts, of), encode_cursor((ts, *names[of]))
        found.append(_Wide(wide.group[hits], wide.ts[hits], wide.values[hits]))
        missing -= len(hits)
    return _table(found, names, labels), cursor if more else None


def _span(question: Batteries) -> tuple[int | None, int | None]:
    """The range to look in: `ts` picks one instant of it."""
    check_range(question.start, question.end)
    check_range(question.ts, None)
    if question.ts is None:
        return question.start, question.end
    start = question.ts if question.start is None else max(question.ts, question.start)
    end = question.ts + 1 if question.end is None else min(question.ts + 1, question.end)
    return start, max(start, end)


async def _series(store: Readable, question: Batteries) -> list[SeriesInfo]:
    """All series of the batteries asked for."""
    found = await find(store, question.tenant, Select(site=question.site, sensor=question.battery))
    if question.battery is not None and "*" not in question.battery:
        return found
    marked = await store.find(question.tenant, Filter(site=question.site, metrics=_MARKS))
    known = {(info.key.site, info.key.sensor) for info in marked}
    return [info for info in found if (info.key.site, info.key.sensor) in known]


def _metrics(series: Sequence[SeriesInfo]) -> list[str]:
    """The column of each series: its metric, with the unit where batteries report one metric in several."""
    units: dict[str, set[str]] = {}
    for info in series:
        units.setdefault(info.key.metric, set()).add(info.key.unit)
    return [
        info.key.metric if len(units[info.key.metric]) == 1 else f"{info.key.metric}_{info.key.unit}" for info in series
    ]


def _check_bounds(question: Batteries, labels: Sequence[str]) -> None:
    unknown = sorted({*question.above, *question.below} - set(labels))
    if unknown and labels:
        raise InvalidInput(
            f"no battery asked for reports {', '.join(unknown)}",
            code="unknown_metric",
            hint=f"they report {', '.join(labels)}",
        )


def _behind(before: I64, group: I64, ts: int, last: int) -> I64:
    """Bounds that continue after the row of group `last` at `ts`: at that instant only later groups remain."""
    return np.minimum(before, np.where(group > last, ts + 1, ts))


def _pivot(rows: NewestRows, column: I64, columns: int) -> _Wide:
    first = np.flatnonzero(np.diff(rows.row, prepend=-1))
    values = np.full((len(first), columns), np.nan)
    values[rows.row, column[rows.series]] = rows.value
    return _Wide(rows.group[first], rows.ts[first], values)


def _matches(wide: _Wide, labels: Sequence[str], question: Batteries) -> npt.NDArray[np.bool_]:
    keep = np.ones(len(wide.ts), np.bool_)
    with np.errstate(invalid="ignore"):  # NaN, a value that is not there, is neither above nor below
        for metric, bound in question.above.items():
            keep &= wide.values[:, labels.index(metric)] > bound
        for metric, bound in question.below.items():
            keep &= wide.values[:, labels.index(metric)] < bound
    return keep


def _table(found: Sequence[_Wide], names: Sequence[tuple[str, str]], labels: Sequence[str]) -> pa.Table:
    empty = _Wide(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, len(labels))))
    pieces = [empty, *found]
    group = np.concatenate([piece.group for piece in pieces])
    ts = np.concatenate([piece.ts for piece in pieces])
    values = np.concatenate([piece.values for piece in pieces])
    present = np.flatnonzero(~np.isnan(values).all(axis=0))
    battery = spread([sensor for _, sensor in names], group)
    columns: dict[str, pa.Array] = {
        "id": pc.call_function("binary_join_element_wise", [battery, pa.array(ts).cast(pa.string()), pa.scalar("@")]),
        "battery_id": battery,
        "site_id": spread([site for site, _ in names], group),
        "ts": pa.array(ts),
    }
    return pa.table(columns | {labels[i]: floats(values[:, i]) for i in present.tolist()})
