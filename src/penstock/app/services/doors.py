"""The doors of one process: HTTP always, TCP where it is set and this process takes rows. They share one gate and its bounds."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator, Callable

from penstock.accounts.keys import KeyRing
from penstock.api.intake import Intake
from penstock.api.services import ApiConfig, JobsConfig, Services
from penstock.api.tcp import Door, TcpConfig, listening
from penstock.app.config import Settings
from penstock.app.listen import bind_socket
from penstock.app.services.disk import room_below
from penstock.app.services.http import serve_http
from penstock.app.services.processes import noted_processes
from penstock.app.services.resources import Resources
from penstock.app.values import Bind
from penstock.app.wiring import broker_address, open_cache
from penstock.app.zone import machine_zone
from penstock.model.errors import Misconfigured
from penstock.pipeline.gate import Gate, GateConfig
from penstock.query.cached import CachedReader, CacheRules
from penstock.query.moments import Moments
from penstock.query.port import Reader

__all__ = ["open_doors"]


@contextlib.asynccontextmanager
async def open_doors(
    resources: Resources, keys: KeyRing, *, writes: bool, reads: bool, demo: bool = False
) -> AsyncGenerator[dict[str, int]]:
    """Serve from entering to leaving; leaving lets what was sent reach the broker. Gives the ports, by setting."""
    settings = resources.settings
    config = ApiConfig(
        writes=writes,
        reads=reads,
        retention_earliest=resources.earliest,
        events_tenant=settings.events_tenant,
        jobs=JobsConfig(settings.data / "exports", settings.exports_max_bytes, settings.exports_keep),
        demo_tenant=settings.demo_tenant if demo else None,
        zone=machine_zone(),
        nats_url=broker_address(settings),
    )
    async with contextlib.AsyncExitStack() as serving:
        room = await serving.enter_async_context(room_below(resources))
        moments = Moments(resources.clock) if settings.cache_fresh else None
        reader, written = await _reader(resources, serving, moments)
        rules = GateConfig(backlog_after=settings.backlog_after)
        gate = Gate(resources.bus, resources.clock, rules, room=room, written=written)
        services = Services(
            gate,
            reader,
            resources.bus,
            keys,
            resources.clock,
            config=config,
            room=room,
            catalog=resources.catalog,
            processes=noted_processes(settings.data),
            moments=moments,
        )
        intake = Intake(services)
        serving.push_async_callback(gate.close)
        listener = _listener(resources, "http", settings.http)
        ports = {"port": listener.getsockname()[1]}
        await serving.enter_async_context(serve_http(resources, services, intake, listener))
        if writes and settings.tcp is not None:
            listener = _listener(resources, "tcp", settings.tcp)
            ports["tcp_port"] = listener.getsockname()[1]
            door = Door(services, intake, TcpConfig())
            await serving.enter_async_context(listening(door, listener, _tls(settings)))
        yield ports


async def _reader(
    resources: Resources, serving: contextlib.AsyncExitStack, moments: Moments | None
) -> tuple[Reader, Callable[[str], None] | None]:
    """The reader that doors ask, behind the cache unless that is off, and whom to tell of writes."""
    settings = resources.settings
    if moments is None:
        return resources.reader, None
    cache = open_cache(settings, resources.clock)
    rules = CacheRules(fresh=settings.cache_fresh / 1_000)
    cached = CachedReader(resources.reader, cache, rules, moments=moments)
    await cache.open()
    serving.push_async_callback(cache.close)
    serving.push_async_callback(cached.close)
    return cached, cached.written


def _listener(resources: Resources, name: str, bind: Bind) -> socket.socket:
    return resources.listeners.get(name) or bind_socket(name, bind, explicit=True)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """TLS by the HTTP server's certificate; raises Misconfigured."""
    if settings.http_tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.http_tls_cert, settings.http_tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            f"http_tls_cert {settings.http_tls_cert} cannot be used: {error}",
            hint="both files must be PEM, and belong together",
        ) from None
    return context
