"""The endpoint over HTTP: what it takes, who may ask, what a failure tells, and whose data it is."""

import asyncio
import json

import pytest
from graphql import get_introspection_query
from structlog.testing import capture_logs

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.model.errors import Misconfigured, NotFound, Unavailable
from penstock.query.port import Events, Latest, Series
from tests.unit.api.graphql.conftest import fill

SENSORS = "{ tenant { id points { nodes { sensor } } } }"


async def post(client, query, **more):
    return await client.post("/graphql", json={"query": query, **more})


async def test_a_query_may_come_by_post_or_get(world, estate):
    client = world.client()
    posted = await post(
        client, "query($n: Int!) { tenant { points(first: $n) { nodes { sensor } } } }", variables={"n": 2}
    )
    got = await client.get(
        "/graphql",
        params={
            "query": "query($n: Int!) { tenant { points(first: $n) { nodes { sensor } } } }",
            "variables": '{"n": 2}',
        },
    )
    assert posted.status_code == got.status_code == 200
    assert posted.json() == got.json()
    assert len(posted.json()["data"]["tenant"]["points"]["nodes"]) == 2
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["cache-control"] == "no-store"


async def test_one_of_several_operations_is_named(world, estate):
    client = world.client()
    document = "query A { a: tenant { id } } query B { b: tenant { id } }"
    named = await client.get("/graphql", params={"query": document, "operationName": "B"})
    assert named.json()["data"] == {"b": {"id": "acme"}}
    assert "several operations" in (await post(client, document)).json()["errors"][0]["message"]
    assert "'C'" in (await post(client, document, operationName="C")).json()["errors"][0]["message"]


async def test_the_answer_says_how_fresh_all_of_it_is(world, estate):
    estate.fresh_to -= 5_000
    estate.backlog = 3
    said = (await post(world.client(), '{ site(name: "site-1") { name } points { freshness { complete } } }')).json()
    assert said["extensions"]["freshness"]["complete"] is False
    assert said["extensions"]["freshness"]["stalenessMs"] == 5_000
    assert said["extensions"]["freshness"]["asOf"] == "2026-01-31T11:59:55Z"
    assert "extensions" not in (await post(world.client(), "{ tenant { id } }")).json()


async def test_nobody_asks_without_a_key_that_may_read(world, estate):
    assert (await post(world.client(""), SENSORS)).status_code == 401
    assert (await world.client("").get("/graphql", params={"query": SENSORS})).status_code == 401
    writer = world.client(world.keys.create("acme", "w", scopes=("write",)))
    reader = world.client(world.keys.create("acme", "r", scopes=("read",)))
    assert (await post(writer, SENSORS)).status_code == 403
    assert (await post(reader, SENSORS)).status_code == 200


async def test_each_tenant_sees_its_own(world, estate):
    await fill(estate, tenant="other")
    theirs = world.client(world.keys.create("nobody", "k"))
    everything = """{ tenant { id sites { name } points { nodes { sensor } } } points { nodes { sensor } }
                      readings { nodes { sensor } } events { nodes { id } } site(name: "site-1") { name } }"""
    said = (await post(theirs, everything)).json()["data"]
    assert said == {
        "tenant": {"id": "nobody", "sites": [], "points": {"nodes": []}},
        "points": {"nodes": []}, "readings": {"nodes": []}, "events": {"nodes": []}, "site": None,
    }  # fmt: skip
    assert {question.tenant for question in estate.asked} == {"nobody"}


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b"{}", "application/json", 400, "invalid_request"),
        (b'{"query": 7}', "application/json", 400, "invalid_request"),
        (b'{"query": "{a}", "variables": []}', "application/json", 400, "invalid_request"),
        (b'[{"query": "{ tenant { id } }"}]', "application/json", 400, "no_batching"),
        (b"{ tenant { id } }", "application/graphql", 415, "unsupported_media_type"),
        (b"", "multipart/form-data", 415, "unsupported_media_type"),
        (b"[" * 100_000, "application/json", 400, "no_batching"),
        (b'{"variables":' * 20_000, "application/json", 400, "invalid_request"),
        (b'{"query": "' + b" " * (300 << 10) + b'"}', "application/json", 413, "too_large"),
    ],
    ids=["cut off", "empty", "number", "list of variables", "batch", "graphql text", "upload", "nest", "deep nest", "large"],
)  # fmt: skip
async def test_a_request_that_is_no_query_is_a_problem(world, body, media, status, code):
    answer = await world.client().post("/graphql", content=body, headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("params", [{}, {"variables": "{}"}, {"query": "{ tenant { id } }", "variables": "{"}])
async def test_a_get_that_is_no_query_is_a_problem(world, params):
    answer = await world.client().get("/graphql", params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "query",
    ["", "{", "{ nothing }", "{ tenant }", 'mutation { drop(table: "readings") }', "query A { tenant { id } } query A { tenant { id } }"],
    ids=["empty", "syntax", "unknown field", "no selection", "mutation", "same name"],
)  # fmt: skip
async def test_a_document_that_is_not_valid_is_refused_without_data(world, query):
    client = world.client()
    answer = await post(client, query)
    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["extensions"]["code"] == "invalid_query"
    strict = await client.post(
        "/graphql", json={"query": query}, headers={"accept": "application/graphql-response+json"}
    )
    assert strict.status_code == 400
    assert strict.headers["content-type"] == "application/graphql-response+json"


@pytest.mark.parametrize("n", ["x", 1 << 40, None])
async def test_a_value_that_its_variable_cannot_hold_refuses_the_request(world, estate, n):
    sent = {"query": "query($n: Int!) { points(first: $n) { nodes { sensor } } }", "variables": {"n": n}}
    answer = await world.client().post("/graphql", json=sent, headers={"accept": "application/graphql-response+json"})
    assert answer.status_code == 400
    assert "data" not in answer.json()
    assert "'$n'" in answer.json()["errors"][0]["message"]
    assert estate.asked == []


async def test_subscriptions_are_not_for_http(world):
    (error,) = (await post(world.client(), "subscription { events { skipped } }")).json()["errors"]
    assert "HTTP" in error["message"]
    assert "graphql-transport-ws" in error["extensions"]["hint"]


async def test_a_mutation_is_told_where_things_are_written(world):
    (error,) = (await post(world.client(), "mutation { write(value: 1) }")).json()["errors"]
    assert "no mutations" in error["message"]
    assert "docs/api.md" in error["extensions"]["hint"]


async def test_what_penstock_refuses_keeps_its_words_and_leaves_the_rest_of_the_answer(world):
    world.reader.answers[Events] = NotFound("there is no such thing", hint="look elsewhere")
    said = (await post(world.client(), "{ events { nodes { id } } }")).json()
    assert said["data"] is None
    (error,) = said["errors"]
    assert error["message"] == "there is no such thing"
    assert error["extensions"] == {"code": "not_found", "hint": "look elsewhere"}
    assert error["path"] == ["events"]


async def test_what_may_pass_says_when_to_come_back(world):
    world.reader.answers[Events] = Unavailable("the query service is away", retry_after=2.5)
    (error,) = (await post(world.client(), "{ events { nodes { id } } }")).json()["errors"]
    assert error["extensions"] == {"code": "unavailable", "retryAfterMs": 2500}


@pytest.mark.parametrize("failure", [RuntimeError("secret dsn"), Misconfigured("secret dsn"), KeyError("secret dsn")])
async def test_what_nobody_meant_to_raise_is_masked_and_logged_under_its_id(world, failure):
    world.reader.answers[Events] = failure
    with capture_logs() as logs:
        answer = await post(world.client(), "{ events { nodes { id } } }")
    assert "secret" not in answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "internal_error"
    assert [entry["exc_info"] for entry in logs if entry.get("error_id") == error["extensions"]["id"]] == [failure]


async def test_a_failing_level_does_not_hide_its_neighbours(world, estate):
    asked = estate.ask

    async def ask(question):
        if isinstance(question, Latest):
            raise Unavailable("the query service is away")
        return await asked(question)

    world.reader.ask = ask
    said = (
        await post(
            world.client(), '{ site(name: "site-1") { name points(first: 2) { nodes { sensor latest { value } } } } }'
        )
    ).json()
    assert said["data"]["site"]["name"] == "site-1"
    assert [node["latest"] for node in said["data"]["site"]["points"]["nodes"]] == [None, None]
    assert len(said["errors"]) == 2


async def test_a_query_that_takes_too_long_ends(make_world):
    world = await make_world(graphql=GraphQLBounds(timeout=0.05))
    cancelled = asyncio.Event()

    async def never(_):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    world.reader.answers[Series] = never
    await post(world.client(), "{ tenant { id } }")
    (error,) = (await post(world.client(), "{ tenant { sites { name } } }")).json()["errors"]
    assert error["extensions"]["code"] == "query_timeout"
    async with asyncio.timeout(5):
        await cancelled.wait()


async def test_introspection_is_open_to_whoever_may_ask(world):
    answer = await post(world.client(), get_introspection_query(descriptions=True))
    names = {kind["name"] for kind in answer.json()["data"]["__schema"]["types"]}
    assert {"Tenant", "Room", "QueryInput", "Subscription"} <= names


async def test_a_session_cookie_asks_from_a_page_of_this_origin_only(world, estate):
    session = world.keys.redeem(world.keys.one_time_code("acme"))
    body = json.dumps({"query": SENSORS})
    for origin, status in (("http://penstock.test", 200), ("https://evil.example", 403)):
        client = world.client("", cookie=f"penstock_session={session}", origin=origin)
        answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status
