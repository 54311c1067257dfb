"""The states that every screen must be honest about: empty, failing, throttled, signed out, offline."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Route

from tests.ui.screen import Screen

__all__ = ["DETAIL", "REQUEST_ID", "State", "answering", "go_offline"]

DETAIL: Final = "the store was taken away by a test"
REQUEST_ID: Final = "7e57ab1e7e57ab1e7e57ab1e7e57ab1e"
_CODES: Final = {401: "unauthenticated", 429: "tenant_backpressure", 500: "internal"}
_TITLES: Final = {401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}
_ALWAYS: Final = frozenset({"/v1/live", "/v1/live/ticket"})
"""The live connection has its own states; a question that fails says nothing about it."""


class State(StrEnum):
    """What a screen finds when it asks."""

    DATA = "data"
    EMPTY = "empty"
    ERROR = "error"
    THROTTLED = "throttled"
    SIGNED_OUT = "signed-out"
    OFFLINE = "offline"


async def answering(screen: Screen, status: int, *, retry_after_ms: int = 30_000) -> None:
    """From now on every question of the page is answered with a problem of `status` (401, 429, 500).

    Who is signed in (`/v1/me`) is still told, except with 401.
    """

    def asks(address: str) -> bool:
        path = urlsplit(address).path
        if path in _ALWAYS or (path == "/v1/me" and status != 401):
            return False
        return path.startswith("/v1/") or path == "/graphql"

    async def refuse(route: Route) -> None:
        body: dict[str, Any] = {
            "type": f"urn:penstock:problem:{_CODES[status]}", "title": _TITLES[status], "status": status, "detail": DETAIL, "code": _CODES[status],
            "request_id": REQUEST_ID, "hint": "end the test",
        }  # fmt: skip
        headers = {"content-type": "application/problem+json", "x-request-id": REQUEST_ID}
        if status == 429:
            body["retry_after_ms"] = retry_after_ms
            headers["retry-after"] = str(retry_after_ms // 1_000)
        await route.fulfill(status=status, headers=headers, body=json.dumps(body))

    screen.watch.excuse("/v1/")
    screen.watch.excuse("/graphql")
    await screen.page.route(asks, refuse)


async def go_offline(screen: Screen) -> None:
    """Cut the page off: nothing that it asks from now on arrives."""
    screen.watch.excuse("ERR_INTERNET_DISCONNECTED")
    screen.watch.excuse("WebSocket connection to")
    await screen.page.context.set_offline(True)
