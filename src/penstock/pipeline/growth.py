"""How long a disk will last, by how fast it has been filling."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from penstock.model.time import DAY, MINUTE

__all__ = ["Growth"]

_LEAST: Final = 10 * MINUTE
"""Compaction and the broker's files move the free space by more than what comes in over a shorter time."""


class Growth:
    """Free space once a minute, of the last day."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=DAY // MINUTE)

    def note(self, at: int, free: int) -> None:
        """`free` bytes at `at` (epoch ms). May be called at any pace; a clock that is set back begins anew."""
        if self._samples and at < self._samples[-1][0]:
            self._samples.clear()
        if not self._samples or at >= self._samples[-1][0] + MINUTE:
            self._samples.append((at, free))

    @property
    def watched(self) -> int:
        """For how many ms the disk has been watched, a day at most."""
        return self._samples[-1][0] - self._samples[0][0] if self._samples else 0

    def per_day(self) -> float | None:
        """Bytes that fill up in a day, by least squares; negative while space is given back; None before ten minutes."""
        if self.watched < _LEAST:
            return None
        at, free = np.array(self._samples, np.float64).T
        at = (at - at.mean()) / DAY
        return float(-(at @ (free - free.mean())) / (at @ at))

    def days_left(self, room: int) -> float | None:
        """Days after which `room` bytes are filled at this pace; None while that is not known, or the disk does not fill."""
        pace = self.per_day()
        return max(0, room) / pace if pace is not None and pace > 0.0 else None
