"""Liveness, readiness by a probe that is written and read back, and metrics."""

import asyncio
import re
from types import SimpleNamespace

import pyarrow as pa
import pytest

from penstock.api import health
from penstock.api.health import PROBE_TENANT
from penstock.api.processes import Process
from penstock.model.errors import Unavailable
from penstock.model.time import MINUTE
from penstock.query.port import Answer, Metrics, Recent, Status

NOW = 1_769_860_800_000


def reads_back(world):
    """The reader sees what reached the bus."""
    seen = SimpleNamespace(ts=0, probes=0)

    async def recent(question):
        for frame in await world.frames():
            assert frame.tenant == PROBE_TENANT
            seen.ts = int(frame.batch.ts.max())
            seen.probes += 1
        return Answer(pa.table({"ts": [seen.ts]}), NOW, 0, True)

    world.reader.answers[Recent] = recent
    return seen


async def test_liveness_needs_nothing(world):
    world.bus.down = True
    answer = await world.client("").get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_ready_means_that_a_probe_was_written_and_read_back(world):
    seen = reads_back(world)
    answer = await world.client("").get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "ready"
    assert answer.json()["checks"]["write"]["ok"]
    assert answer.json()["checks"]["read"]["ok"]
    assert seen.probes == 1


async def test_the_outcome_holds_for_five_seconds_and_probes_run_one_at_a_time(world):
    seen = reads_back(world)
    client = world.client("")
    answers = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
    assert {a.status_code for a in answers} == {200}
    world.clock.ms += 4_999
    await client.get("/readyz")
    assert seen.probes == 1
    world.clock.ms += 1
    await client.get("/readyz")
    assert seen.probes == 2


async def test_a_process_that_ends_again_and_again_makes_it_degraded_not_away(world):
    reads_back(world)
    client = world.client("")
    world.processes = [Process("core", 7, 2, (NOW - 2 * MINUTE, NOW - MINUTE)), Process("edge", 8, 0)]
    assert (await client.get("/readyz")).json()["checks"]["processes"] == {"ok": True}
    world.processes[0] = Process("core", 7, 3, (NOW - 2 * MINUTE, NOW - MINUTE, NOW))
    world.clock.ms += 5_000
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["processes"]["detail"].startswith("core ended 3 times within 5 minutes")
    world.clock.ms += 5 * MINUTE
    assert (await client.get("/readyz")).json()["status"] == "ready"


async def test_a_broker_that_is_away_is_named(world):
    reads_back(world)
    world.bus.down = True
    answer = await world.client("").get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    said = answer.json()
    assert said["code"] == "not_ready"
    assert said["detail"].startswith("write: ")
    assert not said["checks"]["write"]["ok"]
    assert said["checks"]["read"]["ok"]
    assert type(world.reader.asked[-1]) is Status


async def test_a_reader_that_is_away_is_named(world):
    world.reader.answers[Recent] = Unavailable("nobody answers questions")
    said = (await world.client("").get("/readyz")).json()
    assert said["checks"]["write"]["ok"]
    assert said["checks"]["read"]["detail"] == "nobody answers questions"


async def test_a_probe_that_never_comes_back_fails_by_its_deadline(world, monkeypatch):
    monkeypatch.setattr(health, "_DEADLINE", 0.1)
    world.reader.says(Recent, {"ts": [NOW - 1]})
    answer = await world.client("").get("/readyz")
    assert answer.status_code == 503
    assert "not done within 0.1 s" in answer.json()["checks"]["read"]["detail"]


@pytest.mark.parametrize(("writes", "reads", "checks"), [(True, False, {"disk", "write"}), (False, True, {"read"})])
async def test_a_process_is_asked_only_for_what_it_does(make_world, writes, reads, checks):
    world = await make_world(writes=writes, reads=reads)
    answer = await world.client("").get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"].keys() == checks


async def test_a_full_disk_is_named_with_its_numbers_and_reads_go_on(world):
    reads_back(world)
    world.room.update(7, 10_000)
    answer = await world.client("").get("/readyz")
    said = answer.json()
    assert answer.status_code == 503
    assert (
        said["checks"]["disk"].items() >= {"ok": False, "state": "full", "free_bytes": 7, "total_bytes": 10_000}.items()
    )
    assert "7 bytes are free, 1250 must be" in said["checks"]["disk"]["detail"]
    assert not said["checks"]["write"]["ok"]
    assert said["checks"]["read"]["ok"]


async def test_room_on_the_disk_is_in_status_and_metrics(make_world):
    world = await make_world(public_metrics=True)
    world.room.update(5_000, 10_000)
    world.reader.says(Status)
    client = world.client()
    room = {"state": "ok", "free_bytes": 5_000, "total_bytes": 10_000, "reserve_bytes": 1_250}
    assert (await client.get("/v1/system/status")).json()["disk"] == room
    text = (await client.get("/metrics")).text
    for name in ("free", "total", "reserve"):
        assert value(text, f"penstock_disk_{name}_bytes") == room[f"{name}_bytes"]


def value(text, name, **labels):
    inside = ",".join(f'{k}="{v}"' for k, v in sorted(labels.items()))
    pattern = re.escape(name + (f"{{{inside}}}" if labels else "")) + r" (\S+)"
    found = re.search(f"^{pattern}$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_metrics_count_requests_and_rows_and_carry_the_query_service_s(make_world):
    world = await make_world(public_metrics=True)
    client = world.client()
    world.reader.says(Metrics, meta={"text": "# TYPE penstock_store_rows gauge\npenstock_store_rows 7\n"})
    before = (await client.get("/metrics")).text
    good = {"sensor_id": "m1", "metric": "power_w", "value": 1.5, "ts": NOW}
    await client.post("/v1/readings", json=[good, {**good, "ts": 5}])
    await client.get("/v1/sensors/some-name/recent")
    await client.get("/v1/nowhere/some-name")
    answer = await client.get("/metrics")
    after = answer.text

    def grew(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert grew("penstock_api_rows_total", source="http", fate="accepted") == 1
    assert grew("penstock_api_rows_total", source="http", fate="rejected") == 1
    route = "/v1/sensors/{sensor:path}/recent"
    assert grew("penstock_api_requests_total", method="GET", route=route, status="200") == 1
    assert grew("penstock_api_requests_total", method="GET", route="unmatched", status="404") == 1
    assert grew("penstock_api_request_seconds_count", route=route) == 1
    assert "some-name" not in after
    assert "penstock_store_rows 7" in after
    assert value(after, "penstock_api_reader_up") == 1


async def test_metrics_come_without_the_query_service_and_say_so(make_world):
    world = await make_world(public_metrics=True)
    world.reader.answers[Metrics] = Unavailable("away")
    answer = await world.client("").get("/metrics")
    assert answer.status_code == 200
    assert value(answer.text, "penstock_api_reader_up") == 0
    assert "penstock_api_gate_held_bytes" in answer.text
