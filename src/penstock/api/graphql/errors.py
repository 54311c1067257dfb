"""Errors as clients see them: what Penstock raised on purpose in its words, everything else as an id that the log explains."""

from __future__ import annotations

import re
import secrets
from typing import Any, Final

import structlog
from graphql import GraphQLError
from graphql.language.parser import MAX_NESTING_DEPTH
from graphql.validation.rules.max_introspection_depth_rule import MAX_LIST_DEPTH
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from penstock.api.problems import status_of
from penstock.model.errors import InvalidInput, PenstockError, Unavailable

__all__ = ["not_here", "present", "presentable", "timed_out"]

_log: Final = structlog.get_logger(__name__)
_DOCUMENT: Final = "invalid_query"
_OF_DOCUMENT: Final = (MissingQueryError, CannotGetOperationTypeError)
"""What the library raises about a document; its text is for the client."""
_LIMITS: Final = (
    (
        re.compile(r"Document contains more than \d+ tokens"),
        "{said}",
        "send several documents, or name what repeats in a fragment",
    ),
    (
        re.compile("Document is nested too deeply"),
        f"the document is nested more than {MAX_NESTING_DEPTH} levels deep",
        "ask for less in one document",
    ),
    (
        re.compile("Maximum introspection depth exceeded"),
        f"the introspection goes through lists of fields {MAX_LIST_DEPTH} times or more, one in the other",
        "ask for the schema in one piece: GET /graphql/schema",
    ),
    (
        re.compile(r"^Validation aborted\.$"),
        "the document repeats fields or fragments so often that they cannot be compared with each other",
        "name each field once, or send several documents",
    ),
)
"""Limits that the library keeps itself: how it says so, what is told instead, and what to do."""


def present(error: PenstockError) -> GraphQLError:
    """A refusal in GraphQL's shape: `extensions` hold its code, and what to do about it."""
    return GraphQLError(error.detail, extensions=_extensions(error), original_error=error)


def presentable(error: GraphQLError) -> GraphQLError:
    """The error without anything that is not for the client. What nobody raised on purpose is logged."""
    cause = _cause(error)
    if isinstance(cause, InvalidOperationTypeError):
        return present(not_here(cause.operation_type))
    if cause is None or isinstance(cause, _OF_DOCUMENT):
        said = {"code": _DOCUMENT} | dict(error.extensions or {})
        for limit, message, hint in _LIMITS:
            if found := limit.search(error.message):
                return _like(error, message.format(said=found[0]), {"code": "too_complex", "hint": hint})
        return _like(error, error.message, said)
    if isinstance(cause, PenstockError) and (status_of(cause) < 500 or isinstance(cause, Unavailable)):
        # The library puts text of its own around what a scalar or an argument says.
        message = error.message if cause.detail in error.message else cause.detail
        return _like(error, message, _extensions(cause))
    if isinstance(cause, RecursionError):
        return present(InvalidInput("the document is nested too deeply to be read", code="too_complex"))
    error_id = secrets.token_hex(6)
    _log.error("a GraphQL field failed", error_id=error_id, path=error.path, exc_info=cause)
    return _like(
        error,
        f"the server failed on this field; its log has the cause under {error_id}",
        {"code": "internal_error", "hint": "repeat it; if it fails again, give the id to the operator", "id": error_id},
    )


def not_here(kind: OperationType) -> InvalidInput:
    """An operation of a kind that is not asked where it came: queries are for HTTP, subscriptions for WebSocket."""
    match kind:
        case OperationType.MUTATION:
            what = "GraphQL reads and changes nothing: there are no mutations"
            hint = "readings, events and the catalog are written over HTTP, see docs/api.md"
        case OperationType.SUBSCRIPTION:
            what = "a subscription cannot be asked over HTTP"
            hint = "subscribe over WebSocket, with the subprotocol graphql-transport-ws"
        case OperationType.QUERY:
            what, hint = "a query cannot be asked over WebSocket", "ask it with POST /graphql"
    return InvalidInput(what, code="invalid_query", hint=hint)


def timed_out(seconds: float) -> GraphQLError:
    """A query took longer than it may."""
    return present(
        InvalidInput(
            f"the query took longer than {seconds:g} s",
            code="query_timeout",
            hint="ask for a shorter range, wider windows or fewer fields",
        )
    )


def _cause(error: GraphQLError) -> Exception | None:
    """What was raised, under any number of the library's own errors."""
    cause: Exception | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _extensions(error: PenstockError) -> dict[str, Any]:
    said: dict[str, Any] = {"code": error.code}
    if error.hint:
        said["hint"] = error.hint
    if isinstance(error, Unavailable):
        said["retryAfterMs"] = round(error.retry_after * 1_000)
    return said


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
