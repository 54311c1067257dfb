"""The schema, and what surrounds every operation on it: limits before, presentable errors after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import strawberry
from graphql import GraphQLError, get_operation_ast
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from penstock.api.graphql.context import Operation
from penstock.api.graphql.errors import presentable
from penstock.api.graphql.limits import check_limits
from penstock.api.graphql.roots import Query
from penstock.api.graphql.scalars import SCALARS
from penstock.api.graphql.subscriptions import Subscription
from penstock.model.errors import InvalidInput

__all__ = ["SCHEMA", "Schema", "sdl"]


class Guard(SchemaExtension):
    """Holds one operation to its bounds, and its errors to what is for the client."""

    def on_operation(self) -> Iterator[None]:
        """The parser stops at the bound, before it has built anything of a document that is too long.

        What is asked over WebSocket is subscriptions: queries are for HTTP, where each is authenticated and timed by itself.
        """
        operation = _operation_of(self.execution_context)
        self.execution_context.parse_options["max_tokens"] = operation.bounds.tokens
        self.execution_context.allowed_operations = (operation.kind,)
        yield

    def on_execute(self) -> Iterator[None]:
        """Limits that need types and variables, once the document is known to be valid. Raises InvalidInput."""
        context = self.execution_context
        document = context.graphql_document
        assert document is not None
        # Without a name there must be one operation only; the library would take the first of several.
        named = context._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `operation_name` fills it in
        operation = get_operation_ast(document, named)
        if operation is None:
            raise InvalidInput(
                "the document has several operations, of which none is named",
                code="invalid_query",
                hint="name one in `operationName`",
            )
        schema = context.schema._schema  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue] - the library gives no other way to it
        check_limits(schema, document, operation, context.variables or {}, _operation_of(context).bounds)
        yield

    def on_stream_result(self, result: Any) -> Iterator[None]:
        """Before a subscription's result is sent."""
        if result.errors:
            result.errors = [presentable(error) for error in result.errors]
        yield


def _operation_of(context: ExecutionContext) -> Operation:
    operation = context.context
    assert isinstance(operation, Operation)
    return operation


class Schema(strawberry.Schema):
    """Errors are logged where they are made presentable, and nowhere else."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: the library would log a client's mistakes as failures of the server."""


SCHEMA: Final = Schema(
    query=Query,
    subscription=Subscription,
    extensions=[Guard],
    config=StrawberryConfig(scalar_map=dict(SCALARS)),
)


def sdl() -> str:
    """The schema in GraphQL's schema definition language."""
    return f"{SCHEMA.as_str().strip()}\n"
