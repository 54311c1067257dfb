"""One battery: what it says, how much it was used, and how it stands among its like."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.batch import Readings
from penstock.model.errors import InvalidInput, NotFound
from penstock.model.time import HOUR
from penstock.query.energy import MAX_HOLD
from penstock.query.fleet.batteries import battery_table, values_of
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.states import states
from penstock.query.fleet.tiles import times
from penstock.query.meters import PowerReader
from penstock.query.overview import BatteryHealth
from penstock.query.select import check_range, floats
from penstock.store.series import Filter, Newest, SeriesView

__all__ = ["battery_health", "histogram", "percentile"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_ALIKE: Final = ("chemistry", "duty", "capacity_ah", "model")
"""Attributes or tags by which batteries are alike."""
_ENOUGH: Final = 10
"""Batteries to be compared with at least; else with all that the tenant has."""
_COMPARED: Final = ("soc", "soh", "cycles", "temperature")
_BINS: Final = {"temperature": 2.5, "c_rate": 0.05}
"""Width of a bin in K and 1/h; edges are whole multiples of it (of °C for temperature)."""
_MOST_BINS: Final = 60
_MOST_READINGS: Final = 5_000_000
_FREEZING: Final = 273.15


async def battery_health(
    view: SeriesView, index: FleetIndex, question: BatteryHealth, now: int
) -> tuple[pa.Table, None, dict[str, Any]]:
    """The answer of `BatteryHealth`: six questions to the view at most, however many batteries there are."""
    check_range(question.start, question.end)
    own = _find(index, question)
    newest = await view.newest(question.tenant, index.ids)
    found = states(index, newest, now)
    values = values_of(index, newest, found)
    table = battery_table(index, found, values, np.array([own]))
    [row] = table.to_pylist()
    capacity = float(values["capacity_ah"][own])
    meta = {
        "battery": row,
        "cycles": await _cycles(view, question, index, own, (float(values["cycles"][own]), capacity, now)),
        "histograms": await _histograms(view, question, index, own, (capacity, now)),
        "similar": _similar(index, values, own),
        "start": question.start,
        "end": question.end,
    }
    return _series(index, newest, own), None, meta


def _find(index: FleetIndex, question: BatteryHealth) -> int:
    mine = [
        i
        for i, asset in enumerate(index.assets)
        if asset.id == question.battery and question.site in {None, asset.site}
    ]
    if not mine:
        raise NotFound(f"there is no battery {question.battery!r}", hint="GET /v1/batteries lists those that there are")
    if len(mine) > 1:
        sites = ", ".join(sorted({index.assets[i].site for i in mine}))
        raise InvalidInput(
            f"there are {len(mine)} batteries {question.battery!r}", code="ambiguous", hint=f"name a site: {sites}"
        )
    return mine[0]


def _series(index: FleetIndex, newest: Newest, asset: int) -> pa.Table:
    own = np.array(index.series(asset), np.int64)
    keys = [index.infos[i].key for i in index.series(asset)]
    interval = newest.interval[own]
    return pa.table(
        {
            "sensor_id": pa.array([key.sensor for key in keys], pa.string()),
            "metric": pa.array([key.metric for key in keys], pa.string()),
            "value": floats(newest.value[own]),
            "unit": pa.array([key.unit for key in keys], pa.string()),
            "ts": times(newest.ts[own]),
            "interval_ms": pa.array(interval, pa.int64(), mask=interval == 0),
        }
    )


async def _cycles(
    view: SeriesView, question: BatteryHealth, index: FleetIndex, own: int, known: tuple[float, float, int]
) -> dict[str, Any]:
    """Equivalent full cycles: as the battery reports them, else the charge that its current moved, by twice its capacity.

    `known` is what it reports, its capacity (Ah), NaN for either, and now. A current is held until the next reading, at most an hour.
    """
    reported, capacity, now = known
    if not np.isnan(reported):
        return {"value": reported, "from": "reported", "since": None}
    position = int(index.of_metric("current_a", "current")[own])
    if position < 0 or not capacity > 0:
        return {"value": None, "from": None, "since": None}
    [info] = [i for i in await view.find(question.tenant, _named(index, position)) if i.id == index.ids[position]]
    if info.first_ts is None:
        return {"value": None, "from": None, "since": None}
    edges = np.array([info.first_ts, now + 1], np.int64)
    moved = 0.0
    async for _, flow in PowerReader(view, question.tenant, edges, "hold", MAX_HOLD, now).flows([info]):
        moved += float(flow.forward.sum() + flow.backward.sum())  # A held for hours: Ah
    return {"value": moved / (2.0 * capacity), "from": "estimated", "since": info.first_ts}


async def _histograms(
    view: SeriesView, question: BatteryHealth, index: FleetIndex, own: int, known: tuple[float, int]
) -> dict[str, Any]:
    """Hours that temperature and C-rate were held in each bin; `known` is the capacity (Ah) and now."""
    capacity, now = known
    end = min(question.end, now + 1)
    wanted = {"temperature": int(index.of_metric("temperature")[own])}
    if capacity > 0:
        wanted["c_rate"] = int(index.of_metric("current_a", "current")[own])
    positions = {name: position for name, position in wanted.items() if position >= 0}
    if not positions or question.start >= end:
        return {}
    ids = np.sort(index.ids[list(positions.values())])
    counted = (await view.aggregate(question.tenant, ids, question.start, end, 24 * HOUR)).partials.count.sum()
    if counted > _MOST_READINGS:
        raise InvalidInput(
            f"the battery has {counted} readings in this range, its histograms may read {_MOST_READINGS}",
            code="too_many_readings",
            hint="ask for a shorter range",
        )
    readings = await view.scan(question.tenant, ids, question.start, end)
    made: dict[str, Any] = {}
    for name, position in positions.items():
        mine = readings.series == index.ids[position]
        one = readings.take(mine)
        scale, offset = (capacity, 0.0) if name == "c_rate" else (1.0, _FREEZING)
        made[name] = histogram(one, end, _BINS[name], scale=scale, offset=offset)
    return made


def histogram(readings: Readings, end: int, width: float, *, scale: float, offset: float) -> dict[str, Any]:
    """How long the values of one series, by `scale`, lay in bins of `width` counted from `offset`: edges [n + 1] and hours [n].

    Each reading is held until the next one, at most an hour, and not beyond `end` (epoch ms). Bins are doubled until few enough.
    """
    if not len(readings.ts):
        return {"edges": [], "hours": []}
    value = readings.value / scale - offset
    held = np.minimum(np.append(readings.ts[1:], end) - readings.ts, MAX_HOLD) / HOUR
    while (np.floor(value.max() / width) - np.floor(value.min() / width)) >= _MOST_BINS:
        width *= 2.0
    number = np.floor(value / width).astype(np.int64)
    first = int(number.min())
    hours = np.bincount(number - first, held)
    edges = (first + np.arange(len(hours) + 1)) * width + offset
    return {"edges": np.round(edges, 6).tolist(), "hours": np.round(hours, 6).tolist()}


def _similar(index: FleetIndex, values: dict[str, F64], own: int) -> dict[str, Any]:
    """How the battery stands among those of the same kind: `percentile` says what share of them has a lower value (0 to 1)."""
    asset = index.assets[own]
    by = {name: text for name in _ALIKE if (text := asset.said.text(name))}
    alike = np.array([all(other.said.text(n) == text for n, text in by.items()) for other in index.assets], np.bool_)
    if int(alike.sum()) < _ENOUGH:
        by, alike = {}, np.ones(len(index), np.bool_)
    found = {name: percentile(values[name][alike], float(values[name][own])) for name in _COMPARED}
    return {"count": int(alike.sum()), "by": by, "percentile": found}


def percentile(values: F64, own: float) -> float | None:
    """The share of `values` (NaN left out) that lies below `own`, equal ones counted half; None where that is not known."""
    known = values[~np.isnan(values)]
    if np.isnan(own) or len(known) < 2:
        return None
    return float(((known < own).sum() + 0.5 * (known == own).sum()) / len(known))


def _named(index: FleetIndex, position: int) -> Filter:
    key = index.infos[position].key
    return Filter(sensor=key.sensor, metric=key.metric)
