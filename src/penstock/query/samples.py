"""Readings themselves: the lines of `raw`, and what needs every reading of a window at once. Bounded."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY
from penstock.query.fetch import Chosen
from penstock.query.lines import Rows
from penstock.query.reading import Reading
from penstock.query.select import ids_of, positions

__all__ = ["MAX_READINGS", "raw_rows"]

I64 = npt.NDArray[np.int64]

MAX_READINGS: Final = 5_000_000
"""Readings that one fetch may read singly: some 200 MB with what is computed from them."""


async def raw_rows(reading: Reading, chosen: Chosen) -> Rows:
    """The readings of every series, a line each. Raises InvalidInput (`too_many_readings`)."""
    await count_readings(reading, chosen)
    ids = ids_of(chosen.groups.series)
    start, end = chosen.span
    found = await reading.store.scan(reading.tenant, np.sort(ids), start, end)
    reading.note(chosen.groups.series, chosen.span, len(found.ts))
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
    daily = (await reading.store.aggregate(reading.tenant, ids, start, end, DAY)).partials
    days, index = np.unique(daily.bucket, return_inverse=True)
    counts = np.bincount(index, daily.count, minlength=len(days)).astype(np.int64)
    if (held := int(counts.sum())) > MAX_READINGS:
        raise InvalidInput(
            f"the selected series have {held} readings in this range, a fetch may read {MAX_READINGS} singly",
            code="too_many_readings",
            hint="select fewer series or a shorter range, or use a function that rollups serve, such as mean",
        )
    return days, counts
