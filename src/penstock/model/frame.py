"""A frame: what crosses the bus in one message and is committed in one piece."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.model.batch import Batch
from penstock.model.event import Event
from penstock.model.ledger import DeadLetter, Part, Settlement

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Readings or events of one tenant, frozen before its first publish: a retry sends the same bytes with the same id.

    id            globally unique; the store remembers it, so a redelivery changes nothing
    stamp         admission stamp, epoch µs
    parts         who sent which run of `batch` (or of `events`), and what was refused at the door
    batch         readings; empty for a frame of events
    events        events; their parts count events
    dead_letters  what the frame's message held that can never be stored; its parts count their rows
    settles       the dead letter that this frame replays or discards; one that is settled already stays as it is
    """

    id: str
    tenant: str
    stamp: int
    parts: tuple[Part, ...]
    batch: Batch
    events: tuple[Event, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    settles: Settlement | None = None
