"""Readings of series as columns, and windows over them: the ground that range functions stand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from penstock.api.prometheus.matrix import Bools, Floats, Ints, Labels, Matrix, execution

__all__ = ["MAX_PAIRS", "Expanded", "Samples", "Windows"]

MAX_PAIRS: Final = 50_000_000
"""Readings looked at by one range function, each once per window that holds it: as many as Prometheus allows by default."""

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Samples:
    """Readings of S series: those of series i lie at start[i] to start[i + 1] in `ts` and `value`, sorted by time.

    start int64 [S + 1] · ts int64 [n], epoch ms · value float64 [n]
    """

    labels: Sequence[Labels]
    start: Ints
    ts: Ints
    value: Floats

    @classmethod
    def of(cls, labels: Sequence[Labels], series: Ints, ts: Ints, value: Floats) -> Samples:
        """From columns in any order; `series` int64 [n] indexes `labels`."""
        order = np.lexsort((ts, series))
        counts = np.bincount(series, minlength=len(labels))
        start = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
        return cls(labels, start, ts[order], value[order])

    @classmethod
    def of_matrix(cls, matrix: Matrix, times: Ints) -> Samples:
        """The elements of a vector at `times` int64 [T], ascending: what a subquery ranges over."""
        series, step = np.nonzero(matrix.present)
        return cls.of(matrix.labels, series.astype(np.int64), times[step], matrix.value[series, step])

    def until(self, times: Ints) -> Ints:
        """int64 [S, T]: the index behind the last reading at or before each of `times` int64 [T], ascending or not."""
        index = np.empty((len(self.labels), len(times)), np.int64)
        for i, (a, b) in enumerate(zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True)):
            index[i] = np.searchsorted(self.ts[a:b], times, side="right") + a
        return index

    def at(self, times: Ints, lookback: int) -> tuple[Matrix, Ints]:
        """Each series' newest reading in (t - lookback, t], and int64 [S, T]: when that was."""
        last = self.until(times) - 1
        if not len(self.ts):
            return Matrix(self.labels, np.zeros(last.shape), np.zeros(last.shape, np.bool_)), np.zeros_like(last)
        index = np.maximum(last, 0)
        taken = self.ts[index]
        present = (last >= self.start[:-1, None]) & (taken > times - lookback)
        return Matrix(self.labels, self.value[index], present), taken


@dataclass(frozen=True, slots=True)
class Expanded:
    """The readings of some windows laid end to end: those of window i begin at `begin`[i]; all windows hold some.

    window  slice of the non-empty windows · index int64 [m] into the samples · begin, count int64 [k]
    """

    window: slice
    index: Ints
    begin: Ints
    count: Ints


class Windows:
    """For every series and step the readings in (begin, end]. S × T windows, flat in `lo`, `hi` and all results.

    begin, end  int64 [T], epoch ms
    full        bool [S·T]: which windows hold readings; `lo`, `hi` int64 [k] of these: readings lo ≤ i < hi
    """

    def __init__(self, samples: Samples, begin: Ints, end: Ints) -> None:
        """Raises InvalidInput when the windows hold more than MAX_PAIRS readings together."""
        self.samples = samples
        self.begin = begin
        self.end = end
        lo, hi = samples.until(begin).ravel(), samples.until(end).ravel()
        self.full: Bools = hi > lo
        self.lo, self.hi = lo[self.full], hi[self.full]
        self.count: Ints = self.hi - self.lo
        if (pairs := int(self.count.sum())) > MAX_PAIRS:
            raise execution(
                f"the query would look at {pairs} readings, more than {MAX_PAIRS}",
                "ask for a shorter range, larger steps or fewer series",
            )

    def reduce(self, ufunc: np.ufunc, values: Floats, *, skip: int = 0) -> Floats:
        """float64 [k]: `ufunc` over each window's `values` (float64 [n]) but its first `skip`; one must remain."""
        bounds = np.stack((self.lo + skip, self.hi), axis=-1).ravel()
        return ufunc.reduceat(np.append(values, 0.0), bounds)[::2]

    def step(self) -> Ints:
        """int64 [k]: the step of each non-empty window."""
        return np.flatnonzero(self.full) % max(1, len(self.end))

    def expanded(self) -> Iterator[Expanded]:
        """All non-empty windows' readings, some million at a time."""
        ends = np.cumsum(self.count)
        first = 0
        while first < len(self.count):
            done = int(ends[first - 1]) if first else 0
            stop = max(first + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
            count = self.count[first:stop]
            begin = np.cumsum(count) - count
            index = np.arange(int(count.sum())) + np.repeat(self.lo[first:stop] - begin, count)
            yield Expanded(slice(first, stop), index, begin, count)
            first = stop

    def matrix(self, values: Floats, kept: Bools | None = None) -> Matrix:
        """The vector of one value per non-empty window (float64 [k]); `kept` bool [k] leaves out others."""
        shape = (len(self.samples.labels), len(self.end))
        value, present = np.zeros(self.full.shape), self.full.copy()
        value[self.full] = values
        if kept is not None:
            present[self.full] = kept
        return Matrix(self.samples.labels, value.reshape(shape), present.reshape(shape))

    def ranges(self, part: Any) -> Floats:
        """float64 [k']: seconds that the windows `part` of the non-empty ones span."""
        step = self.step()[part]
        return (self.end - self.begin)[step] / 1e3
