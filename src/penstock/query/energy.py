"""Energy from power, by a stated rule, import and export apart. Pure.

`hold`: a power reading is held until the next one, but at most `max_hold`; this is what a device that reports on change
means, and what the stored partials' `area` is. `trapezoid`: power runs straight between two readings that are at most
`max_hold` apart, and is unknown elsewhere. Either way time that is not covered adds nothing and is told: a gap is never
filled with a guess, nothing is said about time after the last reading's hold or after `until`.

Every contribution is ≥ 0 in its direction, so cumulative energy cannot fall.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.partials import Partials
from penstock.model.time import HOUR
from penstock.query.flow import Flow, pieces, total, window_of

__all__ = ["MAX_HOLD", "Method", "Rows", "from_partials", "from_power", "one_sign"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

Method = Literal["hold", "trapezoid"]

MAX_HOLD: Final = HOUR
"""How long a power reading holds by default, ms.

An hour covers what meters and weather services report (1 min to 1 h), and it is a constant: a multiple of the median
interval would let one late reading change windows far away from it, and the same day differ between two questions. A
device that dies is credited with its last power for an hour at most.
"""


class Rows(NamedTuple):
    """Power readings sorted by (series, ts), one per key: series int64 [n], numbered from 0 · ts int64 [n] · watts float64 [n]."""

    series: I64
    ts: I64
    watts: F64


class _Spans(NamedTuple):
    """Straight lines of power: series int64 · start, end int64 (epoch ms) · left, right float64 (W at start and end)."""

    series: I64
    start: I64
    end: I64
    left: F64
    right: F64


def from_power(rows: Rows, edges: I64, series: int, *, method: Method, max_hold: int, until: int) -> Flow:
    """Energy (Wh) per (series, window) from raw power readings.

    edges     int64 [windows + 1], epoch ms; readings around them are there to reach into the first and last window
    series    how many there are
    max_hold  ms
    until     epoch ms: no value is held beyond it
    """
    follows, ends = _ends(rows.series, rows.ts, rows.ts, max_hold, until)
    right = np.append(rows.watts[1:], rows.watts[-1:])
    if method == "hold":
        right = rows.watts
    else:
        ends = np.where(follows, ends, rows.ts)
    flow = _integrate(_Spans(rows.series, rows.ts, ends, rows.watts, right), edges, series)
    _count(flow, rows.series, rows.ts, np.ones_like(rows.ts), edges)
    return flow


def one_sign(partials: Partials) -> npt.NDArray[np.bool_]:
    """Whether (bool [n]) power kept one sign within the bucket, so that its area is all import or all export."""
    return (partials.min >= 0.0) | (partials.max <= 0.0)


def from_partials(partials: Partials, index: I64, edges: I64, series: int, *, max_hold: int, until: int) -> Flow:
    """`from_power` by the rule `hold`, from partials, and equal to it but for rounding.

    The caller sees to it that no bucket is wider than `max_hold` (so no two of its readings are further apart, and its
    `area` is the integral from its first to its last reading), that every edge is an edge of a bucket (so that area lies
    in one window) and that `one_sign` holds. `index` int64 [n] numbers the series of each partial; they are sorted by
    it, then by bucket. Buckets around the windows are there to reach into the first and last one.
    """
    p = partials
    _, ends = _ends(index, p.first_ts, p.last_ts, max_hold, until)
    flow = _integrate(_Spans(index, p.last_ts, ends, p.last, p.last), edges, series)
    inside = (p.first_ts >= edges[0]) & (p.first_ts < edges[-1])
    owner, window, area = index[inside], window_of(p.first_ts[inside], edges), p.area[inside]
    shape = flow.known.shape
    span = total(owner, window, (p.last_ts - p.first_ts)[inside], shape)
    flow.forward[:] += total(owner, window, np.maximum(area, 0.0), shape) / HOUR
    flow.backward[:] += total(owner, window, np.maximum(-area, 0.0), shape) / HOUR
    flow.known[:] += span
    flow.covered[:] += span
    _count(flow, index, p.first_ts, p.count, edges)
    return flow


def _ends(series: I64, first_ts: I64, last_ts: I64, max_hold: int, until: int) -> tuple[npt.NDArray[np.bool_], I64]:
    """Whether each row's last reading is followed by the next row's first within `max_hold`, and until when it holds."""
    follows, ends = np.zeros(len(series), np.bool_), np.maximum(np.minimum(last_ts + max_hold, until), last_ts)
    follows[:-1] = (series[1:] == series[:-1]) & (first_ts[1:] - last_ts[:-1] <= max_hold)
    ends[:-1] = np.where(follows[:-1], first_ts[1:], ends[:-1])
    return follows, ends


def _integrate(spans: _Spans, edges: I64, series: int) -> Flow:
    """The spans' energy in Wh; a power that overflows float64 gives what is not finite, which is answered as null."""
    flow = Flow.nothing(series, len(edges) - 1)
    cut = pieces(spans.start, spans.end, edges)
    of = cut.of
    with np.errstate(over="ignore", invalid="ignore"):
        slope = (spans.right[of] - spans.left[of]) / (spans.end[of] - spans.start[of])
        left = spans.left[of] + slope * (cut.start - spans.start[of])
        right = spans.left[of] + slope * (cut.end - spans.start[of])
        forward, backward = _areas(left, right, cut.end - cut.start)
    owner, shape = spans.series[of], flow.known.shape
    flow.forward[:] = total(owner, cut.window, forward, shape) / HOUR
    flow.backward[:] = total(owner, cut.window, backward, shape) / HOUR
    flow.known[:] = flow.covered[:] = total(owner, cut.window, cut.end - cut.start, shape)
    return flow


def _areas(left: F64, right: F64, length: I64) -> tuple[F64, F64]:
    """Area above and below zero, both ≥ 0, of straight lines from `left` to `right` (W) over `length` ms, in W·ms."""
    above = np.maximum(left, 0.0) + np.maximum(right, 0.0)
    below = np.maximum(-left, 0.0) + np.maximum(-right, 0.0)
    # A line that crosses zero is on either side for that side's share of its rise: two triangles.
    rise = above + below
    crosses = (above > 0.0) & (below > 0.0)
    share = np.divide(above, rise, out=np.ones_like(rise), where=crosses)
    rest = np.divide(below, rise, out=np.ones_like(rise), where=crosses)
    return above / 2.0 * share * length, below / 2.0 * rest * length


def _count(flow: Flow, series: I64, ts: I64, count: I64, edges: I64) -> None:
    inside = (ts >= edges[0]) & (ts < edges[-1])
    counts = total(series[inside], window_of(ts[inside], edges), count[inside], flow.known.shape)
    flow.readings[:] = counts.astype(np.int64)
