"""Live rows: messages cut anywhere, and when a lost connection is made again."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_client import asks, errors
from penstock_client.exchange import Retry
from penstock_client.live import Parser, Session
from penstock_client.rows import Event, Gap, Reading

READING = {"ts": "2026-01-31T12:00:00Z", "sensor_id": "a:b", "site_id": "", "metric": "m", "value": 1.5, "unit": "W"}
EVENT = {"id": "e", "ts": "2026-01-31T12:00:00Z", "timestamp": "t", "criticality": 7, "message": "x", "source": ""}
STREAM = (
    b"retry: 2000\n: connected\n\n"
    + f"event: readings\ndata: {json.dumps([READING, READING])}\n\n".encode()
    + b": alive\n\n"
    + f'event: gap\ndata: {{"skipped": 12}}\n\nevent: events\ndata: {json.dumps([EVENT])}\n\n'.encode()
    + b"event: news\ndata: {}\n\n"
)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_rows_are_the_same_wherever_the_bytes_are_cut(cuts):
    parser, rows = Parser(), []
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        rows += parser.feed(STREAM[start:end])
    assert [type(row) for row in rows] == [Reading, Reading, Gap, Event]
    assert rows[0].sensor_id == "a:b"
    assert rows[2].skipped == 12


def test_a_message_that_cannot_be_read_is_told():
    with pytest.raises(errors.ServerFailed, match="readings"):
        list(Parser().feed(b"event: readings\ndata: {\n\n"))


def test_a_message_without_end_is_refused():
    with pytest.raises(errors.ServerFailed, match="longer"):
        list(Parser().feed(b"x" * (17 << 20)))


def test_after_a_lost_connection_a_gap_is_told_where_nothing_says_where_to_go_on():
    session = Session(Retry(), random.Random(1))
    assert list(session.opened()) == []
    assert session.lost(errors.Unreachable("cut")) <= 0.25
    assert list(session.opened()) == [Gap(None)]


def test_a_lost_connection_goes_on_behind_the_last_whole_message():
    session = Session(Retry(), random.Random(1))
    assert session.resume(asks.stream()) == asks.stream()
    list(session.opened())
    list(session.parser.feed(b"id: 7-1\n: connected\n\nid: 7-2\nevent: readings\ndata: []\n\nid: 7-3\nevent: rea"))
    session.lost(errors.Unreachable("cut"))
    assert dict(session.resume(asks.stream()).headers)["last-event-id"] == "7-2"
    assert list(session.opened()) == []


def test_a_gap_of_time_is_told_as_such():
    message = b'event: gap\ndata: {"from": "2026-01-31T12:00:00Z", "to": "2026-01-31T12:05:00Z"}\n\n'
    (gap,) = Parser().feed(message)
    assert (gap.end - gap.start).total_seconds() == 300


def test_a_stream_that_was_open_is_made_again_for_ever_and_one_that_never_was_is_not():
    session = Session(Retry(attempts=2), random.Random(1))
    session.lost(errors.Unreachable("nobody there"))
    with pytest.raises(errors.Unreachable):
        session.lost(errors.Unreachable("nobody there"))
    session = Session(Retry(attempts=2), random.Random(1))
    list(session.opened())
    for _ in range(50):
        session.lost(errors.Unreachable("gone"))


def test_a_revoked_key_ends_the_stream():
    session = Session(Retry(), random.Random(1))
    list(session.opened())
    with pytest.raises(errors.NotAllowed):
        session.lost(errors.NotAllowed("revoked"))
