"""The assets of a tenant as arrays, so that a question costs arithmetic only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.series import SeriesInfo
from penstock.query.fleet.rules import Said
from penstock.query.overview import Kind, Role
from penstock.query.standing import Facts

__all__ = ["NO", "Asset", "FleetIndex"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

NO: Final = -1
"""A position that is none."""
_NONE: Final = np.empty(0, np.int64)


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
    names     (site, id, belongs to equipment) of each asset: what they are sorted by
    sign      float64 [assets] 1 where a positive power is taken from the site, -1 where it is given to it
    role      int64 [assets] number in ROLES
    kind      object [assets] the kind as text
    possible  float64 [2, series] the least and greatest value that each can have
    columns   site_id, id, name, building, room, kind, role: string arrays [assets]
    sites     every site of the catalog or of an asset, sorted
    site      int64 [assets] number of its site
    present   bool [sites, roles]: the site has that node of the flow. Grid and load are everywhere; others where an asset plays that
              part, or a piece of equipment of the catalog that nobody measures would
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
    names: tuple[tuple[str, str, bool], ...]
    sign: F64
    role: I64
    kind: npt.NDArray[np.object_]
    possible: F64
    columns: Mapping[str, pa.Array]
    sites: tuple[str, ...]
    site: I64
    present: npt.NDArray[np.bool_]
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
            facts=self.facts,
        )

    def number(self, site: str) -> int:
        """The number of a site, NO where there is none of that name."""
        return self.sites.index(site) if site in self.sites else NO

    def zone(self, site: str) -> str:
        """The IANA zone of a site, UTC where the catalog says none."""
        known = self.facts.sites.get(site)
        return known.zone if known and known.zone else "UTC"
