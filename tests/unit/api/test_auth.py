"""Deny by default: who gets in, as which tenant, and what a cookie alone may not do."""

import base64

import pytest
from starlette.routing import Match, WebSocketRoute

from penstock.api.auth import COOKIE, PUBLIC_PATHS, PUBLIC_PREFIXES
from penstock.api.health import PROBE_TENANT
from penstock.model.time import HOUR
from penstock.query.port import Latest, Recent

LINE = b"power,site=plant,sensor=m1 power_w=1.5 1769860800000000000"


def every_route(app):
    """(method, a path that matches) of everything the app serves, aliases and static files included."""
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            continue  # who may open one is told by the tests of the connection
        path = route.path
        for name in ("{sensor:path}", "{reading:path}", "{path:path}"):
            path = path.replace(name, "x")
        path = path.replace("{kind:catalog_kind}", "rooms").replace("{key:path}", "x")
        while "{" in path:
            path = path[: path.index("{")] + "x" + path[path.index("}") + 1 :]
        if path == "/static-offline-docs":
            path += "/swagger-ui.css"
        for method in getattr(route, "methods", None) or {"GET"}:
            yield method, path, route


async def test_every_route_is_public_by_list_or_refuses_a_request_without_a_credential(world):
    client = world.client("")
    world.reader.says(Recent, {"ts": [world.clock.ms]})  # /readyz is public and reads its probe back
    public, closed = set(), set()
    for method, path, _ in every_route(world.app):
        response = await client.request(method, path)
        if path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES):
            assert response.status_code != 401 or path == "/login", path
            public.add(path)
        else:
            assert response.status_code == 401, (method, path)
            assert response.headers["www-authenticate"].startswith("Bearer")
            closed.add((method, path))
    assert len(closed) >= 27
    assert ("GET", "/metrics") in closed
    assert public == PUBLIC_PATHS | {"/static-offline-docs/swagger-ui.css", "/graphiql/x", "/ui/x"}
    assert {q.tenant for q in world.reader.asked} == {PROBE_TENANT}
    assert {f.tenant for f in await world.frames()} == {PROBE_TENANT}


async def test_the_walk_over_all_routes_uses_paths_that_really_match(world):
    for method, path, route in every_route(world.app):
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        assert route.matches(scope)[0] is Match.FULL, path


@pytest.mark.parametrize(
    ("scopes", "get", "post"),
    [(("read",), 200, 403), (("write",), 403, 200), (("read", "write"), 200, 200), (("admin",), 200, 200)],
)
async def test_reading_and_writing_need_their_scope(world, scopes, get, post):
    client = world.client(world.keys.create("acme", "k", scopes))
    row = {"sensor_id": "m1", "metric": "power_w", "value": 1.0, "ts": world.clock.ms}
    assert (await client.get("/v1/latest")).status_code == get
    answer = await client.post("/v1/readings", json=row)
    assert answer.status_code == post
    if post == 403:
        assert answer.json()["code"] == "forbidden"
        assert "write" in answer.json()["hint"]
        assert await world.frames() == []


async def test_the_metrics_are_the_operators_unless_made_public(make_world):
    closed, open_ = await make_world(), await make_world(public_metrics=True)
    assert (await closed.client("").get("/metrics")).status_code == 401
    assert (await closed.client().get("/metrics")).status_code == 403
    assert (await closed.client(closed.keys.create("acme", "ops", ("admin",))).get("/metrics")).status_code == 200
    assert (await open_.client("").get("/metrics")).status_code == 200


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "Token {}", "BEARER   {}"])
async def test_a_key_is_taken_as_bearer_or_token(world, header):
    client = world.client("", authorization=header.format(world.key))
    assert (await client.get("/v1/latest")).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer wrong", "Digest a=b", "{}"])
async def test_any_other_authorization_is_refused(world, header):
    client = world.client("", authorization=header.format(world.key))
    answer = await client.get("/v1/latest")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


async def test_influx_clients_may_send_the_key_as_basic_password_or_as_p(world):
    client = world.client("")
    basic = base64.b64encode(f"any:{world.key}".encode()).decode()
    for path in ("/write", "/api/v2/write"):
        assert (await client.post(path, content=LINE, headers={"authorization": f"Basic {basic}"})).status_code == 204
    assert (await client.post(f"/write?u=me&p={world.key}", content=LINE)).status_code == 204
    assert (await client.post(f"/api/v2/write?u=me&p={world.key}", content=LINE)).status_code == 401
    assert (await client.get(f"/v1/latest?p={world.key}")).status_code == 401
    assert (await client.post("/write", content=LINE, headers={"authorization": "Basic %%%"})).status_code == 401


async def test_the_tenant_of_every_question_is_that_of_the_key(world):
    theirs = world.client(world.keys.create("other", "k"))
    await world.client().get("/v1/latest")
    await theirs.get("/v1/latest")
    assert [q.tenant for q in world.reader.asked] == ["acme", "other"]
    assert all(isinstance(q, Latest) for q in world.reader.asked)


async def test_an_expired_key_is_told_so(world):
    world.keys._clock = world.clock
    secret = world.keys.create("acme", "k", ("read",), expires=world.clock.ms + HOUR)
    client = world.client(secret)
    assert (await client.get("/v1/latest")).status_code == 200
    world.clock.ms += HOUR
    answer = await client.get("/v1/latest")
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


# -- browser sessions


async def signed_in(world):
    client = world.client("")
    answer = await client.get("/login", params={"k": world.keys.one_time_code("acme")})
    assert answer.status_code == 303
    return client, answer


async def test_a_one_time_link_becomes_a_session_that_can_read(world):
    client, answer = await signed_in(world)
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/", f"max-age={12 * 3600}"):
        assert part in cookie
    assert "secure" not in cookie
    assert (await client.get("/v1/latest")).status_code == 200
    assert "acme" in (await client.get("/", headers={"accept": "text/html"})).text


async def test_the_cookie_is_secure_over_https(world):
    client = world.client("")
    code = world.keys.one_time_code("acme")
    answer = await client.get("https://penstock.test/login", params={"k": code})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("query", ["", "?k=", "?k=wrong"])
async def test_a_wrong_code_signs_nobody_in(world, query):
    answer = await world.client("").get(f"/login{query}")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_code_signs_in_once(world):
    code = world.keys.one_time_code("acme")
    assert (await world.client("").get("/login", params={"k": code})).status_code == 303
    assert (await world.client("").get("/login", params={"k": code})).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"origin": "https://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://penstock.test.evil.test"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.test", "sec-fetch-site": "same-origin"}, 403),
        ({"origin": "http://penstock.test"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
async def test_a_cookie_writes_only_from_a_page_of_this_origin(world, headers, status):
    client, _ = await signed_in(world)
    row = {"sensor_id": "m1", "metric": "power_w", "value": 1.0, "ts": world.clock.ms}
    answer = await client.post("/v1/readings", json=row, headers=headers)
    assert answer.status_code == status
    assert len(await world.frames()) == (status == 200)


async def test_a_key_beside_a_cookie_is_what_counts(world):
    client, _ = await signed_in(world)
    theirs = world.keys.create("other", "k")
    await client.get("/v1/latest", headers={"authorization": f"Bearer {theirs}"})
    assert world.reader.asked[-1].tenant == "other"
    assert COOKIE in client.cookies


async def test_a_public_path_works_with_a_wrong_credential(world):
    assert (await world.client("wrong").get("/healthz")).status_code == 200
