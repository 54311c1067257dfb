"""The role `simulate`: the demo fleets, with `demo` first their history as fast as the bus takes it, then live."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

import structlog

from penstock.app.democatalog import fill_catalog
from penstock.app.services.resources import Resources
from penstock.app.simulation import gate_emitter, missing_history, newest_reading, until_settled
from penstock.model.time import HOUR, MINUTE
from penstock.pipeline.gate import Gate, GateConfig
from penstock.sources.simulate import Faults, Progress, Stream, parse_fleet, replay, run

__all__ = ["simulate"]

log: Final = structlog.get_logger(__name__)

_SEED: Final = 7
_SOURCE: Final = "simulate"
_DAYS: Final = 7
_FAULTS: Final = Faults(burst_factor=1)
"""Some rows late, some twice, as in real life; no bursts, so that an idle demonstration stays idle."""


@contextlib.asynccontextmanager
async def simulate(resources: Resources, *, demo: bool) -> AsyncGenerator[None]:
    """Simulate from entering to leaving; leaving waits for what is on its way to the broker."""
    config = GateConfig(backlog_after=resources.settings.backlog_after)
    gate = Gate(resources.bus, resources.clock, config)
    running = resources.tasks.create_task(_simulate(resources, gate, demo=demo), name="simulate")
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
        await gate.close()


async def _simulate(resources: Resources, gate: Gate, *, demo: bool) -> None:
    settings, clock, reader = resources.settings, resources.clock, resources.reader
    tenant = settings.demo_tenant
    start = now = clock.now()
    if demo:
        await fill_catalog(resources.catalog, tenant)
        since = await newest_reading(reader, tenant)
        emit = gate_emitter(gate, tenant, _SOURCE, clock, resources.earliest)
        told = await replay(missing_history(_SEED, now, _DAYS, since), emit, senders=4)
        await until_settled(reader, tenant, _SOURCE)
        if since is not None and now - since < MINUTE:
            start = since + 1  # too little for history: the live stream goes on where it stopped
        summary = _summary(told, since, now)
        log.info("history is stored", summary=summary)
        resources.link.say(history={"summary": summary})
    # Events go where S1's daemon publishes them, which belongs to one tenant.
    bus = resources.bus if tenant == settings.events_tenant else None
    emit = gate_emitter(gate, tenant, _SOURCE, clock, resources.earliest, bus)
    stream = Stream(parse_fleet("demo"), faults=_FAULTS, seed=_SEED)
    # Not the present, so what was due while the history was stored is caught up with.
    await run(stream, clock, emit, start=start, speedup=float("inf"))


def _summary(told: Progress, since: int | None, now: int) -> str:
    amount = f"{told.readings / 1e6:.1f} M readings, {told.events:,} events"
    return f"{_DAYS} days, {amount}" if since is None else f"continued after {(now - since) / HOUR:.1f} h, {amount}"
