"""A NATS client that knows nothing of Penstock publishes S1's JSON and asks for it back."""

from __future__ import annotations

import asyncio
import json
import time

import nats
import pytest
from nats.errors import NoRespondersError


def _event(criticality, message, ago=0.0):
    moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - ago))
    return {"criticality": criticality, "timestamp": moment, "eventMessage": message}


@pytest.fixture
async def client(fresh_platform):
    connection = await nats.connect(fresh_platform.state()["nats_url"])
    yield connection
    await connection.close()


async def _ask(client, request):
    return json.loads((await client.request("events.query", json.dumps(request).encode(), timeout=10)).data)


async def _until(client, request, count):
    async with asyncio.timeout(20):
        while len((answer := await _ask(client, request)).get("events", ())) < count:
            await asyncio.sleep(0.05)
    return answer["events"]


async def test_events_come_back_newest_first_and_strictly_above_the_threshold(client, fresh_platform):
    said = [_event(criticality, f"event {criticality}", ago=60.0 - criticality) for criticality in range(10)]
    for event in said:
        await client.publish("events", json.dumps(event).encode())
    await client.flush()
    events = await _until(client, {"limit": 100}, 10)
    assert events == said[::-1]
    assert await _ask(client, {"limit": 3, "criticality_above": 4}) == {"events": said[:-4:-1]}
    assert (await _ask(client, {"limit": 10, "criticality_above": 9})) == {"events": []}

    shown = fresh_platform.cli("events", "--last", "2", "--json", PENSTOCK_CRITICALITY_ABOVE="6")
    assert [e["eventMessage"] for e in shown.json()] == ["event 9", "event 8"]


async def test_malformed_events_are_kept_with_their_reason_and_stop_nothing(client, fresh_platform):
    for payload in (b"not json", b'{"criticality": "high"}', json.dumps(_event(2**40, "x")).encode(), b""):
        await client.publish("events", payload)
    await client.publish("events", json.dumps(_event(5, "good")).encode())
    await client.flush()
    events = await _until(client, {"limit": 10}, 1)
    assert [e["eventMessage"] for e in events] == ["good"]
    letters = fresh_platform.get("/v1/dead-letters")["data"]
    assert sorted(letter["code"] for letter in letters) == [
        "invalid_criticality",
        "invalid_event",
        "malformed_json",
        "malformed_json",
    ]
    (row,) = [r for r in fresh_platform.balanced() if r["source"] == "nats"]
    assert (row["received"], row["stored"], row["dead_lettered"]) == (5, 1, 4)


@pytest.mark.parametrize(
    "request_", [b"{", b"[]", b'{"limit": 0}', b'{"limit": "x"}', b'{"criticality_above": "high"}']
)
async def test_a_request_that_is_not_understood_gets_an_error_document(client, request_):
    answer = json.loads((await client.request("events.query", request_, timeout=10)).data)
    assert set(answer["error"]) == {"code", "detail"}


async def test_a_client_without_a_credential_reaches_nothing_else(client):
    errors = []

    async def on_error(error):
        errors.append(str(error))

    watched = await nats.connect(client.connected_url.geturl(), error_cb=on_error)
    with pytest.raises((NoRespondersError, TimeoutError, nats.errors.TimeoutError)):
        await watched.request("$JS.API.STREAM.PURGE.PENSTOCK_EVENTS", b"", timeout=0.5)
    await watched.publish("penstock.v1.readings.default", b"forged")
    await watched.subscribe("penstock.>")
    await watched.flush()
    async with asyncio.timeout(10):  # the client tells its errors when it gets to it
        while sum("permissions violation" in error.lower() for error in errors) < 2:
            await asyncio.sleep(0.02)
    await watched.close()
