"""How a load client hands over a body: one small class per protocol, all with the same three methods."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from bench.psql import PREPARE, Psql


@dataclass(frozen=True, slots=True)
class Target:
    """Where a load goes, as plain data for the client's process.

    transport  one of TRANSPORTS
    body       one of `bench.bodies.BODIES`
    address    (host, port), or what else the transport needs to find it
    path       of the HTTP request
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
    """One connection of a load client."""

    async def open(self) -> None: ...

    async def send(self, body: bytes) -> float | None:
        """Returns None once the body is acknowledged, or after how many seconds to send it again when it was refused."""
        ...

    async def close(self) -> None: ...


class Http:
    """Keep-alive HTTP/1.1 by hand, so that it costs as little as possible."""

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


TRANSPORTS = {"http": Http, "copy": Copy}
