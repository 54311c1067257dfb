"""`POST /v1/query` over the engine itself."""

import csv

import pyarrow as pa
import pytest

from penstock.query.port import Query
from tests.unit.api.conftest import NOW

ASKED = {"start": "-3h", "fetch": {"t": {"where": {"metric": "temperature"}, "by": ["room"]}}, "window": 3_600_000}
COLUMNS = {"name": ["t", "t"], "ts": [NOW - 7_200_000, NOW - 3_600_000], "room": ["r1", "r1"], "value": [290.5, None]}
META = {"window": 3_600_000, "tier": 0, "revision": 7, "series": 1, "cost": 2, "downsampled": False}


@pytest.fixture
def said(world):
    world.reader.says(Query, COLUMNS, meta=META)
    return world


async def test_a_document_becomes_a_question_of_the_keys_tenant(said):
    answer = await said.client().post("/v1/query", json=ASKED)
    assert answer.status_code == 200
    (asked,) = said.reader.asked
    assert (asked.tenant, asked.start, asked.end) == ("acme", NOW - 3 * 3_600_000, NOW)
    body = answer.json()
    assert body["data"][0] == {"name": "t", "ts": "2026-01-31T10:00:00Z", "room": "r1", "value": 290.5}
    assert (body["meta"], body["complete"]) == (META, True)


async def test_it_answers_in_the_shape_that_is_accepted(said):
    row = {"name": "t", "ts": "2026-01-31T10:00:00Z", "room": "r1", "value": "290.5"}
    columns = await said.client(accept="application/vnd.penstock.columns+json").post("/v1/query", json=ASKED)
    assert columns.json()["columns"]["value"] == [290.5, None]
    text = await said.client(accept="text/csv").post("/v1/query", json=ASKED)
    assert next(csv.DictReader(text.text.splitlines())) == row
    arrow = await said.client(accept="application/vnd.apache.arrow.stream").post("/v1/query", json=ASKED)
    assert pa.ipc.open_stream(arrow.content).read_all().num_rows == 2


async def test_an_unchanged_answer_is_not_sent_twice(said):
    client = said.client()
    tag = (await client.post("/v1/query", json=ASKED)).headers["etag"]
    said.reader.says(Query, COLUMNS, meta=META | {"revision": 8, "cost": 1}, as_of=NOW + 1)
    again = await client.post("/v1/query", json=ASKED, headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["x-penstock-as-of"] == "2026-01-31T12:00:00.001Z"


@pytest.mark.parametrize("change", ["data", "complete", "shape"])
async def test_a_changed_answer_has_another_tag(said, change):
    client = said.client()
    tag = (await client.post("/v1/query", json=ASKED)).headers["etag"]
    headers = {"if-none-match": tag}
    if change == "data":
        said.reader.says(Query, COLUMNS | {"value": [290.5, 1.0]}, meta=META)
    elif change == "complete":
        said.reader.says(Query, COLUMNS, meta=META, complete=False)
    else:
        headers["accept"] = "text/csv"
    answer = await client.post("/v1/query", json=ASKED, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag


async def test_a_key_that_may_only_read_may_ask(said):
    key = said.keys.create("acme", "reader", scopes=("read",))
    assert (await said.client(key).post("/v1/query", json=ASKED)).status_code == 200


async def test_refusals_are_problems_with_the_place(said):
    client = said.client()
    wrong = await client.post("/v1/query", json=ASKED | {"fetch": {"t": {"fn": "men"}}})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_query")
    assert wrong.json()["detail"].startswith("/fetch/t/fn: ")
    assert (await client.post("/v1/query", content="x", headers={"content-type": "text/plain"})).status_code == 415
    large = await client.post("/v1/query", json=ASKED | {"math": {"m": "1" * 70_000}})
    assert large.status_code == 413
