"""Which adapter stands behind which URL scheme: the only place that names adapters. They are loaded when they are opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from penstock.app.config import Settings
from penstock.bus import Bus
from penstock.model.errors import Misconfigured
from penstock.model.time import Clock
from penstock.store.cache import Cache
from penstock.store.catalog import Catalog
from penstock.store.series import SeriesStore

__all__ = [
    "ACK_WAIT",
    "BUSES",
    "CACHES",
    "CATALOGS",
    "EMBEDDED_STORES",
    "STORES",
    "Adapter",
    "ask_once",
    "broker_address",
    "open_bus",
    "open_cache",
    "open_catalog",
    "open_store",
]


ACK_WAIT: Final = 6.0
"""Seconds after which a message that is neither settled nor kept alive is delivered again; `RunnerConfig.heartbeat` is a quarter of it."""


REST: Final = 5_000
"""Milliseconds for which an hour rests from late readings before it is rolled up again."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One row of a registry.

    target     `module:Class`
    build      makes an unopened instance from the loaded class's module, that class, the settings and a clock
    extra      of this distribution that installs what it needs; None when it is always there
    stability  how much it has been proven
    """

    target: str
    build: Callable[[Any, Any, Settings, Clock], Any]
    extra: str | None = None
    stability: Literal["stable", "beta"] = "stable"

    def load(self) -> tuple[Any, Any]:
        """(module, class); raises Misconfigured naming the extra when something is not installed."""
        module_name, _, class_name = self.target.partition(":")
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            if self.extra is None:
                raise
            raise Misconfigured(
                f"{class_name} needs {error.name}, which is not installed", hint=f"pip install 'penstock[{self.extra}]'"
            ) from error
        return module, getattr(module, class_name)


def _nats(module: Any, adapter: Any, settings: Settings, _: Clock) -> Any:
    return adapter(
        module.NatsConfig(
            url=settings.nats_url,
            user=settings.nats_user or None,
            password=settings.nats_password or None,
            monitor_url=settings.nats_monitor_url or None,
            max_bytes=settings.lane_max_bytes,
            replicas=settings.nats_replicas,
            trust_durability=settings.nats_trust_durability,
            ack_wait=ACK_WAIT,
        )
    )


def _memory_bus(_module: Any, adapter: Any, settings: Settings, _: Clock) -> Any:
    return adapter(max_bytes=min(settings.lane_max_bytes, 64 << 20))


def _duckdb(module: Any, adapter: Any, settings: Settings, clock: Clock) -> Any:
    home = settings.data / "store"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return adapter(
        module.DuckConfig(
            path=home / "series.duckdb",
            memory_limit=f"{settings.store_memory_limit >> 20}MiB",
            rest=REST,
            retention_raw=settings.retention_raw_days,
            retention_rollups=settings.retention_rollups_days,
            retention_events=settings.retention_events_days,
            retention_receipts=settings.retention_receipts_days,
            retention_dead_letters=settings.retention_dead_letters_days,
        ),
        clock,
    )


def _sqlite(module: Any, adapter: Any, settings: Settings, _: Clock) -> Any:
    path = settings.catalog_url.partition(":")[2].removeprefix("//")
    if not path:
        home = settings.data.absolute() / "store"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = str(home / "catalog.db")
    return adapter(module.SqlConfig(f"sqlite:///{path}"))


def _postgres(module: Any, adapter: Any, settings: Settings, _: Clock) -> Any:
    return adapter(module.SqlConfig(settings.catalog_url))


def _memory_store(_module: Any, adapter: Any, _settings: Settings, _clock: Clock) -> Any:
    return adapter()


def _memory_cache(module: Any, adapter: Any, settings: Settings, _: Clock) -> Any:
    return adapter(module.MemoryConfig(settings.cache_bytes))


def _redis(module: Any, adapter: Any, settings: Settings, _: Clock) -> Any:
    return adapter(module.RedisConfig(settings.cache_url))


BUSES: Final[Mapping[str, Adapter]] = {
    "nats": Adapter("penstock.bus.nats:NatsBus", _nats),
    "tls": Adapter("penstock.bus.nats:NatsBus", _nats),
    "memory": Adapter("penstock.bus.memory:MemoryBus", _memory_bus),
}
"""Scheme of `nats_url` → adapter. `memory:` joins the roles of one process only."""

STORES: Final[Mapping[str, Adapter]] = {
    "duckdb": Adapter("penstock.store.series.duckdb:DuckSeriesStore", _duckdb),
    "memory": Adapter("penstock.store.series.memory:MemorySeriesStore", _memory_store),
}
"""Scheme of `store_url` → adapter. `memory:` forgets everything at the end."""

CATALOGS: Final[Mapping[str, Adapter]] = {
    "sqlite": Adapter("penstock.store.catalog.sql:SqlCatalog", _sqlite),
    "postgresql": Adapter("penstock.store.catalog.sql:SqlCatalog", _postgres, extra="postgres"),
    "postgres": Adapter("penstock.store.catalog.sql:SqlCatalog", _postgres, extra="postgres"),
}
"""Scheme of `catalog_url` → adapter."""

CACHES: Final[Mapping[str, Adapter]] = {
    "memory": Adapter("penstock.store.cache.memory:MemoryCache", _memory_cache),
    "redis": Adapter("penstock.store.cache.redis:RedisCache", _redis, extra="redis"),
    "rediss": Adapter("penstock.store.cache.redis:RedisCache", _redis, extra="redis"),
}
"""Scheme of `cache_url` → adapter."""

EMBEDDED_STORES: Final = frozenset({"duckdb", "memory"})
"""Schemes of stores that live inside the one process that owns them."""


def open_bus(settings: Settings, clock: Clock) -> Bus:
    """The bus that `nats_url` names, not opened yet. Raises Misconfigured."""
    if not settings.nats_url:
        raise Misconfigured(
            "no NATS server is named, and only `penstock up` brings its own",
            hint="set PENSTOCK_NATS_URL=nats://host:4222, or run `penstock up`",
        )
    return _make(BUSES, "nats_url", settings.nats_url, settings, clock)


def broker_address(settings: Settings) -> str | None:
    """The servers of `nats_url` as a NATS client of somebody else may be told them: without credentials. None for `memory:`."""
    if settings.nats_url.partition(":")[0].lower() == "memory":
        return None
    parts = (urlsplit(server.strip()) for server in settings.nats_url.split(","))
    return ",".join(part._replace(netloc=part.netloc.rpartition("@")[2]).geturl() for part in parts)


def open_store(settings: Settings, clock: Clock) -> SeriesStore:
    """The series store that `store_url` names, not opened yet. Raises Misconfigured."""
    return _make(STORES, "store_url", settings.store_url, settings, clock)


def open_catalog(settings: Settings, clock: Clock) -> Catalog:
    """The catalog that `catalog_url` names, not opened yet. Raises Misconfigured."""
    return _make(CATALOGS, "catalog_url", settings.catalog_url, settings, clock)


def open_cache(settings: Settings, clock: Clock) -> Cache:
    """The cache that `cache_url` names, not opened yet. Raises Misconfigured."""
    return _make(CACHES, "cache_url", settings.cache_url, settings, clock)


async def ask_once(settings: Settings, subject: str, payload: bytes, *, timeout: float = 10.0) -> bytes:
    """One request over `nats_url`, as any NATS client could make it: no lanes, no rights beyond asking.

    Raises Unavailable when the broker is away or nobody answers, Misconfigured when it refuses the credentials.
    """
    from penstock.bus.nats.config import NatsConfig  # noqa: PLC0415 - adapters are loaded when they are opened
    from penstock.bus.nats.connection import Connection  # noqa: PLC0415 - as above

    # A client without rights of its own may only read answers under the library's usual prefix.
    config = NatsConfig(
        url=settings.nats_url, user=settings.nats_user or None, password=settings.nats_password or None, inbox="_INBOX"
    )
    connection = Connection(config)
    await connection.open()
    try:
        return bytes((await connection.request(subject, payload, timeout=timeout)).data)
    finally:
        await connection.close()


def _make(registry: Mapping[str, Adapter], setting: str, url: str, settings: Settings, clock: Clock) -> Any:
    scheme = url.partition(":")[0].lower()
    adapter = registry.get(scheme)
    if adapter is None:
        close = get_close_matches(scheme, registry, n=1)
        raise Misconfigured(
            f"{setting} begins with {scheme!r}, which names no adapter that Penstock has",
            hint=f"did you mean {close[0]}:?" if close else f"one of {', '.join(f'{s}:' for s in registry)}",
        )
    module, loaded = adapter.load()
    return adapter.build(module, loaded, settings, clock)
