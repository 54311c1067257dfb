"""What of a message the commit loop will store, told as it passes: a live view never shows what is about to be refused.

The same rules as `pipeline.messages`, without its dead letters: whoever may publish on the bus may publish anything, and the
commit loop tells of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from penstock.bus import EVENTS_SUBJECT, LiveMessage, decode_frame
from penstock.model.batch import Batch
from penstock.model.errors import InvalidInput, Poison
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.pipeline.check import Fault, FrameCheck, faulty_events
from penstock.pipeline.messages import check_header, read_raw_event

__all__ = ["Preview"]


class Preview:
    """Reads passing messages. `events_tenant` owns raw events on the literal subject `events`."""

    def __init__(self, *, events_tenant: str) -> None:
        self._events_tenant: Final = events_tenant
        self._check = FrameCheck()

    def read(self, message: LiveMessage, *, now: int, earliest: int) -> Frame | None:
        """The good rows of a message, as a frame without parts; None for a message that becomes a dead letter whole.

        `now` and `earliest` (start of retention) are epoch ms. The frame of a raw event has no id.
        """
        try:
            if message.subject == EVENTS_SUBJECT:
                event = read_raw_event(message.payload, now=now, earliest=earliest)
                return Frame("", self._events_tenant, now * 1_000, (), Batch.empty(self._events_tenant), (event,))
            frame = decode_frame(message.payload)
            check_header(frame, message.subject.rpartition(".")[2])
        except (Poison, InvalidInput):
            return None
        return replace(frame, parts=(), events=_good_events(frame.events), batch=self._good_readings(frame.batch))

    def _good_readings(self, batch: Batch) -> Batch:
        faults = self._check.faulty_readings(batch)
        if faults:
            batch = batch.only(_good(faults, len(batch)))
        # As the commit loop does: adding 0.0 turns -0.0 into 0.0.
        return replace(batch, value=batch.value + 0.0, attributes={})


def _good_events(events: tuple[Event, ...]) -> tuple[Event, ...]:
    faults = faulty_events(events)
    if not faults:
        return events
    return tuple(event for event, good in zip(events, _good(faults, len(events)), strict=True) if good)


def _good(faults: list[Fault], rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True for rows without a fault, bool [rows]."""
    kept = np.ones(rows, np.bool_)
    for fault in faults:
        kept[fault.rows] = False
    return kept
