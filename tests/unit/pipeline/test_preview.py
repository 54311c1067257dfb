"""A live view shows exactly the rows that the commit loop will store."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.bus import EVENTS_SUBJECT, Lane, LiveMessage, encode_frame
from penstock.model.batch import Batch
from penstock.model.event import Event, make_event
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.pipeline.messages import Messages
from penstock.pipeline.preview import Preview
from tests.unit.pipeline.test_check import GOOD, IMPOSSIBLE, NOW, batch_of

SUBJECT = "penstock.v1.readings.acme"
ROWS = [GOOD, *(row for row, _ in IMPOSSIBLE.values())]


class Clock:
    def now(self):
        return NOW


class Delivery:
    def __init__(self, subject, payload):
        self.subject, self.payload, self.headers, self.sequence = subject, payload, {}, 1


def stored(lane, subject, payload):
    return Messages(Clock(), events_tenant="acme", earliest=0).read(lane, Delivery(subject, payload))


def shown(subject, payload):
    return Preview(events_tenant="acme").read(LiveMessage(subject, payload), now=NOW, earliest=0)


def readings(batch):
    keys = [batch.keys[code] for code in batch.series.tolist()]
    return list(zip(keys, batch.ts.tolist(), batch.value.tolist(), batch.version.tolist(), strict=True))


def frame(batch=None, events=(), **more):
    batch = Batch.empty("acme") if batch is None else batch
    part = Part("r", "http", len(batch) + len(events))
    return Frame(**{"id": "f", "tenant": "acme", "stamp": NOW * 1_000, "parts": (part,), "batch": batch, "events": events} | more)  # fmt: skip


@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=8))
def test_of_a_frame_of_readings_exactly_the_rows_that_are_stored(rows):
    payload = encode_frame(frame(batch_of(*rows)))
    assert readings(shown(SUBJECT, payload).batch) == readings(stored(Lane.READINGS, SUBJECT, payload).batch)


def test_of_a_frame_of_events_exactly_those_that_are_stored():
    good = make_event(7, "2026-01-31T12:00:00Z", "door")
    subject = "penstock.v1.events.acme"
    payload = encode_frame(frame(events=(good, Event("x", 5, "2026-01-31T12:00:00Z", 7, "wrong instant"))))
    assert shown(subject, payload).events == stored(Lane.EVENTS, subject, payload).events == (good,)


@pytest.mark.parametrize(
    ("subject", "payload"),
    [
        (SUBJECT, b"rubbish"),
        ("penstock.v1.readings.other", encode_frame(frame(batch_of(GOOD)))),
        (SUBJECT, encode_frame(frame(batch_of(GOOD), stamp=-1))),
        (SUBJECT, encode_frame(frame(batch_of(GOOD), id=""))),
        (EVENTS_SUBJECT, b"{"),
        (EVENTS_SUBJECT, b"[]"),
        (EVENTS_SUBJECT, json.dumps({"criticality": "high", "timestamp": "x", "eventMessage": "y"}).encode()),
    ],
    ids=["bytes", "tenant", "stamp", "id", "no json", "no object", "criticality"],
)
def test_of_a_message_that_becomes_a_dead_letter_nothing(subject, payload):
    lane = Lane.EVENTS if subject == EVENTS_SUBJECT else Lane.READINGS
    assert stored(lane, subject, payload).dead_letters
    assert shown(subject, payload) is None


def test_zero_has_no_sign():
    batch = batch_of((GOOD[0], NOW, -0.0, NOW * 1_000))
    assert not np.signbit(shown(SUBJECT, encode_frame(frame(batch))).batch.value[0])
