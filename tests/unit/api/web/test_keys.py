"""API keys over HTTP: made, listed and revoked by who operates the tenant, and by nobody else."""

import pytest

from penstock.model.time import DAY


@pytest.fixture
def admin(world):
    world.keys._clock = world.clock
    return world.client(world.keys.create("acme", "ops", ("admin",)))


async def test_a_new_key_is_shown_once_and_works_at_once(world, admin):
    answer = await admin.post("/v1/keys", json={"name": "gateway", "scopes": ["write"], "expires_in": "90d"})
    said = answer.json()
    assert answer.status_code == 201
    assert (said["name"], said["scopes"], said["last_used"]) == ("gateway", ["write"], None)
    assert said["expires"] == "2026-05-01T12:00:00Z"
    assert world.keys.authenticate(said["key"]).tenant == "acme"
    listed = (await admin.get("/v1/keys")).json()["data"]
    assert {k["name"] for k in listed} == {"tests", "ops", "gateway"}
    assert said["key"] not in (await admin.get("/v1/keys")).text


async def test_a_key_reads_and_writes_for_ever_unless_it_is_said(world, admin):
    said = (await admin.post("/v1/keys", json={"name": "k"})).json()
    assert (said["scopes"], said["expires"]) == (["read", "write"], None)


async def test_a_revoked_key_stops_with_the_next_request(world, admin):
    said = (await admin.post("/v1/keys", json={"name": "k"})).json()
    theirs = world.client(said["key"])
    assert (await theirs.get("/v1/latest")).status_code == 200
    assert (await admin.delete(f"/v1/keys/{said['id']}")).status_code == 204
    assert (await theirs.get("/v1/latest")).status_code == 401
    assert (await admin.delete(f"/v1/keys/{said['id']}")).json()["code"] == "key_unknown"


async def test_nobody_sees_or_revokes_the_keys_of_another_tenant(world, admin):
    theirs = world.keys.create("other", "secret-project")
    assert "secret-project" not in (await admin.get("/v1/keys")).text
    assert (await admin.delete(f"/v1/keys/{theirs.split('_')[1]}")).status_code == 404
    assert world.keys.authenticate(theirs)


@pytest.mark.parametrize("scopes", [("read",), ("write",), ("read", "write")])
async def test_only_an_operator_may(world, scopes):
    client = world.client(world.keys.create("acme", "k", scopes))
    for method, path in (("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/x")):
        assert (await client.request(method, path)).status_code == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "malformed_json"),
        ({"name": "k", "tenant": "other"}, "malformed_json"),
        ({"name": ""}, "invalid_name"),
        ({"name": "k", "scopes": ["root"]}, "invalid_scope"),
        ({"name": "k", "scopes": []}, "invalid_scope"),
        ({"name": "k", "expires_in": "soon"}, "invalid_duration"),
        ({"name": "k", "expires_in": f"{10**11}w"}, "invalid_expiry"),
    ],
)
async def test_what_is_no_key_is_refused_and_none_is_made(world, admin, body, code):
    answer = await admin.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert len(world.keys.list("acme")) == 2


async def test_last_use_is_shown(world, admin):
    world.clock.ms += DAY
    await world.client().get("/v1/latest")
    listed = {k["name"]: k["last_used"] for k in (await admin.get("/v1/keys")).json()["data"]}
    assert listed["tests"] == "2026-02-01T12:00:00Z"
