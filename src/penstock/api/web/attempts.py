"""Failed sign-ins are counted per client address, so that nobody tries keys by the thousand."""

from __future__ import annotations

import math
from typing import Final

from cachetools import LRUCache

from penstock.model.errors import Backpressure
from penstock.model.time import MINUTE, Clock

__all__ = ["Attempts"]

_ADDRESSES: Final = 65_536


class Attempts:
    """`burst` failures at once, then one every `every` ms, each address for itself; the longest unheard of give way."""

    def __init__(self, clock: Clock, *, burst: int = 20, every: int = MINUTE // 12) -> None:
        self._clock = clock
        self._burst = burst
        self._every = every
        self._failed: LRUCache[str, tuple[float, int]] = LRUCache(_ADDRESSES)

    def check(self, address: str) -> None:
        """Raises Backpressure (`too_many_attempts`) while `address` has failed too often, whatever it would send."""
        over = self._failures(address) - self._burst + 1
        if over > 0:
            wait = over * self._every / 1_000
            raise Backpressure(
                f"too many sign-ins from {address or 'this address'} failed",
                code="too_many_attempts",
                hint=f"try again in {math.ceil(wait)} s; a program sends its key with each request and needs no session",
                retry_after=wait,
            )

    def failed(self, address: str) -> None:
        """A credential that `address` sent was wrong."""
        self._failed[address] = self._failures(address) + 1, self._clock.now()

    def _failures(self, address: str) -> float:
        count, at = self._failed.get(address, (0.0, 0))
        return max(0.0, count - max(0, self._clock.now() - at) / self._every)
