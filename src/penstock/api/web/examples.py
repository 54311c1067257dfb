"""What the OpenAPI document says about sessions and keys."""

from __future__ import annotations

from typing import Any, Final

from penstock.api.operations import Operation, operation

__all__ = ["CREATE_KEY", "KEYS", "ME", "REVOKE_KEY", "SIGN_IN", "SIGN_OUT"]

_ME: Final = {
    "tenant": "default",
    "scopes": ["admin", "read", "write"],
    "signed_in": "session",
    "key": {"id": "0d5c2b7e91aa", "name": "wall display"},
    "expires": "2026-02-01T00:00:00Z",
    "demo": False,
    "version": "0.1.0",
    "time": "2026-01-31T12:00:00.120Z",
    "zone": "Europe/Berlin",
    "nats": "nats://127.0.0.1:4222",
}
_KEY: Final = {
    "id": "0d5c2b7e91aa",
    "name": "gateway",
    "scopes": ["write"],
    "created": "2026-01-31T12:00:00.120Z",
    "expires": "2026-05-01T12:00:00.120Z",
    "last_used": "2026-01-31T12:04:10Z",
}
_SECRET: Final = "pk_0d5c2b7e91aa_9f0b3d…"  # noqa: S105 - an example of one


def _with_body(described: Operation, schema: dict[str, Any]) -> Operation:
    """The operation with the exact schema of its JSON body."""
    described["openapi_extra"]["requestBody"]["content"]["application/json"]["schema"] = schema
    return described


ME: Final = operation("getMe", "Who is asking", "Access", {"application/json": _ME})
SIGN_IN: Final = _with_body(
    operation(
        "openSession",
        "Sign in to the web app with an API key",
        "Access",
        {"application/json": _ME},
        bodies={"application/json": {"key": {"key": _SECRET}}},
        status=201,
    ),
    {
        "type": "object",
        "required": ["key"],
        "additionalProperties": False,
        "properties": {"key": {"type": "string", "description": "An API key"}},
    },
)
SIGN_OUT: Final = operation("closeSession", "Sign out of the web app", "Access", {}, status=204)
KEYS: Final = operation("listKeys", "API keys of the tenant", "Access", {"application/json": {"data": [_KEY]}})
CREATE_KEY: Final = _with_body(
    operation(
        "createKey",
        "Make an API key",
        "Access",
        {"application/json": {"key": _SECRET, **_KEY, "last_used": None}},
        bodies={"application/json": {"gateway": {"name": "gateway", "scopes": ["write"], "expires_in": "90d"}}},
        status=201,
    ),
    {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 128, "description": "What the key is for"},
            "scopes": {
                "type": "array",
                "minItems": 1,
                "items": {"enum": ["read", "write", "admin"]},
                "default": ["read", "write"],
            },
            "expires_in": {
                "type": ["string", "null"],
                "description": "Such as `90d`; a key without it never expires",
                "default": None,
            },
        },
    },
)
REVOKE_KEY: Final = operation("revokeKey", "Revoke an API key", "Access", {}, status=204)
