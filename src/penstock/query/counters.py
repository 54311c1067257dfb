"""How much a meter counter rose per window, from its raw readings: reset, rollover and glitch told apart. Pure.

A count only rises; what falls is explained, in this order:

1. *Senseless*: below 0 or above `LARGEST`. A glitch.
2. *Excursion*: the count leaves by half or by double and resumes where it was (between the old count and its double)
   within `SETTLE`, by one step either way: a meter that boots with 0, a corrupt frame. All readings of it are glitches.
3. *Rollover*: from the last hundredth of the range to its first. The range is `max_value`, or unsaid the next power of
   ten from `LEAST_RANGE` on. The rise runs on through zero.
4. *Reset*: the count falls by more than half, to below a hundredth of `max_value`, or stays more than a hundredth lower
   for over `LASTING` (a meter that was replaced by a used one; counted from the lowest reading since). A new segment
   begins. What was used between the last reading of the old and the first of the new segment is not known, so it is not
   counted. A rise faster than `max_rate` that lasts begins a segment in the same way, and is flagged as a glitch.
5. *Glitch*: any other fall. The reading is flagged and not counted, the old count stands until it is reached again, so
   a fall of 0.1 and the recovery from it add 0. A fall within `tolerance` is neither counted nor flagged.

Within a segment the rises between good readings add up to last − first exactly, because they are whole numbers of
1/SCALE: a rise across a window's edge is split there in proportion to time, the parts add up to the whole. A rise over
a gap is spread over the gap. Only the set of readings matters, not the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR
from penstock.query.flow import Flow, pieces, total, window_of

__all__ = ["LARGEST", "LASTING", "SCALE", "SETTLE", "CounterRule", "Counts", "Rises", "flow_of", "rises"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SCALE: Final = 1e6
"""Counts are reckoned in millionths of their unit (µWh), in float64: exact up to 9·10⁹ units in one answer."""
LARGEST: Final = 1e15
"""Beyond this (in the series' unit) a reading is no count."""
LEAST_RANGE: Final = 1e4
SETTLE: Final = HOUR
LASTING: Final = DAY
_PASSES: Final = 64
"""Replacements looked for one behind the other; a series with more falls than that is no counter, its falls are glitches."""


@dataclass(frozen=True, slots=True)
class CounterRule:
    """What is known about a meter, in the unit of its series; the defaults know nothing.

    max_value  where it rolls over to 0 (exclusive); None: found by itself at powers of ten
    tolerance  by how much a reading may fall behind without being a glitch
    max_rate   the fastest rise per hour that is possible; None: any

    Raises InvalidInput for what is not positive and finite.
    """

    max_value: float | None = None
    tolerance: float = 0.0
    max_rate: float | None = None

    def __post_init__(self) -> None:
        for name, value, least in (
            ("max_value", self.max_value, 1.0),
            ("tolerance", self.tolerance, 0.0),
            ("max_rate", self.max_rate, 1.0 / SCALE),
        ):
            if value is not None and not least <= value <= LARGEST:
                raise InvalidInput(
                    f"{name} {value} of a counter is not between {least:g} and {LARGEST:g}", code="invalid_counter_rule"
                )


class Counts(NamedTuple):
    """Counter readings sorted by (series, ts), one per key: series int64 [n], numbered from 0 · ts int64 [n] · value float64 [n]."""

    series: I64
    ts: I64
    value: F64


class Rises(NamedTuple):
    """What the readings say; the first four are [m], one per pair of good readings that follow one another.

    series int64 · start, end int64 (epoch ms of the two readings) · amount float64, whole and ≥ 0, in 1/SCALE ·
    reset, glitch bool [n]: of all readings, which began a segment behind another one, which were not counted
    """

    series: I64
    start: I64
    end: I64
    amount: F64
    reset: Mask
    glitch: Mask


def rises(counts: Counts, rule: CounterRule) -> Rises:
    """Explain every reading by the rule above."""
    glitch = ~((counts.value >= 0.0) & (counts.value <= LARGEST))
    kept = np.flatnonzero(~glitch)
    away = _excursions(_take(counts, kept), rule)
    glitch[kept[away]] = True
    kept = kept[~away]
    s = _Segments(_take(counts, kept), rule)
    s.find_replacements()
    high = s.highest()
    behind = s.value < high
    glitch[kept[behind & (high - s.value > s.tolerance)]] = True
    glitch[kept[s.leap & s.begins]] = True
    reset = np.zeros_like(glitch)
    reset[kept[s.begins & ~s.first & ~s.rolled]] = True
    # A reading within tolerance stands for the count that it is behind; a glitch stands for nothing.
    good = np.flatnonzero(~behind | (high - s.value <= s.tolerance))
    series, ts, begins = s.series[good], s.ts[good], s.begins[good]
    joined = ~begins[1:] | s.rolled[good][1:]
    joined &= series[1:] == series[:-1]
    amount = high[good][1:] - high[good][:-1] + np.where(s.rolled[good], s.range[good], 0.0)[1:]
    return Rises(series[1:][joined], ts[:-1][joined], ts[1:][joined], amount[joined], reset, glitch)


def flow_of(counts: Counts, edges: I64, series: int, rule: CounterRule, max_hold: int) -> Flow:
    """The rise per (series, window) in units of the series; `covered` leaves out gaps longer than `max_hold` ms.

    edges   int64 [windows + 1], epoch ms; readings around them say what reaches into the first and last window
    series  how many there are
    """
    rose = rises(counts, rule)
    flow = Flow.nothing(series, len(edges) - 1)
    cut = pieces(rose.start, rose.end, edges)
    owner, shape = rose.series[cut.of], flow.known.shape
    since, span, amount = rose.start[cut.of], (rose.end - rose.start)[cut.of], rose.amount[cut.of]
    # Rounded shares of the way up to either cut: what one window leaves, the next one takes.
    part = np.rint(amount * ((cut.end - since) / span)) - np.rint(amount * ((cut.start - since) / span))
    flow.forward[:] = total(owner, cut.window, part, shape) / SCALE
    length = cut.end - cut.start
    flow.known[:] = total(owner, cut.window, length, shape)
    flow.covered[:] = total(owner, cut.window, np.where(span <= max_hold, length, 0), shape)
    inside = (counts.ts >= edges[0]) & (counts.ts < edges[-1])
    window = window_of(counts.ts[inside], edges)
    for column, which in (
        (flow.readings, np.ones_like(inside)),
        (flow.resets, rose.reset),
        (flow.glitches, rose.glitch),
    ):
        column[:] = total(counts.series[inside], window, which[inside].astype(np.int64), shape).astype(np.int64)
    return flow


def _take(counts: Counts, index: npt.NDArray[np.intp]) -> Counts:
    return Counts(counts.series[index], counts.ts[index], counts.value[index])


def _starts(series: I64) -> Mask:
    """Where a series begins."""
    first = np.ones(len(series), np.bool_)
    np.not_equal(series[1:], series[:-1], out=first[1:])
    return first


def _leaps(counts: Counts, rule: CounterRule) -> Mask:
    """Rises from the reading before that are faster than the meter can count."""
    leap = np.zeros(len(counts.ts), np.bool_)
    if rule.max_rate is not None:
        rise, hours = np.diff(counts.value), np.diff(counts.ts) / HOUR
        leap[1:] = (counts.series[1:] == counts.series[:-1]) & (rise > rule.max_rate * hours)
    return leap


def _excursions(counts: Counts, rule: CounterRule) -> Mask:
    """Readings of excursions (rule 2)."""
    away = np.zeros(len(counts.ts), np.bool_)
    if len(away) < 3:
        return away
    value, first = counts.value, _starts(counts.series)
    before = np.append(value[:1], value[:-1])
    fall = ~first & (value < before / 2.0)
    leap = _leaps(counts, rule)
    rise = ~first & ((value > before * 2.0) | leap)
    # After a leap that cannot be, any fall is a way back.
    back = np.zeros_like(first)
    back[1:] = ~first[1:] & leap[:-1] & (value[1:] < value[:-1])
    events = np.flatnonzero(fall | rise | back)
    if len(events) < 2:
        return away
    out, home = events[:-1], events[1:]
    old, new = before[out], value[home]
    pair = counts.series[out] == counts.series[home]
    pair &= rise[out] != rise[home]
    pair &= counts.ts[home] - counts.ts[out] <= SETTLE
    pair &= (new >= old - rule.tolerance) & (new <= old * 2.0) & (old > 0.0)
    pair = _alternate(pair)
    edge = np.zeros(len(away) + 1, np.int64)
    edge[out[pair]] += 1
    edge[home[pair]] -= 1
    return np.cumsum(edge[:-1]) > 0


def _alternate(pair: Mask) -> Mask:
    """Of each run of overlapping pairs the first, third, fifth …: an event is the way out or home of one only."""
    number = np.arange(len(pair))
    begin = np.maximum.accumulate(np.where(pair & ~np.append(False, pair[:-1]), number, 0))
    return pair & ((number - begin) % 2 == 0)


class _Segments:
    """Readings without excursions, cut where a new count begins; values are whole numbers of 1/SCALE."""

    def __init__(self, counts: Counts, rule: CounterRule) -> None:
        self.series, self.ts = counts.series, counts.ts
        self.value = np.rint(counts.value * SCALE)
        self.tolerance = rule.tolerance * SCALE
        self.first = _starts(counts.series)
        self.leap = _leaps(counts, rule)
        before = np.append(self.value[:1], self.value[:-1])
        drop = ~self.first & (before - self.value > self.tolerance)
        low = rule.max_value * SCALE / 100.0 if rule.max_value else 0.0
        reset = drop & ((self.value < before / 2.0) | (self.value < low))
        self.range = self._ranges(before, rule)
        self.rolled = reset & (before >= 0.99 * self.range) & (before < self.range) & (self.value <= 0.01 * self.range)
        self.begins = self.first | reset | self.leap

    @staticmethod
    def _ranges(before: F64, rule: CounterRule) -> F64:
        """Where the count would have rolled over; infinite where that is not known."""
        if rule.max_value is not None:
            return np.full(len(before), rule.max_value * SCALE)
        # The next power of ten, also for a count that shows nothing but nines.
        power = 10.0 ** np.ceil(np.log10(np.maximum(before, SCALE)))
        return np.where(power >= LEAST_RANGE * SCALE, power, np.inf)

    def highest(self) -> F64:
        """The highest count so far in the segment of each reading."""
        falls = ~self.begins[1:] & (self.value[1:] < self.value[:-1])
        if not falls.any():
            return self.value
        # A running maximum that begins anew per segment: of ranks, raised by more than any rank from one to the next.
        order, rank = self._ranks
        base = np.cumsum(self.begins) * len(order)
        return self.value[order[np.maximum.accumulate(base + rank) - base]]

    @cached_property
    def _ranks(self) -> tuple[npt.NDArray[np.intp], I64]:
        order = np.argsort(self.value, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return order, rank

    def find_replacements(self) -> None:
        """Begin segments where a fall lasts, or adds up to more than half (rule 4)."""
        for _ in range(_PASSES):
            fresh = self._replacements()
            if not len(fresh):
                return
            self.begins[fresh] = True

    def _replacements(self) -> npt.NDArray[np.intp]:
        high = self.highest()
        low = high - self.value > self.tolerance
        if not low.any():
            return np.empty(0, np.intp)
        halved = np.flatnonzero(low & (self.value < high / 2.0))
        # A run of readings behind the count: from the first one to the last before the count is reached again.
        head = low & ~np.append(False, low[:-1])
        start = np.flatnonzero(head)
        run = np.cumsum(head) - 1
        rows = np.flatnonzero(low)
        last = start.copy()
        last[run[rows]] = rows
        deepest = np.full(len(start), np.inf)
        np.minimum.at(deepest, run[rows], self.value[rows])
        lasting = (self.ts[last] - self.ts[start] > LASTING) & (deepest < 0.99 * high[start])
        lowest = rows[lasting[run[rows]] & (self.value[rows] == deepest[run[rows]])]
        lowest = lowest[np.unique(run[lowest], return_index=True)[1]]
        halved = halved[np.unique(run[halved], return_index=True)[1]]
        return np.unique(np.concatenate((lowest, halved)))
