"""The GraphQL explorer: GraphiQL from this very server. Its page is public as /docs is; what it asks needs a credential."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import Annotated, Final

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

import penstock.api
from penstock.model.errors import NotFound

__all__ = ["EXPLORER_PATH", "EXPLORER_POLICY", "Explorer"]

EXPLORER_PATH: Final = "/graphiql"
EXPLORER_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""GraphiQL sets styles from its scripts; nothing else is inline, and nothing comes from elsewhere."""

_KINDS: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_ASSETS: Final = frozenset(
    {
        "explorer.css",
        "explorer.js",
        "graphiql.min.css",
        "graphiql.min.js",
        "react-dom.production.min.js",
        "react.production.min.js",
    }
)


class Explorer:
    """The routes; one instance per app."""

    def install(self, app: FastAPI) -> None:
        app.add_api_route(EXPLORER_PATH, self.page, include_in_schema=False)
        app.add_api_route(f"{EXPLORER_PATH}/{{name}}", self.asset, include_in_schema=False)

    async def page(self) -> Response:
        """The page. It holds nothing of any tenant."""
        headers = {"content-security-policy": EXPLORER_POLICY, "referrer-policy": "no-referrer"}
        return Response(_read("index.html"), media_type="text/html; charset=utf-8", headers=headers)

    async def asset(self, request: Request, name: Annotated[str, Path(max_length=64)]) -> Response:
        """A script or style of the page. Raises NotFound."""
        if name not in _ASSETS:
            raise NotFound(f"the explorer has no file {name!r}", hint=f"its page is at {EXPLORER_PATH}")
        headers = {"cache-control": "public, max-age=3600"}
        kind = _KINDS[name[name.rindex(".") :]]
        if not (_directory() / f"{name}.gz").is_file():
            return Response(_read(name), media_type=kind, headers=headers)
        packed, headers["vary"] = _read(f"{name}.gz"), "accept-encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type=kind, headers=headers | {"content-encoding": "gzip"})
        return Response(gzip.decompress(packed), media_type=kind, headers=headers)


def _directory():  # noqa: ANN202 - importlib's Traversable has moved between modules
    return files(penstock.api) / "static" / "graphiql"


@cache
def _read(name: str) -> bytes:
    """A file as it is in the package; there are few, and they are small."""
    return (_directory() / name).read_bytes()
