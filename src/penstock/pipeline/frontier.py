"""How far a lane is committed without a gap, and so what an answer may claim. Pure.

A frame is stamped before it is published, and a lane keeps its order. So whatever was acknowledged before the stamp of a
frame lies before that frame in the lane. But being committed is not enough: a message that an earlier run of this process
held, or whose delivery was lost, comes again only after the ack wait, behind newer ones. Until then it is a gap.
"""

from __future__ import annotations

from heapq import heappop, heappush

__all__ = ["Frontier"]


class Frontier:
    """The frontier of one lane. Positions are `Delivery.sequence`, which count every message of the lane."""

    def __init__(self, oldest: int) -> None:
        """`oldest` is the position of the oldest message that nobody has settled yet, as `Bus.oldest` tells it."""
        self.as_of = 0
        """Epoch ms: everything acknowledged in this lane before it is committed."""
        self._next = oldest  # everything before this position is settled
        self._last = oldest - 1
        self._above: list[tuple[int, int]] = []  # committed, but behind a gap: (position, stamp), a heap

    @property
    def has_gap(self) -> bool:
        """Whether something newer is committed than a message that is not."""
        return bool(self._above)

    def committed(self, sequence: int, stamp: int) -> None:
        """A message is committed; `stamp` is when a door took it (epoch µs), 0 if none did."""
        self._last = max(self._last, sequence)
        if sequence >= self._next:
            heappush(self._above, (sequence, stamp))
            self._close()

    def pass_over(self, oldest: int) -> None:
        """Nothing before `oldest` is left to settle: what is missing there was settled by an earlier run, or is gone."""
        self._next = max(self._next, oldest)
        self._close()

    def emptied(self, as_of: int) -> None:
        """At `as_of` (epoch ms) nothing was left to settle in the lane."""
        self.as_of = max(self.as_of, as_of)
        self.pass_over(self._last + 1)

    def _close(self) -> None:
        while self._above and self._above[0][0] <= self._next:
            sequence, stamp = heappop(self._above)
            self._next = max(self._next, sequence + 1)
            self.as_of = max(self.as_of, stamp // 1_000)
