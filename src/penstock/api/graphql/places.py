"""Places: tenant, sites, buildings, rooms and equipment, as the points in them say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from penstock.api.graphql.context import Info
from penstock.api.graphql.inputs import AggregateInput, EnergyKind
from penstock.api.graphql.lines import QueryResult
from penstock.api.graphql.loaders import EnergyArgs, energy
from penstock.api.graphql.paging import PAGE, After, First
from penstock.api.graphql.points import ASKS, From, PointConnection, Shift, To, aggregate, page_of
from penstock.api.graphql.scalars import Time
from penstock.api.graphql.scopes import PointInfo, Scope, split
from penstock.model.time import DAY

__all__ = ["Building", "EnergyWindow", "Equipment", "Place", "Room", "Site", "Tenant"]


@strawberry.type(description="What meters counted in one window, or what power adds up to.")
class EnergyWindow:
    """One row of `Consumption`; null is what is not known."""

    row: strawberry.Private[Mapping[str, Any]]

    @strawberry.field(description="Where the window begins")
    def ts(self) -> Time:
        return Time(self.row["ts"])

    @strawberry.field(description="The same as local time")
    def label(self) -> str:
        return self.row["label"]

    @strawberry.field
    def unit(self) -> str:
        return self.row["unit"]

    @strawberry.field
    def import_wh(self) -> float | None:
        return self.row.get("import_wh")

    @strawberry.field
    def export_wh(self) -> float | None:
        return self.row.get("export_wh")

    @strawberry.field(description="What meters counted that do not count energy")
    def increase(self) -> float | None:
        return self.row.get("increase")

    @strawberry.field(description="The sum of `importWh` so far")
    def cumulative_import_wh(self) -> float | None:
        return self.row.get("cumulative_import_wh")

    @strawberry.field(description="The sum of `exportWh` so far")
    def cumulative_export_wh(self) -> float | None:
        return self.row.get("cumulative_export_wh")

    @strawberry.field(description="0 to 1: the share of the window that is covered by readings")
    def coverage(self) -> float | None:
        return self.row.get("coverage")

    @strawberry.field
    def percent_good(self) -> float | None:
        return self.row.get("percent_good")

    @strawberry.field(description="Meters that contributed")
    def series(self) -> int | None:
        return self.row.get("series")

    @strawberry.field(description="Times that a counter began anew")
    def resets(self) -> int | None:
        return self.row.get("resets")

    @strawberry.field(description="Counts that cannot be true and were left out")
    def glitches(self) -> int | None:
        return self.row.get("glitches")


@strawberry.interface(description="Somewhere that points are.")
class Place:
    """What every place can be asked; each level of them is one question."""

    scope: strawberry.Private[Scope]

    @strawberry.field(description="The points in it, by name")
    async def points(self, info: Info, first: First = PAGE, after: After = None) -> PointConnection:
        return page_of(info.context, await self._members(info), self.scope.root, first, after)

    @strawberry.field(description="What can be made of its readings, window by window", metadata=ASKS)
    async def aggregate(self, info: Info, input: AggregateInput) -> QueryResult:  # noqa: A002 - GraphQL's usual word
        return await aggregate(info.context, self.scope, input)

    @strawberry.field(
        description="The same now and earlier: lines named now, before, difference and change (a fraction)",
        metadata=ASKS,
    )
    async def compare(self, info: Info, input: AggregateInput, shift: Shift) -> QueryResult:  # noqa: A002
        return await aggregate(info.context, self.scope, input, shift)

    async def _within(self, info: Info, columns: tuple[str, ...], match: str | None) -> list[Scope]:
        """The places in it that `columns` tell apart, by name; of these `match`. Raises InvalidInput over the bound of an answer."""
        members = await self._members(info)
        info.context.spend(0, "places")  # once an answer is over its bound, nothing more is taken apart for it
        found = [s for s in split(members, self.scope, columns) if match is None or s.names[-1] == match]
        info.context.spend(len(found), "places")
        return found

    async def _members(self, info: Info) -> tuple[PointInfo, ...]:
        """The points in it, by name."""
        if self.scope.points is not None:
            return self.scope.points
        return await info.context.structure(self.scope.root)


@strawberry.interface(description="Somewhere that energy is used.")
class Metered:
    """Places that `Consumption` can group by."""

    scope: strawberry.Private[Scope]

    @strawberry.field(
        description="Energy per window, imported and exported; of the last seven days without `from`", metadata=ASKS
    )
    async def energy(
        self,
        info: Info,
        start: From = None,
        end: To = None,
        window: str = "1d",
        zone: str = "UTC",
        kind: EnergyKind = EnergyKind.AUTO,
        metric: str | None = None,
        cumulative: bool = False,
    ) -> list[EnergyWindow]:
        until = info.context.now if end is None else end
        begin = until - 7 * DAY if start is None else start
        args = EnergyArgs(begin, until, window, zone, kind.word, metric, cumulative)
        rows = await energy(info.context, self.scope, args)
        info.context.spend(len(rows), "windows")
        return [EnergyWindow(row=row) for row in rows]


Match = Annotated[str | None, strawberry.argument(description="Only of this name")]


@strawberry.type(description="A machine or device that points belong to. Its points are those in the place above it.")
class Equipment(Place):
    """Points that agree in `equipment`."""

    @strawberry.field
    def name(self) -> str:
        return self.scope.name("equipment")

    @strawberry.field
    def site(self) -> str:
        return self.scope.name("site")


@strawberry.type(description="A room or zone.")
class Room(Place, Metered):
    """Points that agree in site, building and room."""

    @strawberry.field
    def name(self) -> str:
        return self.scope.name("room")

    @strawberry.field
    def building(self) -> str:
        return self.scope.name("building")

    @strawberry.field
    def site(self) -> str:
        return self.scope.name("site")

    @strawberry.field
    async def equipment(self, info: Info, name: Match = None) -> list[Equipment]:
        return [Equipment(scope=s) for s in await self._within(info, ("equipment",), name)]


@strawberry.type(description="A building of a site.")
class Building(Place, Metered):
    """Points that agree in site and building."""

    @strawberry.field
    def name(self) -> str:
        return self.scope.name("building")

    @strawberry.field
    def site(self) -> str:
        return self.scope.name("site")

    @strawberry.field
    async def rooms(self, info: Info, name: Match = None) -> list[Room]:
        return [Room(scope=s) for s in await self._within(info, ("room",), name)]

    @strawberry.field
    async def equipment(self, info: Info, name: Match = None) -> list[Equipment]:
        return [Equipment(scope=s) for s in await self._within(info, ("equipment",), name)]


@strawberry.type(description="A site: buildings, rooms and equipment at one place.")
class Site(Place, Metered):
    """Points that agree in site."""

    @strawberry.field
    def name(self) -> str:
        return self.scope.name("site")

    @strawberry.field
    async def buildings(self, info: Info, name: Match = None) -> list[Building]:
        return [Building(scope=s) for s in await self._within(info, ("building",), name)]

    @strawberry.field(description="The rooms of all its buildings, and those in none")
    async def rooms(self, info: Info, name: Match = None) -> list[Room]:
        return [Room(scope=s) for s in await self._within(info, ("building", "room"), name)]

    @strawberry.field
    async def equipment(self, info: Info, name: Match = None) -> list[Equipment]:
        return [Equipment(scope=s) for s in await self._within(info, ("equipment",), name)]


@strawberry.type(description="Whose the credential is; everything else is reached from here.")
class Tenant(Place, Metered):
    """All points of the credential's tenant that the root field's filter selects."""

    @strawberry.field
    def id(self, info: Info) -> strawberry.ID:
        return strawberry.ID(info.context.tenant)

    @strawberry.field(metadata=ASKS)
    async def sites(self, info: Info, name: Match = None) -> list[Site]:
        return [Site(scope=s) for s in await self._within(info, ("site",), name)]
