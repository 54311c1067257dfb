"""What every cache promises, `store/cache/port.py`."""

import asyncio

import pytest
import pytest_asyncio

from penstock.model.errors import Unavailable
from tests.contracts.caches import kit


@pytest_asyncio.fixture(params=["memory", "fakeredis", "redis"])
async def world(request):
    async with kit(request.param) as made:
        yield made


@pytest_asyncio.fixture
async def cache(world):
    return await world.make()


async def put(cache, value, *, tenant="acme", key=b"q", keep=10.0):
    return await cache.put(await cache.lease(tenant), key, value, keep)


async def test_what_was_put_comes_back_with_all_its_bytes(cache):
    value = bytes(range(256)) * 3
    assert await put(cache, value)
    entry = await cache.get("acme", b"q")
    assert entry is not None
    assert (entry.value, entry.current) == (value, True)
    assert await cache.get("acme", b"other") is None


async def test_the_last_put_counts(cache):
    await put(cache, b"old")
    await put(cache, b"new")
    assert (await cache.get("acme", b"q")).value == b"new"


async def test_equal_keys_of_two_tenants_are_two_entries(cache):
    await put(cache, b"a", tenant="acme")
    assert await cache.get("other", b"q") is None
    await put(cache, b"b", tenant="other")
    assert (await cache.get("acme", b"q")).value == b"a"
    cache.expire("other")
    assert (await cache.get("acme", b"q")).current
    assert not (await cache.get("other", b"q")).current


async def test_age_counts_from_the_lease_and_is_never_understated(world, cache):
    lease = await cache.lease("acme")
    await world.pass_time(2.0)
    await cache.put(lease, b"q", b"x", 60.0)
    assert 2.0 <= (await cache.get("acme", b"q")).age < 3.0
    await world.pass_time(3.0)
    assert 5.0 <= (await cache.get("acme", b"q")).age < 7.0


async def test_after_its_time_it_is_gone(world, cache):
    await put(cache, b"x", keep=1.0)
    await world.pass_time(1.1)
    assert await cache.get("acme", b"q") is None


async def test_its_time_counts_from_the_lease(world, cache):
    lease = await cache.lease("acme")
    await world.pass_time(1.1)
    assert await cache.put(lease, b"q", b"x", 1.0)
    assert await cache.get("acme", b"q") is None


async def test_a_fill_that_began_before_an_expiry_is_never_current(world, cache):
    lease = await cache.lease("acme")
    await world.pass_time(0.01)
    cache.expire("acme")
    await world.pass_time(0.01)
    fresh = await cache.lease("acme")
    assert not await cache.put(lease, b"q", b"old", 10.0)
    entry = await cache.get("acme", b"q")
    assert entry is None or not entry.current
    assert await cache.put(fresh, b"q", b"new", 10.0) or world.shared
    if not world.shared:
        assert (await cache.get("acme", b"q")).current


async def test_once_an_expiry_is_told_new_fills_are_current_again(world, cache):
    await put(cache, b"old")
    await world.pass_time(0.01)
    cache.expire("acme")
    assert not (await cache.get("acme", b"q")).current
    async with asyncio.timeout(5):
        while True:
            await world.pass_time(0.01)
            await put(cache, b"new")
            if (entry := await cache.get("acme", b"q")).current:
                break
            await asyncio.sleep(0)
    assert entry.value == b"new"


async def test_an_expiry_reaches_others_that_share_the_cache(world, cache):
    if not world.shared:
        pytest.skip("this cache is of one process")
    other = await world.make()
    await put(cache, b"x")
    assert (await other.get("acme", b"q")).current
    late = await other.lease("acme")
    cache.expire("acme")
    async with asyncio.timeout(5):
        while (await other.get("acme", b"q")).current:
            await asyncio.sleep(0)
    assert not await other.put(late, b"q", b"stale", 10.0)
    assert not (await other.get("acme", b"q")).current


async def test_what_is_too_large_is_not_kept_and_harms_nothing(world):
    small = await world.make(max_bytes=2_000)
    await put(small, b"x", key=b"other")
    assert await put(small, b"y" * 4_000)
    assert await small.get("acme", b"q") is None
    assert await small.get("acme", b"other") is not None


async def test_a_server_that_is_full_and_evicts_nothing_says_what_to_do():
    async with kit("redis") as world:
        cache = await world.make()
        lease = await cache.lease("acme")
        was = await world.server.config_get("maxmemory*")
        await world.server.config_set("maxmemory-policy", "noeviction")
        await world.server.config_set("maxmemory", 1)
        try:
            with pytest.raises(Unavailable, match="full") as refused:
                await cache.put(lease, b"q", b"y", 10.0)
            assert "allkeys-lru" in (refused.value.hint or "")
        finally:
            for name in ("maxmemory", "maxmemory-policy"):
                await world.server.config_set(name, was[name])
        assert await put(cache, b"y")
