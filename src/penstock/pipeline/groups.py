"""What one commit takes of what was fetched: whole messages in their order, within bounds of rows and bytes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from penstock.bus import EVENTS_SUBJECT, Delivery
from penstock.model.frame import Frame

__all__ = ["Group", "Work"]


class Work(NamedTuple):
    """One delivery and the frame that it holds."""

    delivery: Delivery
    frame: Frame

    @property
    def rows(self) -> int:
        return len(self.frame.batch) + len(self.frame.events)

    @property
    def stamp(self) -> int:
        """When a door took it, epoch µs; 0 for what passed no door, whose frame is stamped when it is read."""
        raw = self.delivery.subject == EVENTS_SUBJECT or self.frame.dead_letters
        return 0 if raw else self.frame.stamp


@dataclass(slots=True)
class Group:
    """What one commit takes, within bounds of rows and bytes; one message always fits."""

    max_rows: int
    max_bytes: int
    work: list[Work] = field(default_factory=list[Work])
    rows: int = 0
    bytes: int = 0

    def take(self, ahead: deque[Work]) -> bool:
        """Move what fits from what was fetched; whether the group is full."""
        while ahead:
            rows, size = self.rows + ahead[0].rows, self.bytes + len(ahead[0].delivery.payload)
            if self.work and (rows > self.max_rows or size > self.max_bytes):
                return True
            self.work.append(ahead.popleft())
            self.rows, self.bytes = rows, size
        return self.rows >= self.max_rows or self.bytes >= self.max_bytes
