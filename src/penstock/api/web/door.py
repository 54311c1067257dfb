"""The web app under `/ui/`: open to everybody, because it holds nothing but code; what it shows it asks for like any client."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from penstock.api.accept import takes_html
from penstock.api.web.bundle import Bundle, Form
from penstock.model.errors import NotFound

__all__ = ["APP_PATH", "AppDoor"]

APP_PATH: Final = "/ui/"
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Charts and React Aria set style attributes; nothing else may be inline, and nothing comes from elsewhere."""
_GUARDS: Final = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_EACH_TIME: Final = "no-cache"


class AppDoor:
    """The routes; one instance per app."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def install(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/ui", self.enter, include_in_schema=False)
        app.add_api_route("/ui/{path:path}", self.file, include_in_schema=False)

    async def enter(self) -> Response:
        """The app has its own folder, so that what it loads is found whatever it shows."""
        return RedirectResponse(APP_PATH, status_code=308)

    async def file(self, request: Request, path: str) -> Response:
        """A file of the app; for a browser that goes to one of the app's screens, the page that shows them all.

        Raises NotFound.
        """
        coding, shows_pages = request.headers.get("accept-encoding", ""), takes_html(request.headers.get("accept", ""))
        found = await run_in_threadpool(self._bundle.find, path or "index.html", coding)
        if found is None and shows_pages:
            if not self._bundle.is_built:
                return RedirectResponse("/", status_code=307)
            if not path.startswith("assets/"):  # a page that is missing a part of itself must hear so
                found = await run_in_threadpool(self._bundle.find, "index.html", coding)
        if found is None:
            raise _missing(path, built=self._bundle.is_built)
        return _respond(found, request.headers.get("if-none-match", ""))


def _respond(form: Form, known: str) -> Response:
    headers = _GUARDS | {
        "cache-control": _FOR_EVER if form.hashed else _ASK_EACH_TIME,
        "etag": form.etag,
        "vary": "accept, accept-encoding",
    }
    if form.etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    if form.coding is not None:
        headers["content-encoding"] = form.coding
    return Response(form.body, headers=headers | {"content-type": form.media})


def _missing(path: str, *, built: bool) -> NotFound:
    if not built:
        return NotFound("the web app is not built in this checkout", code="app_not_built", hint="make ui")
    return NotFound(
        f"the web app has no file {path!r:.120}",
        hint="a page that was open while Penstock was updated asks for files of the version before: load it again",
    )
