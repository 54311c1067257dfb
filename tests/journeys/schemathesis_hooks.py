"""How schemathesis writes bodies that it does not know, and what it asks of GraphQL."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

_INSTANTS = st.one_of(
    st.sampled_from(["now", "-24h", "now-7d", "2026-01-31T12:00:00Z", "2026-01-31", "-0s", "yesterday", ""]).map(
        nodes.String
    ),
    st.text(max_size=20).map(nodes.String),
    st.integers().map(nodes.Int),
)
schemathesis.graphql.scalar("When", _INSTANTS)
schemathesis.graphql.scalar(
    "Window",
    st.one_of(st.sampled_from(["15m", "1d", "1mo", "auto", "0x"]).map(nodes.String), st.integers().map(nodes.Int)),
)
schemathesis.graphql.scalar("Long", st.integers().map(nodes.Int))


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    rows = value if isinstance(value, list) else [value]
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode(errors="replace")


@schemathesis.serializer("application/vnd.apache.arrow.stream", "application/x-protobuf")
def octets(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.check
def graphql_refuses_or_answers(_: Any, response: Any, __: Any) -> None:
    """Refusals are errors with a code of their own; what failed has one that says so."""
    assert response.status_code < 500
    for error in response.json().get("errors", ()):
        assert error["extensions"]["code"] != "internal_error", error
