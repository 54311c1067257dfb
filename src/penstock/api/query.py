"""The door of the query engine: one document in, lines out, in whatever shape the client accepts."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from penstock.api import query_examples
from penstock.api.auth import identity_of
from penstock.api.bodies import BodyReader
from penstock.api.intake import media_type
from penstock.api.services import Services
from penstock.api.tagged import tagged
from penstock.model.errors import InvalidInput, TooLarge
from penstock.query.document import read_query

__all__ = ["QueryDoor"]

_MOST_BYTES: Final = 64 << 10
"""A document of 16 fetches and 16 long expressions has a third of it."""


class QueryDoor:
    """The route; one instance per app."""

    def __init__(self, services: Services, bodies: BodyReader) -> None:
        self._reader = services.reader
        self._now = services.now
        self._bodies = bodies

    def install(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route("/v1/query", self.query, methods=["POST"], **query_examples.QUERY)

    async def query(self, request: Request) -> Response:
        """Lines over a range, from one document: what to select, what to make of it per window and group, arithmetic between the results.

        The `ETag` stands for the data and whether they are complete, not for the moment of asking: send it as
        `If-None-Match`, and an unchanged answer is a 304 without a body, whose `X-Penstock-…` headers say how fresh it is.
        """
        tenant = identity_of(request).tenant
        query = read_query(await self._document(request), tenant, self._now(tenant))
        answer = await self._reader.ask(query)
        return await tagged(request, answer)

    async def _document(self, request: Request) -> bytes:
        """The body, decoded. Raises InvalidInput (`unsupported_media_type`) and as `BodyReader.read`; TooLarge."""
        kind = media_type(request)
        if kind not in {"", "application/json"}:
            raise InvalidInput(
                f"Content-Type {kind} is not accepted here", code="unsupported_media_type", hint="send application/json"
            )
        body = await self._bodies.read(request)
        try:
            payload = body.decoded()
        finally:
            body.release()
        if len(payload) > _MOST_BYTES:
            raise TooLarge(
                f"the query has {len(payload)} bytes; at most {_MOST_BYTES} are accepted",
                hint="ask in several queries",
            )
        return payload
