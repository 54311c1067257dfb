"""One WebSocket connection of the subprotocol graphql-transport-ws, from its handshake to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Any, Final, cast

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.async_base_view import AsyncWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage
from strawberry.types.unset import UNSET, UnsetType

from penstock.accounts.keys import Identity
from penstock.api.graphql.context import Operation
from penstock.api.graphql.errors import present
from penstock.api.graphql.schema import SCHEMA
from penstock.api.live import LiveHub
from penstock.api.live.log import Passing
from penstock.api.services import Services
from penstock.model.errors import PenstockError, TooLarge, Unavailable

__all__ = ["CODES", "serve"]

CODES: Final = {
    1012: "the server restarts: connect again",
    1013: "too many live views are open: try again later",
    4400: "a message was not of the protocol",
    4401: "a subscription came before the connection was acknowledged, or the credential was revoked or has expired",
    4403: "no valid credential, or it may not read",
    4408: "no `connection_init` came in time",
    4409: "two subscriptions with one id",
    4429: "a second `connection_init`",
}
"""Close codes and what they mean; those of the protocol are graphql-transport-ws's."""

_CLOSE_SECONDS: Final = 2.0


class _Payload(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class _Init(msgspec.Struct, tag="connection_init", omit_defaults=True):
    payload: dict[str, Any] | None = None


class _Subscribe(msgspec.Struct, tag="subscribe"):
    id: str
    payload: _Payload


class _Complete(msgspec.Struct, tag="complete"):
    id: str


class _Ping(msgspec.Struct, tag="ping", omit_defaults=True):
    payload: dict[str, Any] | None = None


class _Pong(msgspec.Struct, tag="pong", omit_defaults=True):
    payload: dict[str, Any] | None = None


_messages: Final = msgspec.json.Decoder(_Init | _Subscribe | _Complete | _Ping | _Pong)


class _Greeting:
    """The context until it is known who asks; the handler puts the payload of `connection_init` here."""

    def __init__(self) -> None:
        self.connection_params: dict[str, Any] = {}


async def serve(socket: WebSocket, services: Services, hub: LiveHub, identity: Identity | None) -> None:
    """Accept `socket` and serve it until either side ends it.

    `identity` is None when the handshake carried no credential: then `connection_init` must.
    """
    await socket.accept(subprotocol="graphql-transport-ws")
    await _Connection(socket, services, hub, identity).run()


class _Connection:
    """A Listener of the hub, for its end only: each subscription listens by itself. And the view of its handler."""

    def __init__(self, socket: WebSocket, services: Services, hub: LiveHub, identity: Identity | None) -> None:
        self._socket = socket
        self._services = services
        self._hub = hub
        self._identity = identity
        self._known = asyncio.Event()
        self._closing = asyncio.Event()
        bounds = services.config.graphql
        self._handler: Any = _Handler(
            view=cast("Any", self),
            websocket=_Messages(self._socket),
            context=_Greeting(),
            root_value=None,
            schema=SCHEMA,
            connection_init_wait_timeout=timedelta(seconds=bounds.init_timeout),
            max_subscriptions_per_connection=bounds.subscriptions,
        )

    # -- what the hub calls

    @property
    def tenant(self) -> str:
        """Whose rows may pass here."""
        return self._identity.tenant if self._identity else ""

    def offer(self, passing: Passing) -> None:
        """Nothing: the connection itself enters for no lane."""

    def close(self) -> None:
        """End with code 1012."""
        self._closing.set()

    # -- what the handler calls

    async def on_ws_connect(self, context: _Greeting) -> UnsetType:
        """Who asks: the handshake's credential, or that of `connection_init`. Raises ConnectionRejectionError."""
        try:
            identity = self._identity or self._services.keys.authenticate(_key(context.connection_params))
        except PenstockError as error:
            raise ConnectionRejectionError from error
        if not identity.may("read"):
            raise ConnectionRejectionError
        self._identity = identity
        services = self._services
        self._handler.context = Operation(
            services.reader, services.config.graphql, identity, services.clock.now(), self._hub
        )
        self._known.set()
        return UNSET

    # -- its life

    async def run(self) -> None:
        """Serve until either side ends it."""
        try:
            await self._hub.enter(self, ())
        except Unavailable:
            await self._end(1013)
            return
        works: dict[asyncio.Task[Any], int] = {
            asyncio.create_task(self._handler.handle(), name="graphql:socket"): 0,
            asyncio.create_task(self._until_revoked(), name="graphql:revoked"): 4401,
            asyncio.create_task(self._closing.wait(), name="graphql:closing"): 1012,
        }
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in works:
                task.cancel()
            await asyncio.gather(*works, return_exceptions=True)
            await self._hub.leave(self)
        for task in done:
            if works[task]:
                await self._end(works[task])
            task.result()

    async def _until_revoked(self) -> None:
        await self._known.wait()
        assert self._identity is not None
        pause = self._services.config.graphql.recheck
        while self._services.keys.holds(self._identity):  # noqa: ASYNC110 - another process may change the file; nobody tells
            await asyncio.sleep(pause)

    async def _end(self, code: int) -> None:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(code, CODES[code])


class _Handler(BaseGraphQLTransportWSHandler[Any, None]):
    """The library's handler of the protocol; its refusal of one subscription too many names no number."""

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin a subscription, unless as many are open as may be."""
        most = self.max_subscriptions_per_connection
        if most is None or len(self.operations) < most or message["id"] in self.operations:
            await super().handle_subscribe(message)
            return
        refusal = TooLarge(
            f"{most} subscriptions are open, no more fit one connection",
            code="too_many_subscriptions",
            hint="complete one first, or give one several filters in `where`",
        )
        await self.send_message({"id": message["id"], "type": "error", "payload": [present(refusal).formatted]})


class _Messages(AsyncWebSocketAdapter):
    """The socket as the handler sees it. What is not of the protocol ends here, before the handler takes it apart."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object]:  # noqa: ARG002 - the library's signature; no error is ignored
        """The client's messages, until it goes. Raises what the handler answers with code 4400."""
        while self._socket.application_state is not WebSocketState.DISCONNECTED:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            try:
                yield msgspec.to_builtins(_messages.decode(text))
            except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
                raise NonJsonMessageReceived from error

    async def send_json(self, message: Mapping[str, object]) -> None:
        """One message; waits while the client takes none."""
        try:
            await self._socket.send_text(msgspec.json.encode(message).decode())
        except (WebSocketDisconnect, OSError, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """End it, unless the client has."""
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):
            await self._socket.close(code, reason)


def _key(said: Mapping[str, Any]) -> str:
    """The key in a payload: `{"authorization": "Bearer …"}` in any spelling, or `{"key": "…"}`; "" for none."""
    for name, value in said.items():
        if isinstance(value, str) and name.lower() in {"authorization", "key", "token"}:
            return value.removeprefix("Bearer ").removeprefix("bearer ").strip()
    return ""
