"""A TCP door on a free port over the memory bus, and a client that speaks to it byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket

import pyarrow as pa
import pytest

from penstock.api.intake import Intake
from penstock.api.tcp import Door, TcpConfig, listening
from penstock.api.tcp.units import HEADER
from penstock.bus.memory import MemoryBus
from tests.unit.api.conftest import NOW


class SlowBus(MemoryBus):
    """A bus whose publishes wait while `gate` is not set; the first `only` of them, if that is a number."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.only = None

    async def publish(self, lane, subject, payload, headers, *, timeout=10.0):
        if self.only != 0:
            self.only = None if self.only is None else self.only - 1
            self.waiting += 1
            await self.gate.wait()
            self.waiting -= 1
        await super().publish(lane, subject, payload, headers, timeout=timeout)


class Client:
    """One connection. Every wait has a deadline."""

    def __init__(self, port, tls=None):
        self._port, self._tls = port, tls
        self.session = ""

    async def connect(self, hello):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)
        self.send(hello if isinstance(hello, bytes) else hello.encode() + b"\n")
        return self

    def send(self, data):
        self.writer.write(data)

    def frame(self, seq, payload):
        self.send(HEADER.pack(len(payload), seq) + payload)

    async def line(self, seconds=5.0):
        """The next line without its end; "" when the server has closed."""
        async with asyncio.timeout(seconds):
            return (await self.reader.readline()).decode().rstrip("\n")

    async def until(self, *starts, seconds=5.0):
        """Lines up to the first that starts with one of `starts`."""
        lines = []
        async with asyncio.timeout(seconds):
            while True:
                line = await self.line(seconds)
                lines.append(line)
                if not line or line.startswith(starts):
                    return lines

    async def acked(self, seq, seconds=5.0):
        """Lines up to the acknowledgement of `seq`."""
        lines = []
        while True:
            lines += await self.until("ACK", seconds=seconds)
            assert lines[-1], lines
            if int(lines[-1].split()[1]) >= seq:
                return lines

    async def rest(self, seconds=5.0):
        """Every line until the server has closed."""
        async with asyncio.timeout(seconds):
            return (await self.reader.read()).decode().splitlines()

    def half_close(self):
        self.writer.write_eof()

    async def hang_up(self):
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class Wharf:
    """A world, its TCP door and what a test does with them."""

    def __init__(self, world, door, port):
        self.world, self.door, self.port = world, door, port
        self._clients = []

    async def dial(self, hello="", *, key=None, tls=None):
        """A connection whose opening line (`hello` are options, or bytes to send as they are) was sent, nothing read."""
        said = hello if isinstance(hello, bytes) else f"PENSTOCK/1 {key or self.world.key} {hello}".strip()
        client = await Client(self.port, tls).connect(said)
        self._clients.append(client)
        return client

    async def open(self, hello="", *, key=None, tls=None):
        client = await self.dial(hello, key=key, tls=tls)
        said = await client.line()
        assert said.startswith("OK "), said
        client.session = said.partition("session=")[2]
        return client

    async def close(self):
        for client in self._clients:
            await client.hang_up()


@pytest.fixture
async def make_wharf(make_world):
    """`make_wharf(tcp=TcpConfig(...), tls=…, now=…, **settings of make_world)`."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(*, tcp=None, tls=None, now=None, **settings):
            world = await make_world(**settings)
            listener = socket.create_server(("127.0.0.1", 0))
            config = tcp or TcpConfig(retry_cap=0.02, linger=0.1, drain=1.0, tick=0.02, recheck=0.05)
            door = Door(world.services, Intake(world.services), config, now)
            wharf = Wharf(world, door, listener.getsockname()[1])
            wharf.stop = contextlib.AsyncExitStack()
            await wharf.stop.enter_async_context(listening(door, listener, tls))
            stack.push_async_callback(wharf.stop.aclose)
            stack.push_async_callback(wharf.close)
            if isinstance(world.bus, SlowBus):
                stack.callback(world.bus.gate.set)
            return wharf

        yield make


@pytest.fixture
async def wharf(make_wharf):
    return await make_wharf()


def row(i=0, **more):
    """A row of JSON, as bytes with its line end."""
    return (
        json.dumps({"sensor_id": f"m{i}", "metric": "power_w", "value": 1.5 + i, "ts": NOW - i} | more).encode() + b"\n"
    )


def frame(start, rows=1, value=1.5):
    """An Arrow stream of `rows` readings of one sensor, from `start` ms before now."""
    table = pa.table(
        {
            "sensor_id": pa.array(["m1"] * rows).dictionary_encode(),
            "metric": pa.array(["power_w"] * rows).dictionary_encode(),
            "ts": [NOW - start - i for i in range(rows)],
            "value": [value] * rows,
        }
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
