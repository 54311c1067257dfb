"""Places as selections: which points are in a place, and the narrowest `Select` that holds several places of one kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from penstock.model.series import SeriesKey
from penstock.query.ast import Select
from penstock.query.port import Answer

__all__ = ["PointInfo", "Root", "Scope", "column_of", "cover", "points_in", "split"]


class PointInfo(NamedTuple):
    """One series and where it is. `first_ts` and `last_ts` are epoch ms, None while it holds no reading."""

    site: str
    sensor: str
    metric: str
    unit: str
    building: str
    room: str
    equipment: str
    tags: Mapping[str, str]
    first_ts: int | None
    last_ts: int | None

    @property
    def id(self) -> str:
        """The series' name on the wire, unique within a tenant."""
        return SeriesKey(self.site, self.sensor, self.metric, self.unit).text


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The root field that places were reached through: its filter holds for everything below it."""

    where: Select


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """One place: the points of `root` whose `columns` (site, building …) are `names`. Equal only to itself.

    `points` is None where they were not looked up: the whole tenant.
    """

    root: Root
    columns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    points: tuple[PointInfo, ...] | None = None

    def name(self, column: str) -> str:
        """The place's name in `column`, "" where the place says nothing about it."""
        return self.names[self.columns.index(column)] if column in self.columns else ""


def column_of(group: str) -> str:
    """The column of an answer that holds a group level of the AST: `site` → `site_id`."""
    return f"{group}_id" if group in {"site", "sensor"} else group


def cover(scopes: Sequence[Scope], metric: str | None = None) -> Select:
    """The narrowest selection that holds every one of `scopes`, which share root and columns.

    It may hold more: the answer is grouped by the columns, and what nobody asked for is left out.
    """
    first = scopes[0]
    shared: dict[str, str] = {} if metric is None else {"metric": metric}
    for position, column in enumerate(first.columns):
        if all(scope.names[position] == first.names[position] for scope in scopes):
            shared[column] = first.names[position]
    return msgspec.structs.replace(first.root.where, **shared)


def split(points: Iterable[PointInfo], scope: Scope, columns: tuple[str, ...]) -> list[Scope]:
    """The places within `scope`, one for each value that `columns` have among `points`, by name.

    Points that are in no such place (the last column is empty) are left out.
    """
    value = attrgetter(*columns)
    found: dict[Any, list[PointInfo]] = {}
    for point in points:
        if getattr(point, columns[-1]):
            found.setdefault(value(point), []).append(point)
    return [
        Scope(
            scope.root,
            (*scope.columns, *columns),
            (*scope.names, *((names,) if len(columns) == 1 else names)),
            tuple(found[names]),
        )
        for names in sorted(found)
    ]


def points_in(answer: Answer) -> list[PointInfo]:
    """The series of a listing."""
    table = answer.table
    columns = [
        table.column(name).to_pylist() if name in table.column_names else [""] * table.num_rows
        for name in ("site_id", "sensor_id", "metric", "unit", "building", "room", "equipment")
    ]
    tags = [json.loads(text or "{}") for text in table.column("tags").to_pylist()]
    spans = [table.column(name).to_pylist() for name in ("first_ts", "last_ts")]
    return [PointInfo(*row) for row in zip(*columns, tags, *spans, strict=True)]
