"""Room on the disk below the broker: readings are refused while there is still some left.

A broker that meets the end of its disk stops confirming, and its senders learn of it by waiting. So a reserve is kept, in
which what was acknowledged can still be committed and events still come in, and readings hear at once why they are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from penstock.model.errors import Backpressure, Unavailable
from penstock.pipeline.growth import Growth

__all__ = ["Room", "reserve_of"]

_SMALL: Final = 8
_FLOOR: Final = 512 << 20
_SHARE: Final = 100
_CEILING: Final = 2 << 30
_AGAIN: Final = 8
"""Readings are taken again once an eighth more than the reserve is free, so that the answer does not change every second."""
_PATIENCE: Final = 1.0
_RETRY_SECONDS: Final = 5.0


def reserve_of(total: int) -> int:
    """Bytes kept free on a disk of `total` bytes: a hundredth, within 512 MiB and 2 GiB, but of a small disk an eighth at most."""
    return min(total // _SMALL, max(_FLOOR, min(_CEILING, total // _SHARE)))


class Room:
    """What is known of one disk. Whoever owns it calls `update`, and tells `growth`, about once a second.

    `reserve` in bytes; None takes `reserve_of` the disk, 0 refuses nothing.
    """

    def __init__(self, reserve: int | None = None) -> None:
        self.free = 0
        self.total = 0
        self.growth = Growth()
        self._wanted = reserve
        self._full = False
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def reserve(self) -> int:
        """Bytes that must be free for readings to be taken; 0 before the first `update`, unless it was given."""
        return reserve_of(self.total) if self._wanted is None else self._wanted

    @property
    def full(self) -> bool:
        """Whether readings are refused."""
        return self._full

    def update(self, free: int, total: int) -> None:
        """How much of the disk is free now. When it becomes full, whoever waits for the broker waits one second more."""
        self.free, self.total = free, total
        needed = self.reserve + (self.reserve // _AGAIN if self._full else 0)
        if (full := free < needed) == self._full:
            return
        self._full = full
        until = asyncio.get_running_loop().time() + _PATIENCE if full else None
        for patience in self._waiting:
            if not patience.expired():
                patience.reschedule(until)

    def describe(self) -> dict[str, Any]:
        """`state` (`ok`, `full`), `free_bytes`, `total_bytes`, `reserve_bytes`."""
        state = "full" if self._full else "ok"
        return {"state": state, "free_bytes": self.free, "total_bytes": self.total, "reserve_bytes": self.reserve}

    def check(self) -> None:
        """Raises Backpressure (`disk_full`) while readings are refused."""
        if self._full:
            raise Backpressure(
                f"{self._said()}; nothing was kept",
                code="disk_full",
                hint="repeat the request later; the operator has to free space",
                retry_after=_RETRY_SECONDS,
            )

    @asynccontextmanager
    async def waiting(self) -> AsyncGenerator[None]:
        """Wait for the broker herein. Raises Unavailable (`disk_full`, the fate is unknown) once the disk has been full for a
        second: a broker that could not write does not answer.
        """
        until = asyncio.get_running_loop().time() + _PATIENCE if self._full else None
        patience = asyncio.timeout_at(until)
        try:
            async with patience:
                self._waiting.add(patience)
                yield
        except TimeoutError:
            raise Unavailable(
                f"the broker did not confirm, and {self._said()}",
                code="disk_full",
                hint="its fate is unknown: repeat the same request later",
                retry_after=_RETRY_SECONDS,
            ) from None
        finally:
            self._waiting.discard(patience)

    def _said(self) -> str:
        return f"the platform's disk is full: {self.free} bytes are free, {self.reserve} must be"
