"""Signing in and out, and who is signed in."""

import pytest

from penstock.api.auth import COOKIE
from penstock.model.time import MINUTE

HERE = {"origin": "http://penstock.test"}


async def sign_in(world, key):
    client = world.client("")
    return client, await client.post("/v1/session", json={"key": key}, headers=HERE)


async def test_a_key_signs_a_browser_in_until_it_signs_out(world):
    client, answer = await sign_in(world, world.key)
    assert answer.status_code == 201
    assert (answer.json()["tenant"], answer.json()["signed_in"], answer.json()["key"]["name"]) == (
        "acme",
        "session",
        "tests",
    )
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/"):
        assert part in cookie
    assert (await client.get("/v1/latest")).status_code == 200
    session = client.cookies[COOKIE]
    gone = await client.delete("/v1/session", headers=HERE)
    assert gone.status_code == 204
    assert 'penstock_session=""' in gone.headers["set-cookie"]
    assert COOKIE not in client.cookies
    assert (await world.client(session).get("/v1/latest")).status_code == 401


async def test_the_session_may_do_what_the_key_may(world):
    client, _ = await sign_in(world, world.keys.create("acme", "wall", ("read",)))
    row = {"sensor_id": "m1", "metric": "power_w", "value": 1.0, "ts": world.clock.ms}
    assert (await client.post("/v1/readings", json=row, headers=HERE)).status_code == 403
    assert (await client.delete("/v1/session", headers=HERE)).status_code == 204


async def test_who_signs_out_twice_is_signed_out(world):
    assert (await world.client("").delete("/v1/session", headers=HERE)).status_code == 204


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.test"}, {"sec-fetch-site": "same-site"}])
async def test_only_a_page_of_this_server_opens_or_closes_a_session(world, method, headers):
    client, _ = await sign_in(world, world.key)
    answer = await client.request(method, "/v1/session", json={"key": world.key}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert (await client.get("/v1/latest")).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{}", b'{"key": 7}', b'{"key":"x","tenant":"other"}', b"\xff", b"[]"])
async def test_a_body_that_is_no_key_is_refused_with_what_to_send(world, body):
    answer = await world.client("").post("/v1/session", content=body, headers=HERE)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert "pk_" in answer.json()["hint"]


async def test_a_wrong_key_signs_nobody_in(world):
    _, answer = await sign_in(world, "pk_000000000000_" + "0" * 40)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_who_fails_too_often_has_to_wait_even_with_the_right_key(world):
    for _ in range(10):
        await sign_in(world, "wrong")
        await world.client("").get("/login", params={"k": "wrong"})
    _, answer = await sign_in(world, world.key)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) == 5
    world.clock.ms += 5_000
    assert (await sign_in(world, world.key))[1].status_code == 201
    assert (await sign_in(world, "wrong"))[1].status_code == 401
    assert (await sign_in(world, world.key))[1].status_code == 429
    assert (await world.client().get("/v1/latest")).status_code == 200


async def test_a_revoked_key_ends_the_sessions_that_it_opened(world):
    client, _ = await sign_in(world, world.key)
    world.keys.revoke(world.key.split("_")[1])
    assert (await client.get("/v1/me")).status_code == 401


# -- who is it?


async def test_me_tells_how_somebody_came_in(make_world):
    world = await make_world(
        demo_tenant="demo", zone="Europe/Berlin", events_tenant="demo", nats_url="nats://127.0.0.1:4229"
    )
    world.keys._clock = world.clock
    key = world.keys.create("demo", "gateway", ("write",), expires=world.clock.ms + MINUTE)
    said = (await world.client(key).get("/v1/me")).json()
    assert said == {
        "tenant": "demo",
        "scopes": ["write"],
        "signed_in": "key",
        "key": {"id": key.split("_")[1], "name": "gateway"},
        "expires": "2026-01-31T12:01:00Z",
        "demo": True,
        "version": said["version"],
        "time": "2026-01-31T12:00:00Z",
        "zone": "Europe/Berlin",
        "nats": "nats://127.0.0.1:4229",
    }


async def test_me_names_no_broker_to_a_tenant_that_nats_clients_do_not_speak_for(make_world):
    world = await make_world(events_tenant="security", nats_url="nats://127.0.0.1:4222")
    assert (await world.client().get("/v1/me")).json()["nats"] is None


async def test_me_of_a_one_time_link_names_no_key_and_ends_within_the_day(world):
    client = world.client("")
    await client.get("/login", params={"k": world.keys.one_time_code("acme")})
    said = (await client.get("/v1/me")).json()
    assert (said["signed_in"], said["key"], said["demo"]) == ("session", None, False)
    assert said["expires"]
    assert said["scopes"] == ["admin", "read", "write"]


async def test_me_of_the_bootstrap_key(world):
    world.keys.bootstrap("a-long-bootstrap-secret")
    said = (await world.client("a-long-bootstrap-secret").get("/v1/me")).json()
    assert (said["tenant"], said["key"]["id"], said["expires"]) == ("default", "bootstrap", None)


async def test_me_without_a_credential_is_a_problem(world):
    answer = await world.client("").get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
