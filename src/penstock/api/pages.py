"""What `/` answers: browsers go on to the web app, programs hear what runs here, and a process without the app has a page that says so.

The page is self-contained: it loads nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import penstock
from penstock.accounts.keys import Identity
from penstock.api.accept import takes_html
from penstock.api.render import JSON
from penstock.api.services import Services
from penstock.api.web.bundle import Bundle
from penstock.api.web.door import APP_PATH

__all__ = ["DOCS_POLICY", "Pages"]

_STYLE: Final = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:46rem;margin:3rem auto;padding:0 1rem}
h1{margin:0}p.lead{margin:.2rem 0 2rem;opacity:.75}
table{border-collapse:collapse;width:100%}td{padding:.35rem .6rem .35rem 0;vertical-align:top}
pre{padding:.8rem;overflow:auto;border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:.4rem}
a{color:inherit}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of /docs and /redoc: their pages carry inline scripts, and ReDoc works in a blob worker."""


class Pages:
    """The routes; one instance per app."""

    def __init__(self, services: Services, bundle: Bundle) -> None:
        self._services = services
        self._bundle = bundle

    def install(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route("/", self.start, include_in_schema=False)

    async def start(self, request: Request) -> Response:
        """Where to go from here, for a browser or for a program."""
        has_app = self._services.config.reads and self._bundle.is_built
        if not takes_html(request.headers.get("accept", "")):
            body = msgspec.json.encode(_described(self._services, has_app=has_app))
            return Response(body, headers={"vary": "accept"}, media_type=JSON)
        if has_app:
            return RedirectResponse(APP_PATH, status_code=307, headers={"vary": "accept"})
        identity: Identity | None = request.scope.get("penstock.identity")
        return _html(_start_body(self._services, identity, str(request.base_url)))


def _described(services: Services, *, has_app: bool) -> dict[str, Any]:
    config = services.config
    return {
        "name": "penstock",
        "version": penstock.__version__,
        "writes": config.writes,
        "reads": config.reads,
        "app": APP_PATH if has_app else None,
        "docs": "/docs",
        "openapi": "/v1/openapi.json",
        "ready": "/readyz",
    }


def _html(body: str) -> Response:
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Penstock</title><style>{_STYLE}</style>{body}</html>"
    )
    headers = {"content-security-policy": _PAGE_POLICY, "referrer-policy": "no-referrer", "vary": "accept"}
    return HTMLResponse(page, headers=headers)


def _start_body(services: Services, identity: Identity | None, base: str) -> str:
    config = services.config
    runs = " and ".join(
        word for word, on in (("takes readings and events", config.writes), ("answers", config.reads)) if on
    )
    links = [("/docs", "API documentation"), ("/redoc", "the same as one page"), ("/readyz", "can it be used now")]
    if identity is not None and config.reads:
        links += [
            ("/v1/latest", "newest reading of each series"),
            ("/v1/series", "what is measured"),
            ("/v1/events", "newest events"),
            ("/v1/system/ledger", "every row's fate"),
            ("/v1/system/status", "store and lanes"),
        ]
    rows = "".join(f"<tr><td><a href='{href}'>{href}</a><td>{text}" for href, text in links)
    if identity is None:
        who = (
            "<p>Not signed in. Open the link that <code>penstock up</code> printed, or send a key: "
            "<code>Authorization: Bearer …</code>"
        )
    else:
        who = f"<p>Signed in to tenant <b>{escape(identity.tenant)}</b>."
    row = '{"sensor_id":"meter-1","metric":"power_kw","value":1.2,"ts":'
    sample = (
        f"curl {escape(base)}v1/readings -H 'Authorization: Bearer '$KEY \\\n  --json '{escape(row)}'$(date +%s000)'}}'"
    )
    missing = "<p>The web app is not built in this checkout: <code>make ui</code>" if config.reads else ""
    return (
        f"<h1>Penstock</h1><p class=lead>Version {escape(penstock.__version__)}; this process {runs}.</p>{missing}{who}"
        f"<table>{rows}</table><p>Send a reading:<pre>{sample}</pre>"
    )
