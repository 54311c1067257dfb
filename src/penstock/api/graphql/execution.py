"""One query from document to answer, in JSON's terms."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from penstock.accounts.keys import Identity
from penstock.api.graphql.bounds import GraphQLBounds
from penstock.api.graphql.context import Operation
from penstock.api.graphql.errors import not_here, present, presentable, timed_out
from penstock.api.graphql.schema import SCHEMA
from penstock.model.errors import InvalidInput
from penstock.query.port import Reader

__all__ = ["Document", "execute"]


@dataclass(frozen=True, slots=True)
class Document:
    """What a client sent: GraphQL text, the values of its variables, and which of its operations to run."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


async def execute(
    reader: Reader, bounds: GraphQLBounds, identity: Identity, now: int, document: Document
) -> dict[str, Any]:
    """The answer with `data`, `errors` and `extensions`, as far as there are any; it never raises a PenstockError.

    `data` is left out when the document was refused before anything of it was run.
    """
    operation = Operation(reader, bounds, identity, now)
    try:
        async with asyncio.timeout(bounds.timeout):
            result = await SCHEMA.execute(
                document.query,
                variable_values=document.variables,
                context_value=operation,
                operation_name=document.operation_name,
                allowed_operation_types=(OperationType.QUERY,),
            )
    except TimeoutError:
        return _refused(timed_out(bounds.timeout))
    except MissingQueryError:
        return _refused(present(InvalidInput("the query is empty", code="invalid_query")))
    except CannotGetOperationTypeError as error:
        reason = (
            f"the document has no operation {error.operation_name!r:.80}"
            if error.operation_name
            else "the document has no operation, or several of which `operationName` names none"
        )
        return _refused(present(InvalidInput(reason, code="invalid_query")))
    except InvalidOperationTypeError as error:
        return _refused(present(not_here(error.operation_type)))
    errors = [presentable(error) for error in result.errors or ()]
    if result.data is None and all(error.path is None for error in errors):
        return {"errors": [error.formatted for error in errors]}
    answer: dict[str, Any] = {"data": result.data}
    if errors:
        answer["errors"] = [error.formatted for error in errors]
    if fresh := operation.freshness():
        answer["extensions"] = {"freshness": fresh}
    return answer


def _refused(error: GraphQLError) -> dict[str, Any]:
    return {"errors": [error.formatted]}
