"""The WebSocket as a client sees it: who may open it, what it may ask, what it is told, how it ends."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from penstock.api.live.connection import MAX_SUBSCRIPTIONS
from penstock.api.live.messages import MAX_MESSAGE
from tests.unit.api.sockets import Socket

NOW = 1_769_860_800_000


def live_socket(app, headers):
    """A client of /v1/live."""
    return Socket(app, "/v1/live", headers, named="op")


@asynccontextmanager
async def opened(world, key=None, **headers):
    socket = live_socket(world.app, {"authorization": f"Bearer {key or world.key}", **headers})
    await socket.until_named("hello")
    try:
        yield socket
    finally:
        if not socket.task.done():
            await socket.hang_up()


def row(sensor="m1", **more):
    return {"sensor_id": sensor, "metric": "power_w", "value": 1.5, "ts": NOW, "site_id": "plant", **more}


def sub(name="1", *patterns, **more):
    return {"op": "sub", "id": name, "patterns": list(patterns) or ["*/*/*"], **more}


async def test_the_greeting_is_the_first_message_also_for_a_client_that_does_not_wait_for_it(world):
    socket = live_socket(world.app, {"authorization": f"Bearer {world.key}"})
    socket.say("{")
    socket.say({"op": "ping", "id": "x"})
    await socket.until_named("pong")
    assert [message["op"] for message in socket.messages] == ["hello", "error", "pong"]
    await socket.hang_up()


async def test_one_connection_carries_many_subscriptions(world, client):
    async with opened(world) as socket:
        socket.say(sub("a", "plant/m1/*"))
        socket.say(sub("b", "*/m2/power_w", "*/m3/*"))
        await socket.until_named("subscribed", 2)
        await client.post("/v1/readings", json=[row("m1"), row("m2"), row("m3"), row("m4")])
        await socket.until_named("data", 2)
        named = {m["id"]: [s["sensor_id"] for s in m["series"]] for m in socket.of("series")}
        assert named == {"a": ["m1"], "b": ["m2", "m3"]}
        data = {m["id"]: m for m in socket.of("data")}
        assert data["b"] == {"op": "data", "id": "b", "token": data["b"]["token"], "series": [0, 1], "ts": [NOW] * 2, "value": [1.5] * 2}  # fmt: skip
        await client.post("/v1/readings", json=row("m1", ts=NOW + 1))
        await socket.until_named("data", 3)
        assert len(socket.of("series")) == 2
        socket.say({"op": "unsub", "id": "a"})
        await socket.until_named("unsubscribed")
        await client.post("/v1/readings", json=[row("m1", ts=NOW + 2), row("m2", ts=NOW + 2)])
        await socket.until_named("data", 4)
        assert socket.of("data")[-1]["id"] == "b"


async def test_readings_of_one_tick_become_one_row_that_says_how_many_they_were(world, client):
    async with opened(world) as socket:
        socket.say(sub(hz=1))
        await socket.until_named("subscribed")
        await client.post("/v1/readings", json=row(value=5))
        await socket.until_named("data")
        for value in (9, 2, 7):
            await client.post("/v1/readings", json=row(value=value, ts=NOW + value))
        data = await socket.until_named("data", 2)
        assert {k: data[k] for k in ("series", "ts", "value", "count", "min", "max")} == {
            "series": [0], "ts": [NOW + 9], "value": [9], "count": [3], "min": [2], "max": [9],
        }  # fmt: skip


async def test_events_come_above_a_criticality(world, client):
    async with opened(world) as socket:
        socket.say({"op": "sub", "id": "e", "events": True, "criticality_above": 5})
        await socket.until_named("subscribed")
        for criticality in (5, 6):
            event = {"criticality": criticality, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "door"}
            await client.post("/v1/events", json=event)
        said = await socket.until_named("events")
        assert [e["criticality"] for e in said["data"]] == [6]


async def test_another_tenant_s_rows_are_never_seen(world, client):
    theirs = world.client(world.keys.create("other", "k"))
    async with opened(world) as socket:
        socket.say(sub(events=True))
        await socket.until_named("subscribed")
        await theirs.post("/v1/readings", json=row("secret"))
        await client.post("/v1/readings", json=row("mine"))
        await socket.until_named("data")
        assert "secret" not in json.dumps(socket.messages)


async def test_who_comes_back_goes_on_where_it_was(world, client):
    async with opened(world) as socket:
        socket.say(sub())
        await socket.until_named("subscribed")
        await client.post("/v1/readings", json=row(value=1))
        token = (await socket.until_named("data"))["token"]
    for value in (2, 3):
        await client.post("/v1/readings", json=row(value=value, ts=NOW + value))
    async with opened(world) as back:
        back.say({**sub(), "op": "resume", "token": token})
        missed = await back.until_named("backfill")
        assert (missed["value"], back.of("subscribed")[0]["exact"]) == ([2, 3], True)
        await client.post("/v1/readings", json=row(value=4, ts=NOW + 4))
        assert (await back.until_named("data"))["value"] == [4]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "invalid_message"),
        ("[]", "invalid_message"),
        ({"op": "sing"}, "invalid_message"),
        ({"op": "sub", "id": "1"}, "empty_subscription"),
        ({"op": "sub", "id": "1", "patterns": ["a/b"]}, "invalid_pattern"),
        ({"op": "sub", "id": "1", "patterns": ["a/b/c"], "hz": 11}, "invalid_message"),
        ({"op": "sub", "id": "1", "patterns": ["a/b/c"] * 65}, "invalid_message"),
        ({"op": "sub", "id": "1", "patterns": ["a/b/c"], "hertz": 1}, "invalid_message"),
        ({"op": "resume", "id": "1", "patterns": ["a/b/c"], "token": "x"}, "invalid_token"),
        ({"op": "unsub", "id": "9"}, "not_found"),
        ({"op": "auth", "key": "x"}, "already_known"),
    ],
    ids=["broken", "array", "op", "nothing", "pattern", "hz", "patterns", "field", "token", "unsub", "auth"],
)
async def test_a_message_that_is_refused_says_why_and_the_connection_goes_on(world, message, code):
    async with opened(world) as socket:
        socket.say(message)
        assert (await socket.until_named("error"))["code"] == code
        socket.say({"op": "ping", "id": "p"})
        assert (await socket.until_named("pong"))["id"] == "p"


async def test_subscriptions_are_bounded_and_named_once(world):
    async with opened(world) as socket:
        socket.say(sub("0"))
        socket.say(sub("0"))
        assert (await socket.until_named("error"))["code"] == "id_in_use"
        for n in range(1, MAX_SUBSCRIPTIONS + 1):
            socket.say(sub(str(n)))
        assert (await socket.until_named("error", 2))["code"] == "too_many_subscriptions"


async def test_silence_is_broken_by_heartbeats(make_world):
    world = await make_world(heartbeat=0.02)
    async with opened(world) as socket:
        await socket.until_named("heartbeat", 2)


# -- who may open it


async def test_without_a_header_the_first_message_must_say_who_it_is(world):
    for said, code in (
        ({"op": "auth", "key": world.key}, None),
        ({"op": "auth", "key": "pk_wrong"}, 4401),
        ({"op": "auth"}, 4401),
        ({"op": "ping"}, 4401),
        ("{", 4401),
        ({"op": "auth", "key": world.keys.create("acme", "w", scopes=("write",))}, 4403),
    ):
        socket = live_socket(world.app, {})
        await socket.until(lambda s: s.accepted)
        socket.say(said)
        if code is None:
            await socket.until_named("hello")
            await socket.hang_up()
        else:
            assert await socket.ended() == code


async def test_a_ticket_opens_one_connection_and_only_while_it_is_young(world):
    reader = world.keys.create("acme", "r", scopes=("read",))
    ticket = (await world.client(reader).post("/v1/live/ticket")).json()["ticket"]
    for code in (None, 4401):
        socket = live_socket(world.app, {})
        socket.say({"op": "auth", "ticket": ticket})
        if code is None:
            await socket.until_named("hello")
            await socket.hang_up()
        else:
            assert await socket.ended() == code
    late = (await world.client(reader).post("/v1/live/ticket")).json()["ticket"]
    world.clock.ms += 30_000
    socket = live_socket(world.app, {})
    socket.say({"op": "auth", "ticket": late})
    assert await socket.ended() == 4401


async def test_a_ticket_of_a_revoked_key_opens_nothing(world):
    key = world.keys.create("acme", "r", scopes=("read",))
    ticket = (await world.client(key).post("/v1/live/ticket")).json()["ticket"]
    world.keys.revoke(key.split("_")[1])
    socket = live_socket(world.app, {})
    socket.say({"op": "auth", "ticket": ticket})
    assert await socket.ended() == 4401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer pk_wrong"}, 401),
        ({"authorization": "Digest x"}, 401),
        ({"origin": "https://evil.example"}, 403),
        ({"cookie": "penstock_session=ps_wrong", "origin": "http://penstock.test"}, 401),
        ({"cookie": "penstock_session=ps_wrong"}, 403),
    ],
    ids=["unknown", "digest", "origin", "session", "no origin"],
)
async def test_a_handshake_that_is_refused_gets_a_problem(world, headers, status):
    socket = live_socket(world.app, headers)
    await socket.ended()
    assert (socket.status, socket.accepted) == (status, False)
    assert json.loads(socket.body)["detail"]


async def test_a_browser_s_session_opens_it_from_a_page_of_this_server(world):
    session = world.keys.redeem(world.keys.one_time_code("acme"))
    socket = live_socket(world.app, {"cookie": f"penstock_session={session}", "origin": "http://penstock.test"})
    await socket.until_named("hello")
    await socket.hang_up()


# -- how it ends


async def test_a_revoked_key_ends_its_connections_within_seconds_and_no_others(world):
    doomed = world.keys.create("acme", "doomed")
    async with opened(world, doomed) as ending, opened(world) as staying:
        world.keys.revoke(doomed.split("_")[1])
        assert await ending.ended() == 4401
        assert not staying.task.done()


async def test_connections_are_bounded(make_world):
    world = await make_world(stream_clients=1)
    async with opened(world):
        refused = live_socket(world.app, {"authorization": f"Bearer {world.key}"})
        await refused.ended()
        assert refused.status == 503
    async with opened(world):
        pass


async def test_a_server_that_stops_says_so(world):
    async with opened(world) as socket:
        world.app.state.live.close()
        assert await socket.ended() == 1012


async def test_a_message_that_is_too_large_ends_the_connection(world):
    async with opened(world) as socket:
        socket.say("x" * (MAX_MESSAGE + 1))
        assert await socket.ended() == 1009


async def test_a_client_that_takes_nothing_is_disconnected(make_world):
    world = await make_world(live_patience=0.05)
    async with opened(world) as socket:
        socket.say(sub())
        await socket.until_named("subscribed")
        socket.takes.clear()
        await world.client().post("/v1/readings", json=row())
        async with asyncio.timeout(8):
            await socket.task
        assert world.app.state.live._listeners == set()


async def test_a_slow_client_gets_all_that_came_as_one_and_hears_of_the_gap(world, client):
    async with opened(world) as socket:
        socket.say(sub())
        await socket.until_named("subscribed")
        socket.takes.clear()
        await client.post("/v1/readings", json=row())
        loop = asyncio.get_running_loop()
        stalled = loop.time() + 1.2
        while loop.time() < stalled:
            await client.post("/v1/readings", json=row(ts=NOW + 1))
            await asyncio.sleep(0.05)
        world.clock.ms += 1_200
        socket.takes.set()
        data = await socket.until_named("data", 2)
        gap = socket.of("gap")[0]
        assert (gap["from"], gap["to"]) == (NOW, NOW + 1_200)
        assert gap["merged"] == data["count"][0] - 1


async def test_who_hangs_up_leaves_nothing_behind(make_world):
    world = await make_world(live_window=0.01)
    hub = world.app.state.live
    async with opened(world) as socket:
        socket.say(sub(events=True))
        await socket.until_named("subscribed")
        assert len(hub._channels) == 2
    assert hub._listeners == set()
    async with asyncio.timeout(5):
        while hub._channels:
            await asyncio.sleep(0.005)
