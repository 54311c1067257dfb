"""Every failure as an RFC 9457 problem document, and the one table from errors to status codes.

The InfluxDB write paths and Prometheus's paths answer in the error shapes of those instead, because their clients read only that.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from penstock.model.errors import (
    Backpressure,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    PenstockError,
    RowError,
    TooLarge,
    Unavailable,
)

__all__ = [
    "INFLUX_PATHS",
    "MEDIA_TYPE",
    "PROMETHEUS_PREFIX",
    "hide_failure",
    "install",
    "problem",
    "refusal",
    "rows_as_json",
    "status_of",
]

MEDIA_TYPE: Final = "application/problem+json"
INFLUX_PATHS: Final = frozenset({"/api/v2/write", "/write"})
PROMETHEUS_PREFIX: Final = "/prometheus/"
MAX_ROWS: Final = 1_000
"""Row verdicts listed in one answer; the total is always said."""

_log: Final = structlog.get_logger(__name__)

_IN_PATHS: Final = "/:@!$&'()*+,;="
"""What a path of a URI may hold besides letters, digits and -._~ (RFC 3986, 3.3)."""

_BY_CLASS: Final[tuple[tuple[type[PenstockError], int], ...]] = (
    (TooLarge, 413),
    (InvalidInput, 400),
    (NotFound, 404),
    (Conflict, 409),
    (Backpressure, 503),
    (Unavailable, 503),
)
_BY_CODE: Final[dict[str, int]] = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_acceptable": 406,
    "body_timeout": 408,
    "precondition_failed": 412,
    "unsupported_media_type": 415,
    "unsupported_encoding": 415,
    "precondition_required": 428,
    "tenant_backpressure": 429,
    "too_many_attempts": 429,
    "execution": 422,
}
"""Codes that say more than their class."""

_HTTP_CODES: Final[dict[int, str]] = {404: "not_found", 405: "method_not_allowed"}
_INFLUX_CODES: Final[dict[int, str]] = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    409: "conflict",
    413: "request too large",
    415: "invalid",
    422: "unprocessable entity",
    429: "too many requests",
    503: "unavailable",
}
_PROMETHEUS_TYPES: Final[dict[int, str]] = {404: "not_found", 422: "execution", 429: "unavailable", 503: "unavailable"}
"""What is none of these is `bad_data` below 500 and `internal` from there."""


def status_of(error: PenstockError) -> int:
    """The HTTP status of an error; 500 for what is not the caller's doing and will not pass by waiting."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _BY_CLASS if isinstance(error, kind)), 500)


def rows_as_json(rows: Sequence[RowError]) -> list[dict[str, Any]]:
    """Verdicts as JSON objects, at most MAX_ROWS of them."""
    return [{"row": r.row, "code": r.code, "detail": r.detail} for r in rows[:MAX_ROWS]]


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    *,
    hint: str | None = None,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document, or InfluxDB's or Prometheus's error shape on their paths. `extra` members are added as they are."""
    path = str(scope["path"])
    message = f"{detail}; {hint}" if hint else detail
    if path.startswith(PROMETHEUS_PREFIX):
        kind = (
            "timeout"
            if code == "timeout"
            else _PROMETHEUS_TYPES.get(status, "bad_data" if status < 500 else "internal")
        )
        body: dict[str, Any] = {"status": "error", "errorType": kind, "error": message}
        media_type = "application/json"
    elif path in INFLUX_PATHS:
        body = {
            "code": _INFLUX_CODES.get(status, "internal error"),
            "message": message,
            "error": message,
        }
        media_type = "application/json"
    else:
        body = {
            "type": f"urn:penstock:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "instance": _reference(path),
            "code": code,
            "request_id": scope.get("penstock.request_id", ""),
        }
        if hint:
            body["hint"] = hint
        media_type = MEDIA_TYPE
    return Response(
        msgspec.json.encode(body | dict(extra or {})), status, headers=dict(headers or {}), media_type=media_type
    )


def _reference(path: str) -> str:
    """A decoded path as a URI reference (RFC 3986), which is what RFC 9457 wants in `instance`."""
    # Two slashes would begin the name of a host (RFC 3986, 4.2).
    return quote(f"/.{path}" if path.startswith("//") else path, safe=_IN_PATHS, errors="replace")


def refusal(scope: Scope, error: PenstockError) -> Response:
    """The problem document of an error of the tree."""
    status = status_of(error)
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, InvalidInput) and error.rows:
        extra["errors"] = rows_as_json(error.rows)
    elif isinstance(error, InvalidInput) and error.pointer is not None:
        extra["errors"] = [{"pointer": f"#{error.pointer}", "code": error.code, "detail": error.detail}]
    if isinstance(error, Unavailable):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
        extra["retry_after_ms"] = round(error.retry_after * 1_000)
    if isinstance(error, NotAllowed) and not error.authenticated:
        headers["www-authenticate"] = 'Bearer realm="penstock"'
    if status >= 500 and not isinstance(error, Unavailable):
        _log.error(
            "request failed", request_id=scope.get("penstock.request_id", ""), path=scope["path"], exc_info=error
        )
        return hide_failure(scope)
    return problem(scope, status, error.code, error.detail, hint=error.hint, extra=extra, headers=headers)


def hide_failure(scope: Scope) -> Response:
    """A 500 that tells the caller nothing but the id under which the log has the cause."""
    request_id = scope.get("penstock.request_id", "")
    return problem(
        scope,
        500,
        "internal_error",
        f"the server failed on this request; its log has the cause under {request_id}",
        hint="repeat the request; if it fails again, give the request id to the operator",
    )


def install(app: FastAPI, paths: Sequence[str]) -> None:
    """Answer every error that routing, validation or a door raises with a problem document.

    `paths` are what an unknown path is compared with for its hint.
    """

    async def on_penstock(request: Request, error: Exception) -> Response:
        assert isinstance(error, PenstockError)
        return refusal(request.scope, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = error.status_code
        code = _HTTP_CODES.get(status, "http_error")
        hint: str | None = None
        detail = str(error.detail)
        if status == 404:
            detail, hint = f"there is nothing at {request.url.path}", _near(request.url.path, paths)
        elif status == 405:
            allowed = _allowed(app, request.scope)
            detail, hint = f"{request.method} is not possible at {request.url.path}", f"use {allowed}"
            return problem(request.scope, status, code, detail, hint=hint, headers={"allow": allowed})
        return problem(request.scope, status, code, detail, hint=hint, headers=error.headers)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [
            {
                "field": ".".join(str(part) for part in e["loc"][1:]),
                "in": e["loc"][0],
                "code": e["type"],
                "detail": e["msg"],
            }
            for e in error.errors()
        ]
        said = "; ".join(f"{e['field']}: {e['detail']}" for e in errors)
        unknown = [e["field"] for e in errors if e["code"] == "extra_forbidden" and e["in"] == "query"]
        hint = _parameters(request.scope["route"], unknown[0]) if unknown else None
        return problem(request.scope, 422, "invalid_parameters", said, hint=hint, extra={"errors": errors})

    async def on_disconnect(request: Request, _: Exception) -> Response:
        # Nobody reads this answer; it exists so that a client's hang-up is not logged as a failure of the server.
        return problem(request.scope, 400, "client_disconnected", "the client hung up before its body was complete")

    app.add_exception_handler(PenstockError, on_penstock)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(ClientDisconnect, on_disconnect)


def _allowed(app: FastAPI, scope: Scope) -> str:
    """The methods of all routes at this path; the router itself names those of the first one only."""
    routes = (route for route in app.routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE)
    return ", ".join(sorted(set[str]().union(*(route.methods or () for route in routes))))


def _parameters(route: APIRoute, unknown: str) -> str:
    """The parameters of a route, what was probably meant by `unknown` first."""
    models = (param.field_info.annotation for param in route.dependant.query_params)
    fields = [field for model in models if model for field in getattr(model, "model_fields", {}).items()]
    known = [info.alias or name for name, info in fields]
    meant = difflib.get_close_matches(unknown, known, n=1)
    return f"{f'did you mean {meant[0]}? ' if meant else ''}there are {', '.join(known) or 'no parameters'}"


_PARAMETER: Final = re.compile(r"\{(\w+)(:\w+)?\}")


def _near(path: str, paths: Sequence[str]) -> str:
    """Routes that look like `path`, compared without what stands in their parameters."""
    shapes = [_PARAMETER.sub(r"{\1}", p) for p in paths]
    wanted = path.rstrip("/")
    close = difflib.get_close_matches(wanted, shapes, n=3, cutoff=0.5)
    words = set(wanted.split("/")) - {"", "v1", "api", "v2"}
    close += [p for p in shapes if p not in close and words & set(p.split("/"))]
    return f"did you mean {', '.join(close[:3])}?" if close else "GET /docs lists what there is"
