"""Points: one measured quantity of one sensor, with its newest reading, its readings, and what can be made of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from penstock.api.graphql import readings as reading
from penstock.api.graphql.context import Info, Operation
from penstock.api.graphql.inputs import AggregateInput, fill_name, function_name, then_of
from penstock.api.graphql.lines import Freshness, QueryResult, freshness_of
from penstock.api.graphql.loaders import Aggregation, lines
from penstock.api.graphql.paging import (
    PAGE,
    After,
    First,
    PageInfo,
    check_page,
    decode_cursor,
    encode_cursor,
    page_info,
)
from penstock.api.graphql.readings import Reading, ReadingArgs, ReadingConnection
from penstock.api.graphql.scalars import Time
from penstock.api.graphql.scopes import PointInfo, Root, Scope, points_in
from penstock.model.time import DAY, HOUR
from penstock.query.ast import Select
from penstock.query.port import Series

__all__ = ["From", "Point", "PointConnection", "Tag", "To", "Unit", "aggregate", "page_of", "series_page"]

From = Annotated[Time | None, strawberry.argument(name="from", description="The first instant")]
To = Annotated[Time | None, strawberry.argument(name="to", description="The instant behind the last; now without it")]
Unit = Annotated[str | None, strawberry.argument(description="Convert values to this unit")]
Shift = Annotated[str, strawberry.argument(description="How much earlier: 1d, 1w, 1mo, 1y, or a fixed 15m, 1h")]

ASKS = {"asks": True}
"""Metadata of fields that ask the reader a question; the cost rule counts them."""


@strawberry.type(description="What is known about a sensor, in the words of whoever sent it.")
class Tag:
    """One tag of a point."""

    key: str
    value: str


async def aggregate(op: Operation, scope: Scope, given: AggregateInput, compare: str | None = None) -> QueryResult:
    """What `given` makes of a place's readings; with `compare` also of an earlier period, and the difference."""
    end = op.now if given.end is None else given.end
    start = end - HOUR if given.start is None else given.start
    wanted = Aggregation(
        metric=given.metric,
        fn=function_name(given.fn),
        q=given.q,
        start=start,
        end=end,
        window=given.window,  # type: ignore[arg-type]
        zone=given.zone,
        by=tuple(given.by or ()),
        then=then_of(given.then),
        unit=given.unit,
        shift=given.shift,
        fill=fill_name(given.fill),
        max_points=given.max_points,
        compare=compare,
    )
    made = await lines(op, scope, wanted)
    op.spend(len(made.lines), "lines")
    return made


@strawberry.type(description="One measured quantity of one sensor: a series.")
class Point:
    """A series, and where it is."""

    scope: strawberry.Private[Scope]
    info: strawberry.Private[PointInfo]
    id: strawberry.ID = strawberry.field(description="site/sensor/metric/unit, with / and % escaped")
    site: str
    sensor: str
    metric: str
    unit: str = strawberry.field(description="The unit that values are kept in")
    building: str
    room: str
    equipment: str

    @classmethod
    def of(cls, info: PointInfo, root: Root) -> Point:
        """The point of a series that was reached through `root`."""
        names = (info.site, info.sensor, info.metric)
        return cls(
            scope=Scope(root, ("site", "sensor", "metric"), names, (info,)),
            info=info,
            id=strawberry.ID(info.id),
            site=info.site,
            sensor=info.sensor,
            metric=info.metric,
            unit=info.unit,
            building=info.building,
            room=info.room,
            equipment=info.equipment,
        )

    @strawberry.field
    def tags(self) -> list[Tag]:
        return [Tag(key=key, value=value) for key, value in sorted(self.info.tags.items())]

    @strawberry.field(description="The instant of its oldest reading")
    def first_ts(self) -> Time | None:
        return None if self.info.first_ts is None else Time(self.info.first_ts)

    @strawberry.field(description="The instant of its newest reading")
    def last_ts(self) -> Time | None:
        return None if self.info.last_ts is None else Time(self.info.last_ts)

    @strawberry.field(description="Its newest reading", metadata=ASKS)
    async def latest(self, info: Info, unit: Unit = None) -> Reading | None:
        return await reading.latest(info.context, self.scope, unit)

    @strawberry.field(description="Its readings, newest first; of the last day without `from`", metadata=ASKS)
    async def readings(
        self,
        info: Info,
        start: From = None,
        end: To = None,
        unit: Unit = None,
        first: First = PAGE,
        after: After = None,
    ) -> ReadingConnection:
        until = info.context.now if end is None else end
        begin = until - DAY if start is None else start
        args = ReadingArgs(first=first, after=after, unit=unit, start=begin, end=until)
        return await reading.readings(info.context, self.scope, args)

    @strawberry.field(description="What can be made of its readings, window by window", metadata=ASKS)
    async def aggregate(self, info: Info, input: AggregateInput) -> QueryResult:  # noqa: A002 - GraphQL's usual word
        return await aggregate(info.context, self.scope, input)

    @strawberry.field(
        description="The same now and earlier: lines named now, before, difference and change (a fraction)",
        metadata=ASKS,
    )
    async def compare(self, info: Info, input: AggregateInput, shift: Shift) -> QueryResult:  # noqa: A002
        return await aggregate(info.context, self.scope, input, shift)


@strawberry.type
class PointEdge:
    """A point, and where to continue behind it."""

    node: Point
    cursor: str


@strawberry.type(description="A page of points.")
class PointConnection:
    """Relay's connection; `nodes` leaves the edges out."""

    edges: list[PointEdge]
    page_info: PageInfo
    freshness: Freshness | None = strawberry.field(description="Null where the page came with its place")

    @strawberry.field
    def nodes(self) -> list[Point]:
        return [edge.node for edge in self.edges]


def page_of(op: Operation, points: tuple[PointInfo, ...], root: Root, first: int, after: str | None) -> PointConnection:
    """A page of points that are known already, by name; the cursor is the name of the last one."""
    check_page(first, op.bounds)
    seen = decode_cursor(after, tuple[str, str, str, str])
    rest = points if seen is None else [point for point in points if point[:4] > seen]
    page = rest[:first]
    cursors = [encode_cursor(point[:4]) for point in page]
    return _connection(op, list(page), root, cursors, more=len(rest) > first, after=after)


async def series_page(op: Operation, where: Select, first: int, after: str | None) -> PointConnection:
    """A page of all points of a selection in the listing's order. A cursor is the listing's, and a number of points behind it."""
    check_page(first, op.bounds)
    base, skip = decode_cursor(after, tuple[str | None, int]) or (None, 0)
    if not 0 <= skip <= op.bounds.page:
        skip = 0
    answer = await op.ask(Series(tenant=op.tenant, where=where, limit=first + skip, cursor=base))
    page = points_in(answer)[skip:]
    cursors = [encode_cursor((base, skip + 1 + i)) for i in range(len(page))]
    if cursors and answer.next_cursor is not None:
        cursors[-1] = encode_cursor((answer.next_cursor, 0))
    connection = _connection(op, page, Root(where), cursors, more=answer.next_cursor is not None, after=after)
    connection.freshness = freshness_of(answer)
    return connection


def _connection(
    op: Operation, page: list[PointInfo], root: Root, cursors: list[str], *, more: bool, after: str | None
) -> PointConnection:
    op.spend(len(page), "points")
    nodes = [Point.of(info, root) for info in page]
    return PointConnection(
        edges=[PointEdge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)],
        page_info=page_info(cursors, more=more, after=after),
        freshness=None,
    )
