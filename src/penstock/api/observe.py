"""What surrounds every request: an id, how long it took, counters, safe headers, and no traceback for the caller."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penstock.api.problems import hide_failure

__all__ = [
    "DISK_FREE",
    "DISK_RESERVE",
    "DISK_TOTAL",
    "HELD_BODIES",
    "HELD_GATE",
    "LIVE_CLIENTS",
    "LIVE_SKIPPED",
    "READER_UP",
    "TCP_BYTES",
    "TCP_CONNECTIONS",
    "TCP_ENDED",
    "TCP_WAITS",
    "Observation",
]

_log: Final = structlog.get_logger(__name__)

REQUESTS: Final = Counter("penstock_api_requests", "HTTP requests answered", ["method", "route", "status"])
LATENCY: Final = Histogram(
    "penstock_api_request_seconds",
    "Seconds from the request's head to the end of its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
HELD_GATE: Final = Gauge("penstock_api_gate_held_bytes", "Bytes of readings that wait for the broker")
HELD_BODIES: Final = Gauge("penstock_api_body_held_bytes", "Bytes of request bodies in memory")
DISK_FREE: Final = Gauge("penstock_disk_free_bytes", "Bytes that are free on the broker's disk")
DISK_RESERVE: Final = Gauge("penstock_disk_reserve_bytes", "Bytes that must be free for readings to be taken")
DISK_TOTAL: Final = Gauge("penstock_disk_total_bytes", "Size of the broker's disk")
LIVE_CLIENTS: Final = Gauge("penstock_api_live_clients", "Open live streams")
LIVE_SKIPPED: Final = Counter("penstock_api_live_skipped_rows", "Rows not sent to live clients that were too slow")
TCP_CONNECTIONS: Final = Gauge("penstock_api_tcp_connections", "Open TCP connections that send rows")
TCP_BYTES: Final = Counter("penstock_api_tcp_bytes", "Bytes received over TCP")
TCP_ENDED: Final = Counter("penstock_api_tcp_ended_connections", "TCP connections that ended, by why", ["reason"])
TCP_WAITS: Final = Counter("penstock_api_tcp_waits", "Times that a TCP sender was stopped because of what is behind")
READER_UP: Final = Gauge("penstock_api_reader_up", "Whether the query service answered the last scrape")

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PRIVATE: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_ENDLESS: Final = frozenset({"/v1/stream"})


class Observation:
    """ASGI middleware, outermost: sets `penstock.request_id` in the scope and measures. HEAD is GET without the body.

    `policies`: path → its Content-Security-Policy, for pages that cannot send their own. Endless answers are counted
    when they start and are left out of the latency histogram.
    """

    def __init__(self, app: ASGIApp, *, policies: Mapping[str, str]) -> None:
        self._app = app
        self._policies = {path: (b"content-security-policy", policy.encode()) for path, policy in policies.items()}
        self._prefix = os.urandom(5).hex()
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = self._request_id(scope)
        scope["penstock.request_id"] = request_id
        method = scope["method"]
        without_body = method == "HEAD" and scope["path"] not in _ENDLESS
        if without_body:
            scope["method"] = "GET"
        status = 0

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers: list[tuple[bytes, bytes]] = list(message["headers"])
                present = {name for name, _ in headers}
                headers += [pair for pair in _PRIVATE if pair[0] not in present]
                if policy := self._policies.get(scope["path"]):
                    headers.append(policy)
                headers.append((b"x-request-id", request_id.encode()))
                headers.append((b"server-timing", b"total;dur=%.2f" % ((time.perf_counter() - began) * 1_000)))
                message["headers"] = headers
                _requests(method, _route(scope), status).inc()
            elif without_body and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except Exception:
            _log.exception("request failed", request_id=request_id, method=method, path=scope["path"])
            if status:
                raise  # the answer has begun: only breaking the connection can tell the client that it is not whole
            await hide_failure(scope)(scope, receive, send_observed)
        finally:
            route = _route(scope)
            if route not in _ENDLESS:
                _latency(route).observe(time.perf_counter() - began)

    def _request_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                return value.decode()
        return f"{self._prefix}-{next(self._count):x}"


# Looking a labelled child up costs 5 µs each time, the cache a tenth of it; routes, methods and codes are few.
_requests: Final = lru_cache(maxsize=4_096)(REQUESTS.labels)
_latency: Final = lru_cache(maxsize=1_024)(LATENCY.labels)


def _route(scope: Scope) -> str:
    """The route's template, so that names in paths do not become label values."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"
