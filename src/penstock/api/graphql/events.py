"""Events page by page. The cursor is the (ts, id) of the last event, so that what happens meanwhile moves no page."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from penstock.api.graphql.context import Operation
from penstock.api.graphql.lines import Freshness, freshness_of
from penstock.api.graphql.paging import PageInfo, check_page, decode_cursor, encode_cursor, page_info
from penstock.api.graphql.scalars import Time
from penstock.query.port import MAX_POINTS, Events
from penstock.query.select import Instant

__all__ = ["Event", "EventConnection", "EventEdge", "events"]

_OVERREAD: Final = 64
"""Events read beyond a page, to find the one that a cursor names among others of its instant."""


@strawberry.type(description="Something that happened.")
class Event:
    """An event as it was sent."""

    id: strawberry.ID
    ts: Time
    timestamp: str = strawberry.field(description="The instant in the sender's own words")
    criticality: int
    message: str
    source: str


@strawberry.type
class EventEdge:
    """An event, and where to continue behind it."""

    node: Event
    cursor: str


@strawberry.type(description="A page of events, newest first.")
class EventConnection:
    """Relay's connection; `nodes` leaves the edges out."""

    edges: list[EventEdge]
    page_info: PageInfo
    freshness: Freshness

    @strawberry.field
    def nodes(self) -> list[Event]:
        return [edge.node for edge in self.edges]


async def events(
    op: Operation, min_criticality: int | None, start: int | None, end: int | None, first: int, after: str | None
) -> EventConnection:
    """A page of events of at least `min_criticality` in [start, end), epoch ms."""
    check_page(first, op.bounds)
    seen = decode_cursor(after, tuple[Instant, str])
    before = end if seen is None else seen[0] + 1 if end is None else min(end, seen[0] + 1)
    extra = 0 if seen is None else _OVERREAD
    while True:
        limit = min(MAX_POINTS, first + 1 + extra)
        question = Events(
            tenant=op.tenant,
            criticality_above=None if min_criticality is None else min_criticality - 1,
            start=start,
            end=before,
            limit=limit,
        )
        answer = await op.ask(question)
        rows: list[dict[str, Any]] = answer.table.to_pylist()
        rest, found = (rows, True) if seen is None else _behind(rows, seen)
        if len(rows) < limit or limit == MAX_POINTS or (found and len(rest) > first):
            break
        extra *= 4  # very many events of one instant
    page = [Event(**row) for row in rest[:first]]
    op.spend(len(page), "events")
    cursors = [encode_cursor((event.ts, event.id)) for event in page]
    return EventConnection(
        edges=[EventEdge(node=event, cursor=cursor) for event, cursor in zip(page, cursors, strict=True)],
        page_info=page_info(cursors, more=len(rest) > first, after=after),
        freshness=freshness_of(answer),
    )


def _behind(rows: list[dict[str, Any]], seen: tuple[int, str]) -> tuple[list[dict[str, Any]], bool]:
    """The events behind the one that a cursor names, and whether it was found or is known to be gone.

    When it is gone, all events of its instant are given: rather again than never.
    """
    for i, row in enumerate(rows):
        if row["ts"] < seen[0]:
            break
        if (row["ts"], row["id"]) == seen:
            return rows[i + 1 :], True
    return rows, bool(rows) and rows[-1]["ts"] < seen[0]
