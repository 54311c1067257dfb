"""An offer: the readings of one request for one lane, on their way to the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from penstock.bus import Lane
from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.findings import NOTHING_FOUND, Findings
from penstock.model.frame import Frame
from penstock.model.ledger import Part

__all__ = ["Offer"]

_RETRY: Final = "its fate is unknown: repeat the same request"


@dataclass(slots=True)
class Offer:
    """One request's readings of one lane. `done` tells their fate to whoever still waits for it.

    `stamp` is epoch µs, `size` what the gate counts it as, in bytes.
    """

    lane: Lane
    receipt: str
    source: str
    batch: Batch
    rejected: int
    stamp: int
    findings: Findings
    size: int = field(init=False)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def __post_init__(self) -> None:
        self.size = 64 + 28 * len(self.batch) + self.findings.size

    def split(self, before: int) -> list[Offer]:
        """By lanes: readings before this instant (epoch ms) go to the backlog.

        What was refused and found counts once; attributes travel on the faster lane.
        """
        old = self.batch.ts < before
        if not old.any():
            return [self]
        if old.all():
            return [replace(self, lane=Lane.BACKLOG)]
        live = replace(self.batch.only(~old), attributes=self.batch.attributes)
        late = self.batch.only(old)
        return [
            replace(self, batch=live, done=asyncio.get_running_loop().create_future()),
            Offer(Lane.BACKLOG, self.receipt, self.source, late, 0, self.stamp, NOTHING_FOUND),
        ]

    def part(self, stamp: int) -> Part:
        """The whole offer as a part of a frame that is stamped `stamp`."""
        own = self.stamp if self.stamp != stamp else 0
        return Part(self.receipt, self.source, len(self.batch), self.rejected, own, self.findings)

    def frame_id(self, number: int) -> str:
        """The same for every retry of a request, whose frames are cut in the same places."""
        return f"{self.receipt}.{'b' if self.lane is Lane.BACKLOG else ''}{number}"

    def frames(self, rows: int) -> Iterator[Frame]:
        """Frames of its own, of at most so many readings each."""
        for n, start in enumerate(range(0, len(self.batch), rows)):
            chunk = self.batch.slice(start, start + rows)
            part = Part(self.receipt, self.source, len(chunk))
            if n == 0:
                part = replace(part, rejected=self.rejected, findings=self.findings)
            yield Frame(self.frame_id(n), chunk.tenant, self.stamp, (part,), chunk)

    def settle(self, error: BaseException | None) -> None:
        """Tell its fate, once: None is success."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
            return
        # Whoever waits is not cancelled only because the gate is.
        told = error if isinstance(error, Exception) else Unavailable("the gate was closed", hint=_RETRY)
        self.done.set_exception(told)
        self.done.exception()  # a caller that went away leaves its future unread
