"""The proxy does what it is told to connections."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import Proxy, Weather


@pytest.fixture
async def echo() -> AsyncIterator[Proxy]:
    """A proxy in front of a server that repeats what it hears."""

    async def serve(reader, writer):
        # A reset is what one of the tests asks for.
        with contextlib.suppress(ConnectionResetError):
            while chunk := await reader.read(4096):
                writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy = Proxy(server.sockets[0].getsockname()[1]).start()
    yield proxy
    proxy.close()
    server.close()


@pytest.fixture
async def pair(echo):
    """A connection through the proxy."""
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    yield reader, writer
    writer.transport.abort()


async def said(pair, text=b"hello"):
    reader, writer = pair
    writer.write(text)
    async with asyncio.timeout(5):
        return await reader.read(len(text))


async def test_in_good_weather_it_passes_everything(pair):
    assert await said(pair) == b"hello"


async def test_latency_is_added_both_ways(echo, pair):
    echo.weather = Weather(latency=0.1)
    began = time.monotonic()
    await said(pair)
    assert time.monotonic() - began >= 0.2


async def test_a_half_open_link_holds_what_is_said_and_delivers_it_later(echo, pair):
    await said(pair)
    echo.weather = Weather(frozen=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await said(pair)
    echo.weather = Weather()
    async with asyncio.timeout(5):
        assert await pair[0].read(5) == b"hello"


async def test_a_reset_is_felt_as_a_reset(echo, pair):
    await said(pair)
    echo.cut(reset=True)
    with pytest.raises(ConnectionResetError):
        await said(pair)


async def test_a_refusing_link_takes_no_new_connection(echo):
    echo.weather = Weather(refuse=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read(1) == b""
    writer.transport.abort()


async def test_a_cut_while_one_side_is_already_closed_cuts_the_rest(echo, pair):
    await said(pair)
    # The far side: the near one would say goodbye to the client in order, which may then never hear of a reset.
    ended = next(end for end in echo._writers if end.get_extra_info("peername")[1] == echo._target)
    ended.get_extra_info("socket")._sock.close()
    echo.cut(reset=True)
    with pytest.raises(ConnectionResetError):
        await said(pair)
