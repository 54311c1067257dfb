"""The ledger: every reading and event that was received has exactly one fate, and the fates add up.

    received = stored + duplicate + superseded + rejected + dead_lettered + in_flight

stored         the key held nothing, or a lower version that this one replaced
duplicate      the key already held the same value, or the frame held it twice
superseded     the key already held a higher version of another value
rejected       refused at the door with a reason; a refused row counts once
dead_lettered  acknowledged, but it can never be stored; kept with the reason
in_flight      durable on the bus, not yet committed
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from penstock.model.findings import NOTHING_FOUND, Findings

__all__ = ["Counts", "DeadLetter", "LedgerRow", "LetterState", "Part", "Receipt", "Settlement"]

LetterState = Literal["open", "replayed", "discarded"]
"""A dead letter is open until somebody replays what it holds or gives it up."""


class Counts(NamedTuple):
    """Fates of one part, source or tenant. `balance` is 0 when nothing is in flight."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    superseded: int = 0
    rejected: int = 0
    dead_lettered: int = 0

    def __add__(self, other: object) -> Counts:  # tuple concatenation is never meant here
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def balance(self) -> int:
        """Received minus every settled fate: what must still be in flight."""
        return self.received - sum(self[1:])


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a frame's readings (or events) that came from one request of one source.

    `accepted` readings (or events) follow one another in the frame, in the order of its parts; `rejected` were refused
    at the door and only count. `dead_lettered` were accepted, but are in the frame's dead letters instead of its rows.
    `stamp` is the request's admission stamp (epoch µs), 0 for that of the frame; `findings` is what admission found in
    the request, in its first frame only.
    """

    receipt: str
    source: str
    accepted: int
    rejected: int = 0
    stamp: int = 0
    findings: Findings = NOTHING_FOUND
    dead_lettered: int = 0

    def only(self, accepted: int, rejected: int) -> Part:
        return replace(self, accepted=accepted, rejected=rejected)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something acknowledged that can never be stored, kept with the reason until somebody settles it.

    id           the same for every redelivery of the message
    source       who sent it, as in the ledger
    received_ts  epoch ms
    payload      rows as NDJSON that the doors in accept, or the whole message where it could not be read
    media_type   of `payload`
    holds        which lane's: `readings` or `events`
    rows         readings or events that it counts for in the ledger; a message that could not be read counts for one
    stamp        admission stamp (epoch µs): what is replayed keeps it as its version
    settled_ts   epoch ms when it was replayed or discarded, None while open
    settled_by   receipt of the request that did so
    reason       why it was discarded
    """

    id: str
    source: str
    received_ts: int
    code: str
    detail: str
    payload: bytes
    media_type: str = "application/octet-stream"
    holds: str = "readings"
    rows: int = 1
    stamp: int = 0
    state: LetterState = "open"
    settled_ts: int | None = None
    settled_by: str = ""
    reason: str = ""


class Settlement(NamedTuple):
    """What a frame says about an open dead letter of its tenant, committed together with the frame's rows."""

    letter: str
    state: LetterState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one request, summed over its `frames` so far.

    `stamp` is when it was admitted (epoch µs, 0 where that was not kept), `committed_ts` its last commit (epoch ms).
    """

    id: str
    tenant: str
    source: str
    counts: Counts
    committed_ts: int
    stamp: int = 0
    frames: tuple[str, ...] = ()

    def joined(self, later: Receipt) -> Receipt:
        """This and what `later` frames of the same request add."""
        counts, frames = self.counts + later.counts, (*self.frames, *later.frames)
        return replace(self, counts=counts, committed_ts=max(self.committed_ts, later.committed_ts), frames=frames)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Counts of one source of one tenant since the store was created."""

    tenant: str
    source: str
    counts: Counts = field(default_factory=Counts)
