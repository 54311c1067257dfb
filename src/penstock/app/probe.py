"""Asking HTTP servers of ours how they are, with the standard library's event loop alone: the supervisor is light."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

from penstock.app.values import Bind
from penstock.model.errors import Unavailable

__all__ = ["status_of", "trust_only", "until_ready"]

_PAUSE: Final = 0.05
_ATTEMPT_SECONDS: Final = 5.0


async def until_ready(bind: Bind, *, cert: Path | None, seconds: float) -> None:
    """Returns once `/readyz` answers 200; raises Unavailable with the last answer after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                status = await status_of(bind.reachable.host, bind.port, "/readyz", cert=cert)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            said = f"no answer ({error!r})"
        else:
            if " 200 " in status:
                return
            said = status
        if loop.time() > deadline:
            raise Unavailable(f"{bind} was not ready within {seconds:g} s: {said}", hint="its messages are above")
        await asyncio.sleep(_PAUSE)


async def status_of(host: str, port: int, path: str, *, cert: Path | None = None) -> str:
    """The status line of `GET path`, such as `HTTP/1.1 200 OK`. Raises OSError, IncompleteReadError.

    With `cert`, the server's own certificate, over TLS.
    """
    context = None if cert is None else trust_only(cert)
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readuntil(b"\r\n")).decode("latin-1").strip()
    finally:
        writer.close()


def trust_only(cert: Path) -> ssl.SSLContext:
    """Trust a server that shows this very certificate, whatever public name it carries: ours, on this machine."""
    context = ssl.create_default_context(cafile=str(cert))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context
