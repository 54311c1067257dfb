"""Messages off the bus become frames: what is well formed is decoded, what can never be stored becomes a dead letter.

A message is never dropped and never raises: whatever came, the commit loop gets a frame to commit and ack.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
import structlog

from penstock.bus import EVENTS_SUBJECT, Delivery, Lane, decode_frame
from penstock.model.batch import Batch
from penstock.model.errors import InvalidInput, Poison
from penstock.model.event import make_event
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part
from penstock.model.time import Clock
from penstock.pipeline.admit import admit_events

__all__ = ["NATS_SOURCE", "Messages"]

log = structlog.get_logger(__name__)

NATS_SOURCE: Final = "nats"
"""Ledger source of what came as a raw message, not through a gate."""


class Messages:
    """Reads deliveries of all lanes.

    `events_tenant` owns raw events on the literal subject `events`; `earliest` is the start of retention, epoch ms.
    """

    def __init__(self, clock: Clock, *, events_tenant: str, earliest: int) -> None:
        self._clock = clock
        self._events_tenant = events_tenant
        self._earliest = earliest

    def read(self, lane: Lane, delivery: Delivery) -> Frame:
        """The frame that a delivery holds, or one that holds nothing but the dead letter it became."""
        try:
            if delivery.subject == EVENTS_SUBJECT:
                return self._raw_event(lane, delivery)
            frame = decode_frame(delivery.payload)
            if frame.tenant != self._tenant(delivery):
                raise Poison(f"a frame of tenant {frame.tenant} on subject {delivery.subject}", code="tenant_mismatch")
        except (Poison, InvalidInput) as error:
            detail = f"{error.detail}; {error.hint}" if error.hint else error.detail
            return self.dead(lane, delivery, error.code, detail)
        return frame

    def dead(self, lane: Lane, delivery: Delivery, code: str, detail: str) -> Frame:
        """A frame that holds nothing but the message, whole, as a dead letter."""
        now, tenant, frame_id = self._clock.now(), self._tenant(delivery), _identity(lane, delivery)
        log.warning("dead letter", lane=lane, tenant=tenant, code=code, detail=detail, sequence=delivery.sequence)
        letter = DeadLetter(frame_id, NATS_SOURCE, now, code, detail, bytes(delivery.payload))
        parts = (Part(frame_id, NATS_SOURCE, 0),)
        return Frame(frame_id, tenant, now * 1000, parts, Batch.empty(tenant), dead_letters=(letter,))

    def _raw_event(self, lane: Lane, delivery: Delivery) -> Frame:
        """S1's JSON on the literal subject; raises InvalidInput with what is wrong with it."""
        try:
            said: Any = msgspec.json.decode(delivery.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput(f"not JSON: {error}", code="malformed_json") from error
        if not isinstance(said, dict):
            raise InvalidInput("an event must be a JSON object", code="invalid_event")
        missing = {"criticality", "timestamp", "eventMessage"} - said.keys()
        if missing:
            raise InvalidInput(f"missing {', '.join(sorted(missing))}", code="invalid_event")
        event = make_event(
            said["criticality"],
            said["timestamp"],
            said["eventMessage"],
            source=said.get("source", ""),
            event_id=said.get("id"),
        )
        now = self._clock.now()
        good, bad = admit_events([event], now=now, earliest=self._earliest)
        if bad:
            raise InvalidInput(bad[0].detail, code=bad[0].code)
        tenant, frame_id = self._events_tenant, _identity(lane, delivery)
        return Frame(frame_id, tenant, now * 1000, (Part(frame_id, NATS_SOURCE, 1),), Batch.empty(tenant), tuple(good))

    def _tenant(self, delivery: Delivery) -> str:
        subject = delivery.subject
        return self._events_tenant if subject == EVENTS_SUBJECT else subject.rsplit(".", 1)[-1]


def _identity(lane: Lane, delivery: Delivery) -> str:
    """Id of what came without one. The digest keeps a recreated lane, whose positions start again, apart."""
    digest = hashlib.blake2b(delivery.payload, digest_size=8).hexdigest()
    return f"{lane}-{delivery.sequence}-{digest}"
