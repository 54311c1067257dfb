"""The TCP server: accepts, looks at the clock for its connections, and lets them finish when it closes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator

from penstock.api.tcp.connection import Connection
from penstock.api.tcp.door import Door

__all__ = ["listening"]


@contextlib.asynccontextmanager
async def listening(door: Door, listener: socket.socket, tls: ssl.SSLContext | None = None) -> AsyncGenerator[None]:
    """Serve on `listener` from entering to leaving.

    Leaving takes nothing more, acknowledges what is on its way to disk, says goodbye to every client and, after
    `TcpConfig.drain` seconds, ends the connections that are left.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(door),
        sock=listener,
        ssl=tls,
        ssl_handshake_timeout=door.config.handshake if tls is not None else None,
    )
    clockwork = asyncio.create_task(_tick(door), name="tcp:clock")
    try:
        yield
    finally:
        server.close()
        clockwork.cancel()
        await asyncio.gather(clockwork, return_exceptions=True)
        await door.close()


async def _tick(door: Door) -> None:
    """Connections keep no timers of their own: one task looks at all of them."""
    rechecked = door.now()
    while True:
        await asyncio.sleep(door.config.tick)
        members = tuple(door.members)
        for member in members:
            member.tick()
        if door.now() - rechecked >= door.config.recheck:
            rechecked = door.now()
            for member in members:
                member.recheck()
