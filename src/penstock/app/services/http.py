"""One HTTP server with the doors in, the doors out, or both."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator

import uvicorn

from penstock.api.app import create_app
from penstock.api.intake import Intake
from penstock.api.live.messages import MAX_MESSAGE
from penstock.api.services import Services
from penstock.app.services.resources import Resources

__all__ = ["serve_http"]

_DRAIN_SECONDS = 3


@contextlib.asynccontextmanager
async def serve_http(
    resources: Resources, services: Services, intake: Intake, listener: socket.socket
) -> AsyncGenerator[None]:
    """Serve on `listener` from entering to leaving; leaving lets requests finish."""
    settings = resources.settings
    app = create_app(services, intake)
    server = _Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=MAX_MESSAGE,
            # Columns of numbers change all the time: packing them costs more than a local network saves.
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            ssl_certfile=settings.http_tls_cert,
            ssl_keyfile=settings.http_tls_key,
        )
    )
    serving = resources.tasks.create_task(server.serve(sockets=[listener]), name="http")
    try:
        await server.listening.wait()
        yield
    finally:
        app.state.live.close()  # live streams never end by themselves, and the server waits for its connections
        server.should_exit = True
        await asyncio.wait([serving])


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the process decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
