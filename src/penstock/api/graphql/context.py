"""What the resolvers of one operation share: whose it is, what was asked, how fresh that was, and what it may still cost."""

from __future__ import annotations

import asyncio
from typing import Any

import strawberry
from strawberry.types.graphql import OperationType

from penstock.accounts.keys import Identity
from penstock.api.graphql.bounds import GraphQLBounds
from penstock.api.graphql.scopes import PointInfo, Root, points_in
from penstock.api.live import LiveHub
from penstock.model.errors import InvalidInput
from penstock.model.time import format_time
from penstock.query.port import Answer, Question, Reader, Series

__all__ = ["Info", "Operation"]


class Operation:
    """The context of one query or subscription.

    `now` (epoch ms) is one instant for the whole of it, so that fields which default to it are asked together. `kind` says
    what may be run.
    """

    def __init__(
        self, reader: Reader, bounds: GraphQLBounds, identity: Identity, now: int, hub: LiveHub | None = None
    ) -> None:
        """With `hub`, of subscriptions; without it, of a query."""
        self.kind = OperationType.QUERY if hub is None else OperationType.SUBSCRIPTION
        self._hub = hub
        self.bounds = bounds
        self.identity = identity
        self.now = now
        self.loaders: dict[str, Any] = {}
        self._reader = reader
        self._gate = asyncio.Semaphore(bounds.asks)
        self._structures: dict[Root, asyncio.Task[tuple[PointInfo, ...]]] = {}
        self._answers: list[Answer] = []
        self._spent = 0

    @property
    def live(self) -> LiveHub:
        """What passes; only subscriptions listen to it."""
        assert self._hub is not None
        return self._hub

    @property
    def tenant(self) -> str:
        """The only tenant that this operation can ask about."""
        return self.identity.tenant

    async def ask(self, question: Question) -> Answer:
        """The reader's answer; raises what it raises."""
        async with self._gate:
            answer = await self._reader.ask(question)
        self._answers.append(answer)
        return answer

    async def structure(self, root: Root) -> tuple[PointInfo, ...]:
        """Every point of a root field, by site, sensor, metric; looked up once. Raises InvalidInput over the bound."""
        if root not in self._structures:
            self._structures[root] = asyncio.create_task(self._points(root))
        return await self._structures[root]

    async def _points(self, root: Root) -> tuple[PointInfo, ...]:
        most = self.bounds.points
        answer = await self.ask(Series(tenant=self.tenant, where=root.where, limit=most))
        if answer.next_cursor is not None:
            raise InvalidInput(
                f"more than {most} points are selected, too many to find out the structure from",
                code="too_many_points",
                hint="filter by site or building, or page through `points`",
            )
        return tuple(sorted(points_in(answer), key=lambda point: point[:4]))

    def spend(self, objects: int, what: str) -> None:
        """Count objects of the answer. Raises InvalidInput over the bound."""
        self._spent += objects
        if self._spent > self.bounds.objects:
            raise InvalidInput(
                f"the answer has {self._spent} or more {what}, at most {self.bounds.objects} objects fit",
                code="too_many_objects",
                hint="ask for `columns` instead of objects, smaller pages, wider windows or fewer places",
            )

    def freshness(self) -> dict[str, Any]:
        """The weakest of what the answers said; empty when nothing was asked."""
        if not self._answers:
            return {}
        return {
            "asOf": format_time(min(answer.as_of for answer in self._answers)),
            "stalenessMs": max(answer.staleness_ms for answer in self._answers),
            "complete": all(answer.complete for answer in self._answers),
        }


Info = strawberry.Info[Operation, None]
