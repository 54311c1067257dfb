"""Aggregation operators: over the series of a group, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.api.prometheus.matrix import NAME, Bools, Floats, Labels, Matrix, numbered, without

__all__ = ["aggregate"]

Index = npt.NDArray[np.intp]


def aggregate(op: str, vector: Matrix, labels: tuple[str, ...], parameter: Floats | None, *, exclude: bool) -> Matrix:
    """`op` over `vector`, by `labels` (or, with `exclude`, by all others but the name).

    `parameter` float64 [T]: k of topk and bottomk, q of quantile. topk and bottomk keep their series' labels, all others
    give one series per group.
    """
    if not len(vector.labels):
        return Matrix.none(vector.value.shape[1])
    keys, group = numbered(_key(said, labels, exclude=exclude) for said in vector.labels)
    order = np.argsort(group, kind="stable")
    begin = np.searchsorted(group[order], np.arange(len(keys)))
    rows = np.split(order, begin[1:])
    if parameter is not None:
        if op == "quantile":
            return _quantiles(vector, keys, rows, parameter)
        return _extremes(vector, rows, parameter, largest=op == "topk")
    value, present = vector.value[order], vector.present[order]
    result = _REDUCE[op](value, present, begin)
    return Matrix(keys, result, np.logical_or.reduceat(present, begin, axis=0))


def _key(said: Labels, labels: tuple[str, ...], *, exclude: bool) -> Labels:
    if exclude:
        return without(said, (*labels, NAME))
    return tuple(pair for pair in said if pair[0] in labels)


def _added(value: Floats, present: Bools, begin: Index) -> Floats:
    return np.add.reduceat(np.where(present, value, 0.0), begin, axis=0)


def _count(_: Floats, present: Bools, begin: Index) -> Floats:
    return np.add.reduceat(present.astype(np.float64), begin, axis=0)


def _mean(value: Floats, present: Bools, begin: Index) -> Floats:
    return _added(value, present, begin) / np.maximum(_count(value, present, begin), 1.0)


def _least(value: Floats, present: Bools, begin: Index) -> Floats:
    return np.fmin.reduceat(np.where(present, value, np.nan), begin, axis=0)


def _greatest(value: Floats, present: Bools, begin: Index) -> Floats:
    return np.fmax.reduceat(np.where(present, value, np.nan), begin, axis=0)


def _one(_: Floats, present: Bools, begin: Index) -> Floats:
    return np.ones((len(begin), present.shape[1]))


def _variance(value: Floats, present: Bools, begin: Index) -> Floats:
    """Of the population, about the mean."""
    counts = np.diff(np.append(begin, len(value)))
    off = value - np.repeat(_mean(value, present, begin), counts, axis=0)
    return _mean(off * off, present, begin)


def _deviation(value: Floats, present: Bools, begin: Index) -> Floats:
    return np.sqrt(_variance(value, present, begin))


_REDUCE: Final[dict[str, Callable[[Floats, Bools, Index], Floats]]] = {
    "sum": _added,
    "avg": _mean,
    "min": _least,
    "max": _greatest,
    "count": _count,
    "group": _one,
    "stddev": _deviation,
    "stdvar": _variance,
}
"""Rows sorted by group, [S, T], and the first row of each group → [G, T]."""


def _quantiles(vector: Matrix, keys: list[Labels], rows: list[Index], q: Floats) -> Matrix:
    steps = vector.value.shape[1]
    out, there = np.zeros((len(keys), steps)), np.zeros((len(keys), steps), np.bool_)
    column = np.arange(steps)
    bounded = np.nan_to_num(np.clip(q, 0.0, 1.0))
    for at, members in enumerate(rows):
        value, present = vector.value[members], vector.present[members]
        # NaN comes first, as in Prometheus; what is not there comes last.
        order = np.lexsort((value, np.where(present, np.where(np.isnan(value), 0, 1), 2)), axis=0)
        ranked = np.take_along_axis(value, order, axis=0)
        count = present.sum(axis=0)
        rank = bounded * np.maximum(count - 1, 0)
        low = np.floor(rank).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        weight = rank - low
        out[at] = ranked[low, column] * (1 - weight) + ranked[high, column] * weight
        there[at] = count > 0
    out = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, out))
    return Matrix(keys, np.where(np.isnan(q), np.nan, out), there)


def _extremes(vector: Matrix, rows: list[Index], k: Floats, *, largest: bool) -> Matrix:
    """The k greatest (or least) of each group and step; NaN is beaten by every number. Greatest (least) rows come first."""
    kept = np.zeros(vector.present.shape, np.bool_)
    most = np.where(np.isnan(k), 0.0, k)
    for members in rows:
        value, present = vector.value[members], vector.present[members]
        sign = -value if largest else value
        order = np.lexsort((sign, np.where(present, np.where(np.isnan(value), 1, 0), 2)), axis=0)
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(len(members))[:, None], axis=0)
        kept[members] = present & (rank < np.trunc(most))
    chosen = Matrix(vector.labels, vector.value, kept).taken(np.flatnonzero(kept.any(axis=1)))
    if chosen.value.shape[1] != 1:
        return chosen
    first = chosen.value[:, 0]
    return chosen.taken(np.argsort(-first if largest else first, kind="stable"))
