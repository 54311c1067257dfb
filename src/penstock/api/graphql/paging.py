"""Relay paging: page sizes within bounds, opaque cursors, and `pageInfo`."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.model.errors import InvalidInput
from penstock.query.select import decode_cursor, encode_cursor

__all__ = ["PAGE", "After", "First", "PageInfo", "check_page", "decode_cursor", "encode_cursor", "page_info"]

PAGE: Final = 50
"""Objects on a page that nobody gave a size."""

First = Annotated[int, strawberry.argument(description="Objects on the page at most")]
After = Annotated[
    str | None, strawberry.argument(description="`endCursor` of the page before, or the cursor of an edge")
]


@strawberry.type(description="Where a page lies. Pages go forward only.")
class PageInfo:
    """As the Relay cursor connections specification has it."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def check_page(first: int, bounds: GraphQLBounds) -> None:
    """Raises InvalidInput unless 1 ≤ `first` ≤ the bound."""
    if not 1 <= first <= bounds.page:
        raise InvalidInput(
            f"first: {first} is not between 1 and {bounds.page}",
            code="invalid_limit",
            hint="ask for smaller pages, or for `columns` of an aggregate",
        )


def page_info(cursors: list[str], *, more: bool, after: str | None) -> PageInfo:
    """Of a page whose edges have `cursors`."""
    return PageInfo(
        has_next_page=more,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
