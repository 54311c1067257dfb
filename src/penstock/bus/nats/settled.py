"""Which sequences of a lane are settled, as intervals: sequences grow one by one, so there are few."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

__all__ = ["Settled"]


class Settled:
    """A set of whole numbers that is nearly contiguous. Memory grows with its gaps, not with its members."""

    def __init__(self, below: int, others: Iterable[int] = ()) -> None:
        self._starts = [0]
        self._ends = [below]
        for sequence in others:
            self.add(sequence)

    def __contains__(self, sequence: int) -> bool:
        at = bisect_right(self._starts, sequence) - 1
        return at >= 0 and sequence < self._ends[at]

    def add(self, sequence: int) -> None:
        at = bisect_right(self._starts, sequence) - 1
        if sequence < self._ends[at]:
            return
        follows = self._ends[at] == sequence
        meets = at + 1 < len(self._starts) and self._starts[at + 1] == sequence + 1
        if follows and meets:
            self._ends[at] = self._ends.pop(at + 1)
            del self._starts[at + 1]
        elif follows:
            self._ends[at] += 1
        elif meets:
            self._starts[at + 1] = sequence
        else:
            self._starts.insert(at + 1, sequence)
            self._ends.insert(at + 1, sequence + 1)

    def gaps(self, end: int) -> Iterable[range]:
        """What is not settled below `end`, in order."""
        for at, start in enumerate(self._ends):
            stop = min(end, self._starts[at + 1]) if at + 1 < len(self._starts) else end
            if start < stop:
                yield range(start, stop)
