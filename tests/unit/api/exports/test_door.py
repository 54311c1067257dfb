"""Exports over HTTP: what comes at once, what becomes a job, and who may see it."""

import asyncio
import io
import json

import polars as pl
import pyarrow as pa
import pytest

from penstock.api.services import JobsConfig
from penstock.model.errors import Unavailable
from penstock.query.port import Answer, Export, Query
from tests.unit.api.conftest import NOW

READINGS = {"format": "csv", "select": {"metric": "power_w"}, "from": NOW - 1_000_000, "to": NOW}


def page(first: int, rows: int) -> pa.Table:
    return pa.table(
        {
            "ts": pa.array(range(NOW + first, NOW + first + rows), pa.int64()),
            "sensor_id": pa.array(["m1"] * rows).dictionary_encode(),
            "value": pa.array([float(i) for i in range(first, first + rows)]),
            "unit": pa.array(["W"] * rows).dictionary_encode(),
        }
    )


class Store:
    """Answers pages of `size` rows out of `rows`; at page `broken` it fails, before page `held` it waits."""

    def __init__(self, world, rows=25, size=10, broken=None, held=None):
        self.rows, self.size, self.broken, self.held = rows, size, broken, held
        self.go_on = asyncio.Event()
        world.reader.answers[Export] = self.answer

    async def answer(self, question):
        number = int(question.cursor or 0)
        if number == self.held:
            await self.go_on.wait()
        if number == self.broken:
            raise Unavailable("the store is away")
        first = number * self.size
        rows = min(self.size, self.rows - first)
        more = str(number + 1) if first + rows < self.rows else None
        meta = {} if number else {"series": 1, "rows": self.rows}
        return Answer(page(first, rows), NOW + number, 5, not number, more, meta)


async def finished(client, location):
    """A job once it has ended."""
    return (await client.get(location, params={"wait": 10})).json()


async def make_job(client, **more):
    answer = await client.post("/v1/exports", json=READINGS | more, headers={"prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    return answer


async def test_a_small_export_comes_at_once_and_says_how_many_rows_it_has(world, client):
    Store(world, rows=3)
    answer = await client.post("/v1/exports", json=READINGS)
    assert answer.status_code == 200
    assert answer.headers["x-row-count"] == "3"
    assert answer.headers["x-penstock-as-of"] == "2026-01-31T12:00:00Z"
    assert answer.headers["x-penstock-complete"] == "true"
    assert answer.headers["content-disposition"] == 'attachment; filename="penstock-20260131T120000Z.csv"'
    assert answer.text.split("\r\n")[:2] == ["ts,sensor_id,value,unit", "2026-01-31T12:00:00Z,m1,0,W"]
    asked = world.reader.asked[-1]
    assert (asked.tenant, asked.where.metric, asked.start, asked.end) == ("acme", "power_w", NOW - 1_000_000, NOW)


async def test_pages_are_put_together_in_order(world, client):
    Store(world)
    answer = await client.post("/v1/exports", json=READINGS | {"format": "parquet"})
    frame = pl.read_parquet(io.BytesIO(answer.content))
    assert frame["value"].to_list() == [float(i) for i in range(25)]
    assert "x-row-count" not in answer.headers


async def test_what_is_over_the_bound_becomes_a_job_with_a_file(make_world):
    world = await make_world(export_stream_rows=20)
    client = world.client()
    Store(world)
    answer = await client.post("/v1/exports", json=READINGS | {"format": "arrow"})
    assert answer.status_code == 202
    job = await finished(client, answer.headers["location"])
    assert (job["state"], job["rows"], job["rows_expected"], job["complete"]) == ("done", 25, 25, True)
    result = await client.get(job["result"])
    assert result.headers["x-row-count"] == "25"
    assert int(result.headers["content-length"]) == len(result.content) == job["bytes"]
    assert pl.read_ipc_stream(result.content)["value"].to_list() == [float(i) for i in range(25)]
    await world.app.state.jobs.close()


async def test_the_answer_of_a_query_is_one_page_and_raw_readings_of_a_query_are_an_export(world, client):
    Store(world, rows=1)
    world.reader.says(Query, {"name": ["a"], "ts": pa.array([NOW], pa.int64()), "value": [1.5]})
    query = {"start": NOW - 1, "end": NOW, "fetch": {"a": {"fn": "max", "where": {"metric": "power_w"}}}}
    answer = await client.post("/v1/exports", json={"format": "ndjson", "query": query})
    assert json.loads(answer.text) == {"name": "a", "ts": "2026-01-31T12:00:00Z", "value": 1.5}
    query["fetch"]["a"] = {"fn": "raw", "where": {"site": "hq"}, "unit": "kW"}
    await client.post("/v1/exports", json={"format": "ndjson", "query": query})
    asked = world.reader.asked[-1]
    assert (type(asked), asked.where.site, asked.unit) == (Export, "hq", "kW")


async def test_a_query_in_words_is_the_same_query(world, client):
    world.reader.says(Query, {"name": ["a"], "ts": pa.array([NOW], pa.int64()), "value": [1.5]})
    words = "max(power_w) where site=hq by room every 1h last 6h"
    answer = await client.post("/v1/exports", json={"format": "ndjson", "query": words})
    assert answer.status_code == 200, answer.text
    asked = world.reader.asked[-1]
    (fetch,) = asked.fetch.values()
    assert (asked.tenant, asked.start, fetch.fn, fetch.where.site) == ("acme", NOW - 6 * 3_600_000, "max", "hq")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_export"),
        ({"format": "pdf"}, "invalid_export"),
        ({"format": "csv"}, "invalid_export"),
        (READINGS | {"compression": "snappy"}, "invalid_compression"),
        (READINGS | {"format": "xlsx", "comments": True}, "invalid_export"),
        (READINGS | {"query": {"start": 1, "end": 2, "fetch": {}}}, "invalid_export"),
        ({"format": "csv", "query": {"tenant": "other", "start": 1, "end": 2, "fetch": {}}}, "invalid_query"),
        ({"format": "csv", "query": {"start": 1}}, "invalid_query"),
        ({"format": "csv", "query": "avg(power_w) evry 1h"}, "query_syntax"),
        ({"format": "csv", "query": "a" * 10_001}, "invalid_export"),
        (READINGS | {"query": "avg(power_w)"}, "invalid_export"),
        (READINGS | {"from": "yesterday"}, "invalid_timestamp"),
    ],
    ids=[
        "not-json",
        "format",
        "no-range",
        "compression",
        "comments",
        "both",
        "tenant",
        "query",
        "words",
        "many-words",
        "both-in-words",
        "time",
    ],
)
async def test_what_is_not_understood_is_refused_before_anything_is_read(world, client, body, code):
    content = body if isinstance(body, bytes) else json.dumps(body)
    answer = await client.post("/v1/exports", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert world.reader.asked == []


async def test_a_failure_before_the_first_page_is_a_problem_and_a_later_one_breaks_the_transfer_off(world, client):
    Store(world, broken=0)
    assert (await client.post("/v1/exports", json=READINGS)).status_code == 503
    Store(world, broken=1)
    sent = []

    async def receive():
        return {"type": "http.request", "body": json.dumps(READINGS).encode(), "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"authorization", f"Bearer {world.key}".encode())]
    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "method": "POST", "path": "/v1/exports",
             "raw_path": b"/v1/exports", "query_string": b"", "headers": headers, "root_path": "", "scheme": "http",
             "server": ("t", 80), "http_version": "1.1"}  # fmt: skip
    await world.app(scope, receive, send)
    assert sent[0]["status"] == 200
    assert len(sent) > 1
    assert all(message["more_body"] for message in sent[1:])
    assert (await client.get("/v1/jobs")).status_code == 200


async def test_a_job_that_fails_says_why_and_has_no_result(world, client):
    Store(world, broken=2)
    job = await finished(client, (await make_job(client)).headers["location"])
    assert (job["state"], job["error"]["detail"], job["result"]) == ("failed", "the store is away", None)
    refused = await client.get(f"/v1/jobs/{job['id']}/result")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_not_done")


async def test_another_tenant_does_not_see_a_job(world, client):
    Store(world)
    location = (await make_job(client)).headers["location"]
    await finished(client, location)
    other = world.client(world.keys.create("other", "tests"))
    for method, path in (("GET", location), ("GET", f"{location}/result"), ("DELETE", location)):
        assert (await other.request(method, path)).status_code == 404
    assert (await other.get("/v1/jobs")).json() == {"data": []}
    assert len((await client.get("/v1/jobs")).json()["data"]) == 1


async def test_a_key_that_may_only_read_may_export(world):
    Store(world)
    reader = world.client(world.keys.create("acme", "viewer", scopes=("read",)))
    location = (await make_job(reader)).headers["location"]
    assert (await reader.delete(location)).status_code == 204
    writer = world.client(world.keys.create("acme", "sensor", scopes=("write",)))
    assert (await writer.post("/v1/exports", json=READINGS)).status_code == 403


async def test_a_cancelled_job_is_gone_while_it_runs(world, client):
    store = Store(world, held=1)
    location = (await make_job(client)).headers["location"]
    assert (await client.get(location)).json()["state"] in {"queued", "running"}
    assert (await client.get(f"{location}/result")).status_code == 409
    assert (await client.delete(location)).status_code == 204
    assert (await client.get(location)).status_code == 404
    store.go_on.set()


async def test_jobs_expire_after_their_end_and_never_before(world, client):
    Store(world)
    location = (await make_job(client)).headers["location"]
    job = await finished(client, location)
    assert job["expires"] == "2026-01-31T13:00:00Z"
    world.clock.ms += 3_599_999
    assert (await client.get(location)).status_code == 200
    world.clock.ms += 1
    assert (await client.get(location)).status_code == 404


async def test_jobs_are_bounded_per_tenant_and_over_all(make_world):
    world = await make_world(jobs=JobsConfig(per_tenant=2, total=3))
    Store(world)
    mine, theirs = world.client(), world.client(world.keys.create("other", "tests"))
    for client in (mine, mine, theirs):
        await finished(client, (await make_job(client)).headers["location"])
    for client, status in ((mine, 429), (theirs, 503)):
        refused = await client.post("/v1/exports", json=READINGS, headers={"prefer": "respond-async"})
        assert refused.status_code == status
        assert refused.headers["retry-after"] == "60"
    await world.app.state.jobs.close()


async def test_results_together_take_no_more_than_their_bound_and_leave_no_file(make_world, tmp_path):
    world = await make_world(jobs=JobsConfig(tmp_path / "exports", max_bytes=1_500))
    client = world.client()
    Store(world)
    first = await finished(client, (await make_job(client)).headers["location"])
    second = await finished(client, (await make_job(client)).headers["location"])
    assert (first["state"], second["state"]) == ("done", "failed")
    assert second["error"]["code"] == "exports_full"
    assert list((tmp_path / "exports").iterdir()) == []
    await world.app.state.jobs.close()


async def test_a_result_stays_readable_while_its_job_is_deleted(world, client):
    Store(world)
    job = await finished(client, (await make_job(client)).headers["location"])
    jobs = world.app.state.jobs
    with jobs.result(jobs.find("acme", job["id"])) as pieces:
        await jobs.remove("acme", job["id"])
        assert len(b"".join([piece async for piece in pieces])) == job["bytes"]
