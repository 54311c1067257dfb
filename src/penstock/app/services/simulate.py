"""The role `simulate`: the demo fleets, with `demo` first their last day as fast as the bus takes it, then live and the days before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

import structlog

from penstock.app.democatalog import fill_catalog
from penstock.app.services.resources import Resources
from penstock.app.simulation import Span, gate_emitter, known_history, missing_history, until_settled
from penstock.model.time import HOUR
from penstock.pipeline.gate import Gate, GateConfig
from penstock.sources.simulate import Emit, Faults, Progress, Stream, demo_history, parse_fleet, replay, run

__all__ = ["simulate"]

log: Final = structlog.get_logger(__name__)

_SEED: Final = 7
_SOURCE: Final = "simulate"
_DAYS: Final = 7
_FIRST_PAGE_SECONDS: Final = 4.0
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
    settings, clock = resources.settings, resources.clock
    tenant = settings.demo_tenant
    emit = gate_emitter(gate, tenant, _SOURCE, clock, resources.earliest)
    start, older = clock.now(), ()
    if demo:
        start, older = await _recent_history(resources, emit, start)
    # Events go where S1's daemon publishes them, which belongs to one tenant.
    bus = resources.bus if tenant == settings.events_tenant else None
    live = gate_emitter(gate, tenant, _SOURCE, clock, resources.earliest, bus)
    stream = Stream(parse_fleet("demo"), faults=_FAULTS, seed=_SEED)
    async with asyncio.TaskGroup() as tasks:
        # Not from the present, so what was due while the history was stored is caught up with.
        tasks.create_task(run(stream, clock, live, start=start, speedup=float("inf")), name="live")
        if older:
            tasks.create_task(_older_history(resources, emit, older), name="older history")


async def _recent_history(resources: Resources, emit: Emit, now: int) -> tuple[int, tuple[Span, ...]]:
    """Store what people look at first. Returns from when on (epoch ms) the live stream is missing, and what of the past is."""
    tenant = resources.settings.demo_tenant
    await fill_catalog(resources.catalog, tenant)
    known = await known_history(resources.reader, tenant)
    missing = missing_history(now, _DAYS, known)
    told = Progress() if missing.recent is None else await _replay(resources, emit, missing.recent)
    amount = f"{told.readings / 1e6:.1f} M readings, {told.events:,} events"
    if known is None:
        summary = f"a day, {amount}; the {len(missing.older)} days before it follow"
    else:
        summary = f"continued after {(now - known.end) / HOUR:.1f} h, {amount}"
    log.info("recent history is stored", summary=summary)
    resources.link.say(history={"summary": summary})
    if not missing.older:
        log.info("history is stored")
    return known.end if known is not None and missing.recent is None else now, missing.older


async def _older_history(resources: Resources, emit: Emit, days: tuple[Span, ...]) -> None:
    """Store the days before. It begins when the first page is painted, and rests as long as it works: people look around meanwhile."""
    await asyncio.sleep(_FIRST_PAGE_SECONDS)
    for day in days:
        began = asyncio.get_running_loop().time()
        await _replay(resources, emit, day)
        await asyncio.sleep(asyncio.get_running_loop().time() - began)
    log.info("history is stored")


async def _replay(resources: Resources, emit: Emit, span: Span) -> Progress:
    """Send the history of a span as fast as the bus takes it; returns once it is stored."""
    told = await replay(demo_history(_SEED, *span), emit, senders=4)
    await until_settled(resources.reader, resources.settings.demo_tenant, _SOURCE)
    return told
