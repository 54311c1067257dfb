"""Answers with an entity tag, so that one that has not changed is not sent twice."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

import msgspec
import pyarrow as pa
from fastapi import Request
from starlette.responses import Response

from penstock.api.render import freshness, render
from penstock.query.port import Answer

__all__ = ["tagged"]

_SAID: Final = frozenset({"window", "downsampled"})
"""Members of `meta` that belong to the data; the others say how they were read."""


async def tagged(request: Request, answer: Answer) -> Response:
    """The answer as the client's Accept header asks, with its `ETag`; 304 without a body where `If-None-Match` has that tag.

    Raises InvalidInput as `render`.
    """
    response = await render(request, answer)
    tag = await asyncio.to_thread(_tag, answer, response.media_type or "")
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if _matches(request.headers.get("if-none-match", ""), tag):
        fresh = {f"x-penstock-{name.replace('_', '-')}": _text(value) for name, value in freshness(answer).items()}
        return Response(status_code=304, headers=headers | fresh | {"vary": "accept"})
    response.headers.update(headers)
    return response


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
