"""Messages off the bus become frames: what can be stored is decoded, what can never be stored becomes a dead letter.

A message is never dropped and never raises: whatever came, the commit loop gets a frame to commit and ack. A bad row costs
only itself; a message that cannot be read at all is kept whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np
import structlog

from penstock.bus import EVENTS_SUBJECT, Delivery, Lane, decode_frame
from penstock.bus.wire import MEDIA_TYPE
from penstock.model.batch import Batch, SensorKey
from penstock.model.errors import InvalidInput, Poison
from penstock.model.event import Event, make_event
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part
from penstock.model.series import Attributes, check_name
from penstock.model.time import Clock
from penstock.pipeline.admit import admit_events, trim
from penstock.pipeline.check import MAX_STAMP, Fault, FrameCheck, faulty_events
from penstock.pipeline.letters import split, without

__all__ = ["NATS_SOURCE", "Messages", "check_header", "read_raw_event"]

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
        self._check = FrameCheck()

    def read(self, lane: Lane, delivery: Delivery) -> Frame:
        """The frame that a delivery holds, or one that holds nothing but the dead letter it became."""
        try:
            if delivery.subject == EVENTS_SUBJECT:
                return self._raw_event(lane, delivery)
            frame = decode_frame(delivery.payload)
            check_header(frame, self._tenant(delivery))
        except (Poison, InvalidInput) as error:
            detail = f"{error.detail}; {error.hint}" if error.hint else error.detail
            return self.dead(lane, delivery, error.code, detail)
        return self._narrowed(lane, frame)

    def dead(self, lane: Lane, delivery: Delivery, code: str, detail: str) -> Frame:
        """A frame that holds nothing but the message, whole, as a dead letter. It counts for one row."""
        now, tenant, frame_id = self._clock.now(), self._tenant(delivery), _identity(lane, delivery)
        log.warning("dead letter", lane=lane, tenant=tenant, code=code, detail=detail, sequence=delivery.sequence)
        letter = DeadLetter(
            frame_id,
            NATS_SOURCE,
            now,
            code,
            detail,
            bytes(delivery.payload),
            media_type="application/json" if delivery.subject == EVENTS_SUBJECT else MEDIA_TYPE,
            holds="events" if lane is Lane.EVENTS else "readings",
            stamp=now * 1_000,
        )
        parts = (Part(frame_id, NATS_SOURCE, 0, dead_lettered=1),)
        return Frame(frame_id, tenant, now * 1_000, parts, Batch.empty(tenant), dead_letters=(letter,))

    def _narrowed(self, lane: Lane, frame: Frame) -> Frame:
        """The frame with what can be stored; every other row is in a dead letter."""
        faults: list[Fault] = []
        if frame.events:
            faults = faulty_events(frame.events)
        elif len(frame.batch):
            batch = frame.batch
            faults = self._check.faulty_readings(batch)
            # Adding 0.0 turns -0.0 into 0.0: equal values have equal bits, and no value changes.
            batch = replace(batch, value=batch.value + 0.0, attributes=_possible(batch.attributes))
            if not faults and self._check.has_impossible_keys(batch):
                batch = without(batch, np.zeros(len(batch), np.bool_))
            frame = replace(frame, batch=batch)
        if not faults:
            return frame
        for fault in faults:
            log.warning(
                "rows become dead letters",
                lane=lane,
                tenant=frame.tenant,
                frame=frame.id,
                code=fault.code,
                rows=len(fault.rows),
                detail=fault.detail,
            )
        return split(frame, faults, self._clock.now())

    def _raw_event(self, lane: Lane, delivery: Delivery) -> Frame:
        now = self._clock.now()
        event = read_raw_event(delivery.payload, now=now, earliest=self._earliest)
        tenant, frame_id = self._events_tenant, _identity(lane, delivery)
        return Frame(frame_id, tenant, now * 1000, (Part(frame_id, NATS_SOURCE, 1),), Batch.empty(tenant), (event,))

    def _tenant(self, delivery: Delivery) -> str:
        subject = delivery.subject
        return self._events_tenant if subject == EVENTS_SUBJECT else subject.rsplit(".", 1)[-1]


def check_header(frame: Frame, tenant: str) -> None:
    """Raise Poison for what spoils a frame as a whole; `tenant` is whose subject it came on."""
    if frame.tenant != tenant:
        raise Poison(f"a frame of tenant {frame.tenant} on a subject of tenant {tenant}", code="tenant_mismatch")
    if not 0 < frame.stamp <= MAX_STAMP:
        raise Poison(f"stamp {frame.stamp} is no epoch time in microseconds", code="frame_malformed")
    for name in (frame.id, *(text for part in frame.parts for text in (part.receipt, part.source))):
        if reason := check_name("an id, receipt or source", name):
            raise Poison(f"{reason} in the frame's header", code="frame_malformed")


def read_raw_event(payload: bytes, *, now: int, earliest: int) -> Event:
    """S1's JSON on the literal subject; `now` and `earliest` (start of retention) are epoch ms.

    Raises InvalidInput with what is wrong with it.
    """
    try:
        said: Any = msgspec.json.decode(payload)
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
    good, bad = admit_events([event], now=now, earliest=earliest)
    if bad:
        raise InvalidInput(bad[0].detail, code=bad[0].code)
    return good[0]


def _possible(attributes: Mapping[SensorKey, Attributes]) -> Mapping[SensorKey, Attributes]:
    """Attributes only describe: what is over the bounds is cut, what names no possible sensor is left out."""
    return {
        (site, sensor): trim(said)
        for (site, sensor), said in attributes.items()
        if check_name("site", site) is None and check_name("sensor", sensor) is None
    }


def _identity(lane: Lane, delivery: Delivery) -> str:
    """Id of what came without one. The digest keeps a recreated lane, whose positions start again, apart."""
    digest = hashlib.blake2b(delivery.payload, digest_size=8).hexdigest()
    return f"{lane}-{delivery.sequence}-{digest}"
