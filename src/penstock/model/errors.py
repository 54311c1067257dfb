"""The one error tree.

PenstockError
├── InvalidInput        what the caller sent cannot be accepted (400/422); carries row errors
│   └── TooLarge        a body, frame or answer over its stated bound (413)
├── NotAllowed          missing or wrong credential (401), or a right that it does not carry (403)
├── NotFound            nothing of that name in this tenant (404)
├── Conflict            the request contradicts what is there (409)
├── Unavailable         a dependency is away or saturated: retry after a while (503)
│   └── Backpressure    a bounded queue or stream is full: slow down (429 for one tenant, 503 for all)
├── Misconfigured       refuse to start, with the fix
└── Poison              stored bytes that can never be processed: dead-letter, do not retry

Adapters translate their vendor's errors into this tree; nothing else leaves an adapter. Callers catch by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    "Backpressure",
    "Conflict",
    "InvalidInput",
    "Misconfigured",
    "NotAllowed",
    "NotFound",
    "PenstockError",
    "Poison",
    "RowError",
    "TooLarge",
    "Unavailable",
]


class RowError(NamedTuple):
    """Why one row of a request was refused. `row` counts from 0 in the order of the request."""

    row: int
    code: str
    detail: str


class PenstockError(Exception):
    """Base of everything that Penstock raises on purpose: what happened, why, and what to do about it."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.hint = hint


class InvalidInput(PenstockError):
    """The caller's data is at fault; the same bytes will never be accepted."""

    code = "invalid_input"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        rows: Sequence[RowError] = (),
        pointer: str | None = None,
    ) -> None:
        """`pointer` is the JSON pointer (RFC 6901) of what is at fault in a document."""
        super().__init__(detail, code=code, hint=hint)
        self.rows = tuple(rows)
        self.pointer = pointer


class TooLarge(InvalidInput):
    """Over a stated bound; the detail names the bound and the size seen."""

    code = "too_large"


class NotAllowed(PenstockError):
    """No valid credential (`authenticated` False) or one without the needed right."""

    code = "not_allowed"

    def __init__(self, detail: str, *, authenticated: bool, hint: str | None = None) -> None:
        super().__init__(detail, code="forbidden" if authenticated else "unauthenticated", hint=hint)
        self.authenticated = authenticated


class NotFound(PenstockError):
    """Nothing of that name in the caller's tenant."""

    code = "not_found"


class Conflict(PenstockError):
    """The request contradicts the present state."""

    code = "conflict"


class Unavailable(PenstockError):
    """A dependency is away; the same request may succeed after `retry_after` seconds."""

    code = "unavailable"

    def __init__(
        self, detail: str, *, code: str | None = None, hint: str | None = None, retry_after: float = 1.0
    ) -> None:
        super().__init__(detail, code=code, hint=hint)
        self.retry_after = retry_after


class Backpressure(Unavailable):
    """A bounded queue or stream is full; the detail names limit and use."""

    code = "backpressure"


class Misconfigured(PenstockError):
    """Penstock refuses to start; the hint says how to fix it."""

    code = "misconfigured"


class Poison(PenstockError):
    """Bytes that can never be processed, whatever is retried."""

    code = "poison"
