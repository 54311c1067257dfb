"""Readings themselves: the lines of `raw`, and what needs every reading of a window at once. Bounded."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY
from penstock.query.ast import Fetch
from penstock.query.chosen import Chosen
from penstock.query.layout import Layout
from penstock.query.lines import Rows
from penstock.query.reading import Reading
from penstock.query.select import ids_of, positions

__all__ = ["MAX_READINGS", "raw_rows", "read_spread"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

MAX_READINGS: Final = 5_000_000
"""Readings that one fetch may read singly: some 200 MB with what is computed from them."""
_BLOCK: Final = 1_000_000
"""Readings that are worked on at once, as long as no single window has more."""


async def raw_rows(reading: Reading, chosen: Chosen) -> Rows:
    """The readings of every series, a line each. Raises InvalidInput (`too_many_readings`)."""
    await count_readings(reading, chosen)
    ids = ids_of(chosen.groups.series)
    start, end = chosen.span
    found = await reading.view.scan(reading.tenant, np.sort(ids), start, end)
    reading.note(chosen.groups.series, len(found.ts))
    at = positions(ids, found.series) if len(ids) else np.empty(0, np.int64)
    line = chosen.groups.group[at]
    order = np.argsort(line, kind="stable")
    value = chosen.units.out(found.value, at)[order]
    line, ts = line[order], found.ts[order]
    unknown = np.full(len(ts), np.nan)
    return Rows(line, np.full(len(ts), -1), ts, value, np.ones(len(ts), np.int64), unknown)


async def count_readings(reading: Reading, chosen: Chosen) -> tuple[I64, I64]:
    """Days (epoch ms, int64 [n], rising) and how many readings each holds, int64 [n].

    Raises InvalidInput (`too_many_readings`) when they are more than MAX_READINGS.
    """
    ids = np.sort(ids_of(chosen.groups.series))
    start, end = chosen.span
    if not len(ids):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    daily = (await reading.view.aggregate(reading.tenant, ids, start, end, DAY)).partials
    days, index = np.unique(daily.bucket, return_inverse=True)
    counts = np.bincount(index, daily.count, minlength=len(days)).astype(np.int64)
    if (held := int(counts.sum())) > MAX_READINGS:
        raise InvalidInput(
            f"the selected series have {held} readings in this range, a fetch may read {MAX_READINGS} singly",
            code="too_many_readings",
            hint="select fewer series or a shorter range, or use a function that rollups serve, such as mean",
        )
    return days, counts


async def read_spread(reading: Reading, fetch: Fetch, chosen: Chosen, layout: Layout) -> F64:
    """Percentile or standard deviation of all readings of each (group, window), float64 [groups, windows], NaN for none.

    Raises InvalidInput (`too_many_readings`).
    """
    days, counts = await count_readings(reading, chosen)
    ids = ids_of(chosen.groups.series)
    order, windows = np.sort(ids), len(layout)
    edges = np.clip(layout.edges, *chosen.span)
    values = np.full((chosen.groups.total, windows), np.nan)
    read = 0
    for a, b in pairwise(_cuts(days, counts, edges)):
        found = await reading.view.scan(reading.tenant, order, int(edges[a]), int(edges[b]))
        read += len(found.ts)
        at = positions(ids, found.series)
        # In the order of names and time, so that equal data gives equal bits.
        rows = np.argsort(at, kind="stable")
        window = np.searchsorted(edges, found.ts[rows], side="right") - 1
        slot = chosen.groups.group[at[rows]] * windows + window
        which, made = _spread(slot, found.value[rows], fetch)
        np.put(values, which, made)
    reading.note(chosen.groups.series, read)
    weight = 0.0 if fetch.fn == "stddev" else 1.0
    repeated = np.repeat(chosen.member, windows)
    return chosen.units.out(values.ravel(), repeated, weight=weight).reshape(values.shape)


def _cuts(days: I64, counts: I64, edges: I64) -> list[int]:
    """Indexes of edges between which about _BLOCK readings lie, or one window."""
    ends = np.append(days, days[-1:] + DAY)
    before = np.interp(edges, ends, np.append(0, np.cumsum(counts))) if len(days) else np.zeros(len(edges))
    block = (before[:-1] // _BLOCK).astype(np.int64)
    return [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(edges) - 1]


def _spread(slot: I64, value: F64, fetch: Fetch) -> tuple[I64, F64]:
    """The slots that occur, rising, int64 [m], and what `fetch.fn` makes of the values of each, float64 [m]."""
    order = np.lexsort((value, slot)) if fetch.fn == "percentile" else np.argsort(slot, kind="stable")
    slot, value = slot[order], value[order]
    starts = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))[: len(slot)]
    sizes = np.diff(np.append(starts, len(slot)))
    with np.errstate(over="ignore", invalid="ignore"):
        if fetch.fn == "percentile":
            place = (fetch.q or 0.0) / 100.0 * (sizes - 1)
            low = np.floor(place).astype(np.int64)
            left, right = value[starts + low], value[starts + np.minimum(low + 1, sizes - 1)]
            return slot[starts], left + (right - left) * (place - low)
        if not len(starts):
            return slot, value
        mean = np.add.reduceat(value, starts) / sizes
        apart = value - np.repeat(mean, sizes)
        return slot[starts], np.sqrt(np.add.reduceat(apart * apart, starts) / sizes)
