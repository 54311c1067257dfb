"""The assets of a tenant as arrays, so that a question costs arithmetic only."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.series import SeriesInfo
from penstock.query.fleet.rules import Said
from penstock.query.overview import ROLES, Kind, Role
from penstock.query.standing import Facts

__all__ = ["NO", "Asset", "AssetName", "FleetIndex", "Planned", "nodes_present"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
T = TypeVar("T")
Scalar = TypeVar("Scalar", bound=np.generic)

NO: Final = -1
"""A position that is none."""
_NONE: Final = np.empty(0, np.int64)

AssetName = tuple[str, str, bool]
"""(site, id, belongs to equipment): what assets are sorted by."""
Planned = frozenset[tuple[str, int]]
"""(site, number in ROLES) of each piece of equipment of the catalog that would play a part."""


class Asset(NamedTuple):
    """One asset. `said` is what its kind and role follow from."""

    site: str
    id: str
    name: str
    building: str
    room: str
    kind: Kind
    role: Role | None
    said: Said


@dataclass(frozen=True, slots=True)
class FleetIndex:
    """Assets by site and id. Arrays of positions hold -1 for none.

    infos     series in the order of their assets
    ids       int32 [series] store ids
    asset     int64 [series] the asset of each
    metric    metric → int64 [n] positions of its series
    first     int64 [assets] position of its first series
    size      int64 [assets] how many series it has
    headline  int64 [assets] position of the series that stands for it
    power     int64 [assets] position of its power in W; else `voltage` and `current` int64 [assets], where it has both
    counts    bool [assets]: it has a counter of energy
    names     of each asset, rising
    sign      float64 [assets] 1 where a positive power is taken from the site, -1 where it is given to it
    role      int64 [assets] number in ROLES
    kind      object [assets] the kind as text
    possible  float64 [2, series] the least and greatest value that each can have
    columns   site_id, id, name, building, room, kind, role: string arrays [assets]
    sites     every site of the catalog or of an asset, sorted
    site      int64 [assets] number of its site
    present   bool [sites, roles]: the site has that node of the flow. Grid and load are everywhere; others where an asset plays that
              part, or a piece of equipment of the catalog that nobody measures would
    planned   what of it follows from the catalog
    facts     what the catalog says
    """

    assets: tuple[Asset, ...]
    infos: tuple[SeriesInfo, ...]
    ids: I32
    asset: I64
    metric: Mapping[str, I64]
    first: I64
    size: I64
    headline: I64
    power: I64
    voltage: I64
    current: I64
    counts: npt.NDArray[np.bool_]
    names: tuple[AssetName, ...]
    sign: F64
    role: I64
    kind: npt.NDArray[np.object_]
    possible: F64
    columns: Mapping[str, pa.Array]
    sites: tuple[str, ...]
    site: I64
    present: npt.NDArray[np.bool_]
    planned: Planned
    facts: Facts

    def __len__(self) -> int:
        return len(self.assets)

    def series(self, asset: int) -> range:
        """Positions of the series of one asset."""
        first = int(self.first[asset])
        return range(first, first + int(self.size[asset]))

    def of_metric(self, *metrics: str) -> I64:
        """int64 [assets]: the position of each asset's series of the first of these metrics that it has."""
        found = np.full(len(self), NO)
        for metric in reversed(metrics):
            positions = self.metric.get(metric, _NONE)[::-1]
            found[self.asset[positions]] = positions
        return found

    def only(self, assets: I64) -> FleetIndex:
        """The index of some of its assets, int64 [n] rising; sites stay."""
        kept = np.zeros(len(self), np.bool_)
        kept[assets] = True
        series = np.flatnonzero(kept[self.asset])
        moved = np.full(len(self.infos) + 1, NO)  # the last one is what -1 points to
        moved[series] = np.arange(len(series))
        renumbered = np.cumsum(kept) - 1
        return FleetIndex(
            assets=tuple(self.assets[i] for i in assets.tolist()),
            infos=tuple(self.infos[i] for i in series.tolist()),
            ids=self.ids[series],
            asset=renumbered[self.asset[series]],
            metric={name: moved[at[kept[self.asset[at]]]] for name, at in self.metric.items()},
            first=moved[self.first[assets]],
            size=self.size[assets],
            headline=moved[self.headline[assets]],
            power=moved[self.power[assets]],
            voltage=moved[self.voltage[assets]],
            current=moved[self.current[assets]],
            counts=self.counts[assets],
            names=tuple(self.names[i] for i in assets.tolist()),
            sign=self.sign[assets],
            role=self.role[assets],
            kind=self.kind[assets],
            possible=self.possible[:, series],
            columns={name: column.take(pa.array(assets)) for name, column in self.columns.items()},
            sites=self.sites,
            site=self.site[assets],
            present=self.present,
            planned=self.planned,
            facts=self.facts,
        )

    def joined(self, other: FleetIndex) -> FleetIndex:
        """With the assets of `other`, an index by the same facts: in place of those of the same names, or between the others."""
        kept = np.ones(len(self), np.bool_)
        at = np.array([bisect_left(self.names, name) for name in other.names], np.int64)
        kept[[i for i, name in zip(at.tolist(), other.names, strict=True) if self.names[i : i + 1] == (name,)]] = False
        order = _Order(self, other, kept, at)
        sites = tuple(sorted({*self.sites, *other.sites}))
        number = {site: i for i, site in enumerate(sites)}
        site = order.assets(
            *(np.array([number[name] for name in index.sites], np.int64)[index.site] for index in (self, other))
        )
        role, size = order.assets(self.role, other.role), order.assets(self.size, other.size)
        return FleetIndex(
            assets=order.asset_tuple(self.assets, other.assets),
            infos=order.series_tuple(self.infos, other.infos),
            ids=order.series(self.ids, other.ids),
            asset=np.repeat(np.arange(len(size)), size),
            metric={
                name: order.rising(self.metric.get(name, _NONE), other.metric.get(name, _NONE))
                for name in self.metric.keys() | other.metric.keys()
            },
            first=np.cumsum(size) - size,
            size=size,
            headline=order.positions(self.headline, other.headline),
            power=order.positions(self.power, other.power),
            voltage=order.positions(self.voltage, other.voltage),
            current=order.positions(self.current, other.current),
            counts=order.assets(self.counts, other.counts),
            names=order.asset_tuple(self.names, other.names),
            sign=order.assets(self.sign, other.sign),
            role=role,
            kind=order.assets(self.kind, other.kind),
            possible=np.stack([order.series(*rows) for rows in zip(self.possible, other.possible, strict=True)]),
            columns={name: order.column(column, other.columns[name]) for name, column in self.columns.items()},
            sites=sites,
            site=site,
            present=nodes_present(sites, self.planned, site, role),
            planned=self.planned,
            facts=self.facts,
        )

    def number(self, site: str) -> int:
        """The number of a site, NO where there is none of that name."""
        return self.sites.index(site) if site in self.sites else NO

    def zone(self, site: str) -> str:
        """The IANA zone of a site, UTC where the catalog says none."""
        known = self.facts.sites.get(site)
        return known.zone if known and known.zone else "UTC"


class _Order:
    """In which order the assets and the series of two indexes follow one another, without those of the first that are not kept."""

    def __init__(self, one: FleetIndex, other: FleetIndex, kept: npt.NDArray[np.bool_], at: I64) -> None:
        """`kept` bool [assets of one], `at` int64 [assets of other]: before which asset of the first each one comes."""
        place = np.append(np.cumsum(kept) - kept, np.count_nonzero(kept))[at]
        own = np.flatnonzero(kept)
        self._assets = np.insert(own, place, len(one) + np.arange(len(other)))
        begins = np.append(0, np.cumsum(one.size[own]))[place]
        theirs = len(one.infos) + np.arange(len(other.infos))
        self._series = np.insert(np.flatnonzero(kept[one.asset]), np.repeat(begins, other.size), theirs)
        self._offset = len(one.infos)
        self._moved = np.full(len(one.infos) + len(other.infos) + 1, NO)  # the last one is what -1 points to
        self._moved[self._series] = np.arange(len(self._series))

    def assets(self, one: npt.NDArray[Scalar], other: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """Of two arrays [assets] one."""
        return np.concatenate((one, other))[self._assets]

    def series(self, one: npt.NDArray[Scalar], other: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """Of two arrays [series] one."""
        return np.concatenate((one, other))[self._series]

    def asset_tuple(self, one: Sequence[T], other: Sequence[T]) -> tuple[T, ...]:
        """Of two sequences [assets] one."""
        return _picked((*one, *other), self._assets)

    def series_tuple(self, one: Sequence[T], other: Sequence[T]) -> tuple[T, ...]:
        """Of two sequences [series] one."""
        return _picked((*one, *other), self._series)

    def column(self, one: pa.Array, other: pa.Array) -> pa.Array:
        """Of two columns [assets] one."""
        return pa.concat_arrays([one, other]).take(pa.array(self._assets))

    def positions(self, one: I64, other: I64) -> I64:
        """Of two arrays [assets] of positions one, with the new positions."""
        return self._moved[self.assets(one, np.where(other == NO, NO, other + self._offset))]

    def rising(self, one: I64, other: I64) -> I64:
        """The new positions of two sets of series, sorted."""
        found = np.sort(self._moved[np.concatenate((one, other + self._offset))])
        return found[found != NO]


def _picked(values: tuple[T, ...], order: npt.NDArray[np.integer[Any]]) -> tuple[T, ...]:
    """`values` in that order, copied run by run: mostly they follow one another as before."""
    breaks = np.flatnonzero(np.diff(order) != 1)
    firsts, lasts = order[np.append(0, breaks + 1)[: len(order)]], order[np.append(breaks, -1)[: len(order)]]
    picked: list[T] = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        picked += values[first : last + 1]
    return tuple(picked)


def nodes_present(sites: Sequence[str], planned: Planned, site: I64, role: I64) -> npt.NDArray[np.bool_]:
    """Which nodes the sites have, bool [sites, roles], see `FleetIndex.present`; `site` and `role` int64 [assets] as there."""
    there = np.zeros((len(sites), len(ROLES)), np.bool_)
    there[:, [ROLES.index("grid"), ROLES.index("load")]] = True
    number = {name: i for i, name in enumerate(sites)}
    for name, part in planned:
        if name in number:
            there[number[name], part] = True
    played = role != NO
    there[site[played], role[played]] = True
    return there
