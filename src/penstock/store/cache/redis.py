"""The cache in Redis or Valkey, shared by all processes that name the same server.

Ages are taken from the server's own countdown (PTTL), so no two clocks are compared. A tenant has a random mark; an entry says under which
mark it was put and is current while that mark stands, so neither scripts nor watched keys are needed: a late put finds its mark gone.
All keys of a tenant share a hash tag, and so a slot of a cluster.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import structlog
from cachetools import LRUCache
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError, ResponseError

from penstock.model.errors import Misconfigured, Unavailable
from penstock.store.cache.port import Entry, Lease

__all__ = ["RedisCache", "RedisConfig"]

_log: Final = structlog.get_logger(__name__)

_LAYOUT: Final = "penstock:1"
"""Begins every key. A change of what is kept takes another number, so that old and new processes never read each other's."""
_HEAD: Final = struct.Struct(">16sdd")
"""Before the value: mark, seconds that it is kept, age in seconds when it was put."""
_MARK_MS: Final = 24 * 3_600_000
_TENANTS: Final = 65_536


@dataclass(frozen=True, slots=True)
class RedisConfig:
    """url: `redis://[user:password@]host:port/db`, or `rediss://` for TLS · timeout: seconds for one exchange ·
    max_value: bytes of the largest value that is kept.
    """

    url: str
    timeout: float = 0.25
    max_value: int = 4 << 20


class RedisCache:
    """`Cache` on a server; its memory bound is the server's `maxmemory`."""

    def __init__(
        self, config: RedisConfig, *, client: Redis | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`client` is one that exists already; `now` is monotonic seconds. Raises Misconfigured."""
        self._config = config
        self._now = now
        self._redis: Any = client or _connect(config)  # its methods are typed for both the sync and the async client
        self._expired: LRUCache[str, float] = LRUCache(_TENANTS)
        self._to_tell: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """See `Cache.size`."""
        return 0

    async def open(self) -> None:
        """Raises Misconfigured when the server refuses the credentials; a server that is away may come later."""
        try:
            await self._redis.ping()
        except AuthenticationError as error:
            raise Misconfigured(
                f"the cache server refuses these credentials: {error}", hint="check cache_url"
            ) from error
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("cache server is away; questions are asked without it", error=repr(error))

    async def close(self) -> None:
        """Tells what is still to be told, and disconnects."""
        if self._telling is not None:
            await self._telling
        await self._redis.aclose()

    async def get(self, tenant: str, key: bytes) -> Entry | None:
        """See `Cache.get`."""
        asked, name = self._now(), _entry(tenant, key)
        held, left, mark = await self._do(("get", name), ("pttl", name), ("get", _mark(tenant)))
        if held is None or left < 0 or len(held) < _HEAD.size:
            return None
        under, keep, age = _HEAD.unpack_from(held)
        now = self._now()
        age += keep - (left - 1) / 1_000 + (now - asked)
        current = under == mark and now - age > self._expired.get(tenant, -math.inf)
        return Entry(bytes(held[_HEAD.size :]), age, current)

    async def lease(self, tenant: str) -> Lease:
        """See `Cache.lease`."""
        began, name = self._now(), _mark(tenant)
        _, mark = await self._do(("set", name, secrets.token_bytes(16), {"nx": True, "px": _MARK_MS}), ("get", name))
        return Lease(tenant, mark, began)

    async def put(self, lease: Lease, key: bytes, value: bytes, keep: float) -> bool:
        """See `Cache.put`."""
        age = self._now() - lease.began
        left = math.floor((keep - age) * 1_000)
        if lease.began <= self._expired.get(lease.tenant, -math.inf):
            return False
        if left <= 0 or len(value) > self._config.max_value:
            return True
        head = _HEAD.pack(lease.mark, left / 1_000, age)
        _, mark = await self._do(
            ("set", _entry(lease.tenant, key), head + value, {"px": left}), ("get", _mark(lease.tenant))
        )
        return mark == lease.mark

    def expire(self, tenant: str) -> None:
        """See `Cache.expire`."""
        self._expired[tenant] = self._now()
        self._to_tell.add(tenant)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="cache:expire")

    async def _tell(self) -> None:
        """Take the marks of expired tenants off the server. Where that fails, the others keep to the bound on ages alone."""
        while self._to_tell:
            tenants = [self._to_tell.pop() for _ in range(min(len(self._to_tell), 100))]
            try:
                for tenant in tenants:
                    await self._do(("delete", _mark(tenant)))
            except Unavailable as error:
                _log.warning("other processes were not told of writes", tenants=len(tenants), error=error.detail)

    async def _do(self, *commands: tuple[Any, ...]) -> list[Any]:
        """The results of `commands`, done in one exchange and as one transaction."""
        try:
            async with asyncio.timeout(self._config.timeout), self._redis.pipeline(transaction=True) as pipeline:
                for name, *given in commands:
                    options = given.pop() if isinstance(given[-1], dict) else {}
                    getattr(pipeline, name)(*given, **options)
                return await pipeline.execute()
        except OutOfMemoryError as error:
            raise Unavailable(
                "the cache server is full and lets nothing go", hint="give it maxmemory-policy allkeys-lru"
            ) from error
        except ResponseError as error:
            raise Unavailable(f"the cache server refused: {error!s:.200}") from error
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the cache server did not answer: {type(error).__name__} {error!s:.200}".rstrip()
            ) from error


def _connect(config: RedisConfig) -> Redis:
    try:
        return Redis.from_url(
            config.url,
            socket_timeout=config.timeout,
            socket_connect_timeout=config.timeout,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="penstock",
        )
    except ValueError as error:
        raise Misconfigured(
            f"cache_url is no address of a Redis or Valkey server: {error}", hint="redis://host:6379"
        ) from None


def _mark(tenant: str) -> str:
    return f"{_LAYOUT}:{{{tenant}}}:mark"


def _entry(tenant: str, key: bytes) -> str:
    return f"{_LAYOUT}:{{{tenant}}}:{blake2b(key, digest_size=20).hexdigest()}"
