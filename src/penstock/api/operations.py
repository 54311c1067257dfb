"""How an operation is described in the OpenAPI document: its bodies and answers by example, its failures by schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, Response

__all__ = ["FRESH", "PROBLEM_SCHEMA", "Operation", "operation", "rows"]

Operation = dict[str, Any]
"""Keyword arguments of `FastAPI.add_api_route` for one operation."""

PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong with this request"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable; for programs"},
        "hint": {"type": "string", "description": "What to do"},
        "request_id": {"type": "string"},
        "retry_after_ms": {"type": "integer"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_PROBLEM: Final[dict[str, Any]] = {
    "description": "The request was refused or failed",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

FRESH: Final = {"as_of": "2026-01-31T12:00:01.250Z", "staleness_ms": 180, "complete": True}
"""What every answer says about itself, by example."""


def operation(
    operation_id: str,
    summary: str,
    tag: str,
    answers: Mapping[str, Any],
    *,
    bodies: Mapping[str, Mapping[str, Any]] | None = None,
    status: int = 200,
    optional_body: bool = False,
) -> Operation:
    """What `add_api_route` takes. `answers`: media type → example; `bodies`: media type → name → example."""
    described: Operation = {
        "response_class": JSONResponse if "application/json" in answers else Response,
        "operation_id": operation_id,
        "summary": summary,
        "tags": [tag],
        "status_code": status,
        "responses": {
            status: {
                "description": "Success",
                "content": {media: {"example": example} for media, example in answers.items()},
            },
            "default": _PROBLEM,
        },
    }
    if bodies:
        content = {
            media: {
                "schema": _body_schema(media),
                "examples": {name: {"value": value} for name, value in examples.items()},
            }
            for media, examples in bodies.items()
        }
        described["openapi_extra"] = {"requestBody": {"required": not optional_body, "content": content}}
    return described


def _body_schema(media: str) -> dict[str, Any]:
    if media == "application/json":
        return {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}
    return {"type": "string", **({"format": "binary"} if "arrow" in media else {})}


def rows(*examples: Mapping[str, Any], cursor: str | None = None) -> dict[str, Any]:
    """An answer in each of its shapes, by the columns of its first row."""
    names = list(examples[0])
    return {
        "application/json": {"data": [dict(row) for row in examples], "next_cursor": cursor, **FRESH},
        "application/vnd.penstock.columns+json": {
            "columns": {name: [row[name] for row in examples] for name in names},
            "next_cursor": cursor,
            **FRESH,
            "as_of": 1769860801250,
        },
        "text/csv": "\n".join([",".join(names), *(",".join(str(v) for v in row.values()) for row in examples)]),
        "application/vnd.apache.arrow.stream": "(Arrow IPC stream of the same columns)",
    }
