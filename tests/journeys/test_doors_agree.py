"""One question, asked through every door of a running platform: all give the same numbers, and those of a recomputation."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import nats
import polars as pl
import pytest

import penstock_client
from penstock.model.time import HOUR, MINUTE, parse_time
from penstock.query.language import format_query
from penstock.query.port import Fetch, Query, Select, Then
from penstock_client import Client
from tests.journeys.conftest import Platform

COUNT = 1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 120
SENSORS = {f"t{i}": ("hq" if i < 5 else "plant", f"B{i % 2}", f"r{i % 3}", ("north", "south")[i % 2]) for i in range(8)}
METRICS = {"temperature": "K", "power_w": "W"}
COLUMNS = {"site": "site_id", "building": "building", "room": "room", "sensor": "sensor_id", "tag:side": "tag:side"}
SELECTS = (
    Select(), Select(metric="temperature"), Select(site="hq"), Select(building="B1", metric="*w"), Select(tags={"side": "north"}),
)  # fmt: skip
FUNCTIONS = ("count", "sum", "mean", "min", "max", "first", "last", "percentile", "stddev")
LINES = """
query Ask($input: QueryInput!) { query(input: $input) { lines {
  name metric unit site building room sensor groups { key value } buckets { ts value } } } }
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Platform]:
    """One with nothing else in it: questions without a selection are about everything."""
    running = Platform(tmp_path_factory.mktemp("agree")).wait_ready()
    yield running
    assert running.stop() == 0, running.stderr()


@pytest.fixture(scope="module")
def readings(platform) -> pl.DataFrame:
    """Three hours of readings, sent by HTTP, in the order of time and names."""
    chance, end = random.Random(7), time.time_ns() // 1_000_000 // HOUR * HOUR
    rows = [
        {
            "sensor_id": sensor, "site_id": site, "building": building, "room": room, "tags": {"side": side}, "metric": metric,
            "unit": unit, "ts": end - 3 * HOUR + chance.randrange(3 * HOUR), "value": chance.randrange(300_000) / 1_000 + 1,
        }
        for sensor, (site, building, room, side) in SENSORS.items()
        for metric, unit in METRICS.items()
        for _ in range(150)
    ]  # fmt: skip
    rows = list({(row["sensor_id"], row["metric"], row["ts"]): row for row in rows}.values())
    assert platform.post("/v1/readings", rows)["accepted"] == len(rows)
    platform.balanced()
    said = [{**row, "tag:side": row["tags"]["side"]} for row in rows]
    return pl.DataFrame(said).drop("tags").sort("ts", "site_id", "sensor_id", "metric")


def questions(end: int) -> list[Query]:
    """Random ones, the same at each run but for their time."""
    chance = random.Random(11)
    return [_question(chance, end) for _ in range(COUNT)]


def _question(chance: random.Random, end: int) -> Query:
    fn, window = chance.choice(FUNCTIONS), chance.choice((MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR))
    by = tuple(name for name in COLUMNS if chance.random() < 0.4)
    where = chance.choice(SELECTS)
    if chance.random() < 0.1:
        by, where = ("site", "sensor"), Select()
    then = None
    if chance.random() < 0.3:
        over = chance.choice(("sum", "mean", "min", "max"))
        then = Then(fn=over, by=tuple(name for name in by if chance.random() < 0.5))
    fetch = Fetch(where=where, fn=fn, q=90.0 if fn == "percentile" else None, by=by, then=then)
    start = end - chance.randrange(1, 4) * HOUR
    math = {"m": "2 * x + 1"} if chance.random() < 0.2 else {}
    return Query(
        tenant="default", start=start, end=start + chance.randrange(1, 4) * HOUR, fetch={"x": fetch}, window=window, math=math
    )  # fmt: skip


Point = tuple[str, str | None, str | None, tuple[str | None, ...], int, float | None]
"""Name, metric, unit, groups, epoch ms, value."""


def document(query: Query) -> dict[str, Any]:
    """The query as doors take it."""
    return {k: v for k, v in msgspec.to_builtins(query).items() if k not in {"ask", "tenant"}}


def point(row: dict[str, Any]) -> Point:
    groups = tuple(row[column] for column in COLUMNS.values() if column in row)
    return row["name"], row["metric"], row["unit"], groups, parse_time(row["ts"]), row["value"]


def by_rest(platform: Platform, query: Query) -> list[Point]:
    return [point(row) for row in platform.post("/v1/query", document(query))["data"]]


def by_text(platform: Platform, query: Query) -> list[Point]:
    """In the query language; lines have other names there."""
    asked = urllib.parse.urlencode({"q": format_query(query)})
    return [point(row) for row in platform.get(f"/v1/query?{asked}")["data"]]


def by_graphql(platform: Platform, query: Query) -> list[Point]:
    said = document(query)
    fetch = {"name": "x", **said["fetch"]["x"]}
    fetch["fn"] = fetch.get("fn", "mean").upper()
    if "where" in fetch and "tags" in fetch["where"]:
        fetch["where"]["tags"] = [{"key": k, "value": v} for k, v in fetch["where"]["tags"].items()]
    if "then" in fetch:
        fetch["then"]["fn"] = fetch["then"]["fn"].upper()
    asked = {**said, "fetch": [fetch], "math": [{"name": k, "expression": v} for k, v in said.get("math", {}).items()]}
    answer = platform.post("/graphql", {"query": LINES, "variables": {"input": asked}})
    assert "errors" not in answer, answer
    return [
        (line["name"], line["metric"], line["unit"], groups(line), parse_time(bucket["ts"]), bucket["value"])
        for line in answer["data"]["query"]["lines"]
        for bucket in line["buckets"]
    ]


def groups(line: dict[str, Any]) -> tuple[str, ...]:
    said = {group["key"]: group["value"] for group in line["groups"]}
    return tuple(said[name] for name in COLUMNS if name in said)


def by_nats(platform: Platform, query: Query) -> list[Point]:
    async def ask() -> list[Point]:
        connection = await nats.connect(platform.state()["nats_url"])
        try:
            reply = await connection.request("readings.query", json.dumps(document(query)).encode(), timeout=10)
            return [point(row) for row in json.loads(reply.data)["data"]]
        finally:
            await connection.close()

    return asyncio.run(ask())


def by_sdk(platform: Platform, query: Query) -> list[Point]:
    with Client(url=platform.url, key=platform.key) as client:
        asked = msgspec.convert(document(query), penstock_client.Query)
        return [
            (
                row.name, row.metric, row.unit, tuple(row.groups[c] for c in COLUMNS.values() if c in row.groups),
                round(row.ts.timestamp() * 1_000), row.value,
            )
            for row in client.query(asked)
        ]  # fmt: skip


DOORS: dict[str, Callable[[Platform, Query], list[Point]]] = {
    "GraphQL": by_graphql, "NATS": by_nats, "SDK": by_sdk, "text": by_text,
}  # fmt: skip


def by_prometheus(platform: Platform, query: Query) -> dict[tuple[str, str, int], float] | None:
    """(metric, sensor, window's start) → value, where PromQL has words for the question: a window of each series."""
    fetch, window = query.fetch["x"], query.window
    over = {"mean": "avg", "min": "min", "max": "max", "sum": "sum", "count": "count"}.get(fetch.fn)
    if (
        over is None
        or not {"site", "sensor"} <= set(fetch.by)
        or fetch.then
        or fetch.where != Select()
        or not isinstance(window, int)
    ):
        return None
    found: dict[tuple[str, str, int], float] = {}
    for metric in METRICS:
        # A range is left-open there: an instant before the window's end it holds what the window holds.
        asked = {
            "query": f'{over}_over_time({metric}{{site=~"hq|plant"}}[{window // 1_000}s])',
            "start": (query.start + window - 1) / 1_000, "end": (query.end - 1) / 1_000, "step": window // 1_000,
        }  # fmt: skip
        answer = platform.get(f"/prometheus/api/v1/query_range?{urllib.parse.urlencode(asked)}")
        for line in answer["data"]["result"]:
            for at, value in line["values"]:
                found[metric, line["metric"]["sensor"], round(at * 1_000) + 1 - window] = float(value)
    return found


def recomputed(data: pl.DataFrame, query: Query) -> dict[tuple[Any, ...], float]:
    """(metric, unit, groups, window's start) → value, by definition."""
    fetch, value = query.fetch["x"], pl.col("value")
    data = data.filter(pl.col("ts").is_between(query.start, query.end, closed="left"))
    for name, text in {
        "metric": fetch.where.metric,
        "site_id": fetch.where.site,
        "building": fetch.where.building,
    }.items():
        if text is not None:
            data = data.filter(pl.col(name).str.contains("^" + text.replace("*", ".*") + "$"))
    for key, text in fetch.where.tags.items():
        data = data.filter(pl.col(f"tag:{key}") == text)
    data = data.with_columns(start=pl.col("ts") - pl.col("ts") % query.window)
    made = {
        "percentile": value.quantile((fetch.q or 0.0) / 100, "linear"), "stddev": value.std(ddof=0), "count": value.count().cast(pl.Float64),
    }  # fmt: skip
    keys = [column for name, column in COLUMNS.items() if name in fetch.by]
    data = data.group_by(["metric", "unit", *keys, "start"], maintain_order=True).agg(
        made[fetch.fn] if fetch.fn in made else getattr(value, fetch.fn)()
    )
    if fetch.then is not None:
        keys = [column for name, column in COLUMNS.items() if name in fetch.then.by]
        data = data.group_by(["metric", "unit", *keys, "start"]).agg(getattr(value, fetch.then.fn)())
    return {
        (row["metric"], "1" if fetch.fn == "count" else row["unit"], tuple(row[key] for key in keys), row["start"]): row["value"] for row in data.to_dicts()
    }  # fmt: skip


@pytest.mark.timeout(600)
def test_every_door_gives_the_numbers_of_a_recomputation(platform, readings):
    in_prometheus = 0
    for query in questions(int(readings["ts"].max()) // HOUR * HOUR + HOUR):
        said = by_rest(platform, query)
        for name, ask in DOORS.items():
            found = ask(platform, query)
            if name == "text":
                assert [row[1:] for row in found] == [row[1:] for row in said], (name, query)
            else:
                assert found == said, (name, query)
        values = {row[1:5]: row[5] for row in said if row[0] == "x"}
        assert values == pytest.approx(recomputed(readings, query), rel=1e-9, abs=1e-7), query
        charted = by_prometheus(platform, query)
        if charted is not None:
            in_prometheus += 1
            at = [name for name in COLUMNS if name in query.fetch["x"].by].index("sensor")
            assert charted == pytest.approx({(key[0], key[2][at], key[3]): v for key, v in values.items()}, rel=1e-9), (
                query
            )
    assert in_prometheus
