"""Questions that screens open with: the whole fleet, its assets, one site's energy flow, batteries. Part of `query.port`.

An asset is a piece of equipment of the catalog, or a sensor that belongs to none: `query.fleet.rules` says what kind it is and what
part it plays in its site's energy.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from penstock.query.ast import Asked

__all__ = [
    "BATTERY_SORTS",
    "KINDS",
    "ROLES",
    "STATES",
    "Assets",
    "BatteryFleet",
    "BatteryHealth",
    "Fleet",
    "FlowSeries",
    "Kind",
    "Role",
    "SiteFlow",
    "State",
]

Kind = Literal["battery", "pv", "ev", "meter", "room", "equipment", "sensor"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Role = Literal["pv", "grid", "battery", "ev", "load"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""The nodes of a site's energy flow, in the order in which they feed it."""

State = Literal["ok", "late", "silent", "bad", "unknown"]
STATES: Final[tuple[State, ...]] = get_args(State)

BATTERY_SORTS: Final = (
    "id", "soc", "soh", "temperature", "cycles", "voltage_v", "current_a", "power_w", "c_rate", "capacity_ah", "age",
)  # fmt: skip
"""Columns that `BatteryFleet.sort` may name."""


class Fleet(Asked, frozen=True):
    """The state of everything. Columns, one row per site, by name: site_id, name, zone, assets, ok, late, silent, bad, unknown, ts (newest
    reading), grid_w, import_w, export_w, generation_w, energy_from, energy_today_wh, energy_yesterday_wh, exported_today_wh,
    exported_yesterday_wh (both days from midnight to the same quarter of an hour, by the clock of the site).

    `meta`: totals (sites, assets, online: the share of assets that are not silent or unknown, states), kinds (kind → state → count), power,
    energy, events (above `criticality_above` since midnight in `zone`), freshness (ages of assets' newest readings, ms), worst (at most
    ten assets, with the reason in words).
    """

    criticality_above: int = 7
    zone: str = "UTC"


class Assets(Asked, frozen=True):
    """Assets by site and id, a page at a time. `text` is looked for in their names, whatever the case.

    Columns: id, site_id, name, building, room, kind, role, state, reason, metric, value, unit (the headline value, canonical), ts (newest
    reading of the asset), interval_ms (its usual interval, null where it is not known yet). `meta`: total, states (state → count) of
    all pages.
    """

    site: str | None = None
    kind: Kind | None = None
    state: State | None = None
    text: str | None = None
    limit: int = 10_000
    cursor: str | None = None


class SiteFlow(Asked, frozen=True):
    """What flows in a site at the instant `at` (epoch ms; None for now).

    Columns, one row per node: node, present, measured, derived, power_w (positive feeds the site, negative takes from it), assets,
    known (assets with a reading that is recent enough), ts (the newest of these). `meta`: at, balanced, flows (from, to, power_w), meters
    (who measures: node, id, power_w, ts, by), unassigned (meters that play no part, because nothing says which).
    Raises NotFound for a site that neither the catalog nor a series knows.
    """

    site: str
    at: int | None = None


class FlowSeries(Asked, frozen=True):
    """The flow of a site per window over [start, end) (epoch ms). `window` and `zone` as in `Aggregate`.

    Columns: ts, label (with a text window), pv_w, grid_w, battery_w, ev_w, load_w, unmetered_w (mean power; positive feeds the site; with
    all known they add up to 0), derived (the node that was computed from the others), known (share of the assets with a value).
    """

    site: str
    start: int
    end: int
    window: int | str = 900_000
    zone: str = "UTC"


class BatteryFleet(Asked, frozen=True):
    """Batteries with what they said last. `sort` is one of BATTERY_SORTS, with - in front for the greatest first; unknown comes last.

    Columns: id, site_id, name, building, room, state, soc, soh, cycles, cycles_from (reported, or null), temperature (K), voltage_v,
    current_a (positive charges), power_w, c_rate (1/h), capacity_ah, age_ms, ts. `meta`: total.
    """

    site: str | None = None
    sort: str = "id"
    limit: int = 100
    cursor: str | None = None


class BatteryHealth(Asked, frozen=True):
    """One battery; where several sites have one of that id, `site` is needed.

    Columns, one row per series: sensor_id, metric, value, unit, ts, interval_ms. `meta`: battery (as a row of `BatteryFleet`), cycles (value,
    from: reported or estimated, since), histograms (temperature, c_rate over [start, end), epoch ms: edges, hours per bin), similar (count,
    by, percentile per metric). Raises NotFound.
    """

    battery: str
    start: int
    end: int
    site: str | None = None
