"""Whatever goes wrong in a page without anybody looking: script errors, failed requests, refused content, foreign origins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

__all__ = ["Watch"]

_ABORTED = "net::ERR_ABORTED"
"""The page itself gave a request up: it went elsewhere, or nobody needs the answer any more."""
_LOCAL = frozenset({"data", "blob", "about", "chrome-error"})


class Watch:
    """Collects the findings of one browser context whose pages all belong to `origin`."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._home = urlsplit(origin).netloc
        self._excused: list[str] = []
        self._findings: dict[str, None] = {}
        context.on("page", lambda page: page.on("websocket", lambda socket: self._address(socket.url)))
        context.on("console", self._console)
        context.on("weberror", self._web_error)
        context.on("request", self._request)
        context.on("requestfailed", self._request_failed)
        context.on("response", self._response)

    @property
    def findings(self) -> list[str]:
        """What was noticed, each once, in the order in which it happened."""
        return list(self._findings)

    def excuse(self, part: str) -> None:
        """From now on what names `part` (of a message or an address) is meant to happen in this test."""
        self._excused.append(part)

    @contextmanager
    def excused(self, part: str) -> Iterator[None]:
        """The same while the block runs."""
        self._excused.append(part)
        try:
            yield
        finally:
            self._excused.remove(part)

    def _note(self, finding: str, address: str = "") -> None:
        if not any(part in finding or part in address for part in self._excused):
            self._findings.setdefault(finding)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            address = message.location["url"]
            self._note(f"console: {message.text} ({address})", address)

    def _web_error(self, error: WebError) -> None:
        self._note(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, address: str) -> None:
        where = urlsplit(address)
        if where.scheme not in _LOCAL and where.netloc != self._home:
            self._note(f"foreign origin: {address}", address)

    def _request_failed(self, request: Request) -> None:
        if request.failure != _ABORTED:
            self._note(f"request failed: {request.url}: {request.failure}", request.url)

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"answer {response.status}: {response.request.method} {response.url}", response.url)
