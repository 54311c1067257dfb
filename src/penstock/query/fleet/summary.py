"""The state of everything on one page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.pace import NEVER
from penstock.model.time import SECOND
from penstock.query.fleet.balance import Balanced, balance
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.power import asset_power, nodes
from penstock.query.fleet.states import BAD, LATE, OK, SILENT, UNKNOWN, States, concerns, reason, states
from penstock.query.fleet.tiles import times
from penstock.query.fleet.today import SiteEnergy, energy_today
from penstock.query.overview import KINDS, ROLES, STATES, Fleet
from penstock.query.select import floats
from penstock.query.windows import find_zone, first_instant
from penstock.store.series import Newest, SeriesView

__all__ = ["fleet_summary"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_WORST: Final = 10
_EVENTS: Final = 1_000
"""Events that are counted; more are told as more."""
_GRID: Final = ROLES.index("grid")
_PV: Final = ROLES.index("pv")


async def fleet_summary(
    view: SeriesView, index: FleetIndex, question: Fleet, now: int
) -> tuple[pa.Table, None, dict[str, Any]]:
    """The answer of `Fleet`. Raises InvalidInput for a zone that is none."""
    zone = find_zone(question.zone)
    newest = await view.newest(question.tenant, index.ids)
    found = states(index, newest, now)
    energy = await energy_today(view, question.tenant, index, now)
    local = datetime.fromtimestamp(now // SECOND, UTC).astimezone(zone)
    midnight = first_instant(local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), zone)
    events = await view.events(
        question.tenant, criticality_above=question.criticality_above, start=midnight, limit=_EVENTS + 1
    )
    measured = nodes(index, asset_power(index, newest, now)).power
    flows = [balance(measured[site][:, None], index.present[site]) for site in range(len(index.sites))]
    table = _table(index, found, flows, energy)
    meta = {
        "totals": {
            "sites": len(index.sites),
            "assets": len(index),
            "online": _share(np.isin(found.state, (OK, LATE, BAD))),
            "states": _counts(found.state),
        },
        "kinds": {kind: _counts(found.state[index.kind == kind]) for kind in KINDS if (index.kind == kind).any()},
        "power": {name: _total(table, name) for name in ("import_w", "export_w", "generation_w")},
        "energy": {name: _total(table, name) for name in _ENERGY},
        "events": {
            "above": question.criticality_above,
            "since": midnight,
            "count": min(len(events), _EVENTS),
            "more": len(events) > _EVENTS,
        },
        "freshness": _freshness(found),
        "worst": _worst(index, newest, found),
    }
    return table, None, meta


_ENERGY: Final = ("energy_today_wh", "energy_yesterday_wh", "exported_today_wh", "exported_yesterday_wh")


def _table(index: FleetIndex, found: States, flows: list[Balanced], energy: SiteEnergy) -> pa.Table:
    """One row per site."""
    count = len(index.sites)
    by_state = np.bincount(index.site * len(STATES) + found.state, minlength=count * len(STATES))
    by_state = by_state.reshape(count, len(STATES))
    newest = np.full(count, NEVER)
    np.maximum.at(newest, index.site, found.ts)
    power = np.stack([each.power[:, 0] for each in flows], axis=1) if flows else np.empty((len(ROLES), 0))
    grid = power[_GRID]
    facts = [index.facts.sites.get(site) for site in index.sites]
    return pa.table(
        {
            "site_id": pa.array(index.sites, pa.string()),
            "name": pa.array(
                [f.name if f and f.name else site for f, site in zip(facts, index.sites, strict=True)], pa.string()
            ),
            "zone": pa.array([index.zone(site) for site in index.sites], pa.string()),
            "assets": by_state.sum(axis=1),
            **{state: by_state[:, number] for number, state in enumerate(STATES)},
            "ts": times(newest),
            "grid_w": floats(grid),
            "import_w": floats(np.maximum(grid, 0.0)),
            "export_w": floats(np.maximum(-grid, 0.0)),
            "generation_w": floats(power[_PV]),
            "energy_from": pa.array(energy.by, pa.string()),
            "energy_today_wh": floats(energy.taken[:, 1]),
            "energy_yesterday_wh": floats(energy.taken[:, 0]),
            "exported_today_wh": floats(energy.given[:, 1]),
            "exported_yesterday_wh": floats(energy.given[:, 0]),
        }
    )


def _share(which: npt.NDArray[np.bool_]) -> float | None:
    return float(which.mean()) if len(which) else None


def _counts(state: I64) -> dict[str, int]:
    return dict(zip(STATES, np.bincount(state, minlength=len(STATES)).tolist(), strict=True))


def _total(table: pa.Table, name: str) -> float | None:
    """The sum of what is known of a column; None where nothing is."""
    values = [value for value in table.column(name).to_pylist() if value is not None]
    return sum(values) if values else None


def _freshness(found: States) -> dict[str, int | None]:
    """Ages of the assets' newest readings, ms."""
    age = found.age[found.state != UNKNOWN]
    if not len(age):
        return {"p50_ms": None, "p95_ms": None, "oldest_ms": None}
    p50, p95 = np.percentile(age, (50, 95), method="lower").astype(np.int64).tolist()
    return {"p50_ms": p50, "p95_ms": p95, "oldest_ms": int(age.max())}


def _worst(index: FleetIndex, newest: Newest, found: States) -> list[dict[str, Any]]:
    """Silent assets, those with impossible values, then values of concern, then late ones; of each sort the furthest gone first."""
    told: list[tuple[int, str]] = []
    usual = np.maximum(found.interval, SECOND)
    for state in (SILENT, BAD):
        mine = np.flatnonzero(found.state == state)
        order = np.argsort(-(found.age[mine] / usual[mine]), kind="stable")[:_WORST]
        told += [(i, reason(index, newest, found, i)) for i in mine[order].tolist()]
    told += [(concern.asset, concern.reason) for concern in concerns(index, newest, found, _WORST)]
    seen = {asset for asset, _ in told}
    late = np.flatnonzero(found.state == LATE)
    order = np.argsort(-(found.age[late] / usual[late]), kind="stable")[:_WORST]
    told += [(i, reason(index, newest, found, i)) for i in late[order].tolist() if i not in seen]
    return [
        {
            "id": (asset := index.assets[i]).id,
            "site_id": asset.site,
            "name": asset.name,
            "kind": asset.kind,
            "state": found.name(i),
            "reason": why,
            "ts": int(found.ts[i]),
        }
        for i, why in told[:_WORST]
    ]
