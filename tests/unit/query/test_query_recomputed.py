"""Random queries against a recomputation from raw readings in polars, which shares no code with the engine."""

import asyncio

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE, parse_time
from penstock.query import pieces, samples
from penstock.query.port import Fetch, Query, Select, Then
from penstock.query.windows import find_zone, parse_window, tile
from tests.unit.query.query_world import World

SPRING = parse_time("2026-03-28T00:00:00Z")
PLACES = {
    "t1": ("hq", "B1", "r1", "north"),
    "t2": ("hq", "B1", "r2", "south"),
    "t3": ("hq", "B2", "r1", "north"),
    "t4": ("plant", "B2", "r1", ""),
}
KEYS = [
    SeriesKey(PLACES[sensor][0], sensor, metric, unit)
    for sensor in PLACES
    for metric, unit in (("temperature", "K"), ("power_w", "W"))
]
COLUMNS = {
    "site": "site_id", "building": "building", "room": "room", "sensor": "sensor_id", "tag:side": "tag:side",
}  # fmt: skip
EXACT = ["count", "min", "max", "first", "last"]
ROUNDED = ["sum", "mean", "percentile", "stddev", "delta"]

ROWS = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.one_of(st.integers(0, 3 * HOUR), st.integers(0, 3 * DAY)).map(lambda ms: SPRING + ms),
        st.integers(0, 400_000).map(lambda n: n / 1000),
    ),
    min_size=1,
    max_size=50,
    unique_by=lambda row: row[:2],
)
SELECTS = st.sampled_from([
    Select(), Select(metric="temperature"), Select(building="B1*"), Select(room="r*", metric="*w"), Select(tags={"side": "north"}),
])  # fmt: skip
BY = st.sets(st.sampled_from(list(COLUMNS))).map(lambda names: tuple(sorted(names)))
LEVELS = st.sampled_from(["count", "sum", "mean", "min", "max", "percentile", "stddev"])


@st.composite
def fetches(draw) -> Fetch:
    fn = draw(st.sampled_from(EXACT + ROUNDED))
    by, over = draw(BY), draw(LEVELS)
    then = None
    if draw(st.booleans()):
        kept = tuple(name for name in by if draw(st.booleans()))
        then = Then(fn=over, by=kept, q=30.0 if over == "percentile" else None)
    return Fetch(where=draw(SELECTS), fn=fn, q=75.0 if fn == "percentile" else None, by=by, then=then)


QUERIES = st.builds(
    lambda fetch, start, length, window, zone, backwards: Query(
        tenant="acme", start=SPRING + start, end=SPRING + start + length, fetch={"x": fetch}, window=window, zone=zone,
        descending=backwards,
    ),
    fetches(),
    st.integers(-HOUR, DAY),
    st.integers(1, 4 * DAY),
    st.sampled_from([15 * MINUTE, HOUR, 7 * MINUTE, DAY, 0, "15m", "1h", "12h", "1d", "1w", "1mo"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    st.booleans(),
)  # fmt: skip


def frame(rows) -> pl.DataFrame:
    """Readings with all that can separate them, in the order of time and names."""
    records = [
        {
            "metric": key.metric, "unit": key.unit, "site_id": key.site, "building": PLACES[key.sensor][1],
            "room": PLACES[key.sensor][2], "tag:side": PLACES[key.sensor][3], "sensor_id": key.sensor,
            "ts": ts, "value": value,
        }
        for key, ts, value in rows
    ]  # fmt: skip
    return pl.DataFrame(records).sort("ts", "site_id", "sensor_id", "metric")


def chosen(data: pl.DataFrame, where: Select) -> pl.DataFrame:
    if where.metric is not None:
        data = data.filter(pl.col("metric").str.contains("^" + where.metric.replace("*", ".*") + "$"))
    if where.building is not None:
        data = data.filter(pl.col("building").str.starts_with("B1"))
    if where.room is not None:
        data = data.filter(pl.col("room").str.starts_with("r"))
    for key, text in where.tags.items():
        data = data.filter(pl.col(f"tag:{key}") == text)
    return data


def made(fn: str, q: float | None) -> pl.Expr:
    value = pl.col("value")
    match fn:
        case "count":
            return value.count().cast(pl.Float64)
        case "percentile":
            return value.quantile((q or 0.0) / 100.0, "linear")
        case "stddev":
            return value.std(ddof=0)
        case _:
            return getattr(value, fn)()


def recomputed(rows, query: Query) -> list[dict]:
    """The answer by its definition."""
    fetch = query.fetch["x"]
    data = chosen(frame(rows).filter(pl.col("ts").is_between(query.start, query.end, closed="left")), fetch.where)
    if isinstance(query.window, str):
        edges = tile(parse_window(query.window), find_zone(query.zone), query.start, query.end, 100_000).edges
        starts = edges[np.searchsorted(edges, data["ts"].to_numpy(), side="right") - 1]
        data = data.with_columns(start=pl.Series(starts, dtype=pl.Int64))
    elif query.window:
        data = data.with_columns(start=pl.col("ts") - pl.col("ts") % query.window)
    else:
        data = data.with_columns(start=pl.lit(query.start, pl.Int64))
    keys = ["metric", "unit", *(COLUMNS[name] for name in fetch.by)]
    if fetch.fn == "delta":
        each = [*dict.fromkeys([*keys, "site_id", "sensor_id"]), "start"]
        data = data.group_by(each, maintain_order=True).agg(
            pl.col("value").last() - pl.col("value").first(), pl.col("value").count().alias("count")
        )
        first = data.group_by([*keys, "start"], maintain_order=True).agg(pl.col("value").sum(), pl.col("count").sum())
    else:
        first = data.group_by([*keys, "start"], maintain_order=True).agg(
            made(fetch.fn, fetch.q).alias("value"), pl.col("value").count().alias("count")
        )
    if fetch.then is not None:
        keys = ["metric", "unit", *(COLUMNS[name] for name in fetch.then.by)]
        first = first.group_by([*keys, "start"]).agg(
            made(fetch.then.fn, fetch.then.q).alias("value"), pl.col("count").sum()
        )
    order = ["metric", "unit", *(name for name in COLUMNS.values() if name in keys), "start"]
    return first.sort(order, descending=[False] * (len(order) - 1) + [query.descending]).to_dicts()


@pytest.mark.parametrize("cells", [100, 2_000_000])
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS, query=QUERIES)
def test_a_query_equals_a_recomputation_from_raw(monkeypatch, cells, rows, query):
    monkeypatch.setattr(pieces, "_MAX_CELLS", cells)
    monkeypatch.setattr(samples, "_BLOCK", 7)

    async def run() -> list[dict]:
        world = World()
        attributes = {
            (site, sensor): Attributes(building, room, tags={"side": side} if side else {})
            for sensor, (site, building, room, side) in PLACES.items()
        }
        await world.put(rows, attributes={key[:2]: attributes[key[:2]] for key, _, _ in rows})
        return (await world.ask(query)).table.to_pylist()

    found = asyncio.run(run())
    expected = recomputed(rows, query)
    fetch = query.fetch["x"]
    by = fetch.by if fetch.then is None else fetch.then.by
    names = ["metric", *(COLUMNS[name] for name in by)]
    assert [(row["ts"], *(row[name] for name in names)) for row in found] == [
        (row["start"], *(row[name] for name in names)) for row in expected
    ]
    assert [row["count"] for row in found] == [row["count"] for row in expected]
    exact = fetch.fn in EXACT and (fetch.then is None or fetch.then.fn in EXACT)
    for mine, true in zip(found, expected, strict=True):
        allowed = true["value"] if exact else pytest.approx(true["value"], rel=1e-9, abs=1e-7)
        assert mine["value"] == allowed
