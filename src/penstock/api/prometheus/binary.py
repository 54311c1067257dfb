"""Operators between scalars and vectors, with Prometheus's rules of which elements meet and which labels remain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from penstock.api.prometheus.expressions import Binary, Matching
from penstock.api.prometheus.matrix import MAX_CELLS, NAME, Bools, Floats, Labels, Matrix, execution, merged, without

__all__ = ["COMPARISONS", "between", "scalars", "with_scalar"]

_ARITHMETIC: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISONS: Final[dict[str, Callable[[Floats, Floats], Bools]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
_SETS: Final = frozenset({"and", "or", "unless"})


def scalars(op: str, left: Floats, right: Floats) -> Floats:
    """`left` op `right`, float64 [T] each; a comparison is 0 or 1."""
    if op in COMPARISONS:
        return COMPARISONS[op](left, right).astype(np.float64)
    return _ARITHMETIC[op](left, right)


def with_scalar(node: Binary, vector: Matrix, scalar: Floats, *, swapped: bool) -> Matrix:
    """`vector` op `scalar` (float64 [T]), or the other way round with `swapped`. A filter keeps the vector's values and name."""
    left, right = (scalar[None, :], vector.value) if swapped else (vector.value, scalar[None, :])
    if node.op not in COMPARISONS:
        return Matrix(vector.labels, _ARITHMETIC[node.op](left, right), vector.present).renamed(_nameless)
    holds = COMPARISONS[node.op](left, right)
    if node.as_bool:
        return Matrix(vector.labels, holds.astype(np.float64), vector.present).renamed(_nameless)
    return Matrix(vector.labels, vector.value, vector.present & holds)


def between(node: Binary, left: Matrix, right: Matrix) -> Matrix:
    """`left` op `right`, element by element of equal matching labels.

    Raises InvalidInput (`execution`) where one element meets several and the expression does not allow for it.
    """
    if node.op in _SETS:
        return _set(node, left, right)
    steps = left.value.shape[1]
    if not len(left.labels) or not len(right.labels):
        return Matrix.none(steps)
    right_is_many = node.matching.many == "right"
    many, one = (right, left) if right_is_many else (left, right)
    _check_single(node, one, many.somewhere(), "left" if right_is_many else "right")
    met = _met(node, many, one)
    if len(met) * steps > MAX_CELLS:
        raise execution(f"{len(met)} pairs of series at {steps} steps are more than {MAX_CELLS} values")
    m, o = np.array([pair[0] for pair in met], np.intp), np.array([pair[1] for pair in met], np.intp)
    a, b = (one.value[o], many.value[m]) if right_is_many else (many.value[m], one.value[o])
    present = many.present[m] & one.present[o]
    if node.op not in COMPARISONS:
        value = _ARITHMETIC[node.op](a, b)
    elif node.as_bool:
        value = COMPARISONS[node.op](a, b).astype(np.float64)
    else:
        value, present = a, present & COMPARISONS[node.op](a, b)
    labels = [_result(node, many.labels[i], one.labels[j]) for i, j in met]
    if node.matching.many is None:
        _check_pairs(node, [_signature(many.labels[i], node.matching) for i, _ in met], present)
    return merged(labels, value, present)


def _met(node: Binary, many: Matrix, one: Matrix) -> list[tuple[int, int]]:
    """Rows of both sides whose matching labels are equal, in the order of the many side."""
    partners: dict[Labels, list[int]] = {}
    for j, labels in enumerate(one.labels):
        partners.setdefault(_signature(labels, node.matching), []).append(j)
    return [(i, j) for i, labels in enumerate(many.labels) for j in partners.get(_signature(labels, node.matching), ())]


def _signature(labels: Labels, matching: Matching) -> Labels:
    if matching.on is not None:
        return tuple(pair for pair in labels if pair[0] in matching.on)
    return without(labels, (*matching.ignoring, NAME))


def _nameless(labels: Labels) -> Labels:
    return without(labels, (NAME,))


def _result(node: Binary, many: Labels, one: Labels) -> Labels:
    """The labels that remain of a pair."""
    matching = node.matching
    kept = _nameless(many) if node.op not in COMPARISONS or node.as_bool else many
    if matching.many is None:
        if matching.on is not None:
            return tuple(pair for pair in kept if pair[0] in matching.on)
        return without(kept, matching.ignoring)
    included = tuple(pair for pair in one if pair[0] in matching.include)
    return tuple(sorted((*without(kept, matching.include), *included)))


def _check_single(node: Binary, one: Matrix, asked: Bools, side: str) -> None:
    """Raises InvalidInput when two elements of the one side have equal matching labels at a step with anything to match."""
    seen: dict[Labels, Bools] = {}
    for row, labels in enumerate(one.labels):
        key = _signature(labels, node.matching)
        present = one.present[row] & asked
        if key in seen and (seen[key] & present).any():
            raise execution(
                f"found duplicate series for the match group {dict(key)} on the {side} hand-side of the operation {node.op}; "
                "many-to-many matching not allowed: matching labels must be unique on one side",
                "name more labels in on(…)",
            )
        seen[key] = seen[key] | present if key in seen else present


def _check_pairs(node: Binary, keys: list[Labels], present: Bools) -> None:
    """Raises InvalidInput when several elements of the left side met the same one of the right."""
    seen: dict[Labels, Bools] = {}
    for row, key in enumerate(keys):
        if key in seen and (seen[key] & present[row]).any():
            raise execution(
                f"multiple matches for labels {dict(key)} of the operation {node.op}: "
                "many-to-one matching must be explicit (group_left/group_right)"
            )
        seen[key] = seen[key] | present[row] if key in seen else present[row]


def _set(node: Binary, left: Matrix, right: Matrix) -> Matrix:
    """and, or, unless: whole elements, by whether the other side has one of equal matching labels."""
    steps = left.value.shape[1]
    of_left = [_signature(labels, node.matching) for labels in left.labels]
    of_right = [_signature(labels, node.matching) for labels in right.labels]
    if node.op == "or":
        extra = right.present & ~_there(of_right, of_left, left.present, steps)
        value, present = np.concatenate((left.value, right.value)), np.concatenate((left.present, extra))
        return merged([*left.labels, *right.labels], value, present)
    there = _there(of_left, of_right, right.present, steps)
    return Matrix(left.labels, left.value, left.present & (there if node.op == "and" else ~there))


def _there(keys: list[Labels], others: list[Labels], present: Bools, steps: int) -> Bools:
    """Whether any of the others (bool [S', T]) has the key of each row, bool [S, T]."""
    known: dict[Labels, Bools] = {}
    for row, key in enumerate(others):
        known[key] = known[key] | present[row] if key in known else present[row]
    nowhere = np.zeros(steps, np.bool_)
    return np.array([known.get(key, nowhere) for key in keys], np.bool_).reshape(len(keys), steps)
