"""PromQL once more, for one series at one instant at a time, in plain Python from Prometheus's documentation."""

import math
import statistics
from itertools import pairwise


def window(readings, t, span):
    return [(ts, value) for ts, value in readings if t - span < ts <= t]


def newest(readings, t, lookback=300_000):
    found = window(readings, t, lookback)
    return found[-1][1] if found else None


def quantile(q, values):
    if not values:
        return None
    if math.isnan(q):
        return math.nan
    if q < 0:
        return -math.inf
    if q > 1:
        return math.inf
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (rank - low)) + ordered[high] * (rank - low)


def extrapolated(points, t, span, *, counter, rate):
    if len(points) < 2:
        return None
    rise = points[-1][1] - points[0][1]
    if counter:
        for (_, before), (_, after) in pairwise(points):
            if after < before:
                rise += before
    interval = (points[-1][0] - points[0][0]) / 1000
    average = interval / (len(points) - 1)
    start, end = (points[0][0] - (t - span)) / 1000, (t - points[-1][0]) / 1000
    if start >= average * 1.1:
        start = average / 2
    if counter and rise > 0 and points[0][1] >= 0:
        start = min(start, interval * points[0][1] / rise)
    if end >= average * 1.1:
        end = average / 2
    total = rise * (interval + start + end) / interval
    return total / (span / 1000) if rate else total


def line(points):
    xs = [(ts - points[0][0]) / 1000 for ts, _ in points]
    ys = [value for _, value in points]
    if len(set(ys)) == 1:
        return 0.0, ys[0]
    fitted = statistics.linear_regression(xs, ys)
    return fitted.slope, fitted.intercept


def _irate(points, _t, _span):
    (t0, v0), (t1, v1) = points[-2:]
    return (v1 if v1 < v0 else v1 - v0) / ((t1 - t0) / 1000)


def _pairs(points):
    return list(pairwise(points))


ONE = {
    "avg_over_time": lambda p, *_: math.fsum(v for _, v in p) / len(p),
    "sum_over_time": lambda p, *_: math.fsum(v for _, v in p),
    "min_over_time": lambda p, *_: min(v for _, v in p),
    "max_over_time": lambda p, *_: max(v for _, v in p),
    "count_over_time": lambda p, *_: float(len(p)),
    "present_over_time": lambda p, *_: 1.0,
    "last_over_time": lambda p, *_: p[-1][1],
    "first_over_time": lambda p, *_: p[0][1],
    "stddev_over_time": lambda p, *_: statistics.pstdev([v for _, v in p]),
    "stdvar_over_time": lambda p, *_: statistics.pvariance([v for _, v in p]),
    "changes": lambda p, *_: float(sum(a[1] != b[1] for a, b in _pairs(p))),
    "resets": lambda p, *_: float(sum(b[1] < a[1] for a, b in _pairs(p))),
}
TWO = {
    "rate": lambda p, t, span: extrapolated(p, t, span, counter=True, rate=True),
    "increase": lambda p, t, span: extrapolated(p, t, span, counter=True, rate=False),
    "delta": lambda p, t, span: extrapolated(p, t, span, counter=False, rate=False),
    "irate": _irate,
    "idelta": lambda p, *_: p[-1][1] - p[-2][1],
    "deriv": lambda p, *_: line(p)[0],
}


def over_time(name, readings, t, span):
    """The function's value, None where it has none."""
    points = window(readings, t, span)
    if name in ONE:
        return ONE[name](points, t, span) if points else None
    return TWO[name](points, t, span) if len(points) > 1 else None
