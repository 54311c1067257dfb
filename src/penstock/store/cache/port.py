"""The cache: bytes that may be lost at any time, each with an age that is never understated.

Who fills it takes a lease before it reads what it will put. The age of what is put counts from there, not from the put, and what a
lease has put stops being current once the tenant is expired, however late the put comes. So a slow fill can never bring back
what a write has made old.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["Cache", "Entry", "Lease"]


class Lease(NamedTuple):
    """The right to put what is read from now on.

    tenant  whose it is
    mark    which expiry of the tenant it follows
    began   monotonic seconds of this process when it was taken
    """

    tenant: str
    mark: bytes
    began: float


class Entry(NamedTuple):
    """What was put.

    value    as it was put
    age      seconds since its lease was taken, rounded up rather than down
    current  whether the tenant has not been expired since
    """

    value: bytes
    age: float
    current: bool


class Cache(Protocol):
    """Contract of every adapter (`tests/contracts/test_cache.py`).

    `open` comes first, `close` last. Keys belong to their tenant: equal keys of two tenants are two entries. The cache may forget
    anything at any time, and holds no more than its bound. Errors: Misconfigured (at `open`), Unavailable (`get`, `lease`, `put`).
    """

    @property
    def size(self) -> int:
        """Bytes held for this process; 0 where another server holds them."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def get(self, tenant: str, key: bytes) -> Entry | None:
        """What was put last under `key`, or None."""
        ...

    async def lease(self, tenant: str) -> Lease:
        """Take it before reading what is to be put."""
        ...

    async def put(self, lease: Lease, key: bytes, value: bytes, keep: float) -> bool:
        """Keep `value` until `keep` seconds after the lease was taken.

        False if the tenant has been expired meanwhile: then no `get` ever calls it current. What is too large is not kept.
        """
        ...

    def expire(self, tenant: str) -> None:
        """From now on nothing that the tenant's leases have put, or will put, is current; new leases are not concerned.

        At once for this process, soon for others that share the cache. Never fails, never waits.
        """
        ...
