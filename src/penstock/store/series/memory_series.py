"""What the memory store is made of: series with their readings, and views."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings
from penstock.model.series import Attributes, SeriesInfo, SeriesKey, like
from penstock.store.series.port import Aggregates, EventRow, Filter, Newest, Readable, SeriesView

T = TypeVar("T")

__all__ = ["Arrived", "Cell", "Series", "View", "matches", "readings"]

Cell = tuple[int, float]
"""(version, value) of one (series, ts); the greatest wins, whatever the order of arrival."""

Arrived = tuple[int, int, float, str]
"""(number of the part, version, value, fate) of a reading that came, in whatever order."""


@dataclass(slots=True)
class Series:
    """One series of a tenant: ts → what is stored, and all that arrived."""

    id: int
    tenant: str
    key: SeriesKey
    cells: dict[int, Cell] = field(default_factory=dict[int, Cell])
    arrivals: dict[int, list[Arrived]] = field(default_factory=dict[int, list[Arrived]])
    newest: int = 0

    def info(self, attributes: Attributes) -> SeriesInfo:
        first, last = (min(self.cells), max(self.cells)) if self.cells else (None, None)
        return SeriesInfo(self.id, self.tenant, self.key, attributes, first, last)


class View:
    """A `SeriesView`: reads the store while nothing changes, and goes on with a copy of what it held."""

    def __init__(self, store: Readable, revision: int, copied: Callable[[], Readable]) -> None:
        self._live = self._store = store
        self._copied = copied
        self.revision = self.names = revision

    def keep(self) -> None:
        """The store is about to change."""
        if self._store is self._live:
            self._store = self._copied()

    async def together(self, ask: Callable[[SeriesView], Coroutine[Any, Any, T]], *, small: bool = False) -> T:  # noqa: ARG002 - of the port
        """As `SeriesView.together`, but on the event loop: a view is of one thread."""
        return await ask(self)

    async def find(self, tenant: str, where: Filter) -> Sequence[SeriesInfo]:
        return await self._store.find(tenant, where)

    async def scan(self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int) -> Readings:
        return await self._store.scan(tenant, ids, start, end)

    async def recent(self, tenant: str, ids: npt.NDArray[np.int32], limit: int, before: int | None = None) -> Readings:
        return await self._store.recent(tenant, ids, limit, before)

    async def aggregate(
        self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int, width: int, hold: int = 0
    ) -> Aggregates:
        return await self._store.aggregate(tenant, ids, start, end, width, hold)

    async def newest(self, tenant: str, ids: npt.NDArray[np.int32]) -> Newest:
        return await self._store.newest(tenant, ids)

    async def events(
        self,
        tenant: str,
        *,
        criticality_above: int | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> Sequence[EventRow]:
        return await self._store.events(tenant, criticality_above=criticality_above, start=start, end=end, limit=limit)

    async def changed(self, start: int, end: int, ids: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int64]:
        return await self._store.changed(start, end, ids)


def matches(where: Filter, info: SeriesInfo) -> bool:
    """Whether a series is among those that `where` selects, its limit aside."""
    key, said = info.key, info.attributes
    asked = (
        (where.site, key.site),
        (where.sensor, key.sensor),
        (where.metric, key.metric),
        (where.building, said.building),
        (where.room, said.room),
    )
    return (
        info.id > where.after
        and (not where.sensors or key.sensor in where.sensors)
        and (not where.metrics or key.metric in where.metrics)
        and all(pattern is None or like(pattern, text) for pattern, text in asked)
    )


def readings(rows: Iterable[tuple[int, int, float]]) -> Readings:
    """Columns of (series, ts, value) rows, in their order."""
    table = list(rows)
    return Readings(
        np.array([series for series, _, _ in table], np.int32),
        np.array([ts for _, ts, _ in table], np.int64),
        np.array([value for _, _, value in table], np.float64),
    )
