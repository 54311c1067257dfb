"""Who is asking, decided before anything else runs. Deny by default: only listed paths are open.

A credential is an API key (`Authorization: Bearer` or `Token`; on the InfluxDB and Prometheus paths also Basic with the
key as password, or on the former `u`/`p`) or the cookie of a browser session. A cookie alone changes nothing: a request that is not GET or
HEAD must also prove that a page of this origin sent it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request, cookie_parser
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from penstock.accounts.keys import Identity, KeyRing, Scope
from penstock.api.problems import INFLUX_PATHS, PROMETHEUS_PREFIX, refusal
from penstock.model.errors import NotAllowed, PenstockError

__all__ = [
    "COOKIE",
    "PUBLIC_PATHS",
    "PUBLIC_PREFIXES",
    "Authentication",
    "editor_of",
    "identity_of",
    "require_same_origin",
    "socket_identity",
]

COOKIE: Final = "penstock_session"
PUBLIC_PATHS: Final = frozenset(
    {
        "/",
        "/login",
        "/ui",
        "/v1/session",
        "/healthz",
        "/readyz",
        "/docs",
        "/docs/oauth2-redirect",
        "/redoc",
        "/openapi.json",
        "/v1/openapi.json",
        "/v1/asyncapi.json",
        "/graphiql",
        "/graphql/schema",
    }
)
PUBLIC_PREFIXES: Final = ("/static-offline-docs/", "/graphiql/", "/ui/")
_OPERATOR_PATHS: Final = frozenset({"/metrics", "/v1/keys", "/v1/system/pipeline"})
_OPERATOR_WRITES: Final = ("/v1/dead-letters/", "/v1/keys/")
_ANYBODY: Final = frozenset({"/v1/me"})
"""Whoever has a credential may ask these, whatever it allows besides."""
_READING_POSTS: Final = frozenset({"/graphql", "/v1/exports", "/v1/live/ticket", "/v1/query"}) | frozenset(
    f"{PROMETHEUS_PREFIX}api/v1/{name}" for name in ("query", "query_range", "labels", "series", "query_exemplars")
)
"""POST of these changes nothing that is stored: who may read may."""
_READING_CHANGES: Final = ("/v1/jobs/",)
"""What begins so belongs to who reads: jobs are of questions, not of data."""
_SAFE: Final = frozenset({"GET", "HEAD"})
_KEY: Final = "penstock.identity"


def identity_of(request: Request) -> Identity:
    """The caller. Every route that is not public has one; a public one asks `request.scope` itself."""
    return request.scope[_KEY]


def require_same_origin(request: Request) -> None:
    """For what a cookie of this server is for. Raises NotAllowed unless a browser says that a page of this very host asks."""
    if not _same_origin(dict(request.scope["headers"])):
        raise NotAllowed(
            "browser sessions are opened and closed by pages of this server only",
            authenticated=True,
            hint="a program sends its key with each request: `Authorization: Bearer <key>`",
        )


def editor_of(request: Request) -> str:
    """The tenant whose catalog the caller may change. Raises NotAllowed: a sender's key must not move what is measured."""
    identity = identity_of(request)
    if not identity.may("admin"):
        raise NotAllowed(
            f"this key may {', '.join(sorted(identity.scopes))}; changing the catalog needs admin",
            authenticated=True,
            hint="use a key with the scope admin",
        )
    return identity.tenant


def socket_identity(scope: AsgiScope, keys: KeyRing) -> Identity | None:
    """Who opens a WebSocket; None when the handshake carries no credential, so that its first message must.

    Raises NotAllowed: a wrong credential, one that may not read, or a page of another origin. Browsers send cookies to
    whichever page asks and apply no same-origin rule to WebSockets, so the server does.
    """
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if b"origin" in headers and not _same_origin(headers):
        raise NotAllowed(
            f"a page of {headers[b'origin'].decode('latin-1')!r:.120} may not open this",
            authenticated=True,
            hint="open it from a page of this server, or from a program, which sends no Origin",
        )
    if b"authorization" not in headers and b"cookie" not in headers:
        return None
    try:
        secret, by_cookie = _credential(scope, headers)
    except NotAllowed:
        if b"authorization" in headers:
            raise
        return None  # cookies of others
    if by_cookie and b"origin" not in headers:
        raise NotAllowed("a session cookie opens this only from a page of this server", authenticated=True)
    identity = keys.authenticate(secret)
    if not identity.may("read"):
        raise NotAllowed("this key may not read", authenticated=True, hint="use a key with the scope read")
    return identity


class Authentication:
    """ASGI middleware: puts the Identity into the scope, or answers 401 or 403.

    A path that no route knows is passed on without a credential, to be answered 404: what exists is no secret (the
    OpenAPI document is public), and a mistyped path should not be reported as a bad key.
    """

    def __init__(self, app: ASGIApp, *, keys: KeyRing, routes: list[BaseRoute], public: frozenset[str]) -> None:
        self._app = app
        self._keys = keys
        self._routes = routes
        self._public = public

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        public = path in self._public or path.startswith(PUBLIC_PREFIXES)
        try:
            scope[_KEY] = self._authorise(scope)
        except PenstockError as error:
            if not public and any(route.matches(scope)[0] is not Match.NONE for route in self._routes):
                await refusal(scope, error)(scope, receive, send)
                return
            scope[_KEY] = None
        await self._app(scope, receive, send)

    def _authorise(self, scope: AsgiScope) -> Identity:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        secret, by_cookie = _credential(scope, headers)
        identity = self._keys.authenticate(secret)
        path: str = scope["path"]
        safe = scope["method"] in _SAFE
        if by_cookie and not safe and not _same_origin(headers):
            raise NotAllowed(
                "a session cookie can change something only from a page of this server",
                authenticated=True,
                hint="send an API key as `Authorization: Bearer <key>`",
            )
        if path in _ANYBODY:
            return identity
        operates = path in _OPERATOR_PATHS or (not safe and path.startswith(_OPERATOR_WRITES))
        reads = safe or path in _READING_POSTS or path.startswith(_READING_CHANGES)
        needed: Scope = "admin" if operates else "read" if reads else "write"
        if not identity.may(needed):
            raise NotAllowed(
                f"this key may {', '.join(sorted(identity.scopes))}; {scope['method']} {scope['path']} needs {needed}",
                authenticated=True,
                hint=f"use a key with the scope {needed}",
            )
        return identity


def _credential(scope: AsgiScope, headers: Mapping[bytes, bytes]) -> tuple[str, bool]:
    """The secret that the request carries, and whether it came as a cookie. Raises NotAllowed."""
    header = headers.get(b"authorization", b"").decode("latin-1")
    kind, _, value = header.partition(" ")
    value = value.strip()
    kind = kind.lower()
    path: str = scope["path"]
    basic = path in INFLUX_PATHS or path.startswith(PROMETHEUS_PREFIX)
    if value and kind in {"bearer", "token"}:
        return value, False
    if value and kind == "basic" and basic:
        return _basic_password(value), False
    if header:
        raise NotAllowed(
            "the Authorization header is not understood",
            authenticated=False,
            hint="send `Authorization: Bearer <key>`",
        )
    if path == "/write" and b"p=" in scope["query_string"]:
        return parse_qs(scope["query_string"].decode("latin-1")).get("p", [""])[0], False
    if b"cookie" in headers and (session := cookie_parser(headers[b"cookie"].decode("latin-1")).get(COOKIE)):
        return session, True
    raise NotAllowed("no credential was sent", authenticated=False, hint="send `Authorization: Bearer <key>`")


def _basic_password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        raise NotAllowed("the Basic credential is not base64 of user:key", authenticated=False) from None


def _same_origin(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that a page of this very host sent the request."""
    if origin := headers.get(b"origin"):
        return urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode("latin-1")
    return headers.get(b"sec-fetch-site") == b"same-origin"
