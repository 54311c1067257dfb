"""Asking HTTP servers of ours how they are, with the standard library's event loop alone: the supervisor is light."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

from penstock.app.values import Bind
from penstock.model.errors import Unavailable

__all__ = ["answer_of", "status_of", "trust_only", "until_ready"]

_PAUSE: Final = 0.05
_ATTEMPT_SECONDS: Final = 5.0
_MAX_BODY: Final = 64 << 10


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
    return (await answer_of(host, port, path, cert=cert))[0]


async def answer_of(host: str, port: int, path: str, *, cert: Path | None = None) -> tuple[str, bytes]:
    """The status line of `GET path` and the body, at most 64 KiB of it; as `status_of`. For servers that send it unchunked."""
    context = None if cert is None else trust_only(cert)
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        body = bytearray()
        while len(body) < _MAX_BODY and (piece := await reader.read(_MAX_BODY)):
            body += piece
        return head.partition("\r\n")[0].strip(), bytes(body)
    finally:
        writer.close()


def trust_only(cert: Path) -> ssl.SSLContext:
    """Trust a server that shows this very certificate, whatever public name it carries: ours, on this machine."""
    context = ssl.create_default_context(cafile=str(cert))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context
