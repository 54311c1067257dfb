"""Lines: the values of groups over the windows of one answer, and what is done with them without knowing what they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Label", "Lines", "Rows"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Label(NamedTuple):
    """What a line is called. `metric` and `unit` are None where there is no single one; `group` goes with `Lines.columns`."""

    metric: str | None
    unit: str | None
    group: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of lines, by line and time, every array [n].

    line int64 · window int64 (-1: of no window) · ts int64, epoch ms · value, coverage float64 (NaN: not known) · count int64
    """

    line: I64
    window: I64
    ts: I64
    value: F64
    count: I64
    coverage: F64

    def take(self, index: npt.NDArray[np.intp] | Mask) -> Rows:
        return Rows(*(getattr(self, name)[index] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in the order of their labels; every array is [lines, windows].

    by       what separates the lines besides metric and unit, as in `Fetch.by`
    columns  the answer's columns of `by`, in the order of each label's group
    value    float64, NaN: not known
    count    int64: readings behind it
    coverage float64, 0 to 1, NaN: not known
    there    bool: windows that have a row even when nothing is filled
    """

    by: frozenset[str]
    columns: tuple[str, ...]
    labels: tuple[Label, ...]
    value: F64
    count: I64
    coverage: F64
    there: Mask

    @classmethod
    def nothing(cls, by: frozenset[str], columns: tuple[str, ...], labels: tuple[Label, ...], windows: int) -> Lines:
        """No window has a value."""
        shape = (len(labels), windows)
        unknown = np.full(shape, np.nan)
        return cls(by, columns, labels, unknown, np.zeros(shape, np.int64), unknown.copy(), np.zeros(shape, np.bool_))

    def rows(self, starts: I64, shown: Mask) -> Rows:
        """The windows of `shown`, bool [lines, windows]; `starts` int64 [windows], epoch ms."""
        line, window = (index.astype(np.int64) for index in np.nonzero(shown))
        at = (line, window)
        return Rows(line, window, starts[window], self.value[at], self.count[at], self.coverage[at])
