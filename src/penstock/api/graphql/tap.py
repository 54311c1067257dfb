"""What passes on the bus for one subscription: bounded, with how many rows a slow client missed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.api.live import LiveHub, Wanted
from penstock.api.live.log import Passing
from penstock.api.live.wanted import Chooser
from penstock.api.observe import LIVE_SKIPPED
from penstock.model.batch import Batch
from penstock.model.event import Event

__all__ = ["MESSAGE_ROWS", "QUEUED_ROWS", "Piece", "Tap", "listen"]

QUEUED_ROWS: Final = 10_000
"""Rows that wait for one subscription at most; a frame is always taken when nothing waits."""
MESSAGE_ROWS: Final = 500
"""Rows of one result."""


@dataclass(frozen=True, slots=True)
class Piece:
    """At most MESSAGE_ROWS rows: readings of a batch at `index`, or events. `skipped` rows before them were left out."""

    batch: Batch | None = None
    index: npt.NDArray[np.intp] | None = None
    events: tuple[Event, ...] = ()
    skipped: int = 0


class Tap:
    """A Listener of the hub. `offer` never waits; `pieces` gives what waits, once."""

    def __init__(self, tenant: str, wanted: Wanted) -> None:
        self.tenant = tenant
        self.closed = False
        self._wanted = wanted
        self._chooser = Chooser(wanted.patterns)
        self._queue: deque[Piece] = deque()
        self._rows = 0
        self._skipped = 0
        self._wake = asyncio.Event()

    def offer(self, passing: Passing) -> None:
        """Take what is wanted of a frame."""
        if self._wanted.patterns:
            index = self._chooser.rows(passing.batch)
            for start in range(0, len(index), MESSAGE_ROWS):
                self._push(
                    Piece(passing.batch, index[start : start + MESSAGE_ROWS]), len(index[start : start + MESSAGE_ROWS])
                )
        events = self._wanted.events_of(passing.events)
        for start in range(0, len(events), MESSAGE_ROWS):
            part = events[start : start + MESSAGE_ROWS]
            self._push(Piece(events=part), len(part))

    def close(self) -> None:
        """The subscription ends once what waits is sent."""
        self.closed = True
        self._wake.set()

    async def pieces(self) -> AsyncIterator[Piece]:
        """What passes, until it is closed."""
        while True:
            while self._queue:
                piece = self._queue.popleft()
                self._rows -= len(piece.events) if piece.index is None else len(piece.index)
                yield piece
            if self.closed:
                return
            self._wake.clear()
            await self._wake.wait()

    def _push(self, piece: Piece, rows: int) -> None:
        if self._rows and self._rows + rows > QUEUED_ROWS:
            LIVE_SKIPPED.inc(rows)
            self._skipped += rows
            return
        self._rows += rows
        self._queue.append(Piece(piece.batch, piece.index, piece.events, self._skipped))
        self._skipped = 0
        self._wake.set()


async def listen(hub: LiveHub, tenant: str, wanted: Wanted) -> AsyncIterator[Piece]:
    """What passes for a tenant from now on. Raises Unavailable (too many live views, no bus)."""
    tap = Tap(tenant, wanted)
    try:
        await hub.enter(tap, wanted.lanes)
        async for piece in tap.pieces():
            yield piece
    finally:
        await hub.leave(tap)
