"""Which readings an expression needs: every selector with the instants it is evaluated at and how far back it looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from penstock.api.prometheus.expressions import (
    Aggregation,
    At,
    Binary,
    Call,
    Expression,
    Negation,
    Selector,
    Subquery,
)
from penstock.api.prometheus.matrix import Ints
from penstock.api.prometheus.parse import bad_data

__all__ = ["Need", "Whole", "inner_times", "needs", "shifted"]

MAX_INNER_STEPS = 50_000
"""Steps of one subquery over the whole range."""


class Whole(NamedTuple):
    """The whole query's start and end, epoch ms, and how far back an instant looks, ms."""

    start: int
    end: int
    lookback: int


class Need(NamedTuple):
    """One selector's reading: at `times` (int64 [T], epoch ms) everything of the `span` ms before.

    `function` is the name of the function that the selector is the range of, None for an instant selector; `timestamp`
    where the instants of the readings themselves are wanted.
    """

    selector: Selector
    times: Ints
    span: int
    function: str | None

    @property
    def after(self) -> int:
        """Epoch ms: readings after it are needed."""
        return int(self.times.min()) - self.span

    @property
    def until(self) -> int:
        """Epoch ms: readings up to it are needed."""
        return int(self.times.max())


def shifted(node: Selector | Subquery, times: Ints, whole: Whole) -> Ints:
    """int64 [T]: the instants that a node looks at, by its `@` and offset."""
    return _moved(node.at, times, whole) - node.offset


def _moved(at: At, times: Ints, whole: Whole) -> Ints:
    if at is None:
        return times
    fixed = {"start": whole.start, "end": whole.end}.get(at, at) if isinstance(at, str) else at
    return np.full_like(times, fixed)


def inner_times(node: Subquery, times: Ints) -> Ints:
    """int64 [n]: the instants of a subquery that outer windows ending at `times` can hold: multiples of its step.

    Raises InvalidInput when they are too many.
    """
    low, high = int(times.min()) - node.range, int(times.max())
    first = (low // node.step + 1) * node.step
    if (count := (high - first) // node.step + 1) > MAX_INNER_STEPS:
        raise bad_data(f"a subquery has {count} steps, more than {MAX_INNER_STEPS}", "give it a longer step")
    return np.arange(first, high + 1, node.step, dtype=np.int64)


def needs(node: Expression, times: Ints, whole: Whole, function: str | None = None) -> Iterator[Need]:
    """What `node` needs to be evaluated at `times` int64 [T], as the argument of `function`. Raises InvalidInput."""
    match node:
        case Selector():
            named = function if node.range or function == "timestamp" else None
            yield Need(node, shifted(node, times, whole), node.range or whole.lookback, named)
        case Subquery():
            within = inner_times(node, shifted(node, times, whole))
            if len(within):
                yield from needs(node.inner, within, whole)
        case Call(name, arguments):
            for argument in arguments:
                yield from needs(argument, times, whole, name)
        case Aggregation(_, inner, _, _, parameter):
            yield from needs(inner, times, whole)
            if parameter is not None:
                yield from needs(parameter, times, whole)
        case Binary(_, left, right):
            yield from needs(left, times, whole)
            yield from needs(right, times, whole)
        case Negation(inner):
            yield from needs(inner, times, whole)
        case _:
            return
