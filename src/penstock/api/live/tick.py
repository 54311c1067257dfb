"""What came since it was last told, per series: the newest reading, how many there were, the least and the greatest.

A view that is told less often holds no more for it, so a slow client costs as much memory as its series, not its backlog.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Tick", "TickColumns"]

_ROOM: Final = 64
_NEVER: Final = np.iinfo(np.int64).min

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


class TickColumns(NamedTuple):
    """One row per series that had readings, [n] each, by series.

    series int64 · ts int64 epoch ms and value float64 of the newest reading (of equal ts the last that came) · readings
    int64: how many · low, high float64: the least and greatest value of them.
    """

    series: I64
    ts: I64
    value: F64
    readings: I64
    low: F64
    high: F64


class Tick:
    """Series are numbers from 0, given out by the caller."""

    def __init__(self) -> None:
        self._ts = np.full(_ROOM, _NEVER)
        self._value = np.zeros(_ROOM)
        self._count = np.zeros(_ROOM, np.int64)
        self._low = np.full(_ROOM, np.inf)
        self._high = np.full(_ROOM, -np.inf)
        self.rows = 0
        """Readings since the last `take`."""

    def add(self, series: I64, ts: I64, value: F64) -> None:
        """Readings in the order in which they came, [n] each."""
        if not len(series):
            return
        self._fit(int(series.max()) + 1)
        self.rows += len(series)
        self._count += np.bincount(series, minlength=len(self._count))
        np.minimum.at(self._low, series, value)
        np.maximum.at(self._high, series, value)
        order = np.lexsort((ts, series))  # stable: of equal instants the last that came stays last
        ends = np.ones(len(order), np.bool_)
        ends[:-1] = np.diff(series[order]) != 0
        last = order[ends]
        last = last[ts[last] >= self._ts[series[last]]]
        self._ts[series[last]] = ts[last]
        self._value[series[last]] = value[last]

    def take(self) -> TickColumns:
        """What came; afterwards nothing has."""
        series = np.flatnonzero(self._count)
        said = TickColumns(
            series, self._ts[series], self._value[series], self._count[series], self._low[series], self._high[series]
        )
        self._ts[series] = _NEVER
        self._count[series] = 0
        self._low[series], self._high[series] = np.inf, -np.inf
        self.rows = 0
        return said

    def _fit(self, series: int) -> None:
        more = max(series, 2 * len(self._ts)) - len(self._ts) if series > len(self._ts) else 0
        if more:
            self._ts = np.append(self._ts, np.full(more, _NEVER))
            self._value = np.append(self._value, np.zeros(more))
            self._count = np.append(self._count, np.zeros(more, np.int64))
            self._low = np.append(self._low, np.full(more, np.inf))
            self._high = np.append(self._high, np.full(more, -np.inf))
