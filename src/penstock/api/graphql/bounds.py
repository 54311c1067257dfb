"""How much one GraphQL document, answer or connection may be."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GraphQLBounds"]


@dataclass(frozen=True, slots=True)
class GraphQLBounds:
    """The limits of the GraphQL door; what each counts is in docs/graphql.md.

    body           bytes of one request
    tokens         words and signs of one document
    depth          levels of fields, fragments spread out
    aliases        renamed fields, fragments spread out
    cost           questions × 10 + objects that pages may hold, variables taken into account
    page           objects on one page of a connection
    objects        places, points, readings, lines and windows in one answer, each an object; columns do not count
    points         points of one tenant that are taken to find out its structure
    asks           questions of one operation that are under way at once
    timeout        seconds for one query
    connections    WebSocket connections at once
    subscriptions  on one connection
    filters        of one subscription
    init_timeout   seconds in which a connection must say who it is
    recheck        seconds between two looks at whether its key still stands
    """

    body: int = 256 << 10
    tokens: int = 2_000
    depth: int = 14
    aliases: int = 15
    cost: int = 5_000
    page: int = 1_000
    objects: int = 10_000
    points: int = 20_000
    asks: int = 4
    timeout: float = 10.0
    connections: int = 256
    subscriptions: int = 10
    filters: int = 64
    init_timeout: float = 10.0
    recheck: float = 2.0
