"""What `now` is to questions that end with it: one instant for all that a tenant asks within a second.

A range that ends at the very millisecond of asking is another question each time, and no answer could be given out again. So the
doors ask as of the first question of each second. An answer is younger than a second all the same, as any that is given out again;
and a write begins a new instant, so that who writes and then asks sees the write.
"""

from __future__ import annotations

from typing import Final

from cachetools import LRUCache

from penstock.model.time import SECOND, Clock

__all__ = ["Moments"]

_TENANTS: Final = 65_536


class Moments:
    """The instants of the tenants of one process."""

    def __init__(self, clock: Clock, width: int = SECOND) -> None:
        """`width` ms: for so long an instant is now."""
        self._clock = clock
        self._width = width
        self._pinned: LRUCache[str, int] = LRUCache(_TENANTS)

    def now(self, tenant: str) -> int:
        """Epoch ms, at most `width` ago."""
        now = self._clock.now()
        pinned = self._pinned.get(tenant, now)
        if not pinned <= now < pinned + self._width:  # a clock may be set back
            pinned = now
        self._pinned[tenant] = pinned
        return pinned

    def renew(self, tenant: str) -> None:
        """The tenant wrote: now is what it is when it asks next."""
        self._pinned.pop(tenant, None)
