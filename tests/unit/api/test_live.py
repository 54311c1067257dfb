"""Live rows: only the tenant's own, filtered, with heartbeats; a slow client is told what it missed."""

import asyncio
import json
from contextlib import asynccontextmanager

import numpy as np
import pytest

from penstock.api.live import QUEUED_ROWS, LiveClient, Wanted
from penstock.bus import EVENTS_SUBJECT, Lane
from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.event import make_event
from penstock.model.series import SeriesKey

NOW = 1_769_860_800_000


class Stream:
    """One client of /v1/stream, spoken to over ASGI so that its answer is seen as it comes."""

    def __init__(self, app, query, key):
        self.status = 0
        self.headers = {}
        self.text = ""
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._requested = False
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": "/v1/stream", "raw_path": b"/v1/stream", "query_string": query.encode(), "root_path": "",
            "headers": [(b"authorization", f"Bearer {key}".encode())], "scheme": "http",
            "server": ("penstock.test", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self):
        if not self._requested:
            self._requested = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self.text += message.get("body", b"").decode()
        self._changed.set()
        await self._may_send.wait()

    def pause(self):
        self._may_send.clear()

    def resume(self):
        self._may_send.set()

    def events(self):
        """(kind, data) of the complete events so far."""
        found = []
        for block in self.text.split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                found.append((fields["event"], json.loads(fields["data"])))
        return found

    async def until(self, condition):
        async with asyncio.timeout(5):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()
        return self

    async def hang_up(self):
        self._gone.set()
        async with asyncio.timeout(5):
            await self.task


@asynccontextmanager
async def listening(world, query="", key=None):
    stream = Stream(world.app, query, key or world.key)
    await stream.until(lambda s: s.status and s.text)
    try:
        yield stream
    finally:
        await stream.hang_up()


def row(sensor="m1", **more):
    return {"sensor_id": sensor, "metric": "power_w", "value": 1.5, "ts": NOW, "site_id": "plant", **more}


async def test_rows_arrive_as_they_are_written(world, client):
    async with listening(world) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-accel-buffering"] == "no"
        assert stream.headers["cache-control"] == "no-store"
        assert "content-length" not in stream.headers
        await client.post("/v1/readings", json=row())
        await stream.until(lambda s: s.events())
        assert stream.events() == [
            ("readings", [{"ts": "2026-01-31T12:00:00Z", "sensor_id": "m1", "site_id": "plant", "metric": "power_w", "value": 1.5, "unit": "W"}])
        ]  # fmt: skip


async def test_another_tenant_s_rows_are_never_seen(world, client):
    theirs = world.client(world.keys.create("other", "k"))
    async with listening(world, "events=true") as stream:
        await theirs.post("/v1/readings", json=row("secret"))
        await theirs.post(
            "/v1/events", json={"criticality": 1, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "secret"}
        )
        await client.post("/v1/readings", json=row("mine"))
        await stream.until(lambda s: s.events())
        assert "secret" not in stream.text
        assert "mine" in stream.text


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("sensor=m1", ["m1"]), ("sensor=m*", ["m1", "m2"]), ("sensor=?1", []), ("sensor=[m]1", []), ("site=plant&sensor=m2", ["m2"]),
        ("metric=voltage_v", ["v1"]), ("site=pl*t&metric=*", ["m1", "m2", "v1", "last"]),
    ],
)  # fmt: skip
async def test_only_the_rows_asked_for_are_sent(world, client, query, seen):
    async with listening(world, query) as stream, listening(world) as everything:
        await client.post("/v1/readings", json=[row("m1"), row("m2"), row("v1", metric="voltage_v")])
        await client.post("/v1/readings", json=row("last"))
        await everything.until(lambda s: "last" in s.text)
        await stream.until(lambda s: len([r for _, rows in s.events() for r in rows]) == len(seen))
        assert [r["sensor_id"] for _, rows in stream.events() for r in rows] == seen


async def test_events_come_when_asked_for_and_alone_if_wanted(world, client):
    event = {
        "criticality": 7,
        "timestamp": "2026-01-31T13:00:00+01:00",
        "eventMessage": "door",
        "id": "e1",
        "source": "gate",
    }
    async with (
        listening(world) as neither,
        listening(world, "events=true") as both,
        listening(world, "events=only") as only,
    ):
        await client.post("/v1/events", json=event)
        await client.post("/v1/readings", json=row())
        for stream in (neither, both):
            await stream.until(lambda s: "m1" in s.text)
        await only.until(lambda s: s.events())
        assert [k for k, _ in neither.events()] == ["readings"]
        assert sorted(k for k, _ in both.events()) == ["events", "readings"]
        assert only.events() == [
            ("events", [{"id": "e1", "ts": "2026-01-31T12:00:00Z", "timestamp": "2026-01-31T13:00:00+01:00", "criticality": 7, "message": "door", "source": "gate"}])
        ]  # fmt: skip


async def test_foreign_events_on_the_bare_subject_are_the_events_tenant_s(make_world):
    world = await make_world(events_tenant="acme")
    foreign = {"criticality": 3, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "from outside"}
    other = world.keys.create("other", "k")
    async with listening(world, "events=only") as stream, listening(world, "events=only", other) as theirs:
        await world.bus.publish(Lane.EVENTS, EVENTS_SUBJECT, b"not json", {})
        await world.bus.publish(Lane.EVENTS, EVENTS_SUBJECT, json.dumps(foreign).encode(), {})
        await stream.until(lambda s: s.events())
        assert stream.events()[0][1][0]["message"] == "from outside"
        assert theirs.events() == []


async def test_silence_is_broken_by_heartbeats(make_world):
    world = await make_world(heartbeat=0.02)
    async with listening(world) as stream:
        await stream.until(lambda s: s.text.count(": alive\n\n") >= 2)


async def test_a_client_that_hangs_up_leaves_nothing_behind(world):
    hub = world.app.state.live
    async with listening(world, "events=true"), listening(world):
        assert len(hub._clients) == 2
        assert len(hub._channels) == 2
    assert hub._clients == set()
    assert hub._channels == {}


async def test_a_revoked_key_ends_its_streams_within_five_seconds_and_no_others(world):
    doomed = world.keys.create("acme", "doomed")
    async with listening(world, key=doomed) as ending, listening(world) as staying:
        world.keys.revoke(doomed.split("_")[1])
        async with asyncio.timeout(5):
            await ending.task
        assert not staying.task.done()


async def test_streams_are_bounded(make_world):
    world = await make_world(stream_clients=1)
    async with listening(world):
        refused = await world.client().get("/v1/stream")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")
    async with listening(world) as stream:
        assert stream.status == 200


async def test_a_broker_that_is_away_is_told_and_no_client_is_kept(world):
    async def away(subject, callback):
        raise Unavailable("the broker is away")

    world.bus.listen = away
    assert (await world.client().get("/v1/stream")).status_code == 503
    assert world.app.state.live._clients == set()


async def test_closing_the_hub_ends_every_stream(world):
    stream = Stream(world.app, "", world.key)
    await stream.until(lambda s: s.text)
    world.app.state.live.close()
    async with asyncio.timeout(5):
        await stream.task
    assert (await world.client().get("/v1/stream")).status_code == 503


async def test_a_frame_that_cannot_be_read_is_skipped(world, client):
    async with listening(world) as stream:
        await world.bus.publish(Lane.READINGS, "penstock.v1.readings.acme", b"rubbish", {})
        await client.post("/v1/readings", json=row())
        await stream.until(lambda s: s.events())


async def test_a_slow_client_hears_how_many_rows_it_missed_and_goes_on(world, client):
    async with listening(world) as stream:
        stream.pause()
        rows = [row(ts=NOW - i) for i in range(10_000)]
        for _ in range(8):
            await client.post("/v1/readings", json=rows)
        stream.resume()
        await stream.until(lambda s: any(kind == "gap" for kind, _ in s.events()))
        await client.post("/v1/readings", json=row("after"))
        await stream.until(lambda s: "after" in s.text)
        kinds = stream.events()
        sent = sum(len(data) for kind, data in kinds if kind == "readings")
        skipped = sum(data["skipped"] for kind, data in kinds if kind == "gap")
        assert sent + skipped == 80_001
        assert skipped > 0
        assert max(len(data) for kind, data in kinds if kind == "readings") == 500


# -- the queue itself


def batch(rows, sensors=("m1",)):
    keys = tuple(SeriesKey("plant", sensor, "power_w", "W") for sensor in sensors)
    index = np.arange(rows, dtype=np.int32) % len(keys)
    ts = NOW + np.arange(rows, dtype=np.int64)
    return Batch("acme", keys, index, ts, np.ones(rows), np.ones(rows, np.int64))


def taken(client):
    return [(m.split(b"\n")[0][7:].decode(), json.loads(m.split(b"\n")[1][6:])) for m in client.messages()]


async def test_one_frame_is_always_taken_whole():
    client = LiveClient("acme", Wanted())
    client.offer_readings(batch(QUEUED_ROWS + 1))
    assert sum(len(data) for _, data in taken(client)) == QUEUED_ROWS + 1


async def test_a_gap_stands_where_the_rows_are_missing():
    client = LiveClient("acme", Wanted(events=True))
    client.offer_readings(batch(QUEUED_ROWS))
    client.offer_readings(batch(3))
    client.offer_events((make_event(1, "2026-01-31T12:00:00Z", "x"),))
    messages = taken(client)
    assert messages[-1] == ("gap", {"skipped": 4})
    assert {kind for kind, _ in messages[:-1]} == {"readings"}
    client.offer_readings(batch(2))
    assert [kind for kind, _ in taken(client)] == ["readings"]


async def test_only_matching_rows_count_as_missed():
    client = LiveClient("acme", Wanted(sensor="m1"))
    client.offer_readings(batch(2 * QUEUED_ROWS, ("m1", "m2")))
    client.offer_readings(batch(10, ("m1", "m2")))
    assert taken(client)[-1] == ("gap", {"skipped": 5})


async def test_waiting_ends_with_rows_with_closing_or_with_time():
    client = LiveClient("acme", Wanted())
    assert not await client.wait(0.01)
    client.offer_readings(batch(1))
    assert await client.wait(5)
    assert len(taken(client)) == 1
    assert not await client.wait(0.01)
    client.close()
    assert await client.wait(5)
