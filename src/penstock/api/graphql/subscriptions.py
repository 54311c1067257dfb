"""Subscriptions: readings and events as they pass, each result with how many rows came between that were not sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from penstock.api.graphql.context import Info
from penstock.api.graphql.events import Event
from penstock.api.graphql.readings import Reading
from penstock.api.graphql.scalars import Time
from penstock.api.graphql.tap import Piece, listen
from penstock.api.live import Pattern, Wanted
from penstock.model.errors import InvalidInput
from penstock.model.event import Event as Passed

__all__ = ["LiveEvents", "LiveFilter", "LiveReadings", "Subscription"]


@strawberry.input(description="Series by name. Text is exact, or holds * for any run of characters; null is any.")
class LiveFilter:
    """`api.live.Pattern`: what can be told from a reading alone, as it passes."""

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None


@strawberry.type(description="Readings that passed together.")
class LiveReadings:
    """One result of `readings`."""

    readings: list[Reading]
    skipped: int = strawberry.field(description="Readings before these that this client was too slow for")


@strawberry.type(description="Events that passed together.")
class LiveEvents:
    """One result of `events`."""

    events: list[Event]
    skipped: int = strawberry.field(description="Events before these that this client was too slow for")


@strawberry.type(description="What can be subscribed to, over WebSocket with the subprotocol graphql-transport-ws.")
class Subscription:
    """The root fields."""

    @strawberry.subscription(description="Readings that match any of the filters; all without one")
    async def readings(
        self,
        info: Info,
        where: Annotated[list[LiveFilter] | None, strawberry.argument(description="Any of these")] = None,
    ) -> AsyncGenerator[LiveReadings]:
        most = info.context.bounds.filters
        if where is not None and len(where) > most:
            raise InvalidInput(
                f"`where` has {len(where)} filters, at most {most} are taken", code="too_complex", hint="select with *"
            )
        patterns = tuple(Pattern(each.site, each.sensor, each.metric) for each in where or ()) or (Pattern(),)
        async for piece in listen(info.context.live, info.context.tenant, Wanted(patterns)):
            yield LiveReadings(readings=_readings(piece), skipped=piece.skipped)

    @strawberry.subscription(description="Events of at least a criticality; all without one")
    async def events(self, info: Info, min_criticality: int | None = None) -> AsyncGenerator[LiveEvents]:
        above = None if min_criticality is None else min_criticality - 1
        async for piece in listen(
            info.context.live, info.context.tenant, Wanted((), events=True, criticality_above=above)
        ):
            yield LiveEvents(events=[_event(event) for event in piece.events], skipped=piece.skipped)


def _readings(piece: Piece) -> list[Reading]:
    assert piece.batch is not None
    assert piece.index is not None
    batch, index = piece.batch, piece.index
    keys = [batch.keys[code] for code in batch.series[index].tolist()]
    return [
        Reading(ts=Time(ts), value=value, unit=key.unit, site=key.site, sensor=key.sensor, metric=key.metric)
        for ts, key, value in zip(batch.ts[index].tolist(), keys, batch.value[index].tolist(), strict=True)
    ]


def _event(event: Passed) -> Event:
    return Event(
        id=strawberry.ID(event.id),
        ts=Time(event.ts),
        timestamp=event.timestamp,
        criticality=event.criticality,
        message=event.message,
        source=event.source,
    )
