"""What can be asked with: the query AST of `query/ast.py` as GraphQL inputs, and filters for places and points."""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeVar, cast

import strawberry

from penstock.api.graphql.scalars import Time, When, Window
from penstock.model.errors import InvalidInput
from penstock.query.ast import Fetch, Query, Select, Then
from penstock.query.ast import Fill as FillName
from penstock.query.ast import Function as FunctionName
from penstock.query.document import instant

__all__ = [
    "AggregateInput",
    "EnergyKind",
    "FetchInput",
    "Fill",
    "Function",
    "MathInput",
    "Over",
    "PointFilter",
    "QueryInput",
    "TagInput",
    "ThenInput",
    "fill_name",
    "function_name",
    "select",
    "then_of",
]

T = TypeVar("T")


@strawberry.enum(description="What is made of the readings of one group in one window.")
class Function(Enum):
    """`query.ast.Function`: RAW is not a window function but the readings themselves."""

    RAW = "raw"
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    TIME_WEIGHTED_MEAN = "time_weighted_mean"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    DELTA = "delta"
    RATE = "rate"
    INCREASE = "increase"
    ENERGY = "energy"
    PERCENTILE = "percentile"
    STDDEV = "stddev"
    COVERAGE = "coverage"


@strawberry.enum(description="What is made of the values of several groups in one window.")
class Over(Enum):
    """`query.ast.Over`: functions of the second level."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    PERCENTILE = "percentile"
    STDDEV = "stddev"


@strawberry.enum(description="Windows without a value: left out, null, the value before, or between the neighbours.")
class Fill(Enum):
    """`query.ast.Fill`."""

    NONE = "none"
    NULL = "null"
    PREVIOUS = "previous"
    LINEAR = "linear"


@strawberry.enum(description="Which meters energy is taken from; AUTO prefers a sensor's counters to its power.")
class EnergyKind(Enum):
    """`query.port.Consumption.kind`."""

    AUTO = "auto"
    COUNTER = "counter"
    POWER = "power"

    @property
    def word(self) -> Literal["auto", "counter", "power"]:
        return self.value


@strawberry.input(description="A tag that points must carry; the value may hold * for any run of characters.")
class TagInput:
    """One entry of `Select.tags`."""

    key: str
    value: str


@strawberry.input(description="Which points. Text is exact, or holds * for any run of characters; null is any.")
class PointFilter:
    """`query.ast.Select`."""

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None
    building: str | None = None
    room: str | None = None
    equipment: str | None = None
    tags: list[TagInput] | None = None


@strawberry.input(description="A second level: fn over the groups that agree in `by`, per window.")
class ThenInput:
    """`query.ast.Then`."""

    fn: Over
    by: list[str] | None = None
    q: float | None = strawberry.field(default=None, description="0 to 100, for PERCENTILE")


@strawberry.input(description="Lines from readings: one per group, metric and unit.")
class FetchInput:
    """`query.ast.Fetch`, with the name it has in the query."""

    name: str
    where: PointFilter | None = None
    fn: Function = Function.MEAN
    q: float | None = strawberry.field(default=None, description="0 to 100, for PERCENTILE")
    by: list[str] | None = strawberry.field(
        default=None, description="site, building, room, equipment, sensor, metric, tag:NAME"
    )
    then: ThenInput | None = None
    unit: str | None = None
    shift: str | None = strawberry.field(default=None, description="An earlier period: 1d, 1w, 1mo, 1y, 15m, 1h")


@strawberry.input(description="An expression over fetched or earlier names.")
class MathInput:
    """One entry of `Query.math`."""

    name: str
    expression: str


@strawberry.input(description="The whole query AST, as POST /v1/query takes it.")
class QueryInput:
    """`query.ast.Query` without its tenant, which is the credential's; its maps are lists of named inputs here."""

    start: When
    fetch: list[FetchInput]
    end: When = When("now")
    window: Window = Window("auto")
    zone: str = "UTC"
    math: list[MathInput] | None = None
    show: list[str] | None = None
    fill: Fill = Fill.NONE
    max_points: int | None = None
    descending: bool = False

    def query(self, tenant: str, now: int) -> Query:
        """The AST; `now` (epoch ms) is what relative times count from. Raises InvalidInput for a time that is none, and for a name
        that occurs twice.
        """
        return Query(
            tenant=tenant,
            start=instant(cast(int | str, self.start), "start", now),
            end=instant(cast(int | str, self.end), "end", now),
            fetch=_named("fetch", [(each.name, _fetch(each)) for each in self.fetch]),
            window=cast(int | str, self.window),
            zone=self.zone,
            math=_named("math", [(each.name, each.expression) for each in self.math or ()]),
            show=tuple(self.show or ()),
            fill=fill_name(self.fill),
            max_points=self.max_points,
            descending=self.descending,
        )


@strawberry.input(description="What to make of a place's readings.")
class AggregateInput:
    """One `Fetch` in one `Query` whose selection is the place."""

    metric: str | None = strawberry.field(default=None, description="Exact, or with *; null is every metric")
    fn: Function = Function.MEAN
    q: float | None = strawberry.field(default=None, description="0 to 100, for PERCENTILE")
    start: Time | None = strawberry.field(name="from", default=None, description="An hour before `to` without it")
    end: Time | None = strawberry.field(name="to", default=None, description="Now without it")
    window: Window = Window("auto")
    zone: str = "UTC"
    by: list[str] | None = strawberry.field(default=None, description="Groups within the place")
    then: ThenInput | None = None
    unit: str | None = None
    shift: str | None = strawberry.field(default=None, description="Read an earlier period: 1d, 1w, 1mo, 1y, 15m, 1h")
    fill: Fill = Fill.NONE
    max_points: int | None = strawberry.field(
        default=None, description="Thin lines out to so many points, keeping each stretch's extremes"
    )


def select(where: PointFilter | None) -> Select:
    """The AST's selection. Raises InvalidInput for a tag that occurs twice."""
    if where is None:
        return Select()
    tags = _named("tags", [(tag.key, tag.value) for tag in where.tags or ()])
    return Select(
        site=where.site,
        sensor=where.sensor,
        metric=where.metric,
        building=where.building,
        room=where.room,
        equipment=where.equipment,
        tags=tags,
    )


def then_of(given: ThenInput | None, by: tuple[str, ...] = ()) -> Then | None:
    """The AST's second level, grouped by `by` before its own."""
    if given is None:
        return None
    return Then(fn=given.fn.value, by=tuple(dict.fromkeys((*by, *(given.by or ())))), q=given.q)


def function_name(fn: Function) -> FunctionName:
    """The AST's word."""
    return fn.value


def fill_name(fill: Fill) -> FillName:
    """The AST's word."""
    return fill.value


def _fetch(given: FetchInput) -> Fetch:
    return Fetch(
        where=select(given.where),
        fn=function_name(given.fn),
        q=given.q,
        by=tuple(given.by or ()),
        then=then_of(given.then),
        unit=given.unit,
        shift=given.shift,
    )


def _named(what: str, pairs: list[tuple[str, T]]) -> dict[str, T]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"{what} names {twice!r:.80} twice", code="duplicate_name", hint="give each its own name")
    return found
