"""A TCP proxy that can be told to misbehave: late, slow, cut, half open, reset. One thread, one event loop, loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")

_CHUNK: Final = 16_384
_TICK: Final = 0.02


@dataclass
class Weather:
    """What the proxy does to connections from now on.

    latency    seconds added to each chunk, both ways
    bandwidth  bytes a second, both ways, 0 = as fast as it goes
    frozen     nothing passes and nobody is told (half open)
    refuse     new connections are closed at once
    """

    latency: float = 0.0
    bandwidth: int = 0
    frozen: bool = False
    refuse: bool = False


class Proxy:
    """Listens on `port` and passes to `target`; `weather` is read for every chunk."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.weather = Weather()
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def cut(self, *, reset: bool = False) -> None:
        """End every connection: in order (FIN), or with RST as a machine does that knows nothing of it."""
        self._call(self._cut(reset=reset))

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            self.weather = Weather()
            await self._cut(reset=True)
            ending = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*ending, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10.0)

    async def _cut(self, *, reset: bool) -> None:
        for writer in tuple(self._writers):
            connection = writer.get_extra_info("socket")
            # One side of a pair that has ended is closed a turn of the loop before the pair is forgotten.
            if reset and connection.fileno() >= 0:
                # A linger of zero makes close send RST.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if reset else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather.refuse:
            writer.transport.abort()
            return
        try:
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, onward}
        try:
            await asyncio.gather(self._pass(reader, onward), self._pass(onward_reader, writer))
        finally:
            self._writers -= {writer, onward}
            for end in (writer, onward):
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A side that is gone ends the other one by its own read.
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                weather = self.weather
                if weather.bandwidth:
                    await asyncio.sleep(len(chunk) / weather.bandwidth)
                await asyncio.sleep(weather.latency)
                while self.weather.frozen:
                    await asyncio.sleep(_TICK)
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()
