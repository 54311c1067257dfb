"""Amounts that flow over time, shared out to windows: what counters and power have in common. Pure.

An amount is known per interval of time, not per instant. `pieces` cuts intervals at the windows' edges; a `Flow` adds
up what falls into each (series, window).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Flow", "Pieces", "pieces", "total", "window_of"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Flow:
    """What flowed in each (series, window); every array is [series, windows].

    forward    float64, ≥ 0: what a counter rose by, or what was imported
    backward   float64, ≥ 0: what was exported; 0 for counters
    known      float64, ms of the window for which the amount is known; 0 means that nothing is known
    covered    float64, ms of these in which readings followed one another without a gap
    series     int64: series of which anything is known
    readings   int64: readings in the window
    resets     int64: of these, how many began a new count
    glitches   int64: of these, how many were not counted
    """

    forward: F64
    backward: F64
    known: F64
    covered: F64
    series: I64
    readings: I64
    resets: I64
    glitches: I64

    @classmethod
    def nothing(cls, series: int, windows: int) -> Flow:
        """Zeros."""
        amounts, counts = np.zeros((4, series, windows)), np.zeros((4, series, windows), np.int64)
        forward, backward, known, covered = amounts
        contributed, readings, resets, glitches = counts
        return cls(forward, backward, known, covered, contributed, readings, resets, glitches)

    def add(self, other: Flow, series: I64, windows: I64) -> None:
        """Add in place each row and column of `other` to the row `series[row]` and column `windows[column]` of this.

        Several may go to one; they are added in their order.
        """
        for name in self.__slots__:
            np.add.at(getattr(self, name), (series[:, None], windows[None, :]), getattr(other, name))

    def rows(self, which: npt.NDArray[np.bool_]) -> Flow:
        """The flow of some of its series, bool [series]."""
        return Flow(*(getattr(self, name)[which] for name in self.__slots__))

    def turn(self, which: npt.NDArray[np.bool_]) -> None:
        """Swap the directions of some of its series, bool [series], in place."""
        self.forward[which], self.backward[which] = self.backward[which], self.forward[which]

    def note_series(self) -> None:
        """Count each series where something is known of it."""
        self.series[:] = self.known > 0.0


class Pieces(NamedTuple):
    """Intervals cut at edges, in the order of the intervals; what lies outside all windows is left out.

    of     int64 [m]: which interval a piece is of
    window int64 [m]
    start  int64 [m], epoch ms · end int64 [m], after start
    """

    of: I64
    window: I64
    start: I64
    end: I64


def window_of(ts: I64, edges: I64) -> I64:
    """The window of each instant, int64 [n]: -1 before the first, `windows` or more at or after the last edge."""
    return np.searchsorted(edges, ts, side="right").astype(np.int64) - 1


def pieces(start: I64, end: I64, edges: I64) -> Pieces:
    """Cut the intervals [start, end) (int64 [n], epoch ms) at `edges` (int64 [windows + 1], rising)."""
    start, end = np.clip(start, edges[0], edges[-1]), np.clip(end, edges[0], edges[-1])
    rows = np.flatnonzero(end > start)
    first, last = window_of(start[rows], edges), window_of(end[rows] - 1, edges)
    counts = last - first + 1
    of = np.repeat(rows, counts)
    window = np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(len(of))
    return Pieces(of, window, np.maximum(start[of], edges[window]), np.minimum(end[of], edges[window + 1]))


def total(series: I64, window: I64, amount: F64 | I64, shape: tuple[int, int]) -> F64:
    """float64 [series, windows]: the sum of `amount` [n] per (series, window), added in the order given."""
    sums = np.bincount(series * shape[1] + window, amount, minlength=shape[0] * shape[1])
    return sums.astype(np.float64, copy=False).reshape(shape)
