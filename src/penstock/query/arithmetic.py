"""Arithmetic between lines: matched by what they are grouped by, unknown where it has no answer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.query.expressions import Call, Name, Node, Number
from penstock.query.groups import METRIC
from penstock.query.lines import Label, Lines

__all__ = ["evaluate"]

F64 = npt.NDArray[np.float64]

_KEEP_UNIT: Final = frozenset({"+", "-", "neg", "abs", "min", "max", "clamp", "round"})
"""What leaves values in the unit that they all have."""


@dataclass(frozen=True, slots=True)
class _Plain:
    """A number, which goes with every line."""

    value: float


_Operand = _Plain | Lines


def evaluate(node: Node, known: Mapping[str, Lines]) -> Lines:
    """The lines of an expression over the lines `known` by name.

    Two sets of lines are matched by the columns that they are grouped by. Where one is grouped by a part of the other's, its line
    goes with each that agrees in that part; so a line without groups goes with every line. A line that one side misses
    is there, and null. The count is of the side with fewer readings, the coverage the lower one. The metric and the unit
    are kept where all lines that take part agree in them, the unit only by what does not change it.

    Every name of the expression is known. Raises InvalidInput for lines that cannot be matched.
    """
    found = _value(node, known)
    assert not isinstance(found, _Plain), "an expression without names was refused before"
    return found


def _value(node: Node, known: Mapping[str, Lines]) -> _Operand:
    match node:
        case Number(value=value):
            return _Plain(value)
        case Name(name=name):
            return known[name]
        case Call(function=function, arguments=arguments):
            operands = [_value(argument, known) for argument in arguments]
            if function in {"min", "max"}:
                return reduce(lambda a, b: _apply(function, a, b), operands)
            if function == "clamp":
                value, low, high = operands
                return _apply("min", _apply("max", value, low), high)
            return _apply(function, *operands)


def _power(a: F64, b: F64) -> F64:
    return np.power(a, b)


def _round(value: F64, digits: F64 | None = None) -> F64:
    if digits is None:
        return np.round(value)
    scale = np.power(10.0, np.clip(np.round(digits), -15, 15))
    return np.round(value * scale) / scale


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": _power, "neg": np.negative, "abs": np.abs,
    "min": np.minimum, "max": np.maximum, "sqrt": np.sqrt, "ln": np.log, "exp": np.exp, "round": _round,
}  # fmt: skip


def _apply(function: str, *operands: _Operand) -> _Operand:
    """One function of one or two operands. What is not finite, such as a division by zero, is not known."""
    work = _FUNCTIONS[function]
    with np.errstate(all="ignore"):
        match operands:
            case (Lines() as a, Lines() as b):
                a, b = _matched(a, b)
                value = work(a.value, b.value)
            case (Lines() as a, _Plain(value=number)):
                b, value = a, work(a.value, np.float64(number))
            case (_Plain(value=number), Lines() as b):
                a, value = b, work(np.float64(number), b.value)
            case (Lines() as a,):
                b, value = a, work(a.value)
            case _:
                return _Plain(float(work(*(np.float64(each.value) for each in operands if isinstance(each, _Plain)))))
    return Lines(
        by=a.by,
        columns=a.columns,
        labels=tuple(_label(x, y, function in _KEEP_UNIT) for x, y in zip(a.labels, b.labels, strict=True)),
        value=np.where(np.isfinite(value), value, np.nan),
        count=np.minimum(a.count, b.count),
        coverage=np.fmin(a.coverage, b.coverage),
        there=a.there | b.there,
    )


def _label(a: Label, b: Label, keeps: bool) -> Label:
    metric = a.metric if a.metric == b.metric else None
    return Label(metric, a.unit if keeps and a.unit == b.unit else None, a.group)


def _matched(a: Lines, b: Lines) -> tuple[Lines, Lines]:
    """Both with the same lines in the same order: of each group, as the one that is grouped more finely has them."""
    if a is b:
        return a, b
    if a.by < b.by or (a.by == b.by and _repeated(_keys(b, b)) and not _repeated(_keys(a, a))):
        right, left = _matched(b, a)
        return left, right
    if not b.by <= a.by:
        raise InvalidInput(
            f"lines grouped by {_said(a)} and lines grouped by {_said(b)} cannot be matched",
            code="unmatched_lines",
            hint="group both alike, or one by a part of what the other is grouped by",
        )
    fine, coarse = _keys(a, b), _keys(b, b)
    if _repeated(coarse):
        metrics = sorted({label.metric or "" for label in b.labels})
        raise InvalidInput(
            f"several lines of one group could be meant: they are of {', '.join(metrics)}",
            code="unmatched_lines",
            hint="select one metric, or group both sides by metric",
        )
    place = {key: i for i, key in enumerate(coarse)}
    pairs = [(i, place.get(key, -1)) for i, key in enumerate(fine)]
    if a.by == b.by:
        present = set(fine)
        pairs += [(-1, i) for i, key in enumerate(coarse) if key not in present]
    pairs.sort(key=lambda pair: _rank(a.labels[pair[0]] if pair[0] >= 0 else b.labels[pair[1]]))
    groups = [(a.labels[i] if i >= 0 else b.labels[j]).group for i, j in pairs]
    left = [a.labels[i] if i >= 0 else b.labels[j] for i, j in pairs]
    right = [
        (b.labels[j] if j >= 0 else a.labels[i])._replace(group=group)
        for (i, j), group in zip(pairs, groups, strict=True)
    ]
    index = np.array(pairs, np.int64).reshape(-1, 2)
    return _taken(a, a, index[:, 0], left), _taken(b, a, index[:, 1], right)


def _rank(label: Label) -> tuple[str, str, tuple[str, ...]]:
    """The order of lines in an answer."""
    return label.metric or "", label.unit or "", label.group


def _keys(lines: Lines, like: Lines) -> list[tuple[str, ...]]:
    """What each line is matched by: its part of the group that `like` has too."""
    at = [lines.columns.index(column) for column in like.columns]
    metric = METRIC in like.by
    return [(*(label.group[i] for i in at), *((label.metric or "",) if metric else ())) for label in lines.labels]


def _repeated(keys: list[tuple[str, ...]]) -> bool:
    return len(set(keys)) < len(keys)


def _said(lines: Lines) -> str:
    return ", ".join(sorted(lines.by)) or "nothing"


def _taken(lines: Lines, like: Lines, index: npt.NDArray[np.int64], labels: list[Label]) -> Lines:
    """The lines of `index`, int64 [n], unknown where it is -1, named `labels` and grouped as `like` is."""
    missing = (index < 0)[:, None]
    unknown = Lines.nothing(like.by, like.columns, tuple(labels), lines.value.shape[1])
    if not len(lines.labels):
        return unknown
    return Lines(
        like.by,
        like.columns,
        tuple(labels),
        np.where(missing, np.nan, lines.value[index]),
        np.where(missing, 0, lines.count[index]),
        np.where(missing, np.nan, lines.coverage[index]),
        ~missing & lines.there[index],
    )
