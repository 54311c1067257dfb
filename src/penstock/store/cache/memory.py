"""The cache within one process: bounded in bytes, what was used longest ago goes first."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from cachetools import LRUCache, TLRUCache

from penstock.model.errors import Misconfigured
from penstock.store.cache.port import Entry, Lease

__all__ = ["MemoryCache", "MemoryConfig"]

_OVERHEAD: Final = 512
"""Bytes of an entry besides key and value: objects, and its places in the tables."""
_TENANTS: Final = 65_536


@dataclass(frozen=True, slots=True)
class MemoryConfig:
    """`max_bytes` of keys, values and what goes with them."""

    max_bytes: int = 32 << 20


class _Kept(NamedTuple):
    value: bytes
    lease: Lease
    until: float
    size: int


class MemoryCache:
    """`Cache` in a dictionary. No method awaits anything."""

    def __init__(self, config: MemoryConfig | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is monotonic seconds. Raises Misconfigured."""
        config = config or MemoryConfig()
        if config.max_bytes <= 0:
            raise Misconfigured(f"a cache of {config.max_bytes} bytes holds nothing", hint="cache_fresh=0 turns it off")
        self._now = now
        self._marks: LRUCache[str, bytes] = LRUCache(_TENANTS)
        self._count = itertools.count()
        self._kept: TLRUCache[tuple[str, bytes], _Kept] = TLRUCache(
            config.max_bytes, lambda _key, kept, _now: kept.until, timer=now, getsizeof=lambda kept: kept.size
        )

    @property
    def size(self) -> int:
        """See `Cache.size`."""
        return int(self._kept.currsize)

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Forgets everything."""
        self._kept.clear()

    async def get(self, tenant: str, key: bytes) -> Entry | None:
        """See `Cache.get`."""
        kept = self._kept.get((tenant, key))
        if kept is None:
            return None
        return Entry(kept.value, self._now() - kept.lease.began, kept.lease.mark == self._marks.get(tenant))

    async def lease(self, tenant: str) -> Lease:
        """See `Cache.lease`."""
        mark = self._marks.get(tenant)
        if mark is None:
            mark = self._marks[tenant] = next(self._count).to_bytes(8)
        return Lease(tenant, mark, self._now())

    async def put(self, lease: Lease, key: bytes, value: bytes, keep: float) -> bool:
        """See `Cache.put`."""
        if lease.mark != self._marks.get(lease.tenant):
            return False
        size = len(key) + len(value) + _OVERHEAD
        if size <= self._kept.maxsize:
            self._kept[lease.tenant, key] = _Kept(value, lease, lease.began + keep, size)
        return True

    def expire(self, tenant: str) -> None:
        """See `Cache.expire`."""
        self._marks.pop(tenant, None)
