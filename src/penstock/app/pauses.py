"""How long to wait before a request is repeated, for everything here that asks a platform again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from penstock.model.errors import Unavailable

__all__ = ["Pauses"]

_FIRST: Final = 0.2
_LONGEST: Final = 15.0


class Pauses:
    """The waits of one request: what the platform asks for, and a random part of a bound that doubles.

    patience  seconds from now in which the request may be repeated
    now       monotonic seconds
    """

    def __init__(
        self, patience: float, rng: random.Random | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._deadline = now() + patience
        self._rng = rng or random.Random()
        self._bound = _FIRST

    def after(self, failure: Unavailable) -> float:
        """Seconds to wait before the next try. Raises `failure` when that would be beyond the patience."""
        pause = failure.retry_after + self._rng.uniform(0.0, self._bound)
        if self._now() + pause > self._deadline:
            raise failure
        self._bound = min(self._bound * 2, _LONGEST)
        return pause
