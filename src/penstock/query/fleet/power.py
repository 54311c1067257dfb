"""What the nodes of sites measure now: power of each asset, and of each (site, role). Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.pace import NEVER
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.states import is_recent
from penstock.query.overview import ROLES
from penstock.store.series import Newest

__all__ = ["AssetPower", "Nodes", "asset_power", "nodes"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_GRID: Final = ROLES.index("grid")


class AssetPower(NamedTuple):
    """Of every asset; every array is [assets].

    watts     float64: positive feeds the site; NaN where it is not measured, or its reading too old to say how things are
    taken     float64: positive is taken from the site, as its sender means it unless it says otherwise; NaN as above
    ts        int64: the reading's instant, the older one of voltage and current; NEVER for none
    measured  bool: it has power, or voltage and current
    """

    watts: F64
    taken: F64
    ts: I64
    measured: Bools


class Nodes(NamedTuple):
    """Per site and role, [sites, roles]: power float64, NaN where none of its assets is known · assets, known int64 · ts int64, NEVER
    for none.
    """

    power: F64
    assets: I64
    known: I64
    ts: I64


def asset_power(index: FleetIndex, newest: Newest, at: int) -> AssetPower:
    """Power of each asset at `at`: its power where it has one, else voltage times current of their newest readings."""
    direct, product = index.power >= 0, (index.power < 0) & (index.voltage >= 0)
    power, voltage, current = index.power[direct], index.voltage[product], index.current[product]
    taken, ts = np.full(len(index), np.nan), np.full(len(index), NEVER)
    interval = np.zeros(len(index), np.int64)
    taken[direct], ts[direct], interval[direct] = newest.value[power], newest.ts[power], newest.interval[power]
    taken[product] = newest.value[voltage] * newest.value[current]
    ts[product] = np.minimum(newest.ts[voltage], newest.ts[current])
    interval[product] = newest.interval[current]
    age = np.where(ts == NEVER, 0, at - np.where(ts == NEVER, at, ts))
    recent = (ts != NEVER) & is_recent(np.maximum(age, 0), interval)
    taken = np.where(recent, taken * index.sign, np.nan)
    watts = np.where(index.role == _GRID, taken, -taken)
    return AssetPower(watts, taken, ts, direct | product)


def nodes(index: FleetIndex, power: AssetPower) -> Nodes:
    """The sums per site and role, sites as in `index.sites`."""
    site = index.site
    shape = len(index.sites), len(ROLES)
    mine = np.flatnonzero((index.role >= 0) & power.measured)
    known = mine[~np.isnan(power.watts[mine])]
    cell, seen = site[mine] * shape[1] + index.role[mine], site[known] * shape[1] + index.role[known]
    size = shape[0] * shape[1]
    counts = np.bincount(seen, minlength=size)
    sums = np.where(counts > 0, np.bincount(seen, power.watts[known], minlength=size), np.nan)
    ts = np.full(size, NEVER)
    np.maximum.at(ts, seen, power.ts[known])
    return Nodes(
        sums.reshape(shape), np.bincount(cell, minlength=size).reshape(shape), counts.reshape(shape), ts.reshape(shape)
    )
