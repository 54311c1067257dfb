"""The remote-write receiver: durable before it answers, and statuses that senders act upon rightly."""

import math

import cramjam
import pytest

from penstock.model.errors import Unavailable
from tests.unit.api.conftest import NOW
from tests.unit.api.prometheus.conftest import BASE
from tests.unit.sources.formats.wire_remote_write import write_request

HEADERS = {
    "content-encoding": "snappy",
    "content-type": "application/x-protobuf",
    "x-prometheus-remote-write-version": "0.1.0",
}
UP = {"__name__": "up", "job": "node", "instance": "a:9100"}


def packed(*series):
    return bytes(cramjam.snappy.compress_raw(write_request(*series)))


async def send(client, body, **headers):
    return await client.post(f"{BASE}/write", content=body, headers={**HEADERS, **headers})


async def test_samples_are_durable_when_the_answer_comes(world, client):
    answer = await send(client, packed((UP, [(1.0, NOW - 1), (0.0, NOW)])))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await world.readings() == [
        ("acme", "node", "a:9100", "up", NOW - 1, 1.0),
        ("acme", "node", "a:9100", "up", NOW, 0.0),
    ]


async def test_a_partly_good_request_is_stored_so_far_and_answered_400(world, client):
    answer = await send(client, packed((UP, [(1.0, NOW)]), ({"__name__": "lost"}, [(1.0, NOW)])))
    assert answer.status_code == 400
    assert "1 of 2 samples" in answer.json()["error"]
    assert len(await world.readings()) == 1


async def test_stale_markers_alone_are_taken(world, client):
    assert (await send(client, packed((UP, [(math.nan, NOW)])))).status_code == 204
    assert (await send(client, packed())).status_code == 204


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff\xff", {}, 400),
        (bytes(cramjam.snappy.compress_raw(b"\xff")), {}, 400),
        (b"\x80\x80\x80\x80\x08" + b"\x00" * 100, {}, 413),
        (b"", {"content-type": "application/json"}, 415),
        (b"", {"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}, 415),
    ],
    ids=["no snappy", "no protobuf", "bomb", "json", "version 2"],
)
async def test_what_can_never_be_taken_is_4xx_so_that_it_is_not_sent_again(client, body, headers, status):
    answer = await send(client, body, **headers)
    assert answer.status_code == status
    assert answer.json()["status"] == "error"


async def test_what_may_pass_later_is_5xx_so_that_it_is_sent_again(world, client):
    async def away(*_, **__):
        raise Unavailable("the broker is away")

    world.gate.offer = away
    answer = await send(client, packed((UP, [(1.0, NOW)])))
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_a_key_that_may_only_read_may_not_write(world):
    key = world.keys.create("acme", "grafana", ("read",))
    assert (await send(world.client(key), packed((UP, [(1.0, NOW)])))).status_code == 403
