"""A Prometheus API over readings that a test writes down."""

import math

import pytest

from tests.unit.api.conftest import NOW
from tests.unit.api.prometheus.table_reader import TableReader

BASE = "/prometheus/api/v1"


class Asker:
    """Asks as Grafana does, and gives results as {labels: {ts in ms: value}}."""

    def __init__(self, client, reader):
        self.client = client
        self.reader = reader

    async def range(self, query, start, end, step, **more):
        form = {"query": query, "start": start / 1e3, "end": end / 1e3, "step": step / 1e3, **more}
        answer = await self.client.post(f"{BASE}/query_range", data=form)
        assert answer.status_code == 200, answer.text
        return self.lines(answer.json()["data"])

    async def at(self, query, t=NOW, **more):
        answer = await self.client.get(f"{BASE}/query", params={"query": query, "time": t / 1e3, **more})
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        if data["resultType"] == "scalar":
            return float(data["result"][1])
        if data["resultType"] == "matrix":
            return self.lines(data)
        return {frozenset(r["metric"].items()): float(r["value"][1]) for r in data["result"]}

    async def refused(self, query, t=NOW):
        answer = await self.client.get(f"{BASE}/query", params={"query": query, "time": t / 1e3})
        assert answer.status_code >= 400, answer.text
        body = answer.json()
        assert body["status"] == "error"
        return answer.status_code, body["errorType"], body["error"]

    @staticmethod
    def lines(data):
        assert data["resultType"] == "matrix"
        return {
            frozenset(r["metric"].items()): {round(t * 1e3): float(v) for t, v in r["values"]} for r in data["result"]
        }


@pytest.fixture
def reader():
    return TableReader()


@pytest.fixture
def asker(world, client, reader):
    world.reader.ask = reader.ask
    return Asker(client, reader)


def same(got, want, rel=1e-9):
    """Whether two numbers are equal up to rounding, NaN being equal to itself."""
    return (math.isnan(got) and math.isnan(want)) or math.isclose(got, want, rel_tol=rel, abs_tol=1e-9)
