"""How far a lane is committed without a gap, and so what an answer may claim. Pure.

A frame is stamped before it is published, and a lane keeps its order. So whatever was acknowledged before the stamp of a
frame lies before that frame in the lane. But being committed is not enough: a message that an earlier run of this process
held, or whose delivery was lost, comes again only after the ack wait, behind newer ones. Until then it is a gap.
"""

from __future__ import annotations

__all__ = ["Frontier"]


class Frontier:
    """The frontier of one lane. Positions are `Delivery.sequence`, which count every message of the lane.

    A gap that is older than `patience` seconds is no message that will come again: an earlier run settled it, or somebody
    removed it. Above the ack wait, so that what will come again has come by then.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self.as_of = 0
        """Epoch ms: everything acknowledged in this lane before it is committed."""
        self._next: int | None = None  # everything before this position is committed; None while nobody knows
        self._last = 0
        self._held: set[int] = set()
        self._done: dict[int, int] = {}  # committed, but behind a gap: position → stamp
        self._moved: float | None = None

    def fetched(self, sequence: int, now: float) -> None:
        """A message is held from now on. `now` is monotonic seconds, here and below."""
        self._held.add(sequence)
        self._last = max(self._last, sequence)
        if self._moved is None:
            self._moved = now

    def committed(self, sequence: int, stamp: int, now: float) -> None:
        """A held message is committed; `stamp` is its frame's (epoch µs), 0 if no door stamped it."""
        self._held.discard(sequence)
        if self._next is None or sequence >= self._next:
            self._done[sequence] = stamp
        if self._done and self._moved is not None and now - self._moved >= self._patience:
            self._next = min(self._done.keys() | self._held)
        while self._next in self._done:
            self.as_of = max(self.as_of, self._done.pop(self._next) // 1_000)
            self._next += 1
            self._moved = now

    def emptied(self, as_of: int, now: float) -> None:
        """At `as_of` (epoch ms) nothing was left to settle in the lane."""
        self.as_of = as_of
        self._done.clear()
        if self._last:
            self._next = self._last + 1
        self._moved = now
