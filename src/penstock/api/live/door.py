"""The WebSocket `/v1/live`: who may open it, and tickets for pages that cannot send a header."""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import FastAPI, Request, WebSocket
from starlette.responses import Response

from penstock.accounts.keys import Identity
from penstock.api import examples
from penstock.api.auth import identity_of, socket_identity
from penstock.api.live.connection import Connection
from penstock.api.live.hub import LiveHub
from penstock.api.live.messages import Auth, Ticket
from penstock.api.live.tickets import Tickets
from penstock.api.problems import refusal
from penstock.api.services import Services
from penstock.model.errors import NotAllowed, PenstockError, Unavailable
from penstock.model.time import format_time

__all__ = ["LiveDoor"]

_UNKNOWN: Final = 64
"""Connections that have not said yet who they are, at once."""


class LiveDoor:
    """The routes; one instance per app."""

    def __init__(self, services: Services, hub: LiveHub) -> None:
        self._services = services
        self._hub = hub
        self._tickets = Tickets(services.clock)
        self._unknown = 0

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/v1/live/ticket", self.ticket, methods=["POST"], **examples.TICKET)
        app.add_api_websocket_route("/v1/live", self.live)

    async def ticket(self, request: Request) -> Response:
        """A ticket that opens one WebSocket `/v1/live` within 30 seconds, sent as its first message. For pages in a browser."""
        ticket, expires = self._tickets.give(identity_of(request))
        body = msgspec.json.encode(Ticket(ticket=ticket, expires=format_time(expires)))
        return Response(body, 201, media_type="application/json")

    async def live(self, socket: WebSocket) -> None:
        """Live readings and events; the messages are in `messages.py`."""
        try:
            identity = socket_identity(socket.scope, self._services.keys)
            if self._hub.is_full or (identity is None and self._unknown >= _UNKNOWN):
                raise Unavailable("too many live streams are open", code="too_many_streams")
        except PenstockError as error:
            await socket.send_denial_response(refusal(socket.scope, error))
            return
        self._unknown += identity is None
        try:
            await socket.accept()
            await Connection(socket, self._services, self._hub, identity, self._identify).run()
        finally:
            self._unknown -= identity is None

    def _identify(self, said: Auth) -> Identity:
        """Who a first message says that it is. Raises NotAllowed."""
        keys = self._services.keys
        if said.ticket is not None:
            identity = self._tickets.redeem(said.ticket)
        elif said.key is not None:
            identity = keys.authenticate(said.key)
        else:
            raise NotAllowed("auth needs a key or a ticket", authenticated=False)
        if not keys.holds(identity):
            raise NotAllowed("the credential behind this ticket was revoked or has expired", authenticated=False)
        if not identity.may("read"):
            raise NotAllowed("this key may not read", authenticated=True)
        return identity
