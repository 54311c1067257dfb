"""What only a cache on a server can meet: the server is away, or is none."""

import fakeredis
import pytest

from penstock.model.errors import Misconfigured, Unavailable
from penstock.store.cache.redis import RedisCache, RedisConfig
from tests.contracts.caches import server


async def test_a_server_that_is_away_is_unavailable_and_stops_nothing_at_the_start():
    cache = RedisCache(RedisConfig("redis://127.0.0.1:1/0", timeout=0.5))
    await cache.open()
    with pytest.raises(Unavailable):
        await cache.get("acme", b"q")
    with pytest.raises(Unavailable):
        await cache.lease("acme")
    cache.expire("acme")  # what cannot be told is not an error
    await cache.close()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(Misconfigured, match="cache_url"):
        RedisCache(RedisConfig("http://127.0.0.1:6379"))


async def test_every_key_names_version_and_tenant_and_ends_by_itself():
    held = fakeredis.FakeServer()
    cache = RedisCache(RedisConfig(""), client=fakeredis.FakeAsyncRedis(server=held))
    await cache.put(await cache.lease("acme"), b"q" * 5_000, b"v", 5.0)
    plain = fakeredis.FakeAsyncRedis(server=held)
    names = await plain.keys("*")
    assert len(names) == 2
    assert all(name.startswith(b"penstock:1:{acme}:") and len(name) < 80 for name in names)
    assert all([await plain.pttl(name) > 0 for name in names])
    await plain.aclose()
    await cache.close()


async def test_what_somebody_else_wrote_under_our_key_is_no_entry():
    held = fakeredis.FakeServer()
    cache = RedisCache(RedisConfig(""), client=fakeredis.FakeAsyncRedis(server=held))
    await cache.put(await cache.lease("acme"), b"q", b"v", 5.0)
    plain = fakeredis.FakeAsyncRedis(server=held)
    [name] = [name for name in await plain.keys("*") if not name.endswith(b":mark")]
    await plain.set(name, b"junk", px=5_000)
    assert await cache.get("acme", b"q") is None
    await plain.aclose()
    await cache.close()


async def test_wrong_credentials_are_refused_at_the_start():
    async with server() as url:
        cache = RedisCache(RedisConfig(url.replace("://", "://nobody:wrong@"), timeout=2.0))
        with pytest.raises(Misconfigured, match="credentials"):
            await cache.open()
        await cache.close()
