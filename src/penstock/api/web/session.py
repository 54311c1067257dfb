"""Signing in to the web app and out of it, and who is signed in.

A session is a cookie that scripts cannot read (HttpOnly) and that other sites cannot make a browser send (SameSite=Strict). It is
opened by a one-time link or by an API key, and it is forgotten here when its user signs out.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

import penstock
from penstock.accounts.keys import BOOTSTRAP, SESSION_TTL, Identity, KeyRing
from penstock.api.auth import COOKIE, identity_of, require_same_origin
from penstock.api.bodies import BodyReader
from penstock.api.render import JSON
from penstock.api.services import Services
from penstock.api.web import examples
from penstock.api.web.attempts import Attempts
from penstock.api.web.bundle import Bundle
from penstock.api.web.door import APP_PATH
from penstock.model.errors import InvalidInput, NotAllowed
from penstock.model.time import format_time

__all__ = ["SessionDoors"]

_HINT = 'send {"key": "pk_…"}'


class _SignIn(msgspec.Struct, forbid_unknown_fields=True):
    key: str


class SessionDoors:
    """The routes; one instance per app."""

    def __init__(self, services: Services, bodies: BodyReader, bundle: Bundle) -> None:
        self._services = services
        self._bodies = bodies
        self._bundle = bundle
        self._attempts = Attempts(services.clock)

    def install(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/login", self.login, include_in_schema=False)
        app.add_api_route("/v1/me", self.me, **examples.ME)
        app.add_api_route("/v1/session", self.sign_in, methods=["POST"], **examples.SIGN_IN)
        app.add_api_route("/v1/session", self.sign_out, methods=["DELETE"], **examples.SIGN_OUT)

    async def login(self, request: Request, k: Annotated[str, Query(max_length=128)] = "") -> Response:
        """Exchange a one-time code for a session cookie. Raises NotAllowed, Backpressure."""
        session = await self._open(request, self._services.keys.redeem, k)
        into = APP_PATH if self._services.config.reads and self._bundle.is_built else "/"
        response = RedirectResponse(into, status_code=303, headers={"referrer-policy": "no-referrer"})
        _give_cookie(request, response, session)
        return response

    async def me(self, request: Request) -> Response:
        """Who is asking, as the platform sees it, and where: tenant, scopes, how they came in, version, time and zone.

        `nats` is the address for NATS clients; null where what they send and ask belongs to another tenant. Any credential
        may ask, whatever its scopes.
        """
        return Response(msgspec.json.encode(self._described(identity_of(request))), media_type=JSON)

    async def sign_in(self, request: Request) -> Response:
        """Open a browser session with an API key: the answer sets a cookie, and says who is signed in.

        Only for pages of this server; a program sends its key with each request. Raises NotAllowed, InvalidInput, Backpressure.
        """
        require_same_origin(request)
        body = await self._bodies.read(request)
        try:
            key = msgspec.json.decode(body.decoded(), type=_SignIn).key
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the body is not understood: {error}", code="malformed_json", hint=_HINT) from None
        finally:
            body.release()
        session = await self._open(request, self._services.keys.open_session, key.strip())
        identity = self._services.keys.authenticate(session)
        response = Response(msgspec.json.encode(self._described(identity)), 201, media_type=JSON)
        _give_cookie(request, response, session)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the browser session: it is forgotten here, and the cookie goes. 204 also for who is not signed in (any more).

        Only for pages of this server. Raises NotAllowed.
        """
        require_same_origin(request)
        if session := request.cookies.get(COOKIE):
            await run_in_threadpool(self._services.keys.close_session, session)
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, **_attributes(request))
        return response

    async def _open(self, request: Request, how: Any, secret: str) -> str:
        """The secret of a session opened by `how`, unless this client has failed too often."""
        address = request.client.host if request.client else ""
        self._attempts.check(address)
        try:
            return await run_in_threadpool(how, secret)
        except NotAllowed:
            self._attempts.failed(address)
            raise

    def _described(self, identity: Identity) -> dict[str, Any]:
        services, config = self._services, self._services.config
        info = services.keys.find(identity.key_id)
        by_session = info is not None and info.opened_by is not None
        expires = None if info is None or info.expires is None else format_time(info.expires)
        return {
            "tenant": identity.tenant,
            "scopes": sorted(identity.scopes),
            "signed_in": "session" if by_session else "key",
            "key": _key(services.keys, info.opened_by if info is not None and by_session else identity.key_id),
            "expires": expires,
            "demo": config.demo_tenant == identity.tenant,
            "version": penstock.__version__,
            "time": format_time(services.clock.now()),
            "zone": config.zone,
            "nats": config.nats_url if identity.tenant == config.events_tenant else None,
        }


def _key(keys: KeyRing, key_id: str | None) -> dict[str, str] | None:
    """Id and name of the API key behind a request; None behind a session that a one-time link opened."""
    if not key_id:
        return None
    info = keys.find(key_id)
    return {"id": key_id, "name": info.name if info else "bootstrap key" if key_id == BOOTSTRAP else ""}


def _attributes(request: Request) -> dict[str, Any]:
    return {"path": "/", "httponly": True, "samesite": "strict", "secure": request.url.scheme == "https"}


def _give_cookie(request: Request, response: Response, session: str) -> None:
    response.set_cookie(COOKIE, session, max_age=SESSION_TTL // 1_000, **_attributes(request))
