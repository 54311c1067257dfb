"""`penstock run ROLE[,ROLE…]`: some roles in one process, from opening what they stand on to draining them in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import structlog

from penstock.accounts.keys import KeyRing
from penstock.app.config import Settings
from penstock.app.datadir import DataDir
from penstock.app.exposure import check_exposure
from penstock.app.link import Link
from penstock.app.services.resources import Resources
from penstock.app.wiring import EMBEDDED_STORES, open_bus, open_catalog, open_store
from penstock.bus import Bus
from penstock.model.errors import InvalidInput, Misconfigured
from penstock.model.time import Clock, WallClock
from penstock.pipeline.runner import Runner, RunnerConfig
from penstock.query.places import Places
from penstock.query.port import Reader
from penstock.store.catalog import Catalog

__all__ = ["ROLES", "SWITCH_SECONDS", "parse_roles", "run_roles"]

log: Final = structlog.get_logger(__name__)

ROLES: Final[Mapping[str, str]] = {
    "ingest": "doors in: readings, events, line protocol over HTTP; rows over TCP",
    "api": "HTTP doors out: queries, live streams, documentation",
    "process": "from the bus into the store",
    "query": "answers questions about what is stored, over the bus",
    "simulate": "fleets of simulated devices",
}

SWITCH_SECONDS: Final = 0.001
"""What a thread waits for the interpreter while another computes. An answer takes it a dozen times on its way past the commits."""
_FULL_AFTER: Final = 100
"""Garbage collections of the middle generation before one of everything; 10 as the interpreter starts."""


def parse_roles(text: str) -> tuple[str, ...]:
    """Role names of `ingest,api`; raises InvalidInput."""
    wanted = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in wanted:
        if name not in ROLES:
            close = get_close_matches(name, ROLES, n=1)
            raise InvalidInput(
                f"unknown role {name!r}", hint=f"did you mean {close[0]}?" if close else f"one of {', '.join(ROLES)}"
            )
    if not wanted:
        raise InvalidInput("no role was named", hint=f"one or more of {', '.join(ROLES)}")
    return wanted


async def run_roles(
    settings: Settings,
    roles: Sequence[str],
    *,
    link: Link,
    listeners: Mapping[str, socket.socket] | None = None,
    demo: bool = False,
) -> None:
    """Run `roles` until SIGTERM, SIGINT or the end of the supervisor, then drain them.

    Roles that answer stop before those that they stand on. Raises Misconfigured or Unavailable when something cannot be
    opened, an ExceptionGroup when a role failed later.
    """
    check_exposure(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    _check_owner(settings, roles)
    clock, stop = WallClock(), asyncio.Event()
    _stop_on_signals(stop, link)
    async with AsyncExitStack() as opened:
        bus = open_bus(settings, clock)
        await bus.open()
        opened.push_async_callback(bus.close)
        catalog = open_catalog(settings, clock)
        opened.push_async_callback(catalog.close)
        await catalog.open()
        side = await _data_side(settings, roles, bus, clock, catalog, opened)
        async with asyncio.TaskGroup() as tasks, AsyncExitStack() as services:
            shared = Resources(settings, clock, bus, side.reader, catalog, link, tasks, listeners or {})
            facts = await _start(shared, roles, side, services, demo=demo)
            log.info("roles are up", roles=list(roles), **{k: v for k, v in facts.items() if k != "login"})
            _rest_collector(services)
            link.ready(**facts)
            await stop.wait()
            log.info("roles drain", roles=list(roles))


def _rest_collector(running: AsyncExitStack) -> None:
    """Leave what the start made out of all garbage collections until `running` ends, and make full ones rarer.

    A full one stops every thread of the process for as long as it looks at all objects: 0.2 s beside an answer of 10,000 objects,
    several times while that is made. Cycles that outlive the younger collections wait for it, up to 700,000 objects of them.
    """
    gc.collect()
    gc.freeze()
    running.callback(gc.unfreeze)  # what the interpreter cannot take apart at its end, libraries report as leaked
    youngest, middle, _ = gc.get_threshold()
    gc.set_threshold(youngest, middle, _FULL_AFTER)


class _DataSide(NamedTuple):
    """The commit loop, the places that the engine goes by, and the engine; where others own the store, a reader over the bus."""

    runner: Runner | None
    places: Places | None
    reader: Reader


async def _data_side(
    settings: Settings, roles: Sequence[str], bus: Bus, clock: Clock, catalog: Catalog, opened: AsyncExitStack
) -> _DataSide:
    if not {"process", "query"} & set(roles):
        from penstock.query.remote import RemoteReader  # noqa: PLC0415 - each process loads only what its roles need

        reader = RemoteReader(bus)
        await reader.open()
        opened.push_async_callback(reader.close)
        return _DataSide(None, None, reader)
    from penstock.app.services.query import make_engine  # noqa: PLC0415 - as above

    store = open_store(settings, clock)
    await store.open()
    opened.push_async_callback(store.close)
    places = Places(catalog)
    await places.refresh()
    config = RunnerConfig(events_tenant=settings.events_tenant, backlog_after=settings.backlog_after)
    runner = Runner(bus, store, clock, config)
    engine = make_engine(store, places, bus, clock, runner, opened, broker_home=settings.data / "nats")
    return _DataSide(runner, places, engine)


async def _start(
    shared: Resources, roles: Sequence[str], side: _DataSide, services: AsyncExitStack, *, demo: bool
) -> dict[str, Any]:
    """Start the services of `roles`, those that others stand on first; returns what the supervisor wants to know."""
    facts: dict[str, Any] = {"pid": os.getpid()}
    if side.runner is not None and "process" in roles:
        from penstock.app.services.process import process  # noqa: PLC0415 - as above

        await services.enter_async_context(process(shared, side.runner))
    if side.places is not None and "query" in roles:
        from penstock.app.services.query import answer, follow  # noqa: PLC0415 - as above

        await services.enter_async_context(follow(shared, side.places))
        await services.enter_async_context(answer(shared))
    if {"ingest", "api"} & set(roles):
        from penstock.app.services.doors import open_doors  # noqa: PLC0415 - as above

        settings, keys = shared.settings, _open_keys(shared.settings)
        doors = open_doors(shared, keys, writes="ingest" in roles, reads="api" in roles, demo=demo)
        facts |= await services.enter_async_context(doors)
        facts["login"] = keys.one_time_code(settings.demo_tenant if demo else "default")
    if "simulate" in roles:
        from penstock.app.services.simulate import simulate  # noqa: PLC0415 - as above

        await services.enter_async_context(simulate(shared, demo=demo))
    return facts


def _open_keys(settings: Settings) -> KeyRing:
    """The key ring, with the keys that are not in its file: the bootstrap key and the local command line's."""
    keys = KeyRing(settings.data / "keys.json")
    if settings.bootstrap_key:
        keys.bootstrap(settings.bootstrap_key)
    keys.bootstrap(DataDir(settings.data).local_key())
    return keys


def _check_owner(settings: Settings, roles: Sequence[str]) -> None:
    scheme = settings.store_url.partition(":")[0]
    owners = {"process", "query"} & set(roles)
    if scheme in EMBEDDED_STORES and len(owners) == 1:
        raise Misconfigured(
            f"the embedded store ({scheme}) has one owner, which must have both roles, process and query",
            hint="run them together: penstock run process,query",
        )


def _stop_on_signals(stop: asyncio.Event, link: Link) -> None:
    """First signal: drain. Second: end now."""
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)

    def on_orphaned() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    link.watch(on_orphaned)
