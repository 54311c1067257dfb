"""The queue of one stream: bounded in rows, with a gap where they are missing."""

import json

import numpy as np

from penstock.api.live.catchup import CaughtUp
from penstock.api.live.feed import QUEUED_ROWS, LiveClient
from penstock.api.live.log import Passing, Position
from penstock.api.live.wanted import Pattern, Wanted
from penstock.model.batch import Batch
from penstock.model.event import make_event
from penstock.model.series import SeriesKey

NOW = 1_769_860_800_000
START = Position("0" * 8, 0, 0, NOW)


def begun(wanted):
    client = LiveClient("acme", wanted, lambda number, rows, seen: Position("f" * 8, number, rows, seen))
    client.begin(CaughtUp((), START, START, exact=True))
    return client


def passing(batch=None, events=()):
    return Passing(1, "s", NOW, Batch.empty("acme") if batch is None else batch, events, 100)


def batch(rows, sensors=("m1",)):
    keys = tuple(SeriesKey("plant", sensor, "power_w", "W") for sensor in sensors)
    index = np.arange(rows, dtype=np.int32) % len(keys)
    ts = NOW + np.arange(rows, dtype=np.int64)
    return Batch("acme", keys, index, ts, np.ones(rows), np.ones(rows, np.int64))


def taken(client):
    found = [dict(line.split(b": ", 1) for line in message.splitlines() if line) for message in client.messages()]
    return [(fields[b"event"].decode(), json.loads(fields[b"data"])) for fields in found]


async def test_one_frame_is_always_taken_whole():
    client = begun(Wanted())
    client.offer(passing(batch(QUEUED_ROWS + 1)))
    assert sum(len(data) for _, data in taken(client)) == QUEUED_ROWS + 1


async def test_a_gap_stands_where_the_rows_are_missing():
    client = begun(Wanted(events=True))
    client.offer(passing(batch(QUEUED_ROWS)))
    client.offer(passing(batch(3)))
    client.offer(passing(events=(make_event(1, "2026-01-31T12:00:00Z", "x"),)))
    messages = taken(client)
    assert messages[-1] == ("gap", {"skipped": 4})
    assert {kind for kind, _ in messages[:-1]} == {"readings"}
    client.offer(passing(batch(2)))
    assert [kind for kind, _ in taken(client)] == ["readings"]


async def test_only_matching_rows_count_as_missed():
    client = begun(Wanted((Pattern(sensor="m1"),)))
    client.offer(passing(batch(2 * QUEUED_ROWS, ("m1", "m2"))))
    client.offer(passing(batch(10, ("m1", "m2"))))
    assert taken(client)[-1] == ("gap", {"skipped": 5})


async def test_waiting_ends_with_rows_with_closing_or_with_time():
    client = begun(Wanted())
    assert not await client.wait(0.01)
    client.offer(passing(batch(1)))
    assert await client.wait(5)
    assert len(taken(client)) == 1
    assert not await client.wait(0.01)
    client.close()
    assert await client.wait(5)
