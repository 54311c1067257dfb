"""Roles in one process, joined by the memory bus: from opening to draining."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import weakref
from contextlib import asynccontextmanager

import httpx2
import pytest

from penstock.app.config import Settings
from penstock.app.datadir import DataDir
from penstock.app.link import Link
from penstock.app.roles import ROLES, parse_roles, run_roles
from penstock.app.values import Bind
from penstock.model.errors import InvalidInput, Misconfigured

TS = 1_769_860_800_000


def _settings(tmp_path, **changes):
    given = {"nats_url": "memory:", "store_url": "memory:", "http": Bind("127.0.0.1", 0)}
    return Settings(data=tmp_path, **(given | changes))


@asynccontextmanager
async def _running(settings, *roles):
    """Yields what the process tells its supervisor when it is ready, and an HTTP client with the local key."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    with Link(theirs.detach()) as link:
        work = asyncio.create_task(run_roles(settings, roles, link=link))
        told = asyncio.create_task(reader.readline())
        await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if work.done():
            told.cancel()
            work.result()
        facts = json.loads(await told)["ready"]
        key = DataDir(settings.data).local_key()
        base = f"http://127.0.0.1:{facts.get('port', 1)}"
        async with httpx2.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {key}"}) as http:
            yield facts, http
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(10):
            await work
    writer.close()


@pytest.fixture(autouse=True)
def interpreter():
    """What a process of roles sets for itself is as it was for the next test."""
    thresholds, switch = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(switch)


async def _until_stored(http, path):
    async with asyncio.timeout(10):
        while (answer := await http.get(path)).status_code != 200 or not answer.json()["data"]:
            await asyncio.sleep(0.02)
    return answer.json()["data"]


async def test_all_doors_of_one_process_work_until_it_is_told_to_stop(tmp_path):
    async with _running(_settings(tmp_path), "ingest", "api", "process", "query") as (facts, http):
        row = {"sensor_id": "a", "site_id": "s", "power_w": 5.0, "ts": TS}
        assert (await http.post("/v1/readings", json=row)).status_code == 200
        (stored,) = await _until_stored(http, "/v1/sensors/a/recent")
        assert stored["value"] == 5.0
        assert (await http.get("/readyz")).status_code == 200
        assert (await http.get(f"/login?k={facts['login']}")).status_code in {200, 302, 303}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", facts["port"]), timeout=1)


async def test_what_the_start_made_is_left_out_of_garbage_collections_and_garbage_is_not(tmp_path):
    class Ring:
        pass

    async with _running(_settings(tmp_path), "ingest"):
        ring = Ring()
        ring.itself, gone = ring, weakref.ref(ring)
        del ring
        assert gc.get_freeze_count() > 10_000
        gc.collect()
        assert gone() is None
        assert gc.isenabled()
    assert gc.get_freeze_count() == 0


async def test_ingest_alone_has_no_doors_out(tmp_path):
    async with _running(_settings(tmp_path), "ingest") as (_, http):
        row = {"sensor_id": "a", "power_w": 5.0, "ts": TS}
        assert (await http.post("/v1/readings", json=row)).status_code == 200
        assert (await http.get("/v1/series")).status_code == 404


async def test_the_simulator_alone_sends_and_stops(tmp_path):
    async with _running(_settings(tmp_path), "simulate") as (facts, _):
        assert "port" not in facts


@pytest.mark.parametrize("role", ["process", "query"])
async def test_an_embedded_store_has_one_owner(tmp_path, role):
    with pytest.raises(Misconfigured, match="one owner"):
        await run_roles(_settings(tmp_path, store_url="duckdb:"), (role,), link=Link(None))


async def test_without_a_broker_named_it_says_what_to_do(tmp_path):
    with pytest.raises(Misconfigured, match="no NATS server"):
        await run_roles(_settings(tmp_path, nats_url=""), ("api",), link=Link(None))


def test_role_names():
    assert parse_roles("ingest, api,ingest") == ("ingest", "api")
    assert parse_roles(",".join(ROLES)) == tuple(ROLES)
    for text, hint in (("quary", "did you mean query?"), ("", "one or more of"), ("zzz", "one of")):
        with pytest.raises(InvalidInput) as refused:
            parse_roles(text)
        assert hint in (refused.value.hint or "")
