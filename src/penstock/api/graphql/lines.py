"""Answers of the query engine as GraphQL objects: lines per group, as windows or as whole columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import strawberry

from penstock.api.graphql.context import Info
from penstock.api.graphql.scalars import FloatColumn, IntColumn, Long, TextColumn, Time, TimeColumn, Window
from penstock.model.errors import InvalidInput
from penstock.query.port import Answer

__all__ = [
    "Bucket",
    "Columns",
    "Freshness",
    "Group",
    "Line",
    "QueryResult",
    "freshness_of",
    "lines_of",
    "moving_average",
]

pc: Any = pyarrow.compute  # its functions are made at run time, unseen by type checkers
_VALUES: Final = frozenset({"ts", "label", "value", "count", "coverage", "percent_good"})
"""Columns of a query's answer that differ from row to row; the others say which line a row is of."""
_WIDEST: Final = 1_000
"""Windows that a moving average may reach over."""

MovingAverage = Annotated[
    int | None,
    strawberry.argument(
        description="Replace each value by the mean of itself and the values of so many windows − 1 before it. "
        "Nulls are passed over; `fill: NULL` in the question keeps windows without readings in the count"
    ),
]


@strawberry.type(description="How far an answer can be relied on.")
class Freshness:
    """As on every answer of Penstock."""

    as_of: Time = strawberry.field(description="Everything acknowledged before this instant is in the answer")
    staleness_ms: int = strawberry.field(description="How far that lies behind the moment of answering")
    complete: bool = strawberry.field(description="Nothing of the asked range was in flight")


def freshness_of(answer: Answer) -> Freshness:
    """What the answer says of itself."""
    return Freshness(as_of=Time(answer.as_of), staleness_ms=answer.staleness_ms, complete=answer.complete)


@strawberry.type(description="What a line is of, on one level.")
class Group:
    """One group column of a line."""

    key: str = strawberry.field(description="site, building, room, equipment, sensor, or tag:NAME")
    value: str


@strawberry.type(description="One window of a line; or one reading, when the function is RAW.")
class Bucket:
    """One row of a query's answer."""

    ts: Time = strawberry.field(description="Where the window begins")
    label: str | None = strawberry.field(description="The same as local time, for windows of the calendar")
    value: float | None = strawberry.field(description="Null where it is not known")
    count: int | None = strawberry.field(description="Readings behind the value")
    coverage: float | None = strawberry.field(description="0 to 1: the share of the window in which a value was known")
    percent_good: float | None = strawberry.field(description="100 × coverage")


@strawberry.type(description="The windows of a line, column by column; all columns are equally long.")
class Columns:
    """The rows of one line; each field is one value for the whole column."""

    table: strawberry.Private[pa.Table]
    values: strawberry.Private[npt.NDArray[np.float64]]

    @strawberry.field
    def ts(self) -> TimeColumn:
        return TimeColumn(self.table.column("ts"))

    @strawberry.field
    def label(self) -> TextColumn | None:
        return TextColumn(self.table.column("label")) if "label" in self.table.column_names else None

    @strawberry.field
    def value(self) -> FloatColumn:
        return FloatColumn(self.values)

    @strawberry.field
    def count(self) -> IntColumn:
        return IntColumn(self.table.column("count"))

    @strawberry.field
    def coverage(self) -> FloatColumn:
        return FloatColumn(self.table.column("coverage"))

    @strawberry.field
    def percent_good(self) -> FloatColumn:
        return FloatColumn(self.table.column("percent_good"))


@strawberry.type(description="The values of one group, metric and unit, in order of time.")
class Line:
    """A slice of a query's answer."""

    rows: strawberry.Private[pa.Table]
    group: strawberry.Private[Mapping[str, str]]
    name: str = strawberry.field(description="The name it was fetched or computed under")
    metric: str | None = strawberry.field(description="Null where what it was computed from differs in it")
    unit: str | None = strawberry.field(description="As `metric`")

    @strawberry.field(description="What the line is of")
    def groups(self) -> list[Group]:
        return [Group(key=key.removesuffix("_id"), value=value) for key, value in self.group.items()]

    @strawberry.field
    def site(self) -> str | None:
        return self.group.get("site_id")

    @strawberry.field
    def building(self) -> str | None:
        return self.group.get("building")

    @strawberry.field
    def room(self) -> str | None:
        return self.group.get("room")

    @strawberry.field
    def equipment(self) -> str | None:
        return self.group.get("equipment")

    @strawberry.field
    def sensor(self) -> str | None:
        return self.group.get("sensor_id")

    @strawberry.field(description="The line as an object per window")
    def buckets(self, info: Info, moving_average: MovingAverage = None) -> list[Bucket]:
        info.context.spend(self.rows.num_rows, "windows")
        values = pa.array(_values(self.rows, moving_average), from_pandas=True).to_pylist()
        names = ("ts", "label", "count", "coverage", "percent_good")
        empty: list[Any] = [None] * self.rows.num_rows
        has = self.rows.column_names
        ts, label, count, coverage, good = (
            self.rows.column(name).to_pylist() if name in has else empty for name in names
        )
        return [
            Bucket(ts=t, label=text, value=v, count=n, coverage=c, percent_good=g)
            for t, text, v, n, c, g in zip(ts, label, values, count, coverage, good, strict=True)
        ]

    @strawberry.field(description="The same, column by column: much cheaper, for charts")
    def columns(self, moving_average: MovingAverage = None) -> Columns:
        return Columns(table=self.rows, values=_values(self.rows, moving_average))


@strawberry.type(description="Lines, and what they were made from.")
class QueryResult:
    """A query's answer."""

    lines: list[Line]
    freshness: Freshness | None = strawberry.field(description="Null where there is nothing that could be asked about")
    window: Window | None = strawberry.field(description="Milliseconds, or text of the calendar")
    tier: int | None = strawberry.field(description="The coarsest rollup that was read, in ms; 0 for readings")
    revision: str | None = strawberry.field(description="Of the data: one for the whole answer")
    series: int | None = strawberry.field(description="How many series were read")
    cost: Long | None = strawberry.field(description="Readings or rollups that were read")
    downsampled: bool | None = strawberry.field(description="Whether `maxPoints` left windows out")

    @classmethod
    def of(cls, answer: Answer | None, lines: list[Line]) -> QueryResult:
        """The result of these of an answer's lines; of nothing without one."""
        meta = answer.meta if answer else {}
        revision = meta.get("revision")
        return cls(
            lines=lines,
            freshness=freshness_of(answer) if answer else None,
            window=meta.get("window"),
            tier=meta.get("tier"),
            revision=None if revision is None else str(revision),
            series=meta.get("series"),
            cost=meta.get("cost"),
            downsampled=meta.get("downsampled"),
        )


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    length: int


def lines_of(table: pa.Table) -> list[Line]:
    """The lines of a query's answer, in its order: rows that agree in every column but `ts`, `value` and their like."""
    keys = [name for name in table.column_names if name not in _VALUES]
    table = table.combine_chunks()
    lines: list[Line] = []
    for span in _spans(table, keys):
        said: dict[str, str | None] = {name: table.column(name)[span.start].as_py() for name in keys}
        rows = table.slice(span.start, span.length)
        name, metric, unit = said.pop("name", None) or "", said.pop("metric", None), said.pop("unit", None)
        group = {key: value or "" for key, value in said.items()}
        lines.append(Line(rows=rows, group=group, name=name, metric=metric, unit=unit))
    return lines


def _spans(table: pa.Table, keys: list[str]) -> list[_Span]:
    if table.num_rows == 0:
        return []
    fresh = np.zeros(table.num_rows, np.bool_)
    fresh[0] = True
    for name in keys:
        column = pc.fill_null(table.column(name), "")
        changed = pc.not_equal(column.slice(1), column.slice(0, table.num_rows - 1))
        fresh[1:] |= changed.to_numpy()
    starts = np.flatnonzero(fresh)
    lengths = np.diff(np.append(starts, table.num_rows))
    return [_Span(*pair) for pair in zip(starts.tolist(), lengths.tolist(), strict=True)]


def _values(rows: pa.Table, windows: int | None) -> npt.NDArray[np.float64]:
    """float64 [n], NaN where the value is null; averaged over `windows` in order of time."""
    values = cast("npt.NDArray[np.float64]", rows.column("value").cast(pa.float64()).to_numpy())
    if windows is None:
        return values
    ts = rows.column("ts")
    newest_first = rows.num_rows > 1 and ts[0].as_py() > ts[rows.num_rows - 1].as_py()
    return moving_average(values[::-1], windows)[::-1] if newest_first else moving_average(values, windows)


def moving_average(values: npt.NDArray[np.float64], windows: int) -> npt.NDArray[np.float64]:
    """Trailing mean over `windows` values, float64 [n]; NaN is passed over, and is the mean of nothing but NaN.

    Summed window by window, so that a large value leaves no rounding error behind once it has passed. Raises InvalidInput
    unless 1 ≤ `windows` ≤ 1,000.
    """
    if not 1 <= windows <= _WIDEST:
        raise InvalidInput(
            f"a moving average over {windows} windows is not possible",
            code="invalid_moving_average",
            hint=f"name 1 to {_WIDEST:,} windows; for more, ask for wider windows",
        )
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    total, count = filled.copy(), known.astype(np.int64)
    for back in range(1, min(windows, len(values))):
        total[back:] += filled[:-back]
        count[back:] += known[:-back]
    mean = np.full(len(values), np.nan)
    return np.divide(total, count, out=mean, where=count > 0)
