"""Aggregates as an algebra: per (series, bucket) partials that fold into coarser ones, bit for bit the same.

A partial is computed from raw readings sorted by time, never incremented. Sums are defined hierarchically
(minute → 15 minutes → hour → day, each the in-order sum of the finer tier), so a rollup that was stored, one that was
recomputed, and one computed on the fly for a query have equal bits whatever order the readings arrived in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings, sort_order
from penstock.model.time import DAY, HOUR, MINUTE

__all__ = ["TIERS", "Partials", "fold", "from_readings", "partials_at", "tier_for"]

TIERS: Final = (MINUTE, 15 * MINUTE, HOUR, DAY)
"""Widths of the stored rollups, ms; each divides the next."""

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Partials:
    """Aggregates per (series, bucket), sorted by both; every array is [n].

    series int32 · bucket int64 (start, epoch ms) · count int64 · sum, min, max, first, last float64 ·
    first_ts, last_ts int64 (epoch ms of first and last reading) · area float64 (∫ of the step function that holds each
    value until the next reading, from first_ts to last_ts, in value·ms).
    """

    series: npt.NDArray[np.int32]
    bucket: I64
    count: I64
    sum: F64
    min: F64
    max: F64
    first: F64
    last: F64
    first_ts: I64
    last_ts: I64
    area: F64

    def __len__(self) -> int:
        return len(self.bucket)

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Partials:
        return Partials(*(getattr(self, name)[index] for name in self.__slots__))

    @classmethod
    def empty(cls) -> Partials:
        return from_readings(Readings.empty(), MINUTE)

    @classmethod
    def concat(cls, pieces: Sequence[Partials]) -> Partials:
        """All pieces, sorted again by (series, bucket). No (series, bucket) may be in two pieces."""
        if len(pieces) == 1:
            return pieces[0]
        joined = cls(*(np.concatenate([getattr(p, name) for p in pieces]) for name in cls.__slots__))
        return joined.take(sort_order(joined.series, joined.bucket))


def _starts(series: npt.NDArray[np.int32], bucket: I64) -> npt.NDArray[np.intp]:
    """Index of the first row of each run of equal (series, bucket)."""
    if len(series) == 0:
        return np.empty(0, np.intp)
    change = np.empty(len(series), np.bool_)
    change[0] = True
    np.not_equal(series[1:], series[:-1], out=change[1:])
    change[1:] |= bucket[1:] != bucket[:-1]
    return np.flatnonzero(change)


@np.errstate(over="ignore", invalid="ignore")
def from_readings(readings: Readings, width: int) -> Partials:
    """Partials of `width` ms straight from readings sorted by (series, ts), one per key.

    A sum or area that overflows float64 is infinite or NaN: it is no error here, and is answered as null.
    """
    series, ts, value = readings
    bucket = ts - ts % width
    starts = _starts(series, bucket)
    if len(starts) == 0:
        i, f = np.empty(0, np.int64), np.empty(0, np.float64)
        return Partials(np.empty(0, np.int32), i, i, f, f, f, f, f, i, i, f)
    ends = np.append(starts[1:], len(series)) - 1
    held = np.zeros(len(value))
    held[:-1] = value[:-1] * (ts[1:] - ts[:-1])
    held[ends] = 0.0
    return Partials(
        series=series[starts],
        bucket=bucket[starts],
        count=(ends - starts + 1).astype(np.int64),
        sum=np.add.reduceat(value, starts),
        min=np.minimum.reduceat(value, starts),
        max=np.maximum.reduceat(value, starts),
        first=value[starts],
        last=value[ends],
        first_ts=ts[starts],
        last_ts=ts[ends],
        area=np.add.reduceat(held, starts),
    )


@np.errstate(over="ignore", invalid="ignore")
def fold(fine: Partials, width: int, origin: int = 0) -> Partials:
    """Coarser partials: buckets of `width` ms are counted from `origin` (epoch ms), both multiples of the finer width."""
    bucket = fine.bucket - (fine.bucket - origin) % width
    starts = _starts(fine.series, bucket)
    if len(starts) == len(fine):
        return replace(fine, bucket=bucket)
    ends = np.append(starts[1:], len(fine)) - 1
    # Between two finer buckets the last value of the earlier one is held until the first reading of the later one.
    area = fine.area.copy()
    area[1:] += fine.last[:-1] * (fine.first_ts[1:] - fine.last_ts[:-1])
    area[starts] = fine.area[starts]
    return Partials(
        series=fine.series[starts],
        bucket=bucket[starts],
        count=np.add.reduceat(fine.count, starts),
        sum=np.add.reduceat(fine.sum, starts),
        min=np.minimum.reduceat(fine.min, starts),
        max=np.maximum.reduceat(fine.max, starts),
        first=fine.first[starts],
        last=fine.last[ends],
        first_ts=fine.first_ts[starts],
        last_ts=fine.last_ts[ends],
        area=np.add.reduceat(area, starts),
    )


def tier_for(width: int) -> int | None:
    """The stored tier that aggregates of `width` ms are folded from; None means straight from raw."""
    return max((tier for tier in TIERS if width % tier == 0), default=None)


def partials_at(readings: Readings, width: int) -> Partials:
    """Partials of any width by the definition that stored rollups follow: tier by tier, then to `width`."""
    top = tier_for(width)
    if top is None:
        return from_readings(readings, width)
    partials = from_readings(readings, TIERS[0])
    for tier in TIERS[1:]:
        if tier <= top:
            partials = fold(partials, tier)
    return partials if width == top else fold(partials, width)
