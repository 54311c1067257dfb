"""What expressions evaluate to: vectors of series by steps, with labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput

__all__ = [
    "MAX_CELLS",
    "NAME",
    "Bools",
    "Floats",
    "Ints",
    "Labels",
    "Matrix",
    "execution",
    "merged",
    "numbered",
    "without",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Labels = tuple[tuple[str, str], ...]
"""(name, value) sorted by name; no value is empty, as an empty label is none."""

NAME: Final = "__name__"
MAX_CELLS: Final = 5_000_000
"""Series × steps of one vector: 45 MB."""


def execution(detail: str, hint: str | None = None) -> InvalidInput:
    """The refusal of a query that is sound, but cannot be evaluated on this data: Prometheus's `execution` error."""
    return InvalidInput(detail, code="execution", hint=hint)


@dataclass(frozen=True, slots=True)
class Matrix:
    """An instant vector at each of T steps.

    labels   of each of the S series; a set of labels occurs once, unless the steps at which it is there differ
    value    float64 [S, T]; what stands where nothing is there has no meaning
    present  bool [S, T]: whether the series has an element at that step
    """

    labels: Sequence[Labels]
    value: Floats
    present: Bools

    @classmethod
    def none(cls, steps: int) -> Matrix:
        """No series."""
        return cls((), np.empty((0, steps)), np.zeros((0, steps), np.bool_))

    def renamed(self, change: Callable[[Labels], Labels]) -> Matrix:
        """The same elements under changed labels. Raises InvalidInput when two of one step become alike."""
        return merged([change(labels) for labels in self.labels], self.value, self.present)

    def somewhere(self) -> Bools:
        """At which steps any series has an element, bool [T]."""
        return np.logical_or.reduce(self.present, axis=0)

    def taken(self, index: npt.NDArray[np.intp]) -> Matrix:
        """The series of these rows."""
        return Matrix([self.labels[i] for i in index.tolist()], self.value[index], self.present[index])


def without(labels: Labels, names: Collection[str]) -> Labels:
    """The labels but these."""
    return tuple(pair for pair in labels if pair[0] not in names)


def numbered(keys: Iterable[Labels]) -> tuple[list[Labels], npt.NDArray[np.intp]]:
    """The distinct keys in order of appearance, and intp [n]: which of them each is."""
    known: dict[Labels, int] = {}
    index = np.array([known.setdefault(key, len(known)) for key in keys], np.intp)
    return list(known), index


def merged(labels: Sequence[Labels], value: Floats, present: Bools) -> Matrix:
    """One series for each distinct set of labels, from rows that are there at different steps.

    Raises InvalidInput (`execution`) when two rows of equal labels are there at one step.
    """
    keys, index = numbered(labels)
    if len(keys) == len(labels):
        return Matrix(labels, value, present)
    shape = (len(keys), value.shape[1])
    out, there = np.zeros(shape), np.zeros(shape, np.bool_)
    for row, at in enumerate(index.tolist()):
        if (there[at] & present[row]).any():
            raise execution(
                f"vector cannot contain metrics with the same labelset: {{{_text(labels[row])}}}",
                "aggregate with `sum by (…)`, or select one metric",
            )
        out[at] = np.where(present[row], value[row], out[at])
        there[at] |= present[row]
    return Matrix(keys, out, there)


def _text(labels: Labels) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in labels)
