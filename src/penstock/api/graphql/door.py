"""`/graphql` over HTTP and WebSocket, and the schema at `/graphql/schema`. What loads the GraphQL library is imported with the first question."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, WebSocket
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from penstock.api.aside import Aside, AskedFromAside
from penstock.api.auth import identity_of, socket_identity
from penstock.api.bodies import BodyReader
from penstock.api.graphql import examples
from penstock.api.graphql.explorer import EXPLORER_PATH, Explorer
from penstock.api.live import LiveHub
from penstock.api.problems import refusal
from penstock.api.services import Services
from penstock.model.errors import InvalidInput, PenstockError, TooLarge, Unavailable

__all__ = ["GRAPHQL_PATH", "SCHEMA_PATH", "GraphQLDoor"]

GRAPHQL_PATH: Final = "/graphql"
SCHEMA_PATH: Final = "/graphql/schema"
SUBPROTOCOL: Final = "graphql-transport-ws"
_RESPONSE: Final = "application/graphql-response+json"
_JSON: Final = "application/json"


class _Request(msgspec.Struct, rename="camel"):
    """One operation as the GraphQL over HTTP specification has it; `extensions` are accepted and not looked at."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class GraphQLDoor:
    """The routes; one instance per app. Queries are read, run and written on `aside`: they are Python from end to end."""

    def __init__(self, services: Services, bodies: BodyReader, hub: LiveHub, aside: Aside) -> None:
        self._services = services
        self._aside = aside
        self._bodies = bodies
        self._hub = hub
        self._connections = 0

    def install(self, app: FastAPI) -> None:
        app.add_api_route(GRAPHQL_PATH, self.post, methods=["POST"], **examples.POST)
        app.add_api_route(GRAPHQL_PATH, self.get, **examples.GET)
        app.add_api_route(SCHEMA_PATH, self.schema, **examples.SCHEMA)
        app.add_api_websocket_route(GRAPHQL_PATH, self.socket)
        Explorer().install(app)

    async def post(self, request: Request) -> Response:
        """One query of the GraphQL historian. The answer is 200 also when fields failed: then it has `errors`."""
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != _JSON:
            raise InvalidInput(
                f"Content-Type {media!r:.60} is not taken here", code="unsupported_media_type", hint=f"send {_JSON}"
            )
        return await self._answer(request, _decoded(await self._body(request)))

    async def get(self, request: Request) -> Response:
        """One query as parameters `query`, `variables` (JSON text) and `operationName`. A browser is led to the explorer."""
        said = request.query_params
        if "query" not in said:
            if "text/html" in request.headers.get("accept", ""):
                return RedirectResponse(EXPLORER_PATH, status_code=303)
            raise InvalidInput("no query was sent", code="invalid_request", hint=f'POST {{"query": …}} as {_JSON}')
        document: dict[str, Any] = {name: said[name] for name in ("query", "operationName") if name in said}
        if said.get("variables"):
            document["variables"] = msgspec.Raw(said["variables"].encode())
        try:
            encoded = msgspec.json.encode(document)
        except msgspec.MsgspecError as error:
            raise _not_understood(error) from None
        return await self._answer(request, _decoded(encoded))

    async def schema(self) -> Response:
        """The schema in GraphQL's schema definition language."""
        loaded = await _load("schema")
        return PlainTextResponse(loaded.sdl(), media_type="text/plain; charset=utf-8")

    async def socket(self, socket: WebSocket) -> None:
        """Subscriptions, over the subprotocol graphql-transport-ws and no other."""
        try:
            identity = socket_identity(socket.scope, self._services.keys)
            if SUBPROTOCOL not in socket.scope["subprotocols"]:
                raise InvalidInput(
                    f"subscriptions speak {SUBPROTOCOL}", code="invalid_subprotocol", hint=f"offer {SUBPROTOCOL}"
                )
            most = self._services.config.graphql.connections
            if self._connections >= most or self._hub.is_full:
                raise Unavailable(f"{self._connections} connections are open, at most {most}", code="too_many_streams")
        except PenstockError as error:
            await socket.send_denial_response(refusal(socket.scope, error))
            return
        self._connections += 1
        try:
            run = await _load("socket")
            await run.serve(socket, self._services, self._hub, identity)
        finally:
            self._connections -= 1

    async def _body(self, request: Request) -> bytes:
        most = self._services.config.graphql.body
        body = await self._bodies.read(request)
        try:
            decoded = await asyncio.to_thread(body.decoded)
        finally:
            body.release()
        if len(decoded) > most:
            raise TooLarge(
                f"the request has {len(decoded)} bytes, at most {most} are accepted", hint="send less at once"
            )
        return decoded

    async def _answer(self, request: Request, asked: _Request) -> Response:
        services, identity = self._services, identity_of(request)
        run = await _load("execution")
        reader = AskedFromAside(services.reader, asyncio.get_running_loop())
        now = services.now(identity.tenant)

        async def work() -> tuple[bytes, bool]:
            document = run.Document(asked.query, asked.variables, asked.operation_name)
            said = await run.execute(reader, services.config.graphql, identity, now, document)
            return msgspec.json.encode(said), "data" not in said

        content, refused = await self._aside.run(work)
        wants_status = _RESPONSE in request.headers.get("accept", "")
        return Response(
            content, 400 if refused and wants_status else 200, media_type=_RESPONSE if wants_status else _JSON
        )


async def _load(name: str) -> Any:
    """A module of this package that stands on the GraphQL library. Loading it takes the better part of a second, once."""
    return await asyncio.to_thread(importlib.import_module, f"{__package__}.{name}")


def _decoded(body: bytes) -> _Request:
    """Raises InvalidInput."""
    if body.lstrip()[:1] == b"[":
        raise InvalidInput("several operations in one request are not taken", code="no_batching", hint="send one each")
    try:
        return msgspec.json.decode(body, type=_Request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _not_understood(error) from None


def _not_understood(error: Exception) -> InvalidInput:
    return InvalidInput(
        f"the request is not understood: {error}",
        code="invalid_request",
        hint='send {"query": "{ tenant { id } }", "variables": {}, "operationName": null}',
    )
