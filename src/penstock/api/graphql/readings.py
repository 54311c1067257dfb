"""Single readings: the newest of points, and pages of them, one question per level."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
import strawberry

from penstock.api.graphql.context import Operation
from penstock.api.graphql.lines import Freshness, freshness_of
from penstock.api.graphql.loaders import batched
from penstock.api.graphql.paging import PageInfo, check_page, decode_cursor, encode_cursor, page_info
from penstock.api.graphql.scalars import Time
from penstock.api.graphql.scopes import Scope, cover
from penstock.query.ast import Fetch, Query, Select
from penstock.query.port import MAX_POINTS, Answer, Latest, Recent
from penstock.query.select import Instant

__all__ = [
    "PageArgs",
    "Reading",
    "ReadingArgs",
    "ReadingConnection",
    "ReadingEdge",
    "latest",
    "newest",
    "readings",
    "readings_in",
]

pc: Any = pyarrow.compute  # its functions are made at run time, unseen by type checkers
_Seen = tuple[Instant, str, str, str, str]
"""Cursor of an edge among readings of many points: ts, site, sensor, metric, unit of that reading."""
_OVERREAD: Final = 256
"""Rows read beyond a page, to find the reading that a cursor names among others of its instant."""


@strawberry.type(description="A value that a sensor reported.")
class Reading:
    """One row of `Recent` or `Latest`."""

    ts: Time
    value: float | None
    unit: str
    site: str
    sensor: str
    metric: str


@strawberry.type
class ReadingEdge:
    """A reading, and where to continue behind it."""

    node: Reading
    cursor: str


@strawberry.type(description="A page of readings, newest first.")
class ReadingConnection:
    """Relay's connection; `nodes` leaves the edges out."""

    edges: list[ReadingEdge]
    page_info: PageInfo
    freshness: Freshness | None

    @strawberry.field
    def nodes(self) -> list[Reading]:
        return [edge.node for edge in self.edges]


@dataclass(frozen=True, slots=True)
class PageArgs:
    """A page of readings, with values in `unit`."""

    first: int
    after: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class ReadingArgs(PageArgs):
    """A page within [start, end), epoch ms; equal where points can be asked about together."""

    start: int
    end: int


def readings_in(table: pa.Table) -> list[Reading]:
    """The rows of an answer that has the columns of `Recent`."""
    columns = (table.column(name).to_pylist() for name in ("ts", "value", "unit", "site_id", "sensor_id", "metric"))
    return [
        Reading(ts=ts, value=value, unit=unit, site=site, sensor=sensor, metric=metric)
        for ts, value, unit, site, sensor, metric in zip(*columns, strict=True)
    ]


# -- of one point, asked about many points at once


async def latest(op: Operation, point: Scope, unit: str | None) -> Reading | None:
    """The newest reading of one point; None while it has none."""

    async def answer(keys: list[tuple[Scope, str | None]]) -> Sequence[Reading | None]:
        points = [scope for scope, _ in keys]
        question = Latest(tenant=op.tenant, where=cover(points), limit=MAX_POINTS, unit=keys[0][1])
        table = (await op.ask(question)).table
        found = _by_point(readings_in(table.filter(_is_of(table, points))))
        return [next(iter(_only(found.get(scope.names, []), scope)), None) for scope in points]

    # With a unit each metric is asked for by itself: what one metric cannot be converted to is no failure of the others.
    loader = batched(op, "latest", lambda key: (key[0].root, key[1], key[1] and key[0].name("metric")), answer)
    return await loader.load((point, unit))


async def readings(op: Operation, point: Scope, wanted: ReadingArgs) -> ReadingConnection:
    """A page of one point's readings in a range, newest first; the cursor is the instant of the last one."""
    check_page(wanted.first, op.bounds)
    loader = batched(
        op, "readings", lambda key: (key[0].root, key[1], key[1].unit and key[0].name("metric")), _pages(op)
    )
    rows, answer = await loader.load((point, wanted))
    op.spend(min(len(rows), wanted.first), "readings")
    page = rows[: wanted.first]
    cursors = [encode_cursor((row.ts,)) for row in page]
    return _connection(page, cursors, answer, more=len(rows) > wanted.first, after=wanted.after)


_Page = tuple[list[Reading], Answer | None]


def _pages(op: Operation) -> Callable[[list[tuple[Scope, ReadingArgs]]], Awaitable[list[_Page]]]:
    async def answer(keys: list[tuple[Scope, ReadingArgs]]) -> list[_Page]:
        points, args = [scope for scope, _ in keys], keys[0][1]
        after = decode_cursor(args.after, tuple[Instant])
        end = args.end if after is None else min(args.end, after[0])
        if after is not None and end <= args.start:  # the page before ended where the range begins
            return [([], None)] * len(points)
        where = cover(points)
        if len(points) == 1:
            page = Recent(
                tenant=op.tenant, where=where, limit=args.first + 1, unit=args.unit, start=args.start, end=end
            )
            said = await op.ask(page)
            return [(_only(readings_in(said.table), points[0]), said)]
        query = Query(
            tenant=op.tenant,
            start=args.start,
            end=end,
            fetch={"raw": Fetch(where=where, fn="raw", by=("site", "sensor"), unit=args.unit)},
            window=0,
            descending=True,
        )
        said = await op.ask(query)
        found = _by_point(readings_in(said.table.filter(_is_of(said.table, points))))
        return [(_only(found.get(scope.names, []), scope), said) for scope in points]

    return answer


def _only(rows: list[Reading], scope: Scope) -> list[Reading]:
    """Readings of the point's own series; there may be one of another unit under the same name."""
    assert scope.points is not None
    unit = scope.points[0].unit
    units = {row.unit for row in rows}
    return rows if len(units) <= 1 else [row for row in rows if row.unit == unit]


def _is_of(table: pa.Table, points: Sequence[Scope]) -> pa.Array:
    """Which rows are of sensors among `points`: most of what a selection held for their sake is left out here."""
    sensors = pa.array(sorted({scope.name("sensor") for scope in points}), pa.string())
    return pc.is_in(table.column("sensor_id"), value_set=sensors)


def _by_point(rows: list[Reading]) -> dict[tuple[str, ...], list[Reading]]:
    found: dict[tuple[str, ...], list[Reading]] = {}
    for row in rows:
        found.setdefault((row.site, row.sensor, row.metric), []).append(row)
    return found


# -- of a selection, page by page


async def newest(
    op: Operation, where: Select, start: int | None, end: int | None, wanted: PageArgs
) -> ReadingConnection:
    """A page of the readings of all selected points, newest first."""
    check_page(wanted.first, op.bounds)
    seen = decode_cursor(wanted.after, _Seen)
    extra = 0 if seen is None else _OVERREAD
    before = end if seen is None else seen[0] + 1 if end is None else min(end, seen[0] + 1)
    while True:
        limit = min(MAX_POINTS, wanted.first + 1 + extra)
        said = await op.ask(
            Recent(tenant=op.tenant, where=where, limit=limit, unit=wanted.unit, start=start, end=before)
        )
        rows = readings_in(said.table)
        rest, found = (rows, True) if seen is None else _behind(rows, seen)
        if said.next_cursor is None or limit == MAX_POINTS or (found and len(rest) > wanted.first):
            break
        extra *= 4  # very many readings of one instant
    page = rest[: wanted.first]
    op.spend(len(page), "readings")
    cursors = [encode_cursor((row.ts, row.site, row.sensor, row.metric, row.unit)) for row in page]
    return _connection(page, cursors, said, more=len(rest) > wanted.first, after=wanted.after)


def _behind(rows: list[Reading], seen: _Seen) -> tuple[list[Reading], bool]:
    """The rows behind the one that a cursor names, and whether it was found or is known to be gone.

    When it is gone, all readings of its instant are given: rather again than never.
    """
    for i, row in enumerate(rows):
        if row.ts < seen[0]:
            break
        if (row.ts, row.site, row.sensor, row.metric, row.unit) == seen:
            return rows[i + 1 :], True
    return rows, bool(rows) and rows[-1].ts < seen[0]


def _connection(
    page: list[Reading], cursors: list[str], answer: Answer | None, *, more: bool, after: str | None
) -> ReadingConnection:
    return ReadingConnection(
        edges=[ReadingEdge(node=row, cursor=cursor) for row, cursor in zip(page, cursors, strict=True)],
        page_info=page_info(cursors, more=more, after=after),
        freshness=freshness_of(answer) if answer else None,
    )
