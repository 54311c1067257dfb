"""How a load client hands over a body: one small class per protocol, all with the same three methods."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from bench.psql import PREPARE, Psql


@dataclass(frozen=True, slots=True)
class Target:
    """Where a load goes, as plain data for the client's process.

    transport  one of TRANSPORTS
    body       one of `bench.bodies.BODIES`
    address    (host, port), or what else the transport needs to find it
    path       of the HTTP request; of Penstock's TCP door the opening line
    headers    of the HTTP request
    """

    transport: str
    body: str
    address: tuple[str, int | str]
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """For JSON; `Target(**document)` makes it again."""
        return asdict(self)


class Transport(Protocol):
    """One connection of a load client. `depth` is how many bodies are sent before the first of them is acknowledged."""

    depth: int

    async def open(self) -> None: ...

    async def send(self, body: bytes) -> float | None:
        """Returns None once the body is acknowledged, or after how many seconds to send it again when it was refused."""
        ...

    async def close(self) -> None: ...


class Http:
    """Keep-alive HTTP/1.1 by hand, so that it costs as little as possible."""

    depth = 1

    def __init__(self, target: Target) -> None:
        self._target = target
        host, port = target.address
        self._address = (str(host), int(port))

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address, limit=1 << 20)

    async def send(self, body: bytes) -> float | None:
        head = f"POST {self._target.path} HTTP/1.1\r\nHost: {self._address[0]}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self._target.headers.items())
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        self._writer.write(body)
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(b":") for line in lines[1:])}
        answer = await self._reader.readexactly(int(fields.get(b"content-length", b"0")))
        status = int(lines[0].split()[1])
        if status in {429, 503}:
            return float(fields.get(b"retry-after", b"0"))
        if status not in {200, 201, 204}:
            raise RuntimeError(f"{self._target.path}: {status} {answer[:500]!r}")
        return None

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


class Copy:
    """PostgreSQL: COPY into a staging table and an upsert, committed."""

    depth = 1

    def __init__(self, target: Target) -> None:
        self._url = str(target.address[1])

    async def open(self) -> None:
        self._session = await asyncio.to_thread(Psql, self._url)
        await asyncio.to_thread(self._session.run, PREPARE)

    async def send(self, body: bytes) -> float | None:
        await asyncio.to_thread(self._session.copy, body)
        return None

    async def close(self) -> None:
        await asyncio.to_thread(self._session.close)


class Tcp:
    """Penstock's TCP door: frames of Arrow or lines, acknowledged by number. What cannot be taken waits in the connection."""

    depth = 2

    def __init__(self, target: Target) -> None:
        self._target = target
        self._framed = target.body == "arrow"
        self._seq = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def open(self) -> None:
        host, port = self._target.address
        self._reader, self._writer = await asyncio.open_connection(str(host), int(port), limit=1 << 20)
        self._writer.write(f"{self._target.path}\n".encode())
        said = await self._reader.readline()
        if not said.startswith(b"OK "):
            raise RuntimeError(f"the TCP door does not open: {said!r}")
        self._listening = asyncio.create_task(self._listen())

    async def send(self, body: bytes) -> float | None:
        if self._framed:
            self._seq += 1
            self._writer.write(struct.pack("<IQ", len(body), self._seq))
        else:
            self._seq += body.count(b"\n")
        self._writer.write(body)
        acknowledged = asyncio.get_running_loop().create_future()
        self._waiting.append((self._seq, acknowledged))
        await self._writer.drain()
        await acknowledged
        return None

    async def close(self) -> None:
        self._listening.cancel()
        self._writer.close()
        await self._writer.wait_closed()

    async def _listen(self) -> None:
        async for said in self._reader:
            word, _, rest = said.partition(b" ")
            if word == b"ACK":
                number = int(rest.split()[0])
                while self._waiting and self._waiting[0][0] <= number:
                    self._waiting.popleft()[1].set_result(None)
            elif word != b"WAIT":
                self._fail(RuntimeError(f"the TCP door says {said[:500]!r}"))
        self._fail(RuntimeError("the TCP door has closed the connection"))

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            self._waiting.popleft()[1].set_exception(error)


TRANSPORTS: dict[str, Callable[[Target], Transport]] = {"http": Http, "copy": Copy, "tcp": Tcp}
