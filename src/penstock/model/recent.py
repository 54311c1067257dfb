"""What happened lately, for showing: how much per second, and how long it took. Kept in memory, for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

__all__ = ["Spans", "Tally"]

_SLOTS: Final = 64
"""Seconds that a tally remembers: a minute, the one that has begun, and some to spare."""
_MINUTE: Final = 60.0
_NEWEST: Final = 1_024


class Tally:
    """A running count that knows what it grew by in each of the last 60 seconds. `now` is monotonic seconds."""

    __slots__ = ("_now", "_second", "_slots", "total")

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.total = 0
        self._now = now
        self._second = int(now())
        self._slots = [0] * _SLOTS

    def add(self, count: int) -> None:
        """Count `count` more. Under a microsecond: it is called for each frame or request, never for each row."""
        self._advance()
        self._slots[self._second % _SLOTS] += count
        self.total += count

    def rate(self, seconds: int) -> float:
        """Mean growth per second over the last `seconds` whole seconds, 1 to 60. Before it existed nothing grew."""
        self._advance()
        return sum(self._slots[(self._second - back) % _SLOTS] for back in range(1, seconds + 1)) / seconds

    def _advance(self) -> None:
        second = int(self._now())
        for passed in range(max(self._second + 1, second - _SLOTS + 1), second + 1):
            self._slots[passed % _SLOTS] = 0
        self._second = max(self._second, second)


class Spans:
    """How long things took, ms: of the last minute, the newest 1,024 of them. `now` is monotonic seconds."""

    __slots__ = ("_at", "_count", "_ms", "_now")

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._count = 0
        self._ms = np.zeros(_NEWEST)
        self._at = np.full(_NEWEST, -np.inf)

    def add(self, ms: float) -> None:
        """One more took `ms`."""
        slot = self._count % _NEWEST
        self._ms[slot], self._at[slot] = ms, self._now()
        self._count += 1

    def quantile(self, share: float) -> float | None:
        """What `share` (0 to 1) of them took at most; None if there were none."""
        lately = self._ms[self._at > self._now() - _MINUTE]
        return float(np.quantile(lately, share, method="inverted_cdf")) if len(lately) else None
