"""The answer to a `Query`: reads what it fetches at one revision, then computes, fills and thins out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.query.ast import Query
from penstock.query.check import check_query
from penstock.query.fetch import Chosen, choose, read_lines
from penstock.query.fill import filled
from penstock.query.layout import Layout, Room, Span, data_span, finest_window, lay_out, nowhere
from penstock.query.levels import second_level
from penstock.query.lines import Lines, Rows
from penstock.query.pieces import Pieces
from penstock.query.port import MAX_POINTS
from penstock.query.reading import Reading
from penstock.query.samples import raw_rows
from penstock.query.table import Shown, table_of
from penstock.query.thin import thinned
from penstock.store.series import SeriesStore

__all__ = ["answer_query"]

I64 = npt.NDArray[np.int64]

MAX_CELLS: Final = 4_000_000
"""(group, window) pairs of all fetches of a query, some 120 MB."""
MAX_LINES: Final = 10_000
MAX_SERIES: Final = 50_000
_AUTO_POINTS: Final = 1_000
_ATTEMPTS: Final = 5


class _Read(NamedTuple):
    """What a query's fetches are: lines over windows, or readings with what they are of."""

    layout: Layout
    window: int | str | None
    lines: Mapping[str, Lines]
    raw: Mapping[str, tuple[Chosen, Rows]]


async def answer_query(store: SeriesStore, pieces: Pieces, query: Query, now: int) -> tuple[pa.Table, dict[str, Any]]:
    """The table and meta of `Query`. Raises InvalidInput and NotFound as it says."""
    check_query(query)
    reading, read, revision = await _read_at_rest(store, pieces, query, now)
    shown, downsampled = _shown(query, read, now)
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
        "revision": revision,
        "series": len(reading.series),
        "cost": reading.cost,
        "downsampled": downsampled,
    }
    return table_of(shown, read.layout), meta


async def _read_at_rest(
    store: SeriesStore, pieces: Pieces, query: Query, now: int
) -> tuple[Reading, _Read, int | None]:
    """All of the query at one revision: what changed while it was read is read again.

    The revision is None where commits were faster in every attempt.
    """
    for attempt in itertools.count(1):
        reading = Reading(store, pieces, query.tenant, now)
        revision = (await store.state()).revision
        read = await _read(reading, query)
        settled = await reading.unchanged_since(revision)
        if settled or reading.single or attempt == _ATTEMPTS:
            return reading, read, revision if settled else None
    raise AssertionError("unreachable: counting does not end")


async def _read(reading: Reading, query: Query) -> _Read:
    span = Span(query.start, query.end)
    chosen = {name: await choose(reading, fetch, span) for name, fetch in query.fetch.items()}
    _check_lines(chosen)
    windowed = [each for name, each in chosen.items() if query.fetch[name].fn != "raw" and each.labels]
    layout, window = _laid_out(query, windowed)
    if all(fetch.fn == "raw" for fetch in query.fetch.values()):
        window = None
    lines: dict[str, Lines] = {}
    raw: dict[str, tuple[Chosen, Rows]] = {}
    for name, fetch in query.fetch.items():
        if fetch.fn == "raw":
            raw[name] = chosen[name], await raw_rows(reading, chosen[name])
        else:
            first = await read_lines(reading, fetch, chosen[name], layout)
            lines[name] = first if fetch.then is None or not first.value.size else second_level(first, fetch.then)
    return _Read(layout, window, lines, raw)


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


def _laid_out(query: Query, chosen: Sequence[Chosen]) -> tuple[Layout, int | str]:
    """The windows of the answer, and their width or text."""
    asked = data = Span(query.start, query.end)
    groups = sum(len(each.labels) for each in chosen)
    if query.fill == "none" and chosen:
        spans = [data_span(each.groups.series, asked) for each in chosen]
        data = Span(min(span.start for span in spans), max(span.end for span in spans))
    room = _room(query, max(1, groups))
    window = query.window
    if window == "auto":
        most = min(query.max_points or _AUTO_POINTS, room.most // room.groups)
        window = finest_window(data, query.zone, most)
    if not chosen:
        return nowhere(isinstance(window, str)), window
    return lay_out(window, query.zone, asked, data, room), window


def _room(query: Query, lines: int) -> Room:
    """How many windows fit what is computed and what is answered."""
    if query.max_points is not None and min(query.max_points, MAX_POINTS) * lines <= MAX_POINTS:
        return Room(lines, MAX_CELLS)
    return Room(lines, MAX_POINTS)


def _shown(query: Query, read: _Read, now: int) -> tuple[list[Shown], bool]:
    """What is in the answer, in order, and whether points of it were left out."""
    shown: list[Shown] = []
    downsampled = False
    for name in query.show or query.fetch:
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
