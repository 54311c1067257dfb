"""Whether this process lives, whether a write can be read back, and what there is to measure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import numpy as np
from fastapi import FastAPI, Request
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

import penstock
from penstock.api import examples
from penstock.api.bodies import BodyReader
from penstock.api.observe import DISK_FREE, DISK_RESERVE, DISK_TOTAL, HELD_BODIES, HELD_GATE, READER_UP
from penstock.api.problems import problem
from penstock.api.processes import troubles
from penstock.api.render import JSON
from penstock.api.services import Services
from penstock.model.batch import Batch
from penstock.model.errors import Backpressure, NotFound, PenstockError
from penstock.model.series import SeriesKey
from penstock.pipeline.room import Room
from penstock.query.port import Metrics, Recent, Select, Status

__all__ = ["PROBE_TENANT", "HealthDoors"]

PROBE_TENANT: Final = "penstock-probe"
_PROBE: Final = SeriesKey("penstock", "api", "probe", "")
_DEADLINE: Final = 3.0
_SCRAPE_DEADLINE: Final = 5.0
_FRESH_MS: Final = 5_000
_FAILED_MS: Final = 1_000
_POLL: Final = 0.025


class HealthDoors:
    """The routes; one instance per app."""

    def __init__(self, services: Services, bodies: BodyReader) -> None:
        self._services = services
        self._bodies = bodies
        self._checks: dict[str, dict[str, Any]] = {}
        self._checked_at: int | None = None
        self._lock = asyncio.Lock()

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/healthz", self.healthz, **examples.HEALTH)
        app.add_api_route("/readyz", self.readyz, **examples.READY)
        app.add_api_route("/metrics", self.metrics, **examples.METRICS)

    async def healthz(self) -> Response:
        """This process answers; nothing else is asked. For restarting it."""
        return Response(msgspec.json.encode({"status": "ok", "version": penstock.__version__}), media_type=JSON)

    async def readyz(self, request: Request) -> Response:
        """A probe reading is written and read back; success holds for 5 s, failure for one. For sending it traffic.

        `degraded` is 200 as well: it works now, but a process of it ends again and again.
        """
        async with self._lock:
            now = self._services.clock.now()
            fresh = _FRESH_MS if all(check["ok"] for check in self._checks.values()) else _FAILED_MS
            if self._checked_at is None or not 0 <= now - self._checked_at < fresh:
                self._checks = await self._check(now)
                self._checked_at = now
        failed = {name: check["detail"] for name, check in self._checks.items() if not check["ok"]}
        degraded = failed.pop("processes", None) is not None
        if failed:
            said = "; ".join(f"{name}: {detail}" for name, detail in failed.items())
            extra = {"checks": self._checks}
            return problem(request.scope, 503, "not_ready", said, extra=extra, headers={"retry-after": "1"})
        return Response(
            msgspec.json.encode({"status": "degraded" if degraded else "ready", "checks": self._checks}),
            media_type=JSON,
        )

    async def metrics(self) -> Response:
        """This process's metrics and, if it answers, those of the query service."""
        HELD_GATE.set(self._services.gate.held_bytes)
        HELD_BODIES.set(self._bodies.held)
        room = self._services.room
        for gauge, value in ((DISK_FREE, room.free), (DISK_RESERVE, room.reserve), (DISK_TOTAL, room.total)):
            gauge.set(value)
        theirs = ""
        try:
            async with asyncio.timeout(_SCRAPE_DEADLINE):
                answer = await self._services.reader.ask(Metrics(tenant=PROBE_TENANT))
            theirs = answer.meta.get("text", "")
            READER_UP.set(1)
        except (PenstockError, TimeoutError):
            READER_UP.set(0)  # the gauge is the report; a scrape that fails would hide this process as well
        return Response(generate_latest() + theirs.encode(), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _check(self, now: int) -> dict[str, dict[str, Any]]:
        config = self._services.config
        deadline = time.monotonic() + _DEADLINE
        checks: dict[str, dict[str, Any]] = {}
        if config.writes:
            checks["disk"] = _disk(self._services.room)
            checks["write"] = await _timed(lambda: self._write(now), deadline)
        if config.reads:
            written = config.writes and checks["write"]["ok"]
            checks["read"] = await _timed(lambda: self._read_back(now) if written else self._ask_status(), deadline)
        if processes := await asyncio.to_thread(self._services.processes):
            said = troubles(processes, now)
            checks["processes"] = {"ok": not said} | ({"detail": "; ".join(said)} if said else {})
        return checks

    async def _write(self, now: int) -> None:
        one = np.ones(1, np.int64)
        batch = Batch(PROBE_TENANT, (_PROBE,), np.zeros(1, np.int32), one * now, one.astype(np.float64), one * 0)
        await self._services.gate.offer(batch, source="probe")

    async def _read_back(self, now: int) -> None:
        where = Select(site=_PROBE.site, sensor=_PROBE.sensor, metric=_PROBE.metric)
        question = Recent(tenant=PROBE_TENANT, where=where, limit=1)
        while True:
            try:
                table = (await self._services.reader.ask(question)).table
                if table.num_rows and table.column("ts")[0].as_py() >= now:
                    return
            except NotFound:
                pass  # the very first probe of a store is on its way
            await asyncio.sleep(_POLL)

    async def _ask_status(self) -> None:
        await self._services.reader.ask(Status(tenant=PROBE_TENANT))


def _disk(room: Room) -> dict[str, Any]:
    """Whether there is room for readings, with the numbers."""
    outcome: dict[str, Any] = {"ok": not room.full, **room.describe()}
    try:
        room.check()
    except Backpressure as error:
        outcome["detail"] = error.detail
    return outcome


async def _timed(work: Callable[[], Awaitable[None]], deadline: float) -> dict[str, Any]:
    """How one part fared: `ok` and `ms`, and `detail` if it failed."""
    began = time.monotonic()
    detail: str | None = None
    try:
        async with asyncio.timeout(max(0.0, deadline - began)):
            await work()
    except TimeoutError:
        detail = f"not done within {_DEADLINE:g} s"
    except PenstockError as error:
        detail = error.detail
    outcome: dict[str, Any] = {"ok": detail is None, "ms": round((time.monotonic() - began) * 1_000, 1)}
    return outcome if detail is None else outcome | {"detail": detail}
