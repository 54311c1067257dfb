"""API keys over HTTP: who operates a tenant lists, makes and revokes its keys. The command line does the same with the same ring."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penstock.accounts.keys import KeyInfo, id_of
from penstock.api.auth import identity_of
from penstock.api.bodies import BodyReader
from penstock.api.render import JSON
from penstock.api.services import Services
from penstock.api.web import examples
from penstock.model.errors import InvalidInput
from penstock.model.time import format_time, parse_duration

__all__ = ["KeyDoors"]

_HINT: Final = 'send {"name": "gateway", "scopes": ["write"], "expires_in": "90d"}; only the name is needed'


class _NewKey(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    scopes: tuple[str, ...] = ("read", "write")
    expires_in: str | None = None


class KeyDoors:
    """The routes; one instance per app. All need the scope admin, and reach no further than the caller's tenant."""

    def __init__(self, services: Services, bodies: BodyReader) -> None:
        self._keys = services.keys
        self._clock = services.clock
        self._bodies = bodies

    def install(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/v1/keys", self.keys, **examples.KEYS)
        app.add_api_route("/v1/keys", self.create, methods=["POST"], **examples.CREATE_KEY)
        app.add_api_route("/v1/keys/{key}", self.revoke, methods=["DELETE"], **examples.REVOKE_KEY)

    async def keys(self, request: Request) -> Response:
        """The tenant's API keys, oldest first, without their secrets."""
        return _json({"data": [_shown(info) for info in self._keys.list(identity_of(request).tenant)]})

    async def create(self, request: Request) -> Response:
        """A new API key of the caller's tenant. `key` is its secret, shown this once: only its digest is kept.

        Raises InvalidInput.
        """
        tenant, body = identity_of(request).tenant, await self._bodies.read(request)
        try:
            wanted = msgspec.json.decode(body.decoded(), type=_NewKey)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the body is not understood: {error}", code="malformed_json", hint=_HINT) from None
        finally:
            body.release()
        expires = None if wanted.expires_in is None else self._clock.now() + parse_duration(wanted.expires_in)
        secret = await run_in_threadpool(self._keys.create, tenant, wanted.name, wanted.scopes, expires)
        info = self._keys.find(id_of(secret))
        shown = _shown(info) if info else {}  # somebody may have revoked it in this very moment
        return _json({"key": secret, **shown}, 201)

    async def revoke(self, request: Request, key: Annotated[str, Path(max_length=64)]) -> Response:
        """Revoke an API key: with the next request it, and the sessions that it opened, stop working. Raises NotFound."""
        await run_in_threadpool(self._keys.revoke, key, identity_of(request).tenant)
        return Response(status_code=204)


def _shown(info: KeyInfo) -> dict[str, Any]:
    times = {"created": info.created, "expires": info.expires, "last_used": info.last_used}
    said = {name: None if at is None else format_time(at) for name, at in times.items()}
    return {"id": info.id, "name": info.name, "scopes": info.scopes, **said}


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status, media_type=JSON)
