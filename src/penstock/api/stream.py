"""The door of live rows: one endless answer per client, ended by either side, or with the credential that opened it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import FastAPI, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from penstock.api import examples
from penstock.api.auth import identity_of
from penstock.api.live import LiveClient, LiveHub, Pattern, Position, Wanted, catch_up
from penstock.api.params import StreamParams
from penstock.api.services import Services

__all__ = ["StreamDoor"]

_HELLO: Final = b"retry: 2000\nid: %s\n: connected\n\n"
_HEARTBEAT: Final = b": alive\n\n"
_RECHECK: Final = 2.0
"""Seconds between two looks at whether the credential still stands, and that an end in good order may take then."""


class StreamDoor:
    """The route; one instance per app."""

    def __init__(self, services: Services, hub: LiveHub) -> None:
        self._hub = hub
        self._keys = services.keys
        self._reader = services.reader
        self._clock = services.clock
        self._heartbeat = services.config.heartbeat

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/v1/stream", self.stream, **examples.STREAM)

    async def stream(
        self,
        request: Request,
        params: Annotated[StreamParams, Query()],
        last_event_id: Annotated[
            str | None, Header(max_length=64, description="Go on after the message of this id")
        ] = None,
    ) -> Response:
        """Server-sent events: `readings` (arrays of rows), `events`, and `gap` with what a slow client missed.

        Messages carry an id; with the last one as `Last-Event-ID` (browsers send it by themselves) what was missed comes first.
        """
        wanted = Wanted(
            (Pattern(params.site, params.sensor, params.metric),) if params.events != "only" else (),
            events=params.events != "false",
        )
        position = Position.parse(last_event_id) if last_event_id else None
        identity = identity_of(request)
        client = LiveClient(identity.tenant, wanted, self._hub.at)
        try:
            await self._hub.enter(client, wanted.lanes)
            await catch_up(self._hub, self._reader, self._clock, client, position)
        except BaseException:
            await self._hub.leave(client)
            raise
        hello = _HELLO % (position or self._hub.position).token.encode()
        return _EventStream(self._hub, client, self._heartbeat, hello, lambda: self._keys.holds(identity))


class _EventStream(Response):
    """Sends what the client's queue holds, a comment when it stays silent; leaves the hub however it ends."""

    media_type = "text/event-stream"

    def __init__(
        self, hub: LiveHub, client: LiveClient, heartbeat: float, hello: bytes, may_stay: Callable[[], bool]
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._client = client
        self._heartbeat = heartbeat
        self._hello = hello
        self._may_stay = may_stay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        pump = asyncio.create_task(self._pump(send), name="live:pump")
        hangup = asyncio.create_task(_until_disconnect(receive), name="live:hangup")
        revoked = asyncio.create_task(self._until_revoked(), name="live:revoked")
        ends = (pump, hangup, revoked)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            outcomes = await asyncio.gather(*ends, return_exceptions=True)
            await self._hub.leave(self._client)
        for outcome in outcomes:
            # OSError is how a server says that the client has gone.
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                raise outcome

    async def _until_revoked(self) -> None:
        """A revoked or expired credential ends its streams within five seconds, also that of a client that does not read."""
        while self._may_stay():  # noqa: ASYNC110 - another process may have changed the file; nobody tells
            await asyncio.sleep(_RECHECK)
        self._client.close()
        await asyncio.sleep(_RECHECK)

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._hello, "more_body": True})
        while not self._client.closed:
            if not await self._client.wait(self._heartbeat):
                await send({"type": "http.response.body", "body": _HEARTBEAT, "more_body": True})
                continue
            for message in self._client.messages():
                await send({"type": "http.response.body", "body": message, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
