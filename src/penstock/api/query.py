"""The door of the query engine: one document in, lines out, in whatever shape the client accepts."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

import msgspec
import pyarrow as pa
from fastapi import FastAPI, Request
from starlette.responses import Response

from penstock.api import query_examples
from penstock.api.auth import identity_of
from penstock.api.bodies import BodyReader
from penstock.api.intake import media_type
from penstock.api.render import freshness, render
from penstock.api.services import Services
from penstock.model.errors import InvalidInput, TooLarge
from penstock.query.document import read_query
from penstock.query.port import Answer

__all__ = ["QueryDoor"]

_MOST_BYTES: Final = 64 << 10
"""A document of 16 fetches and 16 long expressions has a third of it."""
_SAID: Final = frozenset({"window", "downsampled"})
"""Members of `meta` that belong to the data; the others say how they were read."""


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
        response = await render(request, answer)
        tag = await asyncio.to_thread(_tag, answer, response.media_type or "")
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if _matches(request.headers.get("if-none-match", ""), tag):
            fresh = {f"x-penstock-{name.replace('_', '-')}": _text(value) for name, value in freshness(answer).items()}
            return Response(status_code=304, headers=headers | fresh | {"vary": "accept"})
        response.headers.update(headers)
        return response

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


def _tag(answer: Answer, media: str) -> str:
    """A strong entity tag (RFC 9110 §8.8.3) of the answer's data in this shape."""
    digest = hashlib.blake2b(media.encode(), digest_size=16)
    said: dict[str, Any] = {name: value for name, value in answer.meta.items() if name in _SAID}
    digest.update(msgspec.json.encode([said, answer.complete, answer.next_cursor], order="sorted"))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, answer.table.schema) as writer:
        writer.write_table(answer.table.combine_chunks())
    digest.update(sink.getvalue())
    return f'"{digest.hexdigest()}"'


def _matches(header: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; compared weakly, as RFC 9110 §13.1.2 says."""
    named = {each.strip().removeprefix("W/") for each in header.split(",")}
    return tag in named or "*" in named


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
