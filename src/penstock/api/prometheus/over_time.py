"""Functions of range vectors. Windows are left-open, (t - range, t], as in Prometheus since 3.0.

Formulas are those of Prometheus's documentation; extrapolation is that of its `rate`, `increase` and `delta`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from penstock.api.prometheus.matrix import Floats, Ints, Matrix
from penstock.api.prometheus.samples import Windows

__all__ = ["OVER_TIME", "deriv", "predict_linear", "quantile_over_time"]

_CLOSE: Final = 1.1
"""A window's end is taken for covered up to so many average intervals from its last reading."""


def _avg(windows: Windows) -> Matrix:
    return windows.matrix(windows.reduce(np.add, windows.samples.value) / windows.count)


def _sum(windows: Windows) -> Matrix:
    return windows.matrix(windows.reduce(np.add, windows.samples.value))


def _min(windows: Windows) -> Matrix:
    return windows.matrix(windows.reduce(np.fmin, windows.samples.value))


def _max(windows: Windows) -> Matrix:
    return windows.matrix(windows.reduce(np.fmax, windows.samples.value))


def _count(windows: Windows) -> Matrix:
    return windows.matrix(windows.count.astype(np.float64))


def _present(windows: Windows) -> Matrix:
    return windows.matrix(np.ones(len(windows.count)))


def _last(windows: Windows) -> Matrix:
    return windows.matrix(windows.samples.value[windows.hi - 1])


def _first(windows: Windows) -> Matrix:
    return windows.matrix(windows.samples.value[windows.lo])


def _variance(windows: Windows) -> Floats:
    """Of the population, about the mean, so that nothing cancels."""
    out = np.empty(len(windows.count))
    for part in windows.expanded():
        value = windows.samples.value[part.index]
        mean = np.add.reduceat(value, part.begin) / part.count
        off = value - np.repeat(mean, part.count)
        out[part.window] = np.add.reduceat(off * off, part.begin) / part.count
    return out


def _stdvar(windows: Windows) -> Matrix:
    return windows.matrix(_variance(windows))


def _stddev(windows: Windows) -> Matrix:
    return windows.matrix(np.sqrt(_variance(windows)))


def quantile_over_time(windows: Windows, q: Floats) -> Matrix:
    """The q-quantile of each window by linear interpolation; `q` float64 [T]. Beyond [0, 1] it is -Inf or +Inf."""
    out = np.empty(len(windows.count))
    wanted = q[windows.step()]
    for part in windows.expanded():
        value = windows.samples.value[part.index]
        owner = np.repeat(np.arange(len(part.count)), part.count)
        value = value[np.lexsort((value, ~np.isnan(value), owner))]  # NaN comes first, as in Prometheus
        bounded = np.nan_to_num(np.clip(wanted[part.window], 0.0, 1.0))
        rank = bounded * (part.count - 1)
        low = np.floor(rank).astype(np.int64)
        high = np.minimum(low + 1, part.count - 1)
        weight = rank - low
        with np.errstate(invalid="ignore"):
            out[part.window] = value[part.begin + low] * (1 - weight) + value[part.begin + high] * weight
    out = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, out))
    return windows.matrix(np.where(np.isnan(wanted), np.nan, out))


def _extrapolated(windows: Windows, *, counter: bool, per_second: bool) -> Matrix:
    """What the readings rose by, extended to the window's ends where readings come that near, as Prometheus does.

    Towards the start a counter is not extended beyond where it would have been zero.
    """
    several = windows.count > 1
    value, ts = windows.samples.value, windows.samples.ts
    lo, hi, step = windows.lo[several], windows.hi[several] - 1, windows.step()[several]
    rise = value[hi] - value[lo]
    if counter:
        rise = rise + _resets_of(windows)[several]
    interval = (ts[hi] - ts[lo]) / 1e3
    usual = interval / (hi - lo)
    to_start = (ts[lo] - windows.begin[step]) / 1e3
    to_end = (windows.end[step] - ts[hi]) / 1e3
    to_start = np.where(to_start >= usual * _CLOSE, usual / 2, to_start)
    if counter:
        with np.errstate(divide="ignore", invalid="ignore"):
            to_zero = interval * (value[lo] / rise)
        to_start = np.where((rise > 0) & (value[lo] >= 0) & (to_zero < to_start), to_zero, to_start)
    to_end = np.where(to_end >= usual * _CLOSE, usual / 2, to_end)
    factor = (interval + to_start + to_end) / interval
    if per_second:
        factor = factor / windows.ranges(several)
    out = np.zeros(len(several))
    out[several] = rise * factor
    return windows.matrix(out, several)


def _resets_of(windows: Windows) -> Floats:
    """float64 [k]: what counters held before they fell, added up per window."""
    value = windows.samples.value
    before = np.concatenate((np.zeros(min(1, len(value))), value[:-1]))
    lost = np.where(value < before, before, 0.0)
    # The first reading of a window falls against one that is not in it.
    out = np.zeros(len(windows.count))
    several = windows.count > 1
    if several.any():
        bounds = np.stack((windows.lo[several] + 1, windows.hi[several]), axis=-1).ravel()
        out[several] = np.add.reduceat(np.append(lost, 0.0), bounds)[::2]
    return out


def _newest_two(windows: Windows, *, counter: bool) -> Matrix:
    """idelta, and irate with `counter`: from the newest two readings alone."""
    several = windows.count > 1
    last = windows.hi[several] - 1
    value, ts = windows.samples.value, windows.samples.ts
    rise = value[last] - value[last - 1]
    if counter:
        rise = np.where(value[last] < value[last - 1], value[last], rise) / ((ts[last] - ts[last - 1]) / 1e3)
    out = np.zeros(len(several))
    out[several] = rise
    return windows.matrix(out, several)


def _counted(windows: Windows, *, falls: bool) -> Matrix:
    """How often a value differs from (or, with `falls`, lies below) the one before it in the window."""
    value = windows.samples.value
    both_nan = np.isnan(value[1:]) & np.isnan(value[:-1])
    event = value[1:] < value[:-1] if falls else (value[1:] != value[:-1]) & ~both_nan
    running = np.concatenate((np.zeros(min(1, len(value)), np.int64), np.cumsum(event)))
    return windows.matrix((running[windows.hi - 1] - running[windows.lo]).astype(np.float64))


def deriv(windows: Windows) -> Matrix:
    """Slope per second of the least-squares line through each window's readings."""
    slope, _ = _regression(windows)
    return windows.matrix(slope, windows.count > 1)


def predict_linear(windows: Windows, ahead: Floats, now: Ints) -> Matrix:
    """Where that line is `ahead` seconds (float64 [T]) after `now` (epoch ms, int64 [T])."""
    slope, level = _regression(windows)
    step = windows.step()
    later = (now[step] - windows.samples.ts[windows.lo]) / 1e3
    return windows.matrix(level + slope * (later + ahead[step]), windows.count > 1)


def _regression(windows: Windows) -> tuple[Floats, Floats]:
    """Slope per second, and level at the window's first reading; no slope where all values are equal."""
    slope, level = np.zeros(len(windows.count)), np.zeros(len(windows.count))
    for part in windows.expanded():
        y, ts = windows.samples.value[part.index], windows.samples.ts[part.index]
        x = (ts - np.repeat(windows.samples.ts[windows.lo[part.window]], part.count)) / 1e3
        n = part.count
        mean_x, mean_y = np.add.reduceat(x, part.begin) / n, np.add.reduceat(y, part.begin) / n
        off_x, off_y = x - np.repeat(mean_x, n), y - np.repeat(mean_y, n)
        spread = np.add.reduceat(off_x * off_x, part.begin)
        with np.errstate(divide="ignore", invalid="ignore"):
            inclined = np.add.reduceat(off_x * off_y, part.begin) / spread
        flat = np.minimum.reduceat(y, part.begin) == np.maximum.reduceat(y, part.begin)
        slope[part.window] = np.where(flat, 0.0, inclined)
        level[part.window] = mean_y - slope[part.window] * mean_x
    return slope, level


OVER_TIME: Final[dict[str, Callable[[Windows], Matrix]]] = {
    "avg_over_time": _avg,
    "sum_over_time": _sum,
    "min_over_time": _min,
    "max_over_time": _max,
    "count_over_time": _count,
    "present_over_time": _present,
    "last_over_time": _last,
    "first_over_time": _first,
    "stddev_over_time": _stddev,
    "stdvar_over_time": _stdvar,
    "rate": lambda windows: _extrapolated(windows, counter=True, per_second=True),
    "increase": lambda windows: _extrapolated(windows, counter=True, per_second=False),
    "delta": lambda windows: _extrapolated(windows, counter=False, per_second=False),
    "irate": lambda windows: _newest_two(windows, counter=True),
    "idelta": lambda windows: _newest_two(windows, counter=False),
    "changes": lambda windows: _counted(windows, falls=False),
    "resets": lambda windows: _counted(windows, falls=True),
    "deriv": deriv,
}
"""Functions of one range vector and nothing else."""
