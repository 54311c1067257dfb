"""The AsyncAPI document: valid, committed as it is made, and true: what it shows is taken, what is told is like it."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from penstock.api.asyncapi import asyncapi_document
from penstock.app.broker import GUEST_SUBJECTS
from penstock.bus.memory import MemoryBus
from penstock.model.event import make_event
from penstock.model.series import SeriesKey
from penstock.pipeline.messages import read_raw_event
from penstock.query.guests import serve_guests
from tests.unit.api.live.test_connection import opened, row
from tests.unit.api.test_stream import listening
from tests.unit.query.query_world import World as QueryWorld

ROOT = Path(__file__).parents[3]
NOW = 1_769_860_800_000
DOCUMENT = json.loads(json.dumps(asyncapi_document()))
MESSAGES = DOCUMENT["components"]["messages"]
BY_OP = {
    schema["properties"]["op"]["enum"][0]: name
    for name, schema in DOCUMENT["components"]["schemas"].items()
    if "op" in schema.get("properties", {})
}


def check(message, payload):
    """Raise unless `payload` is what the document says of `message`."""
    schema = {**MESSAGES[message]["payload"], "components": DOCUMENT["components"]}
    jsonschema_rs.validate(schema, payload)


def test_it_is_an_asyncapi_3_document():
    schema = json.loads((Path(__file__).parent / "schemas" / "asyncapi-3.0.0.json").read_text())
    jsonschema_rs.validate(schema, DOCUMENT)


def test_it_is_committed_as_the_code_makes_it():
    """After a change: `make openapi`, and read the difference as a client would."""
    assert json.loads((ROOT / "docs" / "api" / "asyncapi.json").read_text()) == DOCUMENT


async def test_a_running_platform_serves_it_to_everybody(world):
    assert (await world.client("").get("/v1/asyncapi.json")).json() == DOCUMENT


def test_every_reference_resolves():
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT))):
        part = DOCUMENT
        for name in reference.split("/"):
            part = part[name]


def test_its_nats_channels_are_what_a_guest_may_use():
    nats = {"$ref": "#/servers/nats"}
    addresses = {c["address"] for c in DOCUMENT["channels"].values() if nats in c["servers"] and c["address"]}
    assert addresses == set(GUEST_SUBJECTS)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_message_has_examples_that_are_what_it_says(name):
    examples = MESSAGES[name]["examples"]
    assert examples
    for example in examples:
        check(name, example["payload"])


def examples_of(name):
    return [example["payload"] for example in MESSAGES[name]["examples"]]


def test_the_event_that_it_shows_is_taken():
    for event in examples_of("Event"):
        assert read_raw_event(json.dumps(event).encode(), now=NOW, earliest=0).criticality == event["criticality"]


async def test_the_requests_that_it_shows_are_answered_as_it_says():
    world, bus = QueryWorld(), MemoryBus()
    world.time = world.fresh_to = NOW + 3_600_000
    await bus.open()
    responder = await serve_guests(world.engine, bus, world, tenant="acme")
    power = SeriesKey("hq", "meter-1", "power_w", "W")
    await world.put([(power, NOW + i * 1_000, 1_000.0 + i) for i in range(5)])
    await world.put(events=[make_event(7, "2026-01-31T12:00:00Z", "door forced")])
    for name, operation in DOCUMENT["operations"].items():
        if "reply" not in operation:
            continue
        channel = DOCUMENT["channels"][operation["channel"]["$ref"].split("/")[-1]]
        reply, refusal = (message["$ref"].split("/")[-1] for message in operation["reply"]["messages"])
        for asked in operation["messages"]:
            for request in examples_of(asked["$ref"].split("/")[-1]):
                said = json.loads(await bus.request(channel["address"], json.dumps(request).encode()))
                check(reply, said)
                assert any(said.get(part) for part in ("events", "data", "columns")), (name, request)
        check(refusal, json.loads(await bus.request(channel["address"], b'{"limit": 0}')))
    await responder.stop()
    await bus.close()


async def test_a_live_connection_takes_what_it_shows_and_tells_what_it_says(make_world):
    world = await make_world(heartbeat=0.5)
    client = world.client()
    async with opened(world) as socket:
        for sub in examples_of("Sub"):
            socket.say(sub)
        await socket.until_named("subscribed", 2)
        for value in (1204.5, 1180.0):
            await client.post("/v1/readings", json=row("meter-1", site_id="hq", value=value, ts=NOW))
        await client.post("/v1/events", json=examples_of("Event"))
        await socket.until(lambda s: s.of("data") and s.of("events"))
        token = socket.of("data")[-1]["token"]
        await client.post("/v1/readings", json=row("meter-1", site_id="hq", ts=NOW + 1))
        for resume in examples_of("Resume"):
            socket.say({**resume, "token": token})
        await socket.until_named("backfill")
        for message in (*examples_of("Ping"), *examples_of("Unsub"), *examples_of("Auth")):
            socket.say(message)
        await socket.until(lambda s: {"pong", "unsubscribed", "error", "heartbeat"} <= {m["op"] for m in s.messages})
        assert [m["code"] for m in socket.of("error")] == ["already_known"]  # it had a header: `auth` comes too late
        for message in socket.messages:
            check(BY_OP[message["op"]], message)


async def test_a_stream_tells_what_it_says(world, client):
    async with listening(world, "events=true") as stream:
        await client.post("/v1/readings", json=row())
        await client.post("/v1/events", json=examples_of("Event"))
        await stream.until(lambda s: len(s.events()) == 2)
        for kind, data in stream.events():
            check(f"Stream{kind.capitalize()}", data)
