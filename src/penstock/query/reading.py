"""One attempt at an answer: what is read of the store for it, once each, and what that cost."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from penstock.model.series import SeriesInfo
from penstock.query.ast import Select
from penstock.query.combine import Combined
from penstock.query.layout import Groups, Layout, Span
from penstock.query.pieces import Pieces
from penstock.query.select import find, ids_of
from penstock.store.series import SeriesStore

__all__ = ["Reading"]


class Reading:
    """Reads for one tenant as of `now` (epoch ms), and remembers what: equal parts of a query are read once.

    series  ids of all series that were read
    cost    readings and buckets that were read
    tier    the coarsest rollup that was read, ms, 0 for raw
    """

    def __init__(self, store: SeriesStore, pieces: Pieces, tenant: str, now: int) -> None:
        self.store = store
        self.tenant = tenant
        self.now = now
        self.series: set[int] = set()
        self.cost = 0
        self.tier = 0
        self._pieces = pieces
        self._spans: list[Span] = []
        self._found: dict[bytes, list[SeriesInfo]] = {}
        self._combined: dict[tuple[bytes, bytes, Span], Combined] = {}

    async def find(self, where: Select) -> list[SeriesInfo]:
        """As `select.find`."""
        name = msgspec.json.encode(where, order="sorted")
        if name not in self._found:
            self._found[name] = await find(self.store, self.tenant, where)
        return self._found[name]

    async def combined(self, groups: Groups, layout: Layout, span: Span) -> Combined:
        """Aggregates of [span) per (group, window) of `layout`; a layout per span."""
        name = ids_of(groups.series).tobytes(), groups.group.tobytes(), span
        if name not in self._combined:
            found, tier = await layout.combined(self._pieces, self.tenant, groups, span, self.now)
            self._combined[name] = found
            self.note(groups.series, Span(span.start - layout.reach, span.end), int(found.series.sum()), tier)
        return self._combined[name]

    def note(self, series: Sequence[SeriesInfo], span: Span, cost: int, tier: int = 0) -> None:
        """That `series` were read over `span`: `cost` readings or buckets of `tier` ms."""
        self.series.update(info.id for info in series)
        self._spans.append(span)
        self.cost += cost
        self.tier = max(self.tier, tier)

    @property
    def single(self) -> bool:
        """Whether at most one thing was read, which is of one revision by itself."""
        return len(self._spans) <= 1

    async def unchanged_since(self, revision: int) -> bool:
        """Whether nothing that was read has changed after `revision`: then all of it is of that revision."""
        ids = np.fromiter(self.series, np.int32, len(self.series))
        for start, end in self._spans:
            if start < end and (await self.store.changed(start, end, ids)).max() > revision:
                return False
        return True
