"""Where a query begins: the tenant with its places, or straight at sites, points, readings, events and the query AST."""

from __future__ import annotations

from typing import Annotated

import strawberry

from penstock.api.graphql.context import Info
from penstock.api.graphql.events import EventConnection, events
from penstock.api.graphql.inputs import PointFilter, QueryInput, select
from penstock.api.graphql.lines import QueryResult, lines_of
from penstock.api.graphql.paging import PAGE, After, First
from penstock.api.graphql.places import Site, Tenant
from penstock.api.graphql.points import ASKS, From, PointConnection, To, Unit, series_page
from penstock.api.graphql.readings import PageArgs, ReadingConnection, newest
from penstock.api.graphql.scopes import Root, Scope
from penstock.query.ast import Select

__all__ = ["Query"]

Where = Annotated[PointFilter | None, strawberry.argument(description="Which points; all without it")]


@strawberry.type(description="What can be asked. Everything is of the credential's tenant.")
class Query:
    """The root fields."""

    @strawberry.field(description="The tenant with its sites, buildings, rooms and equipment")
    def tenant(self, where: Where = None) -> Tenant:
        return Tenant(scope=Scope(Root(select(where))))

    @strawberry.field(description="One site by its exact name; null where there is none", metadata=ASKS)
    async def site(self, info: Info, name: str) -> Site | None:
        root = Root(Select(site=name))
        points = tuple(point for point in await info.context.structure(root) if point.site == name)
        return Site(scope=Scope(root, ("site",), (name,), points)) if points else None

    @strawberry.field(description="Points, in the order in which they appeared", metadata=ASKS)
    async def points(
        self, info: Info, where: Where = None, first: First = PAGE, after: After = None
    ) -> PointConnection:
        return await series_page(info.context, select(where), first, after)

    @strawberry.field(description="Readings of all selected points, newest first", metadata=ASKS)
    async def readings(
        self,
        info: Info,
        where: Where = None,
        start: From = None,
        end: To = None,
        unit: Unit = None,
        first: First = PAGE,
        after: After = None,
    ) -> ReadingConnection:
        return await newest(info.context, select(where), start, end, PageArgs(first, after, unit))

    @strawberry.field(description="Events, newest first", metadata=ASKS)
    async def events(
        self,
        info: Info,
        min_criticality: int | None = None,
        start: From = None,
        end: To = None,
        first: First = PAGE,
        after: After = None,
    ) -> EventConnection:
        return await events(info.context, min_criticality, start, end, first, after)

    @strawberry.field(
        description="The whole query language: the same question and numbers as POST /v1/query", metadata=ASKS
    )
    async def query(self, info: Info, input: QueryInput) -> QueryResult:  # noqa: A002 - GraphQL's usual word
        answer = await info.context.ask(input.query(info.context.tenant, info.context.now))
        lines = lines_of(answer.table)
        info.context.spend(len(lines), "lines")
        return QueryResult.of(answer, lines)
