"""Every failure is a problem document that says what, and nothing that it should not."""

import pytest

from penstock.api.problems import status_of
from penstock.model.errors import (
    Backpressure,
    Conflict,
    InvalidInput,
    Misconfigured,
    NotAllowed,
    NotFound,
    PenstockError,
    Poison,
    TooLarge,
    Unavailable,
)
from penstock.query.port import Latest


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("x"), 400),
        (TooLarge("x"), 413),
        (NotAllowed("x", authenticated=False), 401),
        (NotAllowed("x", authenticated=True), 403),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (Unavailable("x"), 503),
        (Backpressure("x"), 503),
        (Backpressure("x", code="tenant_backpressure"), 429),
        (Misconfigured("x"), 500),
        (Poison("x"), 500),
        (PenstockError("x"), 500),
    ],
)
def test_each_error_of_the_tree_has_one_status(error, status):
    assert status_of(error) == status


async def test_an_unknown_path_is_404_with_near_ones(client):
    answer = await client.get("/v1/sensor/m1/recents")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == "urn:penstock:problem:not_found"
    assert said["title"] == "Not Found"
    assert said["status"] == 404
    assert said["instance"] == "/v1/sensor/m1/recents"
    assert "/v1/sensors/{sensor}/recent" in said["hint"]


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        ("/v1/nothing/caf%C3%A9%20%E2%82%AC", "/v1/nothing/caf%C3%A9%20%E2%82%AC"),
        ("/v1/nothing/100%25%3Fa%23b%22%3Cc%3E", "/v1/nothing/100%25%3Fa%23b%22%3Cc%3E"),
        ("/v1/nothing/a:b@c,d;e=f", "/v1/nothing/a:b@c,d;e=f"),
        ("//elsewhere/v1", "/.//elsewhere/v1"),
    ],
    ids=["not ASCII", "reserved", "allowed", "two slashes"],
)
async def test_instance_is_a_uri_reference_of_the_path(client, path, instance):
    answer = await client.get(f"http://penstock{path}")
    assert answer.status_code == 404
    assert answer.json()["instance"] == instance


@pytest.mark.parametrize(
    ("path", "near"), [("/v1/latest/", "/v1/latest"), ("/v1/reading", "/v1/readings"), ("/health", "/healthz")]
)
async def test_a_mistyped_path_is_404_even_without_a_key(world, path, near):
    answer = await world.client("").get(path)
    assert answer.status_code == 404
    assert near in answer.json()["hint"]


async def test_a_path_like_nothing_points_to_the_documentation(client):
    assert "/docs" in (await client.get("/qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")).json()["hint"]


async def test_a_wrong_method_is_405_with_the_right_ones(client):
    answer = await client.delete("/v1/latest")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer.json()["hint"]


async def test_a_failure_of_the_server_tells_the_caller_only_its_id(world, client):
    world.reader.answers[Latest] = RuntimeError("secret table name")
    answer = await client.get("/v1/latest", headers={"x-request-id": "trace-7"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["request_id"] == "trace-7"
    assert "trace-7" in answer.json()["detail"]


async def test_an_error_of_ours_that_is_nobody_s_fault_hides_its_detail(world, client):
    world.reader.answers[Latest] = Misconfigured("the key file /secret is damaged")
    answer = await client.get("/v1/latest")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "/secret" not in answer.text


async def test_every_answer_has_an_id_its_time_and_safe_headers(client):
    for path in ("/v1/latest", "/nowhere", "/healthz", "/"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["server-timing"].startswith("total;dur=")
        assert answer.headers["x-request-id"]


async def test_a_clean_request_id_is_kept_and_a_strange_one_replaced(client):
    assert (await client.get("/healthz", headers={"x-request-id": "a.B-7_"})).headers["x-request-id"] == "a.B-7_"
    for strange in ("a b", "x" * 65, "<script>"):
        assert (await client.get("/healthz", headers={"x-request-id": strange})).headers["x-request-id"] != strange


async def test_request_ids_differ(client):
    ids = {(await client.get("/healthz")).headers["x-request-id"] for _ in range(10)}
    assert len(ids) == 10


@pytest.mark.parametrize("path", ["/healthz", "/v1/latest", "/", "/nowhere"])
async def test_head_is_get_without_the_body(client, path):
    head, get = await client.head(path), await client.get(path)
    assert head.status_code == get.status_code
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.content == b""
    assert int(head.headers["content-length"]) > 0


async def test_head_of_an_endless_answer_is_not_possible(client):
    assert (await client.head("/v1/stream")).status_code == 405
