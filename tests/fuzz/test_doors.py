"""No request makes the HTTP face answer 500, whatever is in its path, its query, its headers and its body."""

import asyncio
import random
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.accounts.keys import KeyRing
from penstock.api.services import ApiConfig
from penstock.bus.memory import MemoryBus
from penstock.store.catalog.sql import SqlCatalog, SqlConfig
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS
from tests.unit.api.conftest import World

WRITES = (
    ("/v1/readings", "application/json", "json"),
    ("/v1/readings", "application/x-ndjson", "ndjson"),
    ("/v1/readings", "text/csv", "csv"),
    ("/v1/readings", "application/vnd.apache.arrow.stream", "arrow"),
    ("/v1/battery-readings", "application/json", "batteries"),
    ("/v1/buildings/hq/rooms/101/temperature", "application/json", "temperature"),
    ("/api/v2/write?precision=ns", "text/plain", "line-protocol"),
    ("/v1/events", "application/json", "events"),
    ("/v1/events", "application/x-ndjson", "events"),
)
READS = (
    "/v1/sensors/{}/recent",
    "/v1/sites/{}/agg",
    "/v1/buildings/{}/rooms/{}/temperature/average",
    "/v1/battery-readings/{}",
    "/v1/battery-readings/search",
    "/v1/latest",
    "/v1/series",
    "/v1/events",
    "/v1/receipts/{}",
    "/v1/system/ledger",
    "/v1/dead-letters",
)
PARAMETERS = (
    "from",
    "to",
    "limit",
    "window",
    "fill",
    "unit",
    "metric",
    "metrics",
    "sensor",
    "cursor",
    "method",
    "site",
)
EDGES = (
    *("", "0", "-1", "1e999", "9" * 40, "NaN", "now", "2026-01-31T12:00:00Z", "0000-01-01T00:00:00Z", "*", "%", "°C"),
    *("1h", "0s", "999999999999w", "../..", "a/b", "'; drop", "\u0661", "\x00", "x" * 5_000, "prev", "mean"),
)
ODD = st.one_of(st.sampled_from(EDGES), st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
HEADERS = {
    "content-encoding": ("gzip", "deflate", "zstd", "identity", "br", "gzip, gzip", "\xff"),
    "content-length": ("-1", "9" * 5_000, "1", "²"),
    "idempotency-key": ("k", "", "x" * 10_000, "\xff"),
    "x-penstock-source": ("meter", "", "a,b=1", "X" * 400),
    "accept": ("text/csv", "*/*;q=x", "application/vnd.apache.arrow.stream", ",,,", "\xff/\xff"),
    "authorization": ("", "Bearer", "Basic =", "Token x", "Bearer \xff"),
}


async def _status(method: str, path: str, headers: dict[str, str], body: bytes | None = None, params=None) -> int:
    bus = MemoryBus()
    await bus.open()
    with tempfile.TemporaryDirectory() as directory:
        catalog = SqlCatalog(SqlConfig(f"sqlite:///{Path(directory) / 'catalog.db'}"))
        await catalog.open()
        world = World(bus, KeyRing(Path(directory) / "keys.json"), ApiConfig(), catalog)
        client = world.client()
        raw = {name: value.encode("utf-8", "surrogateescape") for name, value in headers.items()}
        try:
            answer = await client.request(method, path, content=body, params=params, headers=raw)
            await world.gate.close()
            assert world.gate.held_bytes == 0
            return answer.status_code
        finally:
            await world.close()


def _headers(rng: random.Random) -> dict[str, str]:
    return {name: rng.choice(values) for name, values in HEADERS.items() if rng.random() < 0.08}


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("path", "kind", "name"), WRITES, ids=[f"{w[2]}-{i}" for i, w in enumerate(WRITES)])
def test_no_body_makes_a_door_fall_over(path, kind, name):
    @settings(max_examples=max(20, settings().max_examples // 20))
    @given(rng=st.randoms(use_true_random=False))
    def check(rng: random.Random) -> None:
        headers = {"content-type": kind} | _headers(rng)
        assert asyncio.run(_status("POST", path, headers, mutated(rng, TARGETS[name]))) < 500

    check()


@pytest.mark.timeout(200)
def test_no_question_makes_the_face_fall_over():
    @settings(max_examples=max(100, settings().max_examples // 10))
    @given(
        path=st.sampled_from(READS),
        names=st.tuples(ODD, ODD),
        params=st.dictionaries(st.sampled_from(PARAMETERS), ODD, max_size=4),
        rng=st.randoms(use_true_random=False),
    )
    def check(path, names, params, rng) -> None:
        asked = path.format(*(quote(name, safe="") for name in names))
        assert asyncio.run(_status("GET", asked, _headers(rng), params=params)) < 500

    check()
