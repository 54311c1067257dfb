"""The answer to a `Query`: reads what it fetches from one view of the store, then computes, fills and thins out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.query.arithmetic import evaluate
from penstock.query.ast import Fetch, Query
from penstock.query.check import check_query, expressions
from penstock.query.chosen import Chosen, choose
from penstock.query.expressions import Node, names_of
from penstock.query.fetch import read_lines
from penstock.query.fill import filled
from penstock.query.layout import Layout, Room, Span, finest_window, lay_out, nowhere
from penstock.query.lines import Lines, Rows
from penstock.query.pieces import Pieces
from penstock.query.port import MAX_POINTS
from penstock.query.reading import Reading
from penstock.query.samples import raw_rows
from penstock.query.shift import parse_shift
from penstock.query.table import Shown, table_of
from penstock.query.thin import thinned
from penstock.store.series import SeriesView

__all__ = ["AMOUNTS", "answer_query", "span_of"]

I64 = npt.NDArray[np.int64]

MAX_CELLS: Final = 2_000_000
"""(line, window) pairs of all that a query fetches and computes, some 100 MB."""
AMOUNTS: Final = frozenset({"delta", "increase", "rate", "energy"})
"""Functions that look before their range."""
MAX_LINES: Final = 10_000
MAX_SERIES: Final = 50_000
_AUTO_POINTS: Final = 1_000

Trees = Mapping[str, Node]
"""Name → expression."""


class _Read(NamedTuple):
    """What a query's fetches are: lines over windows, or readings with what they are of."""

    layout: Layout
    window: int | str | None
    lines: Mapping[str, Lines]
    raw: Mapping[str, tuple[Chosen, Rows]]


def span_of(query: Query) -> Span:
    """From the earliest to the latest instant that a query is about, shifts included; amounts also look before it."""
    spans = [_span(query, fetch) for fetch in query.fetch.values()]
    return Span(min(span.start for span in spans), max(span.end for span in spans))


async def answer_query(view: SeriesView, pieces: Pieces, query: Query, now: int) -> tuple[pa.Table, dict[str, Any]]:
    """The table and meta of `Query`. Raises InvalidInput and NotFound as it says."""
    check_query(query)
    trees = expressions(query)
    reading = Reading(view, pieces, query.tenant, now)
    read = await _read(reading, query, trees)
    lines = dict(read.lines)
    for name, tree in trees.items():
        lines[name] = evaluate(tree, lines)
    shown, downsampled = _shown(query, read._replace(lines=lines), now)
    rows = sum(len(each.rows.line) for each in shown)
    if rows > MAX_POINTS:
        raise InvalidInput(
            f"{rows} points, an answer holds at most {MAX_POINTS}",
            code="too_many_points",
            hint="max_points thins lines out; or select less, a shorter range, a wider window",
        )
    meta = {
        "window": read.window,
        "tier": reading.tier,
        "revision": view.revision,
        "series": len(reading.series),
        "cost": reading.cost,
        "downsampled": downsampled,
    }
    return table_of(shown, read.layout), meta


async def _read(reading: Reading, query: Query, trees: Trees) -> _Read:
    chosen = {name: await choose(reading, fetch, _span(query, fetch)) for name, fetch in query.fetch.items()}
    _check_lines(chosen)
    layout, window = _laid_out(query, chosen, trees)
    lines: dict[str, Lines] = {}
    raw: dict[str, tuple[Chosen, Rows]] = {}
    for name, fetch in query.fetch.items():
        shift = None if fetch.shift is None else parse_shift(fetch.shift, query.zone)
        if fetch.fn == "raw":
            rows = await raw_rows(reading, chosen[name])
            if shift is not None:
                rows = replace(rows, ts=shift.later(rows.ts, query.start, query.end))
            raw[name] = chosen[name], rows
        else:
            mine = layout if shift is None else layout.earlier(shift, chosen[name].span)
            lines[name] = await read_lines(reading, fetch, chosen[name], mine)
    return _Read(layout, window if lines else None, lines, raw)


def _span(query: Query, fetch: Fetch) -> Span:
    if fetch.shift is None:
        return Span(query.start, query.end)
    shift = parse_shift(fetch.shift, query.zone)
    return Span(shift.earlier(query.start), shift.earlier(query.end))


def _check_lines(chosen: Mapping[str, Chosen]) -> None:
    for what, count, most in (
        ("series", sum(len(each.groups.series) for each in chosen.values()), MAX_SERIES),
        ("lines", sum(len(each.labels) for each in chosen.values()), MAX_LINES),
    ):
        if count > most:
            raise InvalidInput(
                f"the query reads {count} {what}, at most {most} are possible",
                code=f"too_many_{what}",
                hint="select less, or group less",
            )


def _laid_out(query: Query, chosen: Mapping[str, Chosen], trees: Trees) -> tuple[Layout, int | str]:
    """The windows of the answer, and their width or text."""
    asked = data = Span(query.start, query.end)
    windowed = {name: each for name, each in chosen.items() if query.fetch[name].fn != "raw" and each.labels}
    shifted = any(query.fetch[name].shift is not None for name in windowed)
    if query.fill == "none" and windowed and not shifted:
        data = Span(
            min(each.data.start for each in windowed.values()), max(each.data.end for each in windowed.values())
        )
    room = _room(query, windowed, trees)
    window = query.window
    if window == "auto":
        most = min(query.max_points or _AUTO_POINTS, room.most // room.groups)
        window = finest_window(data, query.zone, most)
    if not windowed:
        return nowhere(isinstance(window, str)), window
    return lay_out(window, query.zone, asked, data, room), window


def _room(query: Query, chosen: Mapping[str, Chosen], trees: Trees) -> Room:
    """How many windows fit what is computed and what is answered: the tighter of the two."""
    sizes = {name: _size(query.fetch[name], each) for name, each in chosen.items()}
    for name, tree in trees.items():
        sizes[name] = max((sizes.get(each, 0) for each in names_of(tree)), default=0)
    cells = sum(len(each.labels) for each in chosen.values()) + sum(sizes[name] for name in trees)
    computed = Room(max(1, cells), MAX_CELLS)
    lines = max(1, sum(sizes.get(name, 0) for name in _names(query)))
    if query.max_points is not None and query.max_points * lines <= MAX_POINTS:
        return computed
    return min(computed, Room(lines), key=lambda room: room.most // room.groups)


def _size(fetch: Fetch, chosen: Chosen) -> int:
    """How many lines there will be."""
    if fetch.then is None:
        return len(chosen.labels)
    kept = [i for i, name in enumerate(chosen.columns) if name in fetch.then.by]
    return len({(label.metric, label.unit, *(label.group[i] for i in kept)) for label in chosen.labels})


def _names(query: Query) -> Sequence[str]:
    """What is in the answer, in order."""
    return query.show or (*query.fetch, *query.math)


def _shown(query: Query, read: _Read, now: int) -> tuple[list[Shown], bool]:
    """What is in the answer, in order, and whether points of it were left out."""
    shown: list[Shown] = []
    downsampled = False
    for name in _names(query):
        if name in read.raw:
            chosen, rows = read.raw[name]
            columns, labels = chosen.names, chosen.labels
        else:
            lines = read.lines[name]
            columns, labels, rows = lines.columns, lines.labels, _rows(lines, read.layout, query, now)
        if query.max_points is not None:
            kept = thinned(rows.line, rows.value, query.max_points)
            downsampled |= len(kept) < len(rows.line)
            rows = rows.take(kept)
        if query.descending:
            rows = rows.take(len(rows.line) - 1 - np.argsort(rows.line[::-1], kind="stable"))
        shown.append(Shown(name, columns, labels, rows))
    return shown, downsampled


def _rows(lines: Lines, layout: Layout, query: Query, now: int) -> Rows:
    if query.fill == "none":
        return lines.rows(layout.starts, lines.there)
    value = filled(lines.value, layout.starts, query.fill, now)
    every = np.ones_like(lines.there)
    return replace(lines.rows(layout.starts, every), value=value.ravel())
