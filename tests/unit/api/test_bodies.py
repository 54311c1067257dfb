"""Bodies: bounded as sent, when decompressed, by ratio, in time, and all together."""

import asyncio
import gzip
import json
import zlib

import pytest
import zstandard

ROWS = [{"sensor_id": "m1", "metric": "power_w", "value": float(i), "ts": 1_769_860_800_000 - i} for i in range(50)]
BODY = json.dumps(ROWS).encode()


def raw_deflate(data):
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


def streamed_zstd(data):
    squeeze = zstandard.ZstdCompressor().compressobj()  # a frame that does not say its size
    return squeeze.compress(data) + squeeze.flush()


CODINGS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "gzip members": ("gzip", lambda d: gzip.compress(d[:100]) + gzip.compress(d[100:])),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "zstd": ("zstd", zstandard.compress),
    "streamed zstd": ("zstd", streamed_zstd),
    "zstd frames": ("zstd", lambda d: zstandard.compress(d[:100]) + zstandard.compress(d[100:])),
    "identity": ("identity", bytes),
    "upper case": ("GZIP", gzip.compress),
}


async def post(client, body, encoding, **headers):
    headers |= {"content-type": "application/json", "content-encoding": encoding}
    return await client.post("/v1/readings", content=body, headers=headers)


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_compressed_body_means_what_it_unfolds_to(world, client, coding):
    encoding, squeeze = CODINGS[coding]
    answer = await post(client, squeeze(BODY), encoding)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == 50
    assert len(await world.readings()) == 50


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "raw deflate", "zstd", "streamed zstd", "gzip members", "zstd frames"]
)
@pytest.mark.parametrize("cut", [1, 4, 9, 40])
async def test_a_truncated_body_is_refused_whole(world, client, coding, cut):
    encoding, squeeze = CODINGS[coding]
    answer = await post(client, squeeze(BODY)[:-cut], encoding)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"bad_encoding", "malformed_json"}
    assert await world.frames() == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
async def test_what_is_not_compressed_as_it_says_is_refused(world, client, encoding):
    answer = await post(client, BODY, encoding)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_encoding")
    assert world.app.state.services.gate.held_bytes == 0


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip, zstd", "compress"])
async def test_an_unknown_or_layered_coding_is_refused_with_what_is_known(client, encoding):
    answer = await post(client, gzip.compress(BODY), encoding)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_encoding")
    assert "zstd" in answer.json()["hint"]


BOMBS = {
    "gzip": lambda size: gzip.compress(bytes(size)),
    "deflate": lambda size: zlib.compress(bytes(size)),
    "zstd": lambda size: zstandard.compress(bytes(size)),
}


@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_bomb_is_refused_by_its_ratio(world, client, encoding):
    answer = await post(client, BOMBS[encoding](32 << 20), encoding)
    assert answer.status_code == 413
    assert answer.json()["code"] in {"compression_ratio", "too_large"}
    assert await world.frames() == []


@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_body_that_unfolds_over_the_bound_is_refused(make_world, encoding):
    world = await make_world(max_decoded=4_000, max_ratio=10_000)
    answer = await post(world.client(), CODINGS[encoding][1](BODY * 2), encoding)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "4000" in answer.json()["detail"]


async def test_a_small_body_may_be_very_repetitive(client):
    rows = [{"sensor_id": "m1", "metric": "power_w", "value": 1.0, "ts": 1_769_860_800_000}] * 5_000
    body = json.dumps(rows).encode()
    squeezed = zstandard.compress(body)
    assert len(body) / len(squeezed) > 100
    answer = await post(client, squeezed, "zstd")
    assert answer.status_code == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_bound_is_refused_whether_or_not_it_says_so(make_world, declared):
    world = await make_world(max_body=1_000)

    async def chunks():
        for at in range(0, len(BODY), 100):
            yield BODY[at : at + 100]

    headers = {"content-type": "application/json"}
    content = BODY if declared else chunks()
    answer = await world.client().post("/v1/readings", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "1000" in answer.json()["detail"]
    assert await world.frames() == []


async def test_all_bodies_together_are_bounded_and_given_back(make_world):
    world = await make_world(max_held=len(BODY) + 10)
    client = world.client()
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        yield BODY[:-5]
        started.set()
        await go_on.wait()
        yield BODY[-5:]

    headers = {"content-type": "application/json"}
    first = asyncio.create_task(client.post("/v1/readings", content=slow(), headers=headers))
    await started.wait()
    refused = await client.post("/v1/readings", content=BODY, headers=headers)
    assert refused.status_code == 503
    assert refused.json()["code"] == "backpressure"
    assert int(refused.headers["retry-after"]) >= 1
    go_on.set()
    assert (await first).status_code == 200
    assert (await client.post("/v1/readings", content=BODY, headers=headers)).status_code == 200


async def test_a_body_that_does_not_arrive_in_time_is_given_up(make_world):
    world = await make_world(body_timeout=0.05)

    async def stuck():
        yield BODY[:10]
        await asyncio.Event().wait()

    answer = await world.client().post("/v1/readings", content=stuck(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (408, "body_timeout")


async def test_no_body_leaves_anything_held(make_world):
    world = await make_world(max_held=1 << 20, max_body=1 << 19)
    client = world.client()
    for _ in range(30):
        await post(client, gzip.compress(BODY), "gzip")
        await post(client, gzip.compress(BODY)[:-3], "gzip")
        await post(client, BOMBS["zstd"](2 << 20), "zstd")
        await post(client, b"[1,", "identity")
    gauge = (await world.client(world.keys.create("acme", "ops", ("admin",))).get("/metrics")).text
    assert "penstock_api_body_held_bytes 0.0" in gauge
    assert "penstock_api_gate_held_bytes 0.0" in gauge


async def test_a_large_body_is_decoded_beside_the_event_loop(world, client):
    rows = [
        {"sensor_id": f"m{i % 100}", "metric": "power_w", "value": float(i), "ts": 1_769_860_800_000 - i}
        for i in range(10_000)
    ]
    answer = await post(client, json.dumps(rows).encode(), "identity")
    assert answer.json()["accepted"] == 10_000
    assert sum(len(f.batch) for f in await world.frames()) == 10_000


@pytest.mark.parametrize("length", ["9" * 5_000, "\u00b2", "-1", "1e3", ""])
async def test_a_length_that_is_no_number_is_refused(client, length):
    headers = {b"content-length": length.encode("latin-1"), b"content-type": b"application/json"}
    answer = await client.post("/v1/readings", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_length")


@pytest.mark.parametrize("path", ["/v1/events", "/v1/readings"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
async def test_json_that_is_nested_too_deeply_is_refused(client, path, kind):
    answer = await client.post(path, content=b"[" * 50_000, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["code"] in {"malformed_json", "nothing_accepted", "no_valid_rows"}, answer.text
