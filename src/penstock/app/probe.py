"""Whether an HTTP server of ours can serve: a GET of `/readyz` with the standard library's event loop alone."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

from penstock.app.config import Bind
from penstock.model.errors import Unavailable

__all__ = ["until_ready"]

_PAUSE: Final = 0.05
_ATTEMPT_SECONDS: Final = 5.0


async def until_ready(bind: Bind, *, cert: Path | None, seconds: float) -> None:
    """Returns once `/readyz` answers 200; raises Unavailable with the last answer after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                status = await _get(bind, "/readyz", cert)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            said = f"no answer ({error!r})"
        else:
            if " 200 " in status:
                return
            said = status.strip()
        if loop.time() > deadline:
            raise Unavailable(f"http://{bind}/readyz was not ready within {seconds:g} s: {said}")
        await asyncio.sleep(_PAUSE)


async def _get(bind: Bind, path: str, cert: Path | None) -> str:
    """The status line of the answer."""
    context = None
    if cert is not None:
        # The server's own certificate is the only one that is trusted; its name may be the public one.
        context = ssl.create_default_context(cafile=str(cert))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = False
    reader, writer = await asyncio.open_connection(bind.reachable.host, bind.port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {bind}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readuntil(b"\r\n")).decode("latin-1")
    finally:
        writer.close()
