"""The second level of a query: what is made, per window, of the values of the first level's groups. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.query.ast import Over, Then
from penstock.query.groups import group_columns, number_groups
from penstock.query.lines import Label, Lines

__all__ = ["second_level"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_NO_UNIT: Final = "1"


def second_level(lines: Lines, then: Then) -> Lines:
    """Lines of `then`: one per metric, unit and group of `then.by`.

    Every group of the first level that has a value in a window counts alike there, however many readings are behind it.
    `count` adds up those readings; `coverage` is the mean of the coverage that is known.
    """
    wanted = {column for column, _ in group_columns(then.by).values()}
    kept = [i for i, column in enumerate(lines.columns) if column in wanted]
    keys = [Label(label.metric, label.unit, tuple(label.group[i] for i in kept)) for label in lines.labels]
    group, member = number_groups([(key.metric or "", key.unit or "", *key.group) for key in keys])
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order], prepend=-1))
    there = np.logical_or.reduceat(lines.there[order], cuts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        value = _over(lines.value[order], cuts, then.fn, then.q or 0.0)
        coverage = _over(lines.coverage[order], cuts, "mean", 0.0)
    labels = tuple(keys[i]._replace(unit=_NO_UNIT if then.fn == "count" else keys[i].unit) for i in member.tolist())
    return Lines(
        by=frozenset(then.by),
        columns=tuple(lines.columns[i] for i in kept),
        labels=labels,
        value=np.where(there, value, np.nan),
        count=np.add.reduceat(lines.count[order], cuts, axis=0),
        coverage=coverage,
        there=there,
    )


def _over(value: F64, cuts: I64, fn: Over, q: float) -> F64:
    """float64 [groups, windows]: `fn` over the rows of `value` (float64 [lines, windows]) from each cut to the next."""
    known = ~np.isnan(value)
    count = np.add.reduceat(known.astype(np.int64), cuts, axis=0)
    match fn:
        case "count":
            return count.astype(np.float64)
        case "min" | "max":
            none, extreme = (np.inf, np.minimum) if fn == "min" else (-np.inf, np.maximum)
            return np.where(count > 0, extreme.reduceat(np.where(known, value, none), cuts, axis=0), np.nan)
        case "percentile":
            return _quantile(value, cuts, count, q / 100.0)
        case _:
            total = np.add.reduceat(np.where(known, value, 0.0), cuts, axis=0)
            if fn == "sum":
                return np.where(count > 0, total, np.nan)
            mean = total / count
            if fn == "mean":
                return mean
            sizes = np.diff(cuts, append=len(value))
            apart = np.where(known, value - np.repeat(mean, sizes, axis=0), 0.0)
            return np.sqrt(np.add.reduceat(apart * apart, cuts, axis=0) / count)


def _quantile(value: F64, cuts: I64, count: I64, share: float) -> F64:
    """By linear interpolation between the two values around `share` × (count - 1)."""
    ends = np.append(cuts[1:], len(value))
    ranked = np.concatenate([np.sort(value[a:b], axis=0) for a, b in zip(cuts, ends, strict=True)])  # NaN comes last
    place = share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.int64)
    first = cuts[:, None] + low
    left = np.take_along_axis(ranked, first, axis=0)
    right = np.take_along_axis(ranked, np.minimum(first + 1, cuts[:, None] + np.maximum(count - 1, 0)), axis=0)
    return np.where(count > 0, left + (right - left) * (place - low), np.nan)
