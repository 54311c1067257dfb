"""Batteries with what they said last, in the order that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.model.pace import NEVER
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.states import States, states
from penstock.query.fleet.tiles import times
from penstock.query.overview import BATTERY_SORTS, STATES, BatteryFleet
from penstock.query.select import check_limit, decode_cursor, encode_cursor, floats, spread
from penstock.store.series import Newest, SeriesView

__all__ = ["NUMBERS", "battery_fleet", "battery_table", "capacities", "values_of"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "soc": ("soc",),
    "soh": ("soh",),
    "cycles": ("cycles",),
    "temperature": ("temperature",),
    "voltage_v": ("voltage_v", "voltage"),
    "current_a": ("current_a", "current"),
}
"""Column → the metrics that it is taken from, the first that a battery has."""
_CAPACITY: Final = "capacity_ah"


async def battery_fleet(
    view: SeriesView, index: FleetIndex, question: BatteryFleet, now: int
) -> tuple[pa.Table, str | None, dict[str, Any]]:
    """The answer of `BatteryFleet`; the cursor is the value and the name of the last one."""
    check_limit(question.limit)
    column = question.sort.removeprefix("-")
    if column not in BATTERY_SORTS:
        raise InvalidInput(
            f"batteries cannot be sorted by {column!r:.40}",
            code="unknown_sort",
            hint=f"one of {', '.join(BATTERY_SORTS)}, with - in front for the greatest first",
        )
    position = decode_cursor(question.cursor, tuple[float | None, str, str, bool])
    newest = await view.newest(question.tenant, index.ids)
    found = states(index, newest, now)
    values = values_of(index, newest, found)
    rank = _rank(values, column, len(index), descending=question.sort.startswith("-"))
    order = np.argsort(rank, kind="stable")  # equal ones by name, which is how the index is sorted
    if question.site is not None:
        order = order[index.site[order] == index.number(question.site)]
    total = len(order)
    if position is not None:
        order = order[_behind(index, rank[order], order, position) :]
    page = order[: question.limit]
    cursor = None
    if len(order) > len(page):
        last = int(page[-1])
        value = float(rank[last])
        cursor = encode_cursor((None if np.isinf(value) else value, *index.names[last]))
    return battery_table(index, found, values, page), cursor, {"total": total}


def values_of(index: FleetIndex, newest: Newest, found: States) -> dict[str, F64]:
    """What batteries say, and what follows from it: float64 [assets] by column, NaN where it is not known."""
    padded = np.append(newest.value, np.nan)  # the last one is what -1 points to
    values = {column: padded[index.of_metric(*metrics)] for column, metrics in NUMBERS.items()}
    capacity = capacities(index, padded)
    with np.errstate(divide="ignore", invalid="ignore"):
        product = padded[index.voltage] * padded[index.current]
        values["power_w"] = np.where(index.power >= 0, padded[index.power], product) * index.sign
        values["c_rate"] = np.where(capacity > 0, values["current_a"] / capacity, np.nan)
    values[_CAPACITY] = capacity
    values["age"] = np.where(found.ts == NEVER, np.nan, found.age.astype(np.float64))
    return values


def capacities(index: FleetIndex, padded: F64) -> F64:
    """Ah, float64 [assets]: as the battery reports it, else as catalog or tags say it; NaN where nothing does.

    `padded` holds the newest value of each series, and NaN behind them.
    """
    said = np.array([_number(asset.said.text(_CAPACITY)) for asset in index.assets], np.float64)
    reported = padded[index.of_metric(_CAPACITY)]
    return np.where(np.isnan(reported), said, reported)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _rank(values: Mapping[str, F64], column: str, count: int, *, descending: bool) -> F64:
    """float64 [assets] by which they are sorted, ascending; infinite for what is not known."""
    value = np.arange(count, dtype=np.float64) if column == "id" else values[column]
    return np.where(np.isnan(value), np.inf, -value if descending else value)


def _behind(index: FleetIndex, rank: F64, order: I64, position: tuple[float | None, str, str, bool]) -> int:
    """How many of `order` are not behind `position`; `rank` is sorted as they are."""
    value, *name = position
    value = np.inf if value is None else value
    low, high = np.searchsorted(rank, value, side="left"), np.searchsorted(rank, value, side="right")
    equal = [index.names[i] <= tuple(name) for i in order[low:high].tolist()]
    return int(low) + sum(equal)


def battery_table(index: FleetIndex, found: States, values: Mapping[str, F64], page: I64) -> pa.Table:
    """The columns of `BatteryFleet`, one row for each of `page`."""
    rows = pa.array(page)
    reported = ~np.isnan(values["cycles"][page])
    names = {name: index.columns[name].take(rows) for name in ("id", "site_id", "name", "building", "room")}
    shown = ("soc", "soh", "cycles", "temperature", "voltage_v", "current_a", "power_w", "c_rate", _CAPACITY)
    numbers = {column: floats(values[column][page]) for column in shown}
    columns: dict[str, Any] = {**names, "state": spread(STATES, found.state[page])}
    for column, array in numbers.items():
        columns[column] = array
        if column == "cycles":
            columns["cycles_from"] = pa.array(["reported" if each else None for each in reported.tolist()], pa.string())
    age = found.age[page]
    columns["age_ms"] = pa.array(age, pa.int64(), mask=found.ts[page] == NEVER)
    columns["ts"] = times(found.ts[page])
    return pa.table(columns)
