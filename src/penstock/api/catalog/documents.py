"""Documents of the catalog: what a request's body and preconditions say, and how a record is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from penstock.api.bodies import BodyReader
from penstock.api.intake import JSON_TYPES, media_type
from penstock.api.render import JSON
from penstock.model.errors import InvalidInput, NotFound
from penstock.store.catalog import KINDS, Key, Kind, Outcome, Stored

__all__ = [
    "PREFIX",
    "answer",
    "decoded",
    "expected",
    "known_kind",
    "named",
    "only",
    "row_of",
    "whole_body",
    "without_version",
]

PREFIX: Final = "/v1/catalog"
_PATCH_TYPES: Final = (*JSON_TYPES, "application/merge-patch+json")
_TAG: Final = re.compile(r'"([^"]*)"')
_NEVER: Final = -1
"""A version that no record has."""


def known_kind(name: str) -> Kind:
    """The kind of a path. Raises NotFound listing those that there are."""
    kind = KINDS.get(name)
    if kind is None:
        raise NotFound(f"the catalog has no {name!r:.60}", hint=f"one of {', '.join(KINDS)}")
    return kind


def named(request: Request, kind: Kind) -> Key:
    """The key at the end of the path, from the path as it was sent: a name may hold an encoded `/`. Raises NotFound."""
    raw: bytes = request.scope.get("raw_path") or quote(request.url.path).encode()
    _, _, text = raw.decode("latin-1").partition(f"{PREFIX}/{kind.name}/")
    return kind.parse(text)


async def whole_body(bodies: BodyReader, request: Request) -> bytes:
    """The decompressed body. Raises as `BodyReader.read`."""
    body = await bodies.read(request)
    try:
        return body.decoded()
    finally:
        body.release()


def decoded(request: Request, body: bytes) -> Any:
    """A JSON body. Raises InvalidInput (`unsupported_media_type`, `malformed_json`)."""
    if media_type(request) not in _PATCH_TYPES:
        raise InvalidInput(
            f"Content-Type {media_type(request) or '(none)'} is not accepted here",
            code="unsupported_media_type",
            hint=f"send one of {', '.join(_PATCH_TYPES)}",
        )
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the body is not JSON: {error}", code="malformed_json") from None


def expected(request: Request) -> int | None:
    """The version that `If-Match` asks for; None for `*`. Raises InvalidInput (`precondition_required`) without one."""
    header = request.headers.get("if-match", "").strip()
    if not header:
        raise InvalidInput(
            "If-Match is missing, so a change that somebody else made meanwhile could be lost",
            code="precondition_required",
            hint="send the ETag of the record as you read it, or `If-Match: *` to change whatever is there",
        )
    if header == "*":
        return None
    tag = _TAG.fullmatch(header)
    if tag is None:
        raise InvalidInput(
            f"If-Match {header!r:.60} is not one strong ETag", code="invalid_if_match", hint='such as If-Match: "17"'
        )
    return int(tag[1]) if tag[1].isascii() and tag[1].isdigit() and len(tag[1]) < 16 else _NEVER


def row_of(stored: Stored) -> dict[str, Any]:
    """A record as JSON: its fields and its version."""
    return {**msgspec.structs.asdict(stored.record), "version": stored.version}


def answer(kind: Kind, stored: Stored, *, status: int = 200) -> Response:
    """A record with its ETag; one that was created, with its place."""
    headers = {"etag": f'"{stored.version}"', "cache-control": "private, no-cache"}
    if status == 201:
        headers["location"] = f"{PREFIX}/{kind.name}/{quote(kind.text(kind.key_of(stored.record)), safe='/%')}"
    return Response(msgspec.json.encode(row_of(stored)), status, headers=headers, media_type=JSON)


def only(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of a single edit. Raises what refused it."""
    (outcome,) = outcomes
    if outcome.error is not None:
        raise outcome.error
    return outcome


def without_version(fields: Any) -> dict[str, Any]:
    """What a record's body says, less the version that an answer says beside it. Raises InvalidInput."""
    if not isinstance(fields, Mapping):
        raise InvalidInput("the body is not a JSON object", code="malformed_json", pointer="")
    return {str(name): value for name, value in fields.items() if name != "version"}
