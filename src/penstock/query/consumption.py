"""Consumption per window and group: chooses the meters, reads what their rule needs, and turns it into a table.

What is read (`meters.py` says how): power by its partials wherever these are exact, raw readings otherwise; always in
blocks of bounded size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY, SECOND
from penstock.query.counters import CounterRule
from penstock.query.flow import Flow
from penstock.query.groups import GROUPS, check_groups, number_groups
from penstock.query.meters import CounterReader, PowerReader
from penstock.query.port import MAX_POINTS, Consumption
from penstock.query.select import by_name, check_range, find, floats, overlaps, texts
from penstock.query.windows import Windows, find_zone, parse_window, tile
from penstock.store.series import Readable

__all__ = ["ENERGY", "consumption", "meters_of"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ENERGY: Final = "Wh"
"""The unit of energy, and of what is a counter without being called one."""
_POWER: Final = "W"
_METERS: Final = {
    "auto": "power in W or an energy counter in Wh",
    "power": "power in W",
    "counter": "counter",
}
_LONGEST_HOLD: Final = 7 * DAY


class _Meter(NamedTuple):
    """A series that is measured, and whether it counts (or is power)."""

    info: SeriesInfo
    counts: bool

    @property
    def unit(self) -> str:
        """What its flow is in."""
        return self.info.key.unit if self.counts else ENERGY


async def consumption(store: Readable, question: Consumption, now: int) -> tuple[pa.Table, dict[str, Any]]:
    """The table of `Consumption`, by group then window, and by what rule it was made.

    Raises InvalidInput (window, zone, range, group_by, rule, too many points or readings) and NotFound.
    """
    rule = _check(question)
    window, zone = parse_window(question.window), find_zone(question.zone)
    found = await find(store, question.tenant, question.where)
    named = question.where.metric is not None
    meters = [_Meter(*meter) for meter in meters_of(found, question.kind, named=named)]
    meta: dict[str, Any] = {
        "window": window.text,
        "zone": zone.key,
        "start": question.start,
        "end": question.end,
        "metrics": sorted({meter.info.key.metric for meter in meters}),
        "method": question.method,
        "max_hold": question.max_hold,
        "tier": 0,
    }
    reach = 0 if question.method == "trapezoid" else question.max_hold
    meters = [meter for meter in meters if overlaps(meter.info, question.start - reach, question.end)]
    if not meters:
        nowhere = Windows(np.zeros(1, np.int64), zone)
        return _table(Flow.nothing(0, 0), nowhere, [], np.zeros(0, np.int64), question, now), meta
    by = [GROUPS[name][1] for name in question.group_by]
    group, member = number_groups([(meter.unit, *(of(meter.info) for of in by)) for meter in meters])
    windows = tile(window, zone, *_span(meters, question, now), MAX_POINTS, len(member))
    edges = np.clip(windows.edges, question.start, question.end)
    totals = Flow.nothing(len(member), len(windows))
    for reader in (
        PowerReader(store, question.tenant, edges, question.method, question.max_hold, now),
        CounterReader(store, question.tenant, edges, question.max_hold, rule),
    ):
        index = np.array([i for i, meter in enumerate(meters) if meter.counts == reader.counts], np.int64)
        async for part, flow in reader.flows([meters[i].info for i in index.tolist()]):
            flow.note_series()
            totals.add(flow, group[index[part]], np.arange(len(windows)))
        meta["tier"] = max(meta["tier"], reader.tier)
    return _table(totals, windows, [meters[i] for i in member.tolist()], np.bincount(group), question, now), meta


def _check(question: Consumption) -> CounterRule:
    check_range(question.start, question.end)
    check_groups(question.group_by)
    if not SECOND <= question.max_hold <= _LONGEST_HOLD:
        raise InvalidInput(
            f"max_hold {question.max_hold} ms is not between one second and seven days",
            code="invalid_max_hold",
            hint="an hour is usual; a device that reports once a day needs 25h",
        )
    return CounterRule(question.counter_max, question.tolerance, question.max_rate)


def meters_of(
    found: Sequence[SeriesInfo], kind: Literal["auto", "counter", "power"], *, named: bool
) -> list[tuple[SeriesInfo, bool]]:
    """The series that `kind` means, by name, and whether each is a counter; `named`: the metric was asked for by name.

    Raises NotFound when something was found, but nothing that can be summed up.
    """
    counters = [i for i in found if i.key.unit == ENERGY or (named and i.key.unit != _POWER)]
    power = [i for i in found if i.key.unit == _POWER]
    if kind == "auto":
        # A sensor's power is what its counter counts: both together would be twice the energy.
        counters = [i for i in counters if i.key.unit == ENERGY]
        counting = {(i.key.site, i.key.sensor) for i in counters}
        power = [i for i in power if (i.key.site, i.key.sensor) not in counting]
    meters = [(i, False) for i in power if kind != "counter"]
    meters += [(i, True) for i in counters if kind != "power"]
    if found and not meters:
        units = sorted({info.key.unit or "no unit" for info in found})
        raise NotFound(
            f"nothing among the selected series ({', '.join(units)}) is a {_METERS[kind]}",
            hint="for a counter of something else name its metric and kind=counter",
        )
    return sorted(meters, key=lambda meter: by_name(meter[0]))


def _span(meters: Sequence[_Meter], question: Consumption, now: int) -> tuple[int, int]:
    """The part of the range that can hold data: from the first reading to the last one, or the end of its hold."""
    first = min(meter.info.first_ts or 0 for meter in meters)
    counted = [meter.info.last_ts or 0 for meter in meters]
    held = [meter.info.last_ts or 0 for meter in meters if not meter.counts and question.method == "hold"]
    last = max(max(counted) + 1, min(max(held) + question.max_hold, now) if held else 0)
    low, high = max(question.start, first), min(question.end, last)
    return low, max(high, low + 1)


def _table(
    flow: Flow,
    windows: Windows,
    groups: Sequence[_Meter],
    members: npt.NDArray[np.intp],
    question: Consumption,
    now: int,
) -> pa.Table:
    """One row per group and window; `groups` holds one member of each, `members` int64 [groups] how many there are."""
    shape = flow.known.shape
    known = flow.known > 0.0
    energy = np.repeat(np.array([meter.unit == ENERGY for meter in groups], np.bool_), shape[1])
    amounts = {
        "import_wh": (flow.forward, energy),
        "export_wh": (flow.backward, energy),
        "increase": (flow.forward, ~energy),
    }
    edges = np.clip(windows.edges, question.start, min(question.end, now + 1))
    possible = members[:, None] * np.diff(edges).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = np.minimum(flow.covered / possible, 1.0)
        good = 100.0 * (flow.readings - flow.glitches) / flow.readings
    columns: dict[str, Any] = {
        "ts": np.tile(windows.edges[:-1], shape[0]),
        "label": pa.array(windows.labels() * shape[0], pa.string()),
        "unit": pa.array([meter.unit for meter in groups for _ in range(shape[1])], pa.string()),
    }
    index = np.repeat(np.arange(shape[0]), shape[1])
    infos = [meter.info for meter in groups]
    columns |= {GROUPS[name][0]: texts(infos, index, GROUPS[name][1]) for name in question.group_by}
    for name, (amount, mine) in amounts.items():
        columns[name] = floats(np.where(mine & known.ravel(), amount.ravel(), np.nan))
    if question.cumulative:
        begun = np.logical_or.accumulate(known, axis=1).ravel()
        for name, (amount, mine) in amounts.items():
            with np.errstate(over="ignore"):
                running = np.cumsum(amount, axis=1).ravel()
            columns[f"cumulative_{name}"] = floats(np.where(mine & begun, running, np.nan))
    columns |= {
        "coverage": floats(coverage.ravel()),
        "series": flow.series.ravel(),
        "readings": flow.readings.ravel(),
        "resets": flow.resets.ravel(),
        "glitches": flow.glitches.ravel(),
        "percent_good": floats(good.ravel()),
    }
    return pa.table(columns)
