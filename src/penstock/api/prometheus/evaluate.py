"""From an expression and what was read for it to its value at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from penstock.api.prometheus import binary
from penstock.api.prometheus.aggregate import aggregate
from penstock.api.prometheus.expressions import (
    Aggregation,
    Binary,
    Call,
    Expression,
    Negation,
    Number,
    Selector,
    Subquery,
    Text,
)
from penstock.api.prometheus.fetch import Fetched
from penstock.api.prometheus.functions import (
    DATES,
    VALUES,
    clamped,
    label_join,
    label_replace,
    nearest,
    scalar,
)
from penstock.api.prometheus.matrix import MAX_CELLS, NAME, Floats, Ints, Labels, Matrix, execution, without
from penstock.api.prometheus.over_time import OVER_TIME, predict_linear, quantile_over_time
from penstock.api.prometheus.parse import bad_data
from penstock.api.prometheus.plan import Whole, inner_times, shifted
from penstock.api.prometheus.samples import Samples, Windows

__all__ = ["Evaluation", "Value"]

Value = Matrix | Floats | str
"""A vector, a scalar (float64 [T]) or a text."""

_KEEP_NAME: Final = frozenset({"last_over_time", "first_over_time"})


class Evaluation:
    """Evaluates one expression's nodes. `read` holds what every selector reads."""

    def __init__(self, read: Mapping[Selector, Fetched], whole: Whole) -> None:
        self._read = read
        self._whole = whole

    def value(self, node: Expression, times: Ints) -> Value:
        """The value of `node` at `times` int64 [T]. Raises InvalidInput (`bad_data`, `execution`)."""
        value: Value
        match node:
            case Number(number):
                value = np.full(len(times), number)
            case Text(text):
                value = text
            case Selector() | Subquery():
                if not isinstance(node, Selector) or node.range:
                    raise bad_data("a range vector is no answer", "put a function such as avg_over_time around it")
                value = self._selected(node, times)[0]
            case Negation(inner):
                value = self._negated(inner, times)
            case Aggregation():
                value = self._aggregated(node, times)
            case Binary():
                value = self._binary(node, times)
            case Call():
                value = self._call(node, times)
        return value

    def vector(self, node: Expression, times: Ints) -> Matrix:
        """As `value`, of a node that is a vector."""
        value = self.value(node, times)
        if not isinstance(value, Matrix):
            raise bad_data("an instant vector is needed where the query has a scalar or a text")
        return value

    def scalar(self, node: Expression, times: Ints) -> Floats:
        """As `value`, of a node that is a scalar."""
        value = self.value(node, times)
        if not isinstance(value, np.ndarray):
            raise bad_data("a scalar is needed where the query has a vector or a text")
        return value

    def _selected(self, node: Selector, times: Ints) -> tuple[Matrix, Ints]:
        """The vector of an instant selector, and when each element was read."""
        samples = self._read[node].samples
        _check_cells(len(samples.labels), len(times))
        return samples.at(shifted(node, times, self._whole), self._whole.lookback)

    def _negated(self, inner: Expression, times: Ints) -> Value:
        value = self.value(inner, times)
        if isinstance(value, Matrix):
            return Matrix(value.labels, -value.value, value.present).renamed(_nameless)
        if isinstance(value, str):
            raise bad_data("a text has no negative")
        return -value

    def _aggregated(self, node: Aggregation, times: Ints) -> Matrix:
        parameter = None if node.parameter is None else self.scalar(node.parameter, times)
        return aggregate(node.op, self.vector(node.inner, times), node.labels, parameter, exclude=node.without)

    def _binary(self, node: Binary, times: Ints) -> Value:
        left, right = self.value(node.left, times), self.value(node.right, times)
        if isinstance(left, str) or isinstance(right, str):
            raise bad_data(f"{node.op} takes no text")
        if isinstance(left, Matrix):
            if isinstance(right, Matrix):
                return binary.between(node, left, right)
            return binary.with_scalar(node, left, right, swapped=False)
        if isinstance(right, Matrix):
            return binary.with_scalar(node, right, left, swapped=True)
        if node.op in binary.COMPARISONS and not node.as_bool:
            raise bad_data("comparisons between scalars must use bool", f"write {node.op} bool")
        return binary.scalars(node.op, left, right)

    def _call(self, node: Call, times: Ints) -> Value:
        name, arguments = node.name, node.arguments
        if name in _SPECIAL:
            return _SPECIAL[name](self, arguments, times)
        if name in OVER_TIME:
            return self._over_time(name, arguments[0], times)
        if name in VALUES:
            vector = self.vector(arguments[0], times)
            return Matrix(vector.labels, VALUES[name](vector.value), vector.present).renamed(_nameless)
        if arguments:
            vector = self.vector(arguments[0], times)
            return Matrix(vector.labels, DATES[name](vector.value), vector.present).renamed(_nameless)
        return _alone(DATES[name](times / 1e3))

    def _over_time(self, name: str, argument: Expression, times: Ints) -> Matrix:
        read = self._read.get(argument) if isinstance(argument, Selector) else None
        if read is not None and read.counts is not None and name in {"avg_over_time", "count_over_time"}:
            # Windows hold sums and counts: those of a longer range add up, means do not.
            count = OVER_TIME["sum_over_time"](self._windows(argument, times, read.counts))
            if name == "count_over_time":
                return count.renamed(_nameless)
            total = OVER_TIME["sum_over_time"](self._windows(argument, times, read.samples))
            return Matrix(total.labels, total.value / count.value, total.present).renamed(_nameless)
        result = OVER_TIME[name](self.windows(argument, times))
        return result if name in _KEEP_NAME else result.renamed(_nameless)

    def windows(self, argument: Expression, times: Ints) -> Windows:
        """The windows of a range vector: a selector's readings, or the values of a subquery."""
        if isinstance(argument, Selector):
            return self._windows(argument, times, self._read[argument].samples)
        if isinstance(argument, Subquery):
            within = inner_times(argument, shifted(argument, times, self._whole))
            return self._windows(argument, times, Samples.of_matrix(self.vector(argument.inner, within), within))
        raise bad_data("a range vector is needed", "write a range such as [5m] behind the selector")

    def _windows(self, node: Expression, times: Ints, samples: Samples) -> Windows:
        assert isinstance(node, Selector | Subquery)
        _check_cells(len(samples.labels), len(times))
        end = shifted(node, times, self._whole)
        return Windows(samples, end - (node.range or 0), end)

    def sampled_at(self, node: Expression, times: Ints) -> Matrix:
        """`timestamp`: when a selector's elements were read, and for any other vector the step itself, epoch seconds."""
        if isinstance(node, Selector):
            vector, taken = self._selected(node, times)
            return Matrix(vector.labels, taken / 1e3, vector.present).renamed(_nameless)
        vector = self.vector(node, times)
        return Matrix(vector.labels, np.broadcast_to(times / 1e3, vector.value.shape), vector.present).renamed(
            _nameless
        )

    def absent(self, node: Expression, times: Ints, *, over_time: bool) -> Matrix:
        """1 at the steps where `node` has no element, with the labels that its matchers name with =."""
        seen = OVER_TIME["present_over_time"](self.windows(node, times)) if over_time else self.vector(node, times)
        nothing = ~seen.somewhere()
        labels = _equal_labels(node) if isinstance(node, Selector) else ()
        return Matrix((labels,), np.ones((1, len(times))), nothing[None, :])

    def text(self, node: Expression) -> str:
        """The text of a literal."""
        if not isinstance(node, Text):
            raise bad_data("a text in quotes is needed")
        return node.value


def _nameless(labels: Labels) -> Labels:
    return without(labels, (NAME,))


def _alone(value: Floats) -> Matrix:
    """A vector of one element without labels from a scalar."""
    return Matrix(((),), value[None, :], np.ones((1, len(value)), np.bool_))


def _equal_labels(node: Selector) -> Labels:
    """Labels that one matcher fixes and no other touches."""
    named = [m.name for m in node.matchers]
    fixed = {m.name: m.value for m in node.matchers if m.op == "=" and m.name != NAME and named.count(m.name) == 1}
    return tuple(sorted((name, value) for name, value in fixed.items() if value))


def _check_cells(series: int, steps: int) -> None:
    if series * steps > MAX_CELLS:
        raise execution(
            f"{series} series at {steps} steps are more than {MAX_CELLS} values", "use larger steps, or select less"
        )


def _round(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints) -> Matrix:
    vector = evaluation.vector(arguments[0], times)
    to = evaluation.scalar(arguments[1], times) if len(arguments) > 1 else np.ones(len(times))
    return Matrix(vector.labels, nearest(vector.value, to), vector.present).renamed(_nameless)


def _clamp(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints, *, low: bool, high: bool) -> Matrix:
    vector = evaluation.vector(arguments[0], times)
    bounds = [evaluation.scalar(argument, times) for argument in arguments[1:]]
    endless = np.full(len(times), np.inf)
    return clamped(vector, bounds[0] if low else -endless, bounds[-1] if high else endless).renamed(_nameless)


def _sorted(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints, *, descending: bool) -> Matrix:
    vector = evaluation.vector(arguments[0], times)
    if len(times) != 1:
        return vector
    first = vector.value[:, 0]
    return vector.taken(np.argsort(-first if descending else first, kind="stable"))


def _replace(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints) -> Matrix:
    target, replacement, source, pattern = map(evaluation.text, arguments[1:])
    return label_replace(evaluation.vector(arguments[0], times), target, replacement, source, pattern)


def _join(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints) -> Matrix:
    target, separator, *sources = map(evaluation.text, arguments[1:])
    return label_join(evaluation.vector(arguments[0], times), target, separator, *sources)


def _predict(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints) -> Matrix:
    windows = evaluation.windows(arguments[0], times)
    return predict_linear(windows, evaluation.scalar(arguments[1], times), times).renamed(_nameless)


def _quantile(evaluation: Evaluation, arguments: tuple[Expression, ...], times: Ints) -> Matrix:
    windows = evaluation.windows(arguments[1], times)
    return quantile_over_time(windows, evaluation.scalar(arguments[0], times)).renamed(_nameless)


_SPECIAL: Final[dict[str, Callable[[Evaluation, tuple[Expression, ...], Ints], Value]]] = {
    "time": lambda _, __, times: times / 1e3,
    "pi": lambda _, __, times: np.full(len(times), np.pi),
    "scalar": lambda e, a, times: scalar(e.vector(a[0], times)),
    "vector": lambda e, a, times: _alone(e.scalar(a[0], times)),
    "timestamp": lambda e, a, times: e.sampled_at(a[0], times),
    "absent": lambda e, a, times: e.absent(a[0], times, over_time=False),
    "absent_over_time": lambda e, a, times: e.absent(a[0], times, over_time=True),
    "round": _round,
    "clamp": lambda e, a, times: _clamp(e, a, times, low=True, high=True),
    "clamp_min": lambda e, a, times: _clamp(e, a, times, low=True, high=False),
    "clamp_max": lambda e, a, times: _clamp(e, a, times, low=False, high=True),
    "sort": lambda e, a, times: _sorted(e, a, times, descending=False),
    "sort_desc": lambda e, a, times: _sorted(e, a, times, descending=True),
    "label_replace": _replace,
    "label_join": _join,
    "predict_linear": _predict,
    "quantile_over_time": _quantile,
}
