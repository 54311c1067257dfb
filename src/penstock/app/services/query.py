"""The role `query`: answers questions about what is stored, over the bus; S1's reader too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import structlog

from penstock.app.blocks import recorded_losses
from penstock.app.metrics import data_metrics
from penstock.app.services.resources import Resources
from penstock.bus import Bus
from penstock.model.errors import PenstockError
from penstock.model.time import Clock
from penstock.pipeline.runner import Runner
from penstock.query.engine import Engine
from penstock.query.guests import serve_guests
from penstock.query.held import HeldViews
from penstock.query.places import Places, placed
from penstock.query.port import Reader
from penstock.query.remote import serve
from penstock.query.versions import VersionedReader
from penstock.store.series import SeriesStore

__all__ = ["answer", "follow", "make_engine"]

log: Final = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.4
"""How often the catalog is asked whether it has changed: a change is in answers within a second."""


def make_engine(
    store: SeriesStore,
    places: Places,
    bus: Bus,
    clock: Clock,
    runner: Runner,
    opened: contextlib.AsyncExitStack,
    *,
    broker_home: Path,
) -> Reader:
    """What answers beside `store`, placed by `places`, as fresh as `runner` keeps it; what it holds is let go with `opened`.

    `broker_home` is where the bundled broker notes its losses.
    """
    store = placed(store, places)
    views = HeldViews(store)
    opened.push_async_callback(views.close)

    async def metrics_text() -> str:
        return await data_metrics(store, bus, runner, clock, lost=recorded_losses(broker_home))

    return VersionedReader(Engine(store, clock, runner, metrics_text, places, views), store, clock)


@contextlib.asynccontextmanager
async def follow(resources: Resources, places: Places) -> AsyncGenerator[None]:
    """Keep `places` as the catalog has them, from entering to leaving."""
    following = resources.tasks.create_task(_follow(places), name="places")
    try:
        yield
    finally:
        following.cancel()
        await asyncio.wait([following])


async def _follow(places: Places) -> None:
    away = False
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            await places.refresh()
        except PenstockError as error:
            if not away:
                log.warning("the catalog cannot be read, places stay as they were", reason=error.detail)
            away = True
        else:
            if away:
                log.info("the catalog can be read again")
            away = False


@contextlib.asynccontextmanager
async def answer(resources: Resources) -> AsyncGenerator[None]:
    """Answer from entering to leaving; leaving finishes what is being answered."""
    async with contextlib.AsyncExitStack() as answering:
        responder = await serve(resources.reader, resources.bus)
        answering.push_async_callback(responder.stop)
        guests = await serve_guests(
            resources.reader, resources.bus, resources.clock, tenant=resources.settings.events_tenant
        )
        answering.push_async_callback(guests.stop)
        yield
