"""Settling a dead letter: the frame that brings what it holds back in, or gives it up.

What is replayed keeps the letter's admission stamp, so it never beats a correction that was made meanwhile. The frame names
the letter, so its rows and the letter's new state are one transaction; its id follows from the letter and the content, so
the same replay twice changes nothing the second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from penstock.bus import decode_frame
from penstock.model.batch import Batch
from penstock.model.errors import Conflict, InvalidInput, Poison, RowError
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part, Settlement
from penstock.pipeline.check import FrameCheck, faulty_events

__all__ = ["REPLAY_SOURCE", "Content", "discard_frame", "message_content", "replay_frame"]

REPLAY_SOURCE: Final = "replay"
"""Ledger source of everything that is replayed: it is received anew."""


class Content(NamedTuple):
    """What a letter's payload, or its mended form, holds: admitted rows, and a verdict for each that still is bad.

    A reading's version is 0 where it takes the letter's stamp.
    """

    batch: Batch
    events: tuple[Event, ...]
    rejected: Sequence[RowError]

    @property
    def rows(self) -> int:
        return len(self.batch) + len(self.events)


def message_content(letter: DeadLetter, tenant: str) -> Content:
    """Content of a letter that keeps a whole frame, which may be readable by now. Raises InvalidInput if it is not."""
    try:
        frame = decode_frame(letter.payload)
    except Poison as error:
        raise InvalidInput(
            f"the message still cannot be read: {error.detail}",
            code=error.code,
            hint="send what it should have held as the body of the replay, or discard the letter",
        ) from error
    if frame.tenant != tenant:
        raise InvalidInput(f"the frame is of tenant {frame.tenant}, the letter of {tenant}", code="tenant_mismatch")
    batch = replace(frame.batch, value=frame.batch.value + 0.0)
    faults = faulty_events(frame.events) if frame.events else FrameCheck().faulty_readings(batch)
    rejected = sorted(RowError(row, f.code, f.detail) for f in faults for row in f.rows.tolist())
    return Content(batch, frame.events, rejected)


def replay_frame(letter: DeadLetter, tenant: str, content: Content) -> Frame:
    """The frame that replays `letter` with `content`. Raises Conflict for a letter that was settled in another way."""
    settles = Settlement(letter.id, "replayed")
    name = _name(tenant, settles, _digest(content))
    _check_open(letter, name)
    batch = content.batch
    batch = replace(batch, version=np.where(batch.version == 0, letter.stamp, batch.version))
    parts = (Part(name, REPLAY_SOURCE, content.rows),)
    return Frame(name, tenant, letter.stamp, parts, batch, content.events, settles=settles)


def discard_frame(letter: DeadLetter, tenant: str, reason: str) -> Frame:
    """The frame that gives `letter` up and brings nothing. Raises Conflict for one that was settled in another way."""
    settles = Settlement(letter.id, "discarded", reason)
    name = _name(tenant, settles, reason.encode())
    _check_open(letter, name)
    return Frame(name, tenant, letter.stamp, (Part(name, REPLAY_SOURCE, 0),), Batch.empty(tenant), settles=settles)


def _check_open(letter: DeadLetter, name: str) -> None:
    if letter.state != "open" and letter.settled_by != name:
        raise Conflict(
            f"dead letter {letter.id} was {letter.state} already, by {letter.settled_by}",
            code="dead_letter_settled",
            hint="send corrections as ordinary readings, with a `seq` if they must win",
        )


def _name(tenant: str, settles: Settlement, content: bytes) -> str:
    text = f"{tenant}\x1f{settles.letter}\x1f{settles.state}".encode()
    return f"{REPLAY_SOURCE}-{hashlib.blake2b(text + content, digest_size=12).hexdigest()}"


def _digest(content: Content) -> bytes:
    """Fingerprint of the rows, equal in every process."""
    digest = hashlib.sha256(repr(content.events).encode(errors="surrogatepass"))
    batch = content.batch
    for key in batch.keys:
        digest.update(f"{key.text}\x1f".encode(errors="surrogatepass"))
    for column in (batch.series, batch.ts, batch.value, batch.version):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.digest()
