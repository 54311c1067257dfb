"""The part of PromQL that is understood, as plain values: what `parse` makes and `evaluate` walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Aggregation",
    "At",
    "Binary",
    "Call",
    "Expression",
    "Matcher",
    "Matching",
    "Negation",
    "Number",
    "Selector",
    "Subquery",
    "Text",
]

At = int | Literal["start", "end"] | None
"""The instant of an `@` modifier: epoch ms, the start or the end of the whole query, or None where there is no `@`."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that a series lacks counts as empty."""

    name: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal: an argument of a function about labels."""

    value: str


@dataclass(frozen=True, eq=False, slots=True)
class Selector:
    """Series by their labels; with `range` (ms) a range vector. `offset` in ms, positive into the past.

    Compared by identity: two selectors of one expression are read separately even when they look alike.
    """

    matchers: tuple[Matcher, ...]
    range: int | None = None
    offset: int = 0
    at: At = None


@dataclass(frozen=True, eq=False, slots=True)
class Subquery:
    """An instant expression evaluated every `step` ms over `range` ms; compared by identity."""

    inner: Expression
    range: int
    step: int
    offset: int = 0
    at: At = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`op` over groups: of equal `labels`, or, with `without`, of equal other labels."""

    op: str
    inner: Expression
    labels: tuple[str, ...] = ()
    without: bool = False
    parameter: Expression | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """How elements of two vectors are paired: by the labels `on`, or by all but `ignoring` (`on` None).

    `many` is the side of which several may share one element of the other; `include` are labels copied from the one side.
    """

    on: tuple[str, ...] | None = None
    ignoring: tuple[str, ...] = ()
    many: Literal["left", "right"] | None = None
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions; `as_bool` makes a comparison 0 or 1 instead of a filter."""

    op: str
    left: Expression
    right: Expression
    matching: Matching
    as_bool: bool = False


@dataclass(frozen=True, slots=True)
class Negation:
    """Unary minus."""

    inner: Expression


Expression = Number | Text | Selector | Subquery | Call | Aggregation | Binary | Negation
