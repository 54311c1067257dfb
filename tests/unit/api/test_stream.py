"""Live rows: only the tenant's own, filtered, with heartbeats; a slow client is told what it missed."""

import asyncio
import json
from contextlib import asynccontextmanager

import numpy as np
import pytest

from penstock.bus import EVENTS_SUBJECT, Lane, encode_frame
from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from penstock.query.port import Recent

NOW = 1_769_860_800_000


class Stream:
    """One client of /v1/stream, spoken to over ASGI so that its answer is seen as it comes."""

    def __init__(self, app, query, key, **headers):
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
            "headers": [(b"authorization", f"Bearer {key}".encode()), *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())], "scheme": "http",
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

    def last_id(self):
        """What a browser sends as Last-Event-ID when it connects again."""
        return next(line[4:] for line in reversed(self.text.splitlines()) if line.startswith("id: "))

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
async def listening(world, query="", key=None, **headers):
    stream = Stream(world.app, query, key or world.key, **headers)
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


async def test_a_client_that_hangs_up_leaves_nothing_behind_once_nobody_came_back_for_the_window(make_world):
    world = await make_world(live_window=0.01)
    hub = world.app.state.live
    async with listening(world, "events=true"), listening(world):
        assert len(hub._listeners) == 2
        assert len(hub._channels) == 2
    assert hub._listeners == set()
    async with asyncio.timeout(5):
        while hub._channels:
            await asyncio.sleep(0.005)


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
    assert world.app.state.live._listeners == set()


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


async def test_a_frame_s_impossible_rows_are_not_shown(world, client):
    """Whoever may publish on the bus may publish anything; the pipeline refuses what no door would have let through."""
    keys = (SeriesKey("plant", "m1", "power_w", "W"), SeriesKey("plant", "m2", "power_w", "furlong"))
    values = np.array([1.0, np.nan, 3.0, 4.0])
    batch = Batch("acme", keys, np.array([0, 0, 1, 0], np.int32), NOW + np.arange(4), values, np.full(4, NOW * 1_000))
    frames = {
        "acme": Frame("f1", "acme", NOW * 1_000, (Part("r", "foreign", 4),), batch),
        "other": Frame("f2", "acme", NOW * 1_000, (Part("r", "foreign", 4),), batch),
    }
    other = world.keys.create("other", "k")
    async with listening(world) as stream, listening(world, key=other) as theirs:
        for tenant, frame in frames.items():
            await world.bus.publish(Lane.READINGS, f"penstock.v1.readings.{tenant}", encode_frame(frame), {})
        await client.post("/v1/readings", json=row("after"))
        await stream.until(lambda s: "after" in s.text)
        shown = [(r["sensor_id"], r["value"]) for _, rows in stream.events() for r in rows]
        assert shown == [("m1", 1.0), ("m1", 4.0), ("after", 1.5)]
        assert theirs.events() == []


async def test_a_frame_that_is_published_again_is_shown_once(world, client):
    key = SeriesKey("plant", "m1", "power_w", "W")
    batch = Batch("acme", (key,), np.zeros(1, np.int32), np.array([NOW]), np.ones(1), np.array([NOW * 1_000]))
    payload = encode_frame(Frame("f1", "acme", NOW * 1_000, (Part("r", "http", 1),), batch))
    async with listening(world) as stream:
        for _ in range(2):
            await world.bus.publish(Lane.READINGS, "penstock.v1.readings.acme", payload, {})
        await client.post("/v1/readings", json=row("after"))
        await stream.until(lambda s: "after" in s.text)
        assert [r["sensor_id"] for _, rows in stream.events() for r in rows] == ["m1", "after"]


# -- coming back


async def test_who_comes_back_gets_what_passed_meanwhile_once_and_then_goes_on(world, client):
    async with listening(world, "sensor=m*&events=true") as stream:
        await client.post("/v1/readings", json=row("m1"))
        await stream.until(lambda s: s.events())
        place = stream.last_id()
    await client.post("/v1/readings", json=[row("m2"), row("x")])
    event = {"criticality": 7, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "door"}
    await client.post("/v1/events", json=event)
    async with listening(world, "sensor=m*&events=true", last_event_id=place) as back:
        await client.post("/v1/readings", json=row("m3"))
        await back.until(lambda s: "m3" in s.text)
        assert [kind for kind, _ in back.events()] == ["readings", "events", "readings"]
        assert [r["sensor_id"] for kind, rows in back.events() if kind == "readings" for r in rows] == ["m2", "m3"]


async def test_a_large_frame_goes_on_in_its_middle(world, client):
    async with listening(world) as stream:
        await client.post("/v1/readings", json=[row(ts=NOW - i) for i in range(1_200)])
        await stream.until(lambda s: sum(len(rows) for _, rows in s.events()) == 1_200)
        first = next(
            line[4:] for line in stream.text.split("event: readings")[0].splitlines()[::-1] if line[:3] == "id:"
        )
        told = len(stream.events()[0][1])
    async with listening(world, last_event_id=first) as back:
        await back.until(lambda s: sum(len(rows) for _, rows in s.events()) == 1_200 - told)
        assert {r["ts"] for _, rows in back.events() for r in rows}.isdisjoint(r["ts"] for r in stream.events()[0][1])


async def test_after_a_restart_what_was_missed_comes_out_of_the_store(world, client):
    columns = {"ts": [NOW + 2, NOW + 1], "sensor_id": ["m1"] * 2, "site_id": ["plant"] * 2, "metric": ["power_w"] * 2, "value": [2.0, 1.0], "unit": ["W"] * 2}  # fmt: skip
    world.reader.says(Recent, columns, as_of=NOW + 60_000)
    async with listening(world, last_event_id=f"0000abcd.17.0.{NOW - 5_000}") as back:
        await back.until(lambda s: s.events())
        assert [r["value"] for _, rows in back.events() for r in rows] == [1.0, 2.0]
        asked = next(q for q in world.reader.asked if isinstance(q, Recent))
        assert asked.start < NOW - 5_000
        assert back.last_id().split(".")[0] != "0000abcd"


async def test_an_id_that_is_none_is_refused(world):
    answer = await world.client().get("/v1/stream", headers={"last-event-id": "yesterday"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")
