"""What the cache suite runs against: every adapter, with time that a test lets pass."""

import asyncio
import os
import shutil
import socket
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager

import fakeredis
import pytest
from redis.asyncio import Redis

from penstock.model.errors import Unavailable
from penstock.store.cache.memory import MemoryCache, MemoryConfig
from penstock.store.cache.redis import RedisCache, RedisConfig

URL = "PENSTOCK_TEST_REDIS_URL"
SERVER = shutil.which("redis-server") or shutil.which("valkey-server")


class MemoryKit:
    """One cache, and its clock."""

    shared = False

    def __init__(self):
        self.time = 100.0

    async def make(self, max_bytes=1 << 20):
        return MemoryCache(MemoryConfig(max_bytes), now=self.now)

    def now(self):
        return self.time

    async def pass_time(self, seconds):
        self.time += seconds

    async def close(self):
        """Nothing is open."""


class RedisKit(MemoryKit):
    """Caches on one server. Time passes for the server by taking it off every key's countdown."""

    shared = True

    def __init__(self, connect):
        super().__init__()
        self._connect = connect
        self._made = []
        self.server = connect()

    async def make(self, max_bytes=1 << 20):
        cache = RedisCache(RedisConfig("", timeout=5.0, max_value=max_bytes), client=self._connect(), now=self.now)
        await cache.open()
        self._made.append(cache)
        return cache

    async def pass_time(self, seconds):
        await super().pass_time(seconds)
        async for name in self.server.scan_iter("penstock:*"):
            left = await self.server.pttl(name) - round(seconds * 1_000)
            await self.server.pexpire(name, max(left, 0))

    async def close(self):
        for cache in self._made:
            await cache.close()
        await self.server.flushdb()
        await self.server.aclose()


@asynccontextmanager
async def server():
    """URL of a real server of its own, on a port that is free."""
    if url := os.environ.get(URL):
        yield url
        return
    if SERVER is None:
        pytest.skip(f"no redis-server or valkey-server is installed, and {URL} names none")
    with socket.socket() as probe, tempfile.TemporaryDirectory() as home:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        options = ("--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", home)
        process = await asyncio.create_subprocess_exec(SERVER, *options, stdout=asyncio.subprocess.DEVNULL)
        try:
            yield await _answering(f"redis://127.0.0.1:{port}/0")
        finally:
            process.terminate()
            await process.wait()


async def _answering(url):
    cache = RedisCache(RedisConfig(url, timeout=1.0))
    async with asyncio.timeout(10):
        while True:
            try:
                await cache.get("probe", b"")
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                break
    await cache.close()
    return url


@asynccontextmanager
async def kit(kind):
    """A kit of `memory`, `fakeredis` or `redis`."""
    async with AsyncExitStack() as opened:
        if kind == "memory":
            made = MemoryKit()
        elif kind == "fakeredis":
            held = fakeredis.FakeServer()
            made = RedisKit(lambda: fakeredis.FakeAsyncRedis(server=held))
        else:
            url = await opened.enter_async_context(server())
            made = RedisKit(lambda: Redis.from_url(url, protocol=2))
        opened.push_async_callback(made.close)
        yield made
