"""How commits follow one another: whether what is in flight will soon be stored, or more comes all the time."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["Pulse"]

_COMMITS: Final = 8
_SHARE: Final = 0.25
"""Of the time that commits take from which on something is in flight nearly always."""
_RATE: Final = 10_000.0
"""Rows/s below which it is small commits that follow one another, one of which is soon over."""


class Pulse:
    """The last commits of a lane. Instants are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._beats: deque[tuple[float, float, int]] = deque(maxlen=_COMMITS)

    def beat(self, began: float, ended: float, rows: int) -> None:
        """A commit of so many rows is done."""
        self._beats.append((began, ended, rows))

    def is_busy(self, now: float) -> bool:
        """Whether commits of many rows follow one another closely, up to now."""
        if len(self._beats) < _COMMITS:
            return False
        span = now - self._beats[0][0]
        took = sum(ended - began for began, ended, _ in self._beats)
        rows = sum(rows for _, _, rows in self._beats)
        return took > _SHARE * span and rows > _RATE * span
