"""How an operation is described in the OpenAPI document: its bodies and answers by example, its failures by schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final, cast

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
        "instance": {"type": "string", "format": "uri-reference", "description": "The path of this request"},
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

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_SAID_BY_EVERY_LIST: Final = frozenset({"data", "columns", "next_cursor", "as_of", "staleness_ms", "complete"})
"""Members of an answer that are never missing where its example has them, and never null but for the cursor."""

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
    refusal: Mapping[str, Any] | None = None,
    otherwise: Sequence[Mapping[str, Any]] = (),
) -> Operation:
    """What `add_api_route` takes. `answers`: media type → example; `bodies`: media type → name → example.

    `refusal`: media type → example, where a protocol has its own instead of problem documents. `otherwise`: further
    examples of the JSON answer, for members that the first has not.
    """
    described: Operation = {
        "response_class": JSONResponse if "application/json" in answers else Response,
        "operation_id": operation_id,
        "summary": summary,
        "tags": [tag],
        "status_code": status,
        "responses": {
            status: {
                "description": "Success",
                "content": _contents(answers),
            },
            "default": _PROBLEM if refusal is None else {"description": "Refused", "content": _contents(refusal)},
        },
    }
    if otherwise:
        answer = described["responses"][status]["content"]["application/json"]
        shape = reduce(_joined, map(_shape_of, otherwise), answer["schema"])
        answer["schema"] = shape | {"examples": list(otherwise)}
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


def _contents(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {media: _answer(media, example) for media, example in answers.items()}


def _body_schema(media: str) -> dict[str, Any]:
    if media == "application/json":
        row = {"type": "object", "additionalProperties": True}
        return {"oneOf": [row, {"type": "array", "items": row}]}
    return {"type": "string", **({"format": "binary"} if "arrow" in media else {})}


def _answer(media: str, example: Any) -> dict[str, Any]:
    """An example, and for JSON what types its members have."""
    if not media.endswith("json") or not isinstance(example, dict):
        return {"example": example}
    schema = _shape_of(cast("object", example))
    if "next_cursor" in example:
        schema["required"] = sorted(_SAID_BY_EVERY_LIST & example.keys())
    return {"schema": schema, "example": example}


def _shape_of(example: object) -> dict[str, Any]:
    """The type of an example and of its members, each of which may also be null. Members beside them are possible."""
    match example:
        case dict():
            members = cast("dict[str, object]", example)
            properties = {name: _member(name, value) for name, value in members.items()}
            return {"type": "object", "properties": properties}
        case list():
            items = cast("list[object]", example)
            shapes = [shape for at, value in enumerate(items) if (shape := _item(value)) not in map(_item, items[:at])]
            return {"type": "array", "items": shapes[0] if len(shapes) == 1 else {"anyOf": shapes} if shapes else {}}
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case str():
            return {"type": "string", **({"format": "date-time"} if _INSTANT.fullmatch(example) else {})}
        case _:
            return {}


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The shape of which both are examples: it has the members of either."""
    if "properties" in one and "properties" in other:
        members = {name: _joined(shape, other["properties"].get(name, {})) for name, shape in one["properties"].items()}
        return one | {"properties": other["properties"] | members}
    if "items" in one and "items" in other:
        return one | {"items": _joined(one["items"], other["items"])}
    return one or other


def _member(name: str, value: object) -> dict[str, Any]:
    if name == "next_cursor":
        return {"type": ["string", "null"]}
    shape = _shape_of(value)
    if "type" in shape and name not in _SAID_BY_EVERY_LIST:
        shape["type"] = [shape["type"], "null"]
    return shape


def _item(value: object) -> dict[str, Any]:
    """Columns hold nulls; lists of objects do not."""
    return _shape_of(value) if isinstance(value, dict) else _member("", value)


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
