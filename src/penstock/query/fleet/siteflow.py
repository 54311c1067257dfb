"""The energy flow of one site: at an instant, and per window."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.batch import Readings
from penstock.model.errors import InvalidInput, NotFound
from penstock.model.pace import NEVER, PACE, usual_interval
from penstock.query.energy import MAX_HOLD
from penstock.query.fleet.balance import NODES, UNMETERED, Balanced, balance, edges
from penstock.query.fleet.index import NO, FleetIndex
from penstock.query.fleet.power import AssetPower, Nodes, asset_power, nodes
from penstock.query.layout import Groups, Layout, Room, Span, data_span, lay_out, nowhere
from penstock.query.overview import ROLES, FlowSeries, SiteFlow
from penstock.query.pieces import Pieces
from penstock.query.select import by_name, check_range, floats, overlaps, spread
from penstock.query.windows import parse_window
from penstock.store.series import Filter, Newest, SeriesView

__all__ = ["flow_series", "held_on", "site_flow"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_NAMED: Final = 20
"""Meters of a node that an answer names, those with most power first."""
_CELLS: Final = 2_000_000
"""(series, window) pairs of one answer, some 100 MB."""

Body = tuple[pa.Table, None, dict[str, Any]]


async def site_flow(view: SeriesView, whole: FleetIndex, question: SiteFlow, now: int) -> Body:
    """The answer of `SiteFlow`: one question to the view about all that the site measures; `whole` is the index of all sites."""
    site = _number(whole, question.site)
    index = whole.only(np.flatnonzero((whole.site == site) & ((whole.role >= 0) | (whole.kind == "meter"))))
    at = now if question.at is None else question.at
    if question.at is None:
        newest = await view.newest(question.tenant, index.ids)
    else:
        newest = _newest(index, await view.recent(question.tenant, np.sort(index.ids), PACE, at + 1))
    power = asset_power(index, newest, at)
    found = nodes(index, power)
    balanced = balance(found.power[site][:, None], index.present[site])
    return _node_table(index, found, balanced, site), None, _meta(index, power, balanced, at)


def _number(index: FleetIndex, site: str) -> int:
    number = index.number(site)
    if number == NO:
        raise NotFound(f"there is no site {site!r}", hint="GET /v1/fleet lists the sites that there are")
    return number


def _newest(index: FleetIndex, found: Readings) -> Newest:
    """What `SeriesStore.newest` would have said then, from the last readings of each series, by (series, ts)."""
    order = np.argsort(index.ids, kind="stable")
    row = order[np.searchsorted(index.ids[order], found.series)]
    starts = np.flatnonzero(np.diff(found.series, prepend=-1))
    column = np.arange(len(row)) - np.repeat(starts, np.diff(starts, append=len(row)))
    ts = np.full((len(index.ids), PACE), NEVER)
    ts[row, column] = found.ts
    value = np.full(len(index.ids), np.nan)
    value[row] = found.value  # in order of time, so the newest stays
    return Newest(ts.max(axis=1, initial=NEVER), value, usual_interval(ts))


def _node_table(index: FleetIndex, found: Nodes, whole: Balanced, site: int) -> pa.Table:
    watts = np.append(whole.power[:, 0], whole.unmetered[0])
    derived = int(whole.derived[0])
    measured = [bool(count) for count in found.known[site]]
    last = [None if ts == NEVER else ts for ts in found.ts[site].tolist()]
    return pa.table(
        {
            "node": pa.array(NODES, pa.string()),
            "present": [*index.present[site].tolist(), True],
            "measured": [*measured, False],
            "derived": [*(i == derived for i in range(len(ROLES))), derived < 0 and not np.isnan(watts[-1])],
            "power_w": floats(watts),
            "assets": pa.array([*found.assets[site].tolist(), 0], pa.int64()),
            "known": pa.array([*found.known[site].tolist(), 0], pa.int64()),
            "ts": pa.array([*last, None], pa.int64()),
        }
    )


def _meta(index: FleetIndex, power: AssetPower, whole: Balanced, at: int) -> dict[str, Any]:
    unmetered = float(whole.unmetered[0])
    meters: list[dict[str, Any]] = []
    for number, role in enumerate(ROLES):
        mine = np.flatnonzero((index.role == number) & ~np.isnan(power.watts))
        for i in mine[np.argsort(-np.abs(power.watts[mine]), kind="stable")][:_NAMED].tolist():
            by = "power" if index.power[i] >= 0 else "voltage × current"
            asset = index.assets[i]
            meters.append(
                {
                    "node": role,
                    "id": asset.id,
                    "name": asset.name,
                    "power_w": float(power.watts[i]),
                    "by": by,
                    "ts": int(power.ts[i]),
                }
            )
    unassigned = [a.id for a, role in zip(index.assets, index.role.tolist(), strict=True) if role < 0]
    return {
        "at": at,
        "balanced": not np.isnan(unmetered),
        "flows": [
            {"from": edge.source, "to": edge.target, "power_w": edge.power}
            for edge in edges(whole.power[:, 0].tolist(), unmetered)
        ],
        "meters": meters,
        "unassigned": unassigned[:_NAMED],
    }


async def flow_series(view: SeriesView, whole: FleetIndex, pieces: Pieces, question: FlowSeries, now: int) -> Body:
    """The answer of `FlowSeries`: time-weighted means of what each asset measures, added up and balanced in each window.

    `whole` is the index of all sites.
    """
    check_range(question.start, question.end)
    site = _number(whole, question.site)
    index = whole.only(np.flatnonzero((whole.site == site) & (whole.role >= 0)))
    asked = Span(question.start - _reach(question.window), question.end)
    needed = np.unique(np.concatenate((index.power, index.voltage, index.current)))
    # Since when and until when there are readings is known anew: the index only keeps names.
    fresh = {info.id: info for info in await view.find(question.tenant, Filter(site=question.site))}
    spans = [(i, fresh.get(int(index.ids[i]))) for i in needed[needed >= 0].tolist()]
    chosen = sorted(
        ((i, info) for i, info in spans if info is not None and overlaps(info, *asked)),
        key=lambda each: by_name(each[1]),
    )
    meta: dict[str, Any] = {
        "window": question.window,
        "start": question.start,
        "end": question.end,
        "series": len(chosen),
    }
    if not chosen:
        return (
            _windows_table(nowhere(isinstance(question.window, str)), np.zeros((len(ROLES), 0)), index, site, 0),
            None,
            meta,
        )
    infos = [info for _, info in chosen]
    layout = lay_out(question.window, question.zone, asked, data_span(infos, asked), Room(len(infos), _CELLS))
    groups = Groups(infos, np.arange(len(infos)), len(infos))
    combined, meta["tier"] = await layout.combined(view, pieces, question.tenant, groups, asked, now)
    mean, last = np.full((2, len(index.infos) + 1, len(layout)), np.nan)  # the last row is what -1 points to
    row, column = np.array([i for i, _ in chosen], np.int64)[combined.slot // len(layout)], combined.slot % len(layout)
    mean[row, column], last[row, column] = combined.time_weighted_mean, combined.last
    inside = np.flatnonzero(layout.edges[1:] > question.start)
    held = held_on(mean, last, layout.edges)[:, inside]
    return _flow_table(_cut(layout, inside), held, index, site), None, meta


def _reach(window: int | str) -> int:
    """How far before the range readings are looked for, ms: what reported less than an hour before a short window holds into it."""
    if window == 0:
        raise InvalidInput("a flow has windows: 0 is none", code="invalid_window", hint="write 15m, 1h, 1d, 1mo")
    width = parse_window(window) if isinstance(window, str) else None
    if width is not None and width.unit != "ms":
        return 0
    return MAX_HOLD if (width.count if width else int(window)) < MAX_HOLD else 0


def held_on(mean: F64, last: F64, edges: I64) -> F64:
    """`mean` with windows without a reading filled by the last reading before, as power is held: at most an hour.

    mean, last  float64 [series, windows], NaN where a window holds no reading
    edges       int64 [windows + 1], epoch ms
    """
    windows = np.arange(mean.shape[1])
    before = np.maximum.accumulate(np.where(np.isnan(last), -1, windows), axis=1)
    carried = np.take_along_axis(last, np.maximum(before, 0), axis=1)
    near = (before >= 0) & (edges[:-1] - edges[before + 1] < MAX_HOLD)
    return np.where(np.isnan(mean) & near, carried, mean)


def _cut(layout: Layout, windows: I64) -> Layout:
    """Some of its windows, one after the other."""
    if not len(windows):
        return nowhere(layout.labels is not None)
    labels = None if layout.labels is None else [layout.labels[i] for i in windows.tolist()]
    return Layout(layout.starts[windows], layout.edges[windows[0] : windows[-1] + 2], labels, layout.hold)


def _flow_table(layout: Layout, mean: F64, index: FleetIndex, site: int) -> pa.Table:
    product = mean[index.voltage] * mean[index.current]
    taken = np.where(index.power[:, None] >= 0, mean[index.power], product) * index.sign[:, None]
    measured = (index.power >= 0) | (index.voltage >= 0)
    power = np.full((len(ROLES), len(layout)), np.nan)
    known = np.zeros(len(layout))
    for number, role in enumerate(ROLES):
        mine = taken[(index.role == number) & measured]
        there = (~np.isnan(mine)).sum(axis=0)
        known += there
        power[number] = np.where(there > 0, np.nansum(mine, axis=0) * (1.0 if role == "grid" else -1.0), np.nan)
    assets = int(((index.role >= 0) & measured).sum())
    return _windows_table(layout, power, index, site, assets, known)


def _windows_table(
    layout: Layout, power: F64, index: FleetIndex, site: int, assets: int, known: F64 | None = None
) -> pa.Table:
    """One row per window in which anything is known; `power` float64 [roles, windows]."""
    known = np.zeros(len(layout)) if known is None else known
    some = np.flatnonzero(known > 0)
    whole = balance(power[:, some], index.present[site])
    names = np.array([*ROLES, None], np.object_)  # -1 is the last one
    columns: dict[str, Any] = {"ts": layout.starts[some]}
    if layout.labels is not None:
        columns["label"] = spread(layout.labels, some)
    columns |= {f"{role}_w": floats(whole.power[i]) for i, role in enumerate(ROLES)}
    columns |= {
        f"{UNMETERED}_w": floats(whole.unmetered),
        "derived": pa.array(names[whole.derived], pa.string()),
        "known": floats(known[some] / max(assets, 1)),
    }
    return pa.table(columns)
