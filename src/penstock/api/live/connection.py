"""One WebSocket connection: many subscriptions, each told at most ten times a second what is new.

Nothing queues for a slow client: what it does not take yet is merged per series, so memory is bounded by its series. It is told
between when that was, and one that takes nothing for long is disconnected.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

import penstock
from penstock.accounts.keys import Identity
from penstock.api.live.catchup import catch_up
from penstock.api.live.hub import LiveHub
from penstock.api.live.log import Passing, Position
from penstock.api.live.messages import (
    MAX_MESSAGE,
    Auth,
    Failure,
    FromClient,
    FromServer,
    Heartbeat,
    Hello,
    Ping,
    Pong,
    Resume,
    Sub,
    Unsub,
    Unsubscribed,
    decode,
)
from penstock.api.live.subscription import Room, Subscription
from penstock.api.services import Services
from penstock.bus import Lane
from penstock.model.errors import Conflict, InvalidInput, NotAllowed, NotFound, PenstockError, TooLarge, Unavailable

__all__ = ["CODES", "MAX_SUBSCRIPTIONS", "Connection"]

MAX_SUBSCRIPTIONS: Final = 32
_AUTH_SECONDS: Final = 10.0
_RECHECK: Final = 2.0
"""Seconds between two looks at whether the credential still stands."""
_STALL: Final = 1.0
"""Seconds for which a client took nothing that are worth telling it."""
_CLOSE_SECONDS: Final = 2.0


class _End(Exception):
    """End the connection with a code, see `CODES`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


CODES: Final = {
    1003: "a message was not text",
    1009: "a message was too large",
    1012: "the server restarts: connect again, and resume",
    1013: "too many live views are open: try again later",
    4401: "no valid credential, or it was revoked or has expired",
    4403: "the credential may not read",
    4408: "no `auth` came in time",
    4429: "the client took nothing for too long",
}
"""Close codes of `/v1/live` and what they mean; those below 4000 are RFC 6455's."""


class Connection:
    """A Listener of the hub. `run` serves it to its end."""

    def __init__(
        self,
        socket: WebSocket,
        services: Services,
        hub: LiveHub,
        identity: Identity | None,
        identify: Callable[[Auth], Identity],
    ) -> None:
        """`identity` None when the handshake carried no credential: then `identify` reads it from the first message."""
        self._socket = socket
        self._services = services
        self._hub = hub
        self._identity = identity
        self._identify = identify
        self._subscriptions: dict[str, Subscription] = {}
        self._lanes: set[Lane] = set()
        self._room = Room()
        self._greeted = asyncio.Event()
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._sending = asyncio.Lock()

    # -- what the hub calls

    @property
    def tenant(self) -> str:
        """Whose rows this connection may see."""
        assert self._identity is not None, "a connection enters the hub once it is known"
        return self._identity.tenant

    def offer(self, passing: Passing) -> None:
        """Take what is wanted of a frame."""
        for subscription in self._subscriptions.values():
            if subscription.offer(passing):
                self._wake.set()

    def close(self) -> None:
        """End with code 1012."""
        self._closing.set()

    # -- its life

    async def run(self) -> None:
        """Serve an accepted socket until either side ends it."""
        try:
            if self._identity is None:
                self._identity = await self._first_message()
            await self._serve(self._identity)
        except _End as end:
            await self._close(end)
        except (WebSocketDisconnect, OSError):
            return  # the client has gone: nobody is left to be told

    async def _serve(self, identity: Identity) -> None:
        try:
            await self._hub.enter(self, ())
        except Unavailable as error:
            raise _End(1013, error.detail) from error
        works = (self._listen(), self._greet(), self._until_revoked(identity), self._until_closed())
        tasks = [asyncio.create_task(work, name="live:socket") for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._hub.leave(self)
        for task in done:
            task.result()

    async def _first_message(self) -> Identity:
        try:
            async with asyncio.timeout(_AUTH_SECONDS):
                message = decode(await self._receive())
        except TimeoutError:
            raise _End(4408, f"no auth message within {_AUTH_SECONDS:g} s") from None
        except InvalidInput as error:
            raise _End(4401, error.detail) from error
        if not isinstance(message, Auth):
            raise _End(4401, "the first message must be auth, with a key or a ticket")
        try:
            identity = self._identify(message)
        except NotAllowed as error:
            raise _End(4403 if error.authenticated else 4401, error.detail) from error
        return identity

    async def _until_revoked(self, identity: Identity) -> None:
        while self._services.keys.holds(identity):  # noqa: ASYNC110 - another process may change the file; nobody tells
            await asyncio.sleep(_RECHECK)
        raise _End(4401, "the credential was revoked or has expired")

    async def _until_closed(self) -> None:
        await self._closing.wait()
        raise _End(1012, "the server stops")

    async def _close(self, end: _End) -> None:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(end.code, end.reason[:120])

    # -- what the client says

    async def _receive(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            raise _End(1003, "messages are JSON text")
        if len(text) > MAX_MESSAGE:
            raise _End(1009, f"a message has at most {MAX_MESSAGE} bytes")
        return text

    async def _listen(self) -> None:
        await self._greeted.wait()
        while True:
            text = await self._receive()
            name: str | None = None
            try:
                message = decode(text)
                name = message.id if not isinstance(message, Auth) else None
                await self._obey(message)
            except PenstockError as error:
                await self._send(Failure(code=error.code, detail=error.detail, id=name, hint=error.hint))

    async def _obey(self, message: FromClient) -> None:
        match message:
            case Auth():
                raise Conflict("this connection is known already", code="already_known")
            case Ping(id=name):
                await self._send(Pong(ts=self._services.clock.now(), id=name))
            case Unsub(id=name):
                subscription = self._subscriptions.pop(name, None)
                if subscription is None:
                    raise NotFound(f"there is no subscription {name!r}")
                subscription.end()
                await self._send(Unsubscribed(id=name))
            case Sub():
                await self._subscribe(message)

    async def _subscribe(self, asked: Sub) -> None:
        if asked.id in self._subscriptions:
            raise Conflict(
                f"there is a subscription {asked.id!r} already", code="id_in_use", hint="end it with unsub first"
            )
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise TooLarge(
                f"{MAX_SUBSCRIPTIONS} subscriptions are open, no more fit one connection",
                code="too_many_subscriptions",
                hint="one subscription may have several patterns",
            )
        position = Position.parse(asked.token) if isinstance(asked, Resume) else None
        subscription = Subscription(asked, self.tenant, self._hub, self._room)
        if new := set(subscription.wanted.lanes) - self._lanes:
            await self._hub.enter(self, sorted(new))
            self._lanes |= new
        self._subscriptions[asked.id] = subscription
        try:
            await catch_up(self._hub, self._services.reader, self._services.clock, subscription, position)
        except BaseException:
            self._subscriptions.pop(asked.id).end()
            raise
        self._wake.set()

    # -- what it is told

    async def _greet(self) -> None:
        heartbeat_ms = round(self._services.config.heartbeat * 1_000)
        await self._send(Hello(version=penstock.__version__, heartbeat_ms=heartbeat_ms))
        self._greeted.set()
        await self._tell()

    async def _tell(self) -> None:
        loop, heartbeat = asyncio.get_running_loop(), self._services.config.heartbeat
        while True:
            self._wake.clear()
            now = loop.time()
            waiting = [s for s in self._subscriptions.values() if s.pending]
            for subscription in waiting:
                if subscription.due <= now:
                    await self._tell_one(subscription)
                    subscription.due = loop.time() + subscription.interval
            waiting = [s for s in self._subscriptions.values() if s.pending]
            pause = max(0.0, min((s.due for s in waiting), default=now + heartbeat) - loop.time())
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                if not waiting:
                    await self._send(Heartbeat(ts=self._services.clock.now()))

    async def _tell_one(self, subscription: Subscription) -> None:
        for message in subscription.messages():
            if self._subscriptions.get(subscription.id) is not subscription:
                return  # it has ended meanwhile
            await self._send(message)

    async def _send(self, message: FromServer) -> None:
        """Send; a client that takes nothing for too long is disconnected."""
        clock, loop = self._services.clock, asyncio.get_running_loop()
        began, since, patience = loop.time(), clock.now(), self._services.config.live_patience
        try:
            async with asyncio.timeout(patience), self._sending:
                await self._socket.send_text(msgspec.json.encode(message).decode())
        except TimeoutError:
            raise _End(4429, f"the client took nothing for {patience:g} s") from None
        if loop.time() - began > _STALL:
            for subscription in self._subscriptions.values():
                subscription.stall(since, clock.now())
