"""What the OpenAPI document says about the GraphQL door; the language itself is in the schema that the door serves."""

from __future__ import annotations

from typing import Final

from penstock.api.operations import FRESH, Operation, operation

__all__ = ["GET", "POST", "SCHEMA"]

_QUERY: Final = "query Rooms($first: Int!) { tenant { id points(first: $first) { nodes { sensor metric latest { value unit } } } } }"
_LATEST: Final = {"sensor": "t-101", "metric": "temperature", "latest": {"value": 294.65, "unit": "K"}}
_FRESHNESS: Final = {
    "asOf": FRESH["as_of"],
    "stalenessMs": FRESH["staleness_ms"],
    "complete": FRESH["complete"],
}
_ANSWER: Final = {
    "data": {"tenant": {"id": "acme", "points": {"nodes": [_LATEST]}}},
    "extensions": {"freshness": _FRESHNESS},
}
_ANSWERS: Final = {"application/json": _ANSWER, "application/graphql-response+json": _ANSWER}

POST: Final = operation(
    "graphqlQuery",
    "Ask the GraphQL historian",
    "GraphQL",
    _ANSWERS,
    bodies={"application/json": {"query": {"query": _QUERY, "variables": {"first": 10}}}},
)


def _with_parameters(described: Operation) -> Operation:
    text = {"schema": {"type": "string"}, "in": "query"}
    described["openapi_extra"] = {
        "parameters": [
            {"name": "query", "required": True, "description": "GraphQL text", "example": "{ tenant { id } }", **text},
            {"name": "variables", "description": "Their values as JSON text", "example": "{}", **text},
            {"name": "operationName", "description": "Which operation of the text to run", **text},
        ]
    }
    return described


GET: Final = _with_parameters(operation("graphqlGet", "Ask the GraphQL historian by URL", "GraphQL", _ANSWERS))
SCHEMA: Final = operation(
    "graphqlSchema", "The GraphQL schema", "GraphQL", {"text/plain": "type Query {\n  tenant: Tenant!\n  …\n}\n"}
)
