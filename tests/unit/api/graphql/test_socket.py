"""Subscriptions as a client of graphql-transport-ws sees them: who may open one, what it is told, how it ends."""

import asyncio
import contextlib
import json

import pytest
import uvicorn
from websockets.asyncio.client import connect

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.api.graphql.tap import QUEUED_ROWS
from tests.unit.api.conftest import NOW
from tests.unit.api.sockets import Socket

READINGS = (
    "subscription($where: [LiveFilter!]) { readings(where: $where) { skipped readings { ts sensor value unit } } }"
)
EVENTS = "subscription { events(minCriticality: 5) { skipped events { id criticality message } } }"


class Client(Socket):
    """A client of /graphql."""

    def __init__(self, app, headers, subprotocols=("graphql-transport-ws",)):
        super().__init__(app, "/graphql", headers, named="type", subprotocols=subprotocols)

    def subscribe(self, query, name="1", **variables):
        self.say({"type": "subscribe", "id": name, "payload": {"query": query, "variables": variables}})

    def results(self, field, name="1"):
        return [m["payload"]["data"][field] for m in self.of("next") if m["id"] == name]


@contextlib.asynccontextmanager
async def opened(world, key=None):
    socket = Client(world.app, {"authorization": f"Bearer {key or world.key}"})
    socket.say({"type": "connection_init"})
    await socket.until_named("connection_ack")
    try:
        yield socket
    finally:
        if not socket.task.done():
            await socket.hang_up()


@contextlib.asynccontextmanager
async def subscribed(world, query, key=None, **variables):
    """A connection whose subscription listens: the hub knows the connection and its subscription."""
    hub = world.app.state.live
    async with opened(world, key) as socket:
        before = len(hub._listeners)
        socket.subscribe(query, **variables)
        async with asyncio.timeout(8):
            while len(hub._listeners) == before or not all(c.listeners for c in hub._channels.values()):
                await asyncio.sleep(0.005)
        yield socket


def row(sensor="m1", **more):
    return {"sensor_id": sensor, "metric": "power_w", "value": 1.5, "ts": NOW, "site_id": "plant", **more}


def event(n, criticality):
    return {
        "id": f"e{n}",
        "criticality": criticality,
        "timestamp": "2026-01-31T12:00:00Z",
        "eventMessage": f"event {n}",
    }


async def test_readings_come_as_they_are_written_and_only_those_asked_for(world, client):
    async with subscribed(world, READINGS, where=[{"sensor": "m*"}, {"metric": "voltage_v"}]) as socket:
        assert socket.subprotocol == "graphql-transport-ws"
        await client.post("/v1/readings", json=[row("m1"), row("x1"), row("v1", metric="voltage_v")])
        await socket.until_named("next")
        (result,) = socket.results("readings")
    assert result["skipped"] == 0
    assert [reading["sensor"] for reading in result["readings"]] == ["m1", "v1"]
    assert result["readings"][0] == {"ts": "2026-01-31T12:00:00Z", "sensor": "m1", "value": 1.5, "unit": "W"}


async def test_events_come_from_a_criticality_on(world, client):
    async with subscribed(world, EVENTS) as socket:
        for n in range(3, 8):
            await client.post("/v1/events", json=event(n, n))
        await socket.until(lambda s: len(s.of("next")) >= 3)
    found = [(e["id"], e["criticality"]) for result in socket.results("events") for e in result["events"]]
    assert found == [("e5", 5), ("e6", 6), ("e7", 7)]


async def test_another_tenant_s_rows_are_never_told(world, client):
    theirs = world.client(world.keys.create("other", "k"))
    async with subscribed(world, READINGS) as socket:
        await theirs.post("/v1/readings", json=row("secret"))
        await client.post("/v1/readings", json=row("mine"))
        await socket.until_named("next")
        assert "secret" not in json.dumps(socket.messages)


async def test_the_credential_may_come_with_connection_init(world, client):
    socket = Client(world.app, {})
    socket.say({"type": "connection_init", "payload": {"authorization": f"Bearer {world.key}"}})
    await socket.until_named("connection_ack")
    await socket.hang_up()


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer wrong"}, {"key": 7}])
async def test_a_connection_without_a_valid_credential_ends_before_it_is_acknowledged(world, payload):
    socket = Client(world.app, {})
    socket.say({"type": "connection_init", "payload": payload})
    socket.subscribe(READINGS)
    assert await socket.ended() == 4403
    assert socket.messages == []


async def test_a_key_that_may_not_read_opens_nothing(world):
    secret = world.keys.create("acme", "writer", scopes=("write",))
    by_header = Client(world.app, {"authorization": f"Bearer {secret}"})
    await by_header.ended()
    assert by_header.status == 403
    by_payload = Client(world.app, {})
    by_payload.say({"type": "connection_init", "payload": {"key": secret}})
    assert await by_payload.ended() == 4403


async def test_a_subscription_before_the_connection_is_acknowledged_ends_it(world):
    socket = Client(world.app, {"authorization": f"Bearer {world.key}"})
    socket.subscribe(READINGS)
    assert await socket.ended() == 4401


async def test_a_connection_that_never_says_who_it_is_ends(make_world):
    world = await make_world(graphql=GraphQLBounds(init_timeout=0.02))
    assert await Client(world.app, {}).ended() == 4408


@pytest.mark.parametrize("subprotocols", [(), ("graphql-ws",)])
async def test_no_other_subprotocol_is_spoken(world, subprotocols):
    socket = Client(world.app, {"authorization": f"Bearer {world.key}"}, subprotocols)
    await socket.ended()
    assert socket.status == 400
    assert json.loads(socket.body)["code"] == "invalid_subprotocol"


async def test_a_page_of_another_origin_opens_nothing(world):
    socket = Client(world.app, {"authorization": f"Bearer {world.key}", "origin": "https://evil.example"})
    await socket.ended()
    assert socket.status == 403


async def test_connections_are_bounded(make_world):
    world = await make_world(graphql=GraphQLBounds(connections=1))
    async with opened(world):
        refused = Client(world.app, {"authorization": f"Bearer {world.key}"})
        await refused.ended()
        assert (refused.status, json.loads(refused.body)["code"]) == (503, "too_many_streams")
    async with opened(world):
        pass


async def test_subscriptions_of_one_connection_are_bounded(make_world):
    world = await make_world(graphql=GraphQLBounds(subscriptions=2))
    async with opened(world) as socket:
        for name in ("a", "b", "c"):
            socket.subscribe(READINGS, name)
        failure = await socket.until_named("error")
        assert failure["id"] == "c"
        (error,) = failure["payload"]
        assert error["message"].startswith("2 subscriptions are open")
        assert error["extensions"]["code"] == "too_many_subscriptions"


async def test_one_subscription_has_so_many_filters_at_most(world):
    async with opened(world) as socket:
        socket.subscribe("subscription { readings(where: [" + '{site: "a"} ' * 65 + "]) { skipped } }")
        await socket.until(lambda s: s.of("error") or s.of("next"))
        payloads = [m["payload"] for m in (*socket.of("error"), *socket.of("next"))]
        (error,) = payloads[0] if isinstance(payloads[0], list) else payloads[0]["errors"]
        assert error["message"].startswith("`where` has 65 filters, at most 64")
        assert (error["extensions"]["code"], bool(error["extensions"]["hint"])) == ("too_complex", True)


async def test_queries_are_for_http(world):
    async with opened(world) as socket:
        socket.subscribe("{ tenant { id } }")
        failure = await socket.until_named("error")
        (error,) = failure["payload"]
        assert "WebSocket" in error["message"]
        assert error["extensions"]["hint"] == "ask it with POST /graphql"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { readings { readings { nothing } } }", "invalid_query"),
        (f"subscription {{ readings {{ {'a: skipped ' * 5_000} }} }}", "too_complex"),
        (f"subscription {{ readings {{ {' '.join(f'a{i}: skipped' for i in range(20))} }} }}", "too_complex"),
    ],
    ids=["unknown field", "too many tokens", "too many aliases"],
)
async def test_a_subscription_s_document_is_held_to_the_same_limits(world, query, code):
    async with opened(world) as socket:
        socket.subscribe(query)
        await socket.until(lambda s: s.of("error") or s.of("next") or s.code)
        if socket.code:
            assert socket.code == 4400  # a document that cannot be parsed ends the connection, says the protocol
            return
        errors = [e for m in socket.of("error") for e in m["payload"]] + [
            e for m in socket.of("next") for e in m["payload"]["errors"]
        ]
        assert errors[0].get("extensions", {"code": "invalid_query"})["code"] == code


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"type":"nonsense"}', '{"type":"subscribe","id":[],"payload":{"query":"x"}}',
             '{"type":"subscribe","id":"1","payload":"x"}', '{"type":"complete"}', "\ud800", "[" * 30_000],
    ids=["empty", "list", "number", "unknown type", "id of a wrong type", "payload of a wrong type", "no id", "surrogate", "nest"],
)  # fmt: skip
async def test_what_is_not_of_the_protocol_ends_the_connection(world, text):
    async with opened(world) as socket:
        socket.say(text)
        assert await socket.ended() == 4400


async def test_a_revoked_key_ends_its_connections_and_no_others(make_world):
    world = await make_world(graphql=GraphQLBounds(recheck=0.01))
    doomed = world.keys.create("acme", "doomed")
    async with subscribed(world, READINGS, key=doomed) as ending, opened(world) as staying:
        world.keys.revoke(doomed.split("_")[1])
        assert await ending.ended() == 4401
        assert not staying.task.done()


async def test_the_end_of_the_process_ends_every_connection(world):
    async with subscribed(world, READINGS) as socket:
        world.app.state.live.close()
        assert await socket.ended() == 1012


async def test_complete_ends_a_subscription_and_a_hang_up_leaves_nothing_behind(world, client):
    hub = world.app.state.live
    async with subscribed(world, READINGS) as socket:
        socket.say({"type": "complete", "id": "1"})
        async with asyncio.timeout(8):
            while len(hub._listeners) > 1:
                await asyncio.sleep(0.005)
        socket.subscribe(EVENTS, "2")
    assert hub._listeners == set()


async def test_a_slow_client_hears_how_many_rows_it_missed_and_goes_on(world, client):
    async with subscribed(world, READINGS) as socket:
        await client.post("/v1/readings", json=row())
        await socket.until_named("next")
        socket.takes.clear()
        for n in range(4):
            await client.post("/v1/readings", json=[row(ts=NOW - 1 - n * 5_000 - i) for i in range(5_000)])
        socket.takes.set()
        await socket.until(lambda s: sum(len(r["readings"]) for r in s.results("readings")) >= QUEUED_ROWS)
        await client.post("/v1/readings", json=row("after"))
        await socket.until(lambda s: s.results("readings")[-1]["readings"][-1]["sensor"] == "after")
        results = socket.results("readings")
    assert sum(len(r["readings"]) + r["skipped"] for r in results) == 20_002
    assert results[-1]["skipped"] > 0
    assert max(len(r["readings"]) for r in results) == 500


async def test_a_program_subscribes_over_a_real_connection(world, client):
    server = uvicorn.Server(uvicorn.Config(world.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with (
            asyncio.timeout(10),
            connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"]) as socket,
        ):
            init = {"type": "connection_init", "payload": {"authorization": f"Bearer {world.key}"}}
            await socket.send(json.dumps(init))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
            query = {"query": READINGS, "variables": {}}
            await socket.send(json.dumps({"type": "subscribe", "id": "r", "payload": query}))
            while not world.app.state.live._channels:
                await asyncio.sleep(0.005)
            await client.post("/v1/readings", json=row())
            said = json.loads(await socket.recv())
            assert (said["type"], said["id"]) == ("next", "r")
            assert said["payload"]["data"]["readings"]["readings"][0]["sensor"] == "m1"
    finally:
        server.should_exit = True
        await serving
