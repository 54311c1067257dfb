"""Queries as text over HTTP."""

import pyarrow as pa
import pytest

from penstock.model.errors import NotFound
from penstock.model.time import HOUR
from penstock.query.port import Answer, Query, Series
from tests.unit.api.conftest import NOW

COLUMNS = {"name": ["mean_t"], "ts": pa.array([NOW], pa.int64()), "metric": ["t"], "unit": ["K"], "value": [294.5]}


async def test_a_text_is_asked_as_the_query_it_means(world, client):
    world.reader.says(Query, COLUMNS, meta={"tier": 60_000})
    answer = await client.get("/v1/query", params={"q": "avg(t) by room every 1m last 1h"})
    assert answer.status_code == 200
    assert answer.json()["data"] == [
        {"name": "mean_t", "ts": "2026-01-31T12:00:00Z", "metric": "t", "unit": "K", "value": 294.5}
    ]
    asked = world.reader.asked[-1]
    assert (asked.tenant, asked.start, asked.end, asked.window) == ("acme", NOW - HOUR, NOW, 60_000)
    assert asked.fetch["mean_t"].by == ("room",)


async def test_a_text_that_is_not_understood_is_refused_with_its_place(client):
    answer = await client.get("/v1/query", params={"q": "avg(t) evry 1m"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "query_syntax")
    assert "column 8" in problem["detail"]
    assert problem["hint"] == "did you mean every?\n  avg(t) evry 1m\n         ^"


@pytest.mark.parametrize("kind", ["empty", "missing"])
async def test_a_mistyped_metric_is_answered_with_the_one_that_is_there(world, client, kind):
    if kind == "missing":
        world.reader.answers[Query] = NotFound("no series of site 'x'")

    def listing(question):
        metrics = [] if question.where.metric else ["temperature", "power_w"]
        return Answer(pa.table({"metric": pa.array(metrics, pa.string())}), NOW, 0, True)

    world.reader.answers[Series] = listing
    answer = await client.get("/v1/query", params={"q": "avg(temprature) at x"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (404, "unknown_metric")
    assert problem["hint"] == "did you mean temperature?"


async def test_a_range_without_readings_of_a_metric_that_exists_is_an_empty_answer(world, client):
    world.reader.says(Series, {"metric": ["t"]})
    answer = await client.get("/v1/query", params={"q": "avg(t)"})
    assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_an_unchanged_answer_is_not_sent_twice(world, client):
    world.reader.says(Query, COLUMNS, meta={"tier": 60_000})
    params = {"q": "avg(t) every 1m last 1h"}
    tag = (await client.get("/v1/query", params=params)).headers["etag"]
    world.reader.says(Query, COLUMNS, meta={"tier": 0}, as_of=NOW + 1)
    again = await client.get("/v1/query", params=params, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    world.reader.says(Query, COLUMNS | {"value": [294.6]})
    assert (await client.get("/v1/query", params=params, headers={"if-none-match": tag})).status_code == 200
