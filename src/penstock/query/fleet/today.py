"""Energy of sites today, against yesterday until the same time, by each site's own clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from penstock.model.time import MINUTE, SECOND
from penstock.query.consumption import meters_of
from penstock.query.counters import CounterRule
from penstock.query.energy import MAX_HOLD
from penstock.query.fleet.index import FleetIndex
from penstock.query.flow import Flow
from penstock.query.meters import CounterReader, PowerReader
from penstock.query.overview import ROLES
from penstock.query.windows import find_zone, first_instant
from penstock.store.series import SeriesView

__all__ = ["Days", "SiteEnergy", "days", "energy_today"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_QUARTER: Final = 15 * MINUTE
"""Both days end at a whole quarter of an hour, so that stored rollups serve them and a second question costs nothing new."""

_GRID: Final = ROLES.index("grid")
_TAKERS: Final = (ROLES.index("load"), ROLES.index("ev"))


class Days(NamedTuple):
    """Two stretches of time that compare, epoch ms: yesterday's from midnight, and today's until the same local time."""

    yesterday: tuple[int, int]
    today: tuple[int, int]


Measured = Literal["grid", "load"] | None
"""By what the energy of a site is measured."""


class SiteEnergy(NamedTuple):
    """Per site, float64 [sites, 2] (yesterday, today), Wh, NaN where nothing is known; and by what each site was measured."""

    taken: F64
    given: F64
    by: Sequence[Measured]


def days(zone: ZoneInfo, now: int) -> Days:
    """Today until the last whole quarter of an hour before `now` (epoch ms), and yesterday until the same time of its day."""
    local = datetime.fromtimestamp(now // SECOND, UTC).astimezone(zone).replace(tzinfo=None)
    local = local.replace(minute=local.minute - local.minute % 15, second=0, microsecond=0)
    midnight = local.replace(hour=0, minute=0)
    day = timedelta(days=1)
    until = now - now % _QUARTER  # and not the local time, which comes twice when clocks go back
    before = first_instant(midnight - day, zone), first_instant(local - day, zone)
    return Days(before, (first_instant(midnight, zone), until))


async def energy_today(view: SeriesView, tenant: str, index: FleetIndex, now: int) -> SiteEnergy:
    """What sites took from the grid and gave to it, by their grid meters; where there is none, what their loads and vehicles took.

    Counters go before power, as in `Consumption`. Two questions to the store for power and some for counters, however many sites.
    """
    by: list[Measured] = [_measured_by(index, site) for site in range(len(index.sites))]
    of_grid = np.array([each == "grid" for each in by], np.bool_)[index.site]
    mine = np.flatnonzero(np.where(of_grid, index.role == _GRID, np.isin(index.role, _TAKERS))).tolist()
    shape = len(index.sites), 2
    result = SiteEnergy(np.full(shape, np.nan), np.full(shape, np.nan), by)
    if not mine:
        return result
    of_site = {site: days(find_zone(index.zone(name)), now) for site, name in enumerate(index.sites)}
    edges = np.unique(np.array([edge for each in of_site.values() for stretch in each for edge in stretch], np.int64))
    if len(edges) < 2:
        return result
    inside = np.array(
        [[(edges[:-1] >= start) & (edges[1:] <= end) for start, end in each] for each in of_site.values()], np.bool_
    )
    owner = {index.infos[position].id: i for i in mine for position in index.series(i)}
    infos = [index.infos[position] for i in mine for position in index.series(i)]
    usable = [info for info in infos if info.key.unit in {"W", "Wh"}]
    meters = meters_of(usable, "auto", named=False)
    for reader in (
        PowerReader(view, tenant, edges, "hold", MAX_HOLD, now),
        CounterReader(view, tenant, edges, MAX_HOLD, CounterRule(None, 0.0, None)),
    ):
        series = [info for info, counts in meters if counts == reader.counts]
        async for part, flow in reader.flows(series):
            asset = np.array([owner[series[number].id] for number in part.tolist()], np.int64)
            flow.turn(index.sign[asset] < 0)
            _add(result, index.site[asset], inside, flow)
    return result


def _measured_by(index: FleetIndex, site: int) -> Measured:
    roles = set(index.role[(index.site == site) & ((index.power >= 0) | index.counts)].tolist())
    if _GRID in roles:
        return "grid"
    return "load" if roles & set(_TAKERS) else None


def _add(result: SiteEnergy, site: I64, inside: npt.NDArray[np.bool_], flow: Flow) -> None:
    """Add meters to the two days of their sites: `site` int64 [n], `flow` [n, windows], `inside` bool [sites, 2, windows]."""
    mine = inside[site]
    known = np.einsum("ncw,nw->nc", mine, flow.known > 0.0)
    for total, amount in ((result.taken, flow.forward), (result.given, flow.backward)):
        part = np.einsum("ncw,nw->nc", mine, amount)
        for column in (0, 1):
            rows = np.flatnonzero(known[:, column])
            here = site[rows]
            total[here, column] = np.nan_to_num(total[here, column])
            np.add.at(total[:, column], here, part[rows, column])
