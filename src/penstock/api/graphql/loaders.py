"""One question per level: what many places or points ask for alike is asked once and handed out.

Each loader gathers the keys of one level, groups those that differ only in their place, asks for the narrowest
selection that holds all of them, and gives every key its own rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from strawberry.dataloader import DataLoader

from penstock.api.graphql.context import Operation
from penstock.api.graphql.lines import QueryResult, lines_of
from penstock.api.graphql.scopes import Scope, column_of, cover
from penstock.model.errors import NotFound, PenstockError
from penstock.query.ast import Fetch, Fill, Function, Query, Then
from penstock.query.port import Answer, Consumption

__all__ = ["Aggregation", "EnergyArgs", "batched", "energy", "lines"]

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What to make of a place's readings; equal where places can be asked about together.

    `compare` asks for the same an earlier period as well, and for the difference. Times are epoch ms.
    """

    metric: str | None
    fn: Function
    q: float | None
    start: int
    end: int
    window: int | str
    zone: str
    by: tuple[str, ...]
    then: Then | None
    unit: str | None
    shift: str | None
    fill: Fill
    max_points: int | None
    compare: str | None = None

    def query(self, tenant: str, scopes: Sequence[Scope]) -> Query:
        """One query about all `scopes`, grouped by place."""
        places = scopes[0].columns
        then = self.then and Then(fn=self.then.fn, by=tuple(dict.fromkeys((*places, *self.then.by))), q=self.then.q)
        fetch = Fetch(
            where=cover(scopes, self.metric),
            fn=self.fn,
            q=self.q,
            by=tuple(dict.fromkeys((*places, *self.by))),
            then=then,
            unit=self.unit,
            shift=self.shift,
        )
        named, math = {"value": fetch}, dict[str, str]()
        if self.compare is not None:
            earlier = Fetch(
                where=fetch.where, fn=fetch.fn, q=fetch.q, by=fetch.by, then=then, unit=fetch.unit, shift=self.compare
            )
            named = {"now": fetch, "before": earlier}
            math = {"difference": "now - before", "change": "difference / before"}
        return Query(
            tenant=tenant,
            start=self.start,
            end=self.end,
            fetch=named,
            window=self.window,
            zone=self.zone,
            math=math,
            fill=self.fill,
            max_points=self.max_points,
        )


@dataclass(frozen=True, slots=True)
class EnergyArgs:
    """What to ask meters of a place; times are epoch ms."""

    start: int
    end: int
    window: str
    zone: str
    kind: Literal["auto", "counter", "power"]
    metric: str | None
    cumulative: bool


def batched(
    op: Operation,
    name: str,
    group: Callable[[K], Hashable],
    answer: Callable[[list[K]], Awaitable[Sequence[T]]],
) -> DataLoader[K, T]:
    """The operation's loader `name`: keys of one level for which `group` is equal are answered together.

    What an answer raises is raised for each of its keys, and for no other.
    """
    loader = op.loaders.get(name)
    if loader is None:
        loader = op.loaders[name] = DataLoader[K, T](_by_group(group, answer))
    return cast("DataLoader[K, T]", loader)


def _by_group(
    group: Callable[[K], Hashable], answer: Callable[[list[K]], Awaitable[Sequence[T]]]
) -> Callable[[list[K]], Awaitable[list[T | BaseException]]]:
    async def load(keys: list[K]) -> list[T | BaseException]:
        groups: dict[Hashable, list[int]] = {}
        for position, key in enumerate(keys):
            groups.setdefault(group(key), []).append(position)
        found: dict[int, T | BaseException] = {}

        async def one(positions: list[int]) -> None:
            try:
                values: Sequence[T | BaseException] = await answer([keys[i] for i in positions])
            except PenstockError as error:
                values = [error] * len(positions)
            found.update(zip(positions, values, strict=True))

        async with asyncio.TaskGroup() as asking:
            for positions in groups.values():
                asking.create_task(one(positions))
        return [found[i] for i in range(len(keys))]

    return load


async def lines(op: Operation, scope: Scope, wanted: Aggregation) -> QueryResult:
    """The lines of one place. A place without such series has none."""

    async def answer(keys: list[tuple[Scope, Aggregation]]) -> list[QueryResult]:
        scopes = [scope for scope, _ in keys]
        said = await _unless_nothing(op, keys[0][1].query(op.tenant, scopes))
        columns = [column_of(level) for level in scopes[0].columns]
        found: dict[tuple[str, ...], list[Any]] = {}
        for line in lines_of(said.table) if said else ():
            place = tuple(line.metric or "" if column == "metric" else line.group[column] for column in columns)
            found.setdefault(place, []).append(line)
        return [QueryResult.of(said, found.get(scope.names, [])) for scope in scopes]

    loader = batched(op, "lines", lambda key: (key[0].root, key[0].columns, key[1]), answer)
    return await loader.load((scope, wanted))


async def energy(op: Operation, scope: Scope, wanted: EnergyArgs) -> list[Mapping[str, Any]]:
    """The rows of `Consumption` for one place, by window."""

    async def answer(keys: list[tuple[Scope, EnergyArgs]]) -> list[list[Mapping[str, Any]]]:
        scopes = [scope for scope, _ in keys]
        args = keys[0][1]
        question = Consumption(
            tenant=op.tenant,
            where=cover(scopes, args.metric),
            start=args.start,
            end=args.end,
            window=args.window,
            zone=args.zone,
            kind=args.kind,
            group_by=scopes[0].columns,
            cumulative=args.cumulative,
        )
        said = await _unless_nothing(op, question)
        columns = [column_of(level) for level in scopes[0].columns]
        found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for row in said.table.to_pylist() if said else ():
            found.setdefault(tuple(row[column] for column in columns), []).append(row)
        return [found.get(scope.names, []) for scope in scopes]

    loader = batched(op, "energy", lambda key: (key[0].root, key[0].columns, key[1]), answer)
    return await loader.load((scope, wanted))


async def _unless_nothing(op: Operation, question: Query | Consumption) -> Answer | None:
    """The answer; None where the selection holds no series, which is no error of a place that is there."""
    try:
        return await op.ask(cast(Any, question))
    except NotFound:
        return None
