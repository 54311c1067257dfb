"""What can go wrong, as one tree.

PenstockError
├── InvalidRequest      400, 406, 415, 422: change the request; `errors` says which row or parameter
│   └── TooLarge        413: send less at once
├── NotAllowed          401, 403: no valid key, or it may not do this
├── NotFound            404
├── Conflict            409, 412: what is there contradicts the request
├── Unavailable         503 and other passing failures: repeat after `retry_after` seconds
│   ├── TooManyRequests 429: this tenant is too fast
│   └── Unreachable     no answer at all: the network, or nothing listens there
├── ServerFailed        500: `request_id` finds the cause in the server's log
├── SpoolFull           a writer has no room for more rows until the platform has taken some
├── SpoolInUse          another process writes with this spool directory
└── WriterClosed        the writer was closed
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = [
    "Conflict",
    "InvalidRequest",
    "NotAllowed",
    "NotFound",
    "PenstockError",
    "ServerFailed",
    "SpoolFull",
    "SpoolInUse",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "Unreachable",
    "WriterClosed",
    "error_from",
]


class PenstockError(Exception):
    """The root. `detail` says what was wrong, `hint` what to do; `code` is stable and meant for programs.

    `errors` lists rows or parameters as the problem document does; `document` is the whole of it, empty where none came.
    """

    code = "error"
    hint: str | None = None

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        status: int | None = None,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{detail} ({hint})" if hint else detail)
        self.detail = detail
        self.code = code or self.code
        self.hint = hint
        self.status = status
        self.document: Mapping[str, Any] = document or {}

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        """One object per row (`row`, `code`, `detail`) or parameter (`field`, `in`, `code`, `detail`)."""
        listed = self.document.get("errors")
        return [e for e in listed if isinstance(e, Mapping)] if isinstance(listed, list) else []

    @property
    def request_id(self) -> str:
        """Under which the server's log knows the request; empty where it never got there."""
        return str(self.document.get("request_id", ""))


class InvalidRequest(PenstockError):
    """The request cannot succeed as it is."""

    code = "invalid_request"


class TooLarge(InvalidRequest):
    """More at once than the platform takes, or than it answers."""

    code = "too_large"


class NotAllowed(PenstockError):
    """There is no valid key (401), or its scopes do not suffice (403)."""

    code = "not_allowed"


class NotFound(PenstockError):
    """There is nothing of that name."""

    code = "not_found"


class Conflict(PenstockError):
    """The request contradicts what is there."""

    code = "conflict"


class Unavailable(PenstockError):
    """It may succeed later: `retry_after` is how many seconds the platform asks to wait, None where it said nothing."""

    code = "unavailable"
    retry_after: float | None = None


class TooManyRequests(Unavailable):
    """This tenant sends or asks faster than its share."""

    code = "too_many_requests"


class Unreachable(Unavailable):
    """No answer came. The platform may or may not have taken the request."""

    code = "unreachable"


class ServerFailed(PenstockError):
    """The server failed on this request."""

    code = "server_failed"


class SpoolFull(PenstockError):
    """Rows wait that the platform has not taken, and there is no room for more."""

    code = "spool_full"


class SpoolInUse(PenstockError):
    """A spool directory belongs to one writer at a time."""

    code = "spool_in_use"


class WriterClosed(PenstockError):
    """A closed writer takes no rows."""

    code = "writer_closed"


_BY_STATUS: dict[int, type[PenstockError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    413: TooLarge,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_from(status: int, headers: Mapping[str, str], body: bytes, where: str) -> PenstockError:
    """The error that an answer means: by its problem document, or by its status where something else answered."""
    document: Mapping[str, Any] = {}
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = None
    if isinstance(said, dict):
        document = said
    kind = _BY_STATUS.get(status, InvalidRequest if status < 500 else ServerFailed)
    detail = document.get("detail") or f"{where} answered {status}"
    code, hint = document.get("code"), document.get("hint")
    error = kind(str(detail), code=str(code) if code else None, hint=hint, status=status, document=document)
    if isinstance(error, Unavailable):
        error.retry_after = _wait_asked(headers, document)
    return error


def _wait_asked(headers: Mapping[str, str], document: Mapping[str, Any]) -> float | None:
    """Seconds: the problem's milliseconds are finer than the header."""
    fine = document.get("retry_after_ms")
    if isinstance(fine, int | float) and fine >= 0:
        return fine / 1_000
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
