"""Columns of readings: the only currency in which data moves through Penstock.

`Draft` is what a decoder read from a client's bytes; `Batch` is what admission made of it: valid, in canonical units,
one tenant. Both hold one NumPy array per column and the distinct series once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.errors import RowError
from penstock.model.series import Attributes, SeriesKey

__all__ = ["SEQ_BASE", "Batch", "Draft", "DraftKey", "Readings", "SensorKey", "sort_order"]

SEQ_BASE: Final = 1 << 62
"""Versions from here up come from a sender's `seq`; below are admission stamps. A `seq` beats any stamp."""

SensorKey = tuple[str, str]
"""(site, sensor)."""


class DraftKey(NamedTuple):
    """A distinct series as a client named it; None where it said nothing."""

    site: str | None
    sensor: str
    metric: str
    unit: str | None = None
    tenant: str | None = None


@dataclass(slots=True)
class Draft:
    """Readings as sent, before admission. A wide row yields several readings that share its `row`.

    keys        distinct series as named by the client
    key         int32 [n], index into `keys`
    ts          int64 [n], epoch ms as sent (not yet range-checked)
    value       float64 [n], in the unit that was sent; NaN and infinities are refused at admission
    row         int32 [n], 0-based row of the request that a reading came from, non-decreasing
    seq         int64 [n] or None: the sender's version, 0 where a row has none
    rows        rows in the request, good and bad
    rejected    rows that did not decode
    attributes  (site or "", sensor) → what the rows said about that sensor
    """

    keys: Sequence[DraftKey]
    key: npt.NDArray[np.int32]
    ts: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    row: npt.NDArray[np.int32]
    rows: int
    seq: npt.NDArray[np.int64] | None = None
    rejected: list[RowError] = field(default_factory=list[RowError])
    attributes: Mapping[SensorKey, Attributes] = field(default_factory=dict[SensorKey, Attributes])


@dataclass(frozen=True, slots=True)
class Batch:
    """Admitted readings of one tenant.

    keys        distinct series
    series      int32 [n], index into `keys`
    ts          int64 [n], epoch ms
    value       float64 [n], canonical units, finite, never -0.0
    version     int64 [n], > 0; the reading with the greatest (version, value) of a (series, ts) wins
    attributes  (site, sensor) → what its sender said about that sensor
    """

    tenant: str
    keys: tuple[SeriesKey, ...]
    series: npt.NDArray[np.int32]
    ts: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    version: npt.NDArray[np.int64]
    attributes: Mapping[SensorKey, Attributes] = field(default_factory=dict[SensorKey, Attributes])

    def __len__(self) -> int:
        return len(self.ts)

    def slice(self, start: int, stop: int) -> Batch:
        """Readings [start, stop) as views; keys and attributes are shared, not trimmed."""
        part = np.s_[start:stop]
        return Batch(
            self.tenant,
            self.keys,
            self.series[part],
            self.ts[part],
            self.value[part],
            self.version[part],
            self.attributes,
        )

    def only(self, kept: npt.NDArray[np.bool_]) -> Batch:
        """The readings for which `kept` (bool [n]) is true, with the keys that they use and no attributes."""
        used, series = np.unique(self.series[kept], return_inverse=True)
        return Batch(
            self.tenant,
            tuple(self.keys[code] for code in used.tolist()),
            series.astype(np.int32),
            self.ts[kept],
            self.value[kept],
            self.version[kept],
        )

    @classmethod
    def empty(cls, tenant: str) -> Batch:
        i64 = np.empty(0, np.int64)
        return cls(tenant, (), np.empty(0, np.int32), i64, np.empty(0, np.float64), i64)

    @classmethod
    def concat(cls, batches: Sequence[Batch]) -> Batch:
        """One batch of all readings in order; equal keys are merged. All must be of one tenant."""
        if len(batches) == 1:
            return batches[0]
        tenant = batches[0].tenant
        index: dict[SeriesKey, int] = {}
        codes: list[npt.NDArray[np.int32]] = []
        attributes: dict[SensorKey, Attributes] = {}
        for batch in batches:
            if batch.tenant != tenant:
                raise ValueError(f"batches of {tenant} and {batch.tenant} must never be mixed")
            lut = np.fromiter((index.setdefault(k, len(index)) for k in batch.keys), np.int32, len(batch.keys))
            codes.append(lut[batch.series] if len(lut) else batch.series)
            attributes.update(batch.attributes)
        return cls(
            tenant,
            tuple(index),
            np.concatenate(codes),
            np.concatenate([b.ts for b in batches]),
            np.concatenate([b.value for b in batches]),
            np.concatenate([b.version for b in batches]),
            attributes,
        )


class Readings(NamedTuple):
    """Stored readings, sorted by (series, ts), one per key: series int32 [n] (store ids), ts int64 ms, value float64."""

    series: npt.NDArray[np.int32]
    ts: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]

    @classmethod
    def empty(cls) -> Readings:
        """No readings."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0))

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Readings:
        """Those rows, in that order."""
        return Readings(self.series[index], self.ts[index], self.value[index])

    def newest(self, limit: int) -> Readings:
        """The last `limit` readings of each series."""
        series = self.series
        if len(series) == 0:
            return self
        ends = np.append(np.flatnonzero(series[1:] != series[:-1]) + 1, len(series))
        starts = np.append(0, ends[:-1])
        if (ends - starts <= limit).all():
            return self
        return self.take(np.repeat(ends, ends - starts) - np.arange(len(series)) <= limit)


def sort_order(series: npt.NDArray[np.int32], ts: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Indices that sort by (series, ts); not stable. One integer sort when both fit 63 bits, which is the rule."""
    if len(ts) == 0:
        return np.empty(0, np.intp)
    low = int(ts.min())
    bits = (int(ts.max()) - low).bit_length()
    if bits + int(series.max()).bit_length() <= 63:
        return np.argsort((series.astype(np.int64) << bits) | (ts - low))
    return np.lexsort((ts, series))
