"""What is read of the store for one answer, once each, and what that cost."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from penstock.model.series import SeriesInfo
from penstock.query.ast import Select
from penstock.query.combine import Combined
from penstock.query.layout import Groups, Layout, Span
from penstock.query.pieces import Pieces
from penstock.query.select import find, ids_of
from penstock.store.series import SeriesView

__all__ = ["Reading"]


class Reading:
    """Reads for one tenant as of `now` (epoch ms), and remembers what: equal parts of a query are read once.

    series  ids of all series that were read
    cost    readings and buckets that were read
    tier    the coarsest rollup that was read, ms, 0 for raw
    """

    def __init__(self, view: SeriesView, pieces: Pieces, tenant: str, now: int) -> None:
        self.view = view
        self.tenant = tenant
        self.now = now
        self.series: set[int] = set()
        self.cost = 0
        self.tier = 0
        self._pieces = pieces
        self._found: dict[bytes, list[SeriesInfo]] = {}
        self._combined: dict[tuple[bytes, bytes, Span], Combined] = {}

    async def find(self, where: Select) -> list[SeriesInfo]:
        """As `select.find`."""
        name = msgspec.json.encode(where, order="sorted")
        if name not in self._found:
            self._found[name] = await find(self.view, self.tenant, where)
        return self._found[name]

    async def combined(self, groups: Groups, layout: Layout, span: Span) -> Combined:
        """Aggregates of [span) per (group, window) of `layout`; a layout per span."""
        name = ids_of(groups.series).tobytes(), groups.group.tobytes(), span
        if name not in self._combined:
            found, tier = await layout.combined(self.view, self._pieces, self.tenant, groups, span, self.now)
            self._combined[name] = found
            self.note(groups.series, int(found.series.sum()), tier)
        return self._combined[name]

    def note(self, series: Sequence[SeriesInfo], cost: int, tier: int = 0) -> None:
        """That `series` were read: `cost` readings or buckets of `tier` ms."""
        self.series.update(info.id for info in series)
        self.cost += cost
        self.tier = max(self.tier, tier)
