"""Gathers the assets of a tenant: whole once, and then what is new in names and attributes, until the catalog changes."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

import numpy as np
from cachetools import LRUCache

from penstock.query.fleet.build import build, extended
from penstock.query.fleet.index import FleetIndex
from penstock.query.places import Places, Placing
from penstock.query.standing import NO_FACTS, Facts
from penstock.store.series import Filter, SeriesView

__all__ = ["Indexes"]

_TENANTS: Final = 256
_VERSIONS: Final = 2
"""Indexes of one tenant: views that are read side by side may be of different moments."""


class _Version(NamedTuple):
    """Indexes, and what they were made from: the names of the store, places, and what the catalog says."""

    names: int
    placing: Placing | None
    facts: Facts
    all: FleetIndex
    batteries: FleetIndex


class _Tenant:
    """The newest versions first, and who makes the next one."""

    def __init__(self) -> None:
        self.versions: tuple[_Version, ...] = ()
        self.making = asyncio.Lock()


class Indexes:
    """The index of each tenant, which follows what becomes known of its series."""

    def __init__(self, places: Places | None) -> None:
        self._places = places
        self._kept: LRUCache[str, _Tenant] = LRUCache(_TENANTS)

    async def of(self, view: SeriesView, tenant: str) -> FleetIndex:
        """All assets as of the view.

        To be asked for first of a view that was taken just now: places are those of this moment. Costs what is new, and a pass over all
        series of the tenant where the catalog has changed.
        """
        return (await self._version(view, tenant)).all

    async def batteries(self, view: SeriesView, tenant: str) -> FleetIndex:
        """The batteries alone, otherwise as `of`."""
        return (await self._version(view, tenant)).batteries

    async def _version(self, view: SeriesView, tenant: str) -> _Version:
        facts, placing = NO_FACTS, None
        if self._places is not None:
            facts, placing = self._places.facts(tenant), self._places.of(tenant)
        kept = self._kept.get(tenant)
        if kept is None:
            kept = self._kept[tenant] = _Tenant()
        async with kept.making:
            usable = (v for v in kept.versions if v.facts is facts and v.placing is placing and v.names <= view.names)
            before = max(usable, key=lambda v: v.names, default=None)
            if before is not None and before.names == view.names:
                return before
            infos = await view.find(tenant, Filter(named_since=0 if before is None else before.names))
            if before is None:
                index = await asyncio.to_thread(build, infos, facts)
            elif infos:
                index = await asyncio.to_thread(extended, before.all, infos)
            else:
                index = before.all
            same = before is not None and index is before.all
            batteries = before.batteries if before is not None and same else _batteries(index)
            made = _Version(view.names, placing, facts, index, batteries)
            kept.versions = (made, *kept.versions)[:_VERSIONS]
            return made


def _batteries(index: FleetIndex) -> FleetIndex:
    return index.only(np.flatnonzero(index.kind == "battery"))
