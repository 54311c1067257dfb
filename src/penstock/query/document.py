"""A `Query` as people and programs write it: JSON without the tenant, with times as they like to say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, TypeVar, get_args

import msgspec
from msgspec import Meta

from penstock.model.errors import InvalidInput, PenstockError
from penstock.model.time import parse_duration, parse_time
from penstock.query.ast import Fetch, Fill, Function, Over, Query
from penstock.query.port import MAX_POINTS

__all__ = ["QueryDocument", "instant", "query_of", "read_document", "read_query"]

When = Annotated[str | int, Meta(description="RFC 3339, epoch ms, `now`, or before now: `-24h`, `now-7d`")]

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "fn": get_args(Function),
    "then/fn": get_args(Over),
    "fill": get_args(Fill),
}
"""How the place of a choice ends → what there is to choose from."""

_WRONG_CHOICE: Final = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)
_RELATIVE: Final = re.compile(r"(?:now)?\s*-\s*([0-9]+[a-z]+)")
_PATH: Final = re.compile(r"(.*) - at `(\$[^`]*)`", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[([^\]]+)\]")
_SOME: Final = "..."
"""How the decoder writes a key that is not the type's own."""


class QueryDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Lines over [start, end): fetched, then computed. See docs/query.md."""

    fetch: Annotated[dict[str, Fetch], Meta(description="Name → what is read, 1 to 16 of them", min_length=1)]
    start: When
    end: When = "now"
    window: Annotated[
        str | int, Meta(description="ms, `15m`, `1d`, `1mo` of the calendar, 0 for the whole range, or auto")
    ] = "auto"
    zone: Annotated[str, Meta(description="IANA zone that days begin in")] = "UTC"
    math: Annotated[dict[str, str], Meta(description="Name → expression over fetched and earlier names")] = {}
    show: Annotated[tuple[str, ...], Meta(description="Names in the answer, in order; all without it")] = ()
    fill: Annotated[Fill, Meta(description="Windows without a value")] = "none"
    max_points: Annotated[int, Meta(ge=2, le=MAX_POINTS)] | None = None
    descending: Annotated[bool, Meta(description="Newest first")] = False


D = TypeVar("D", bound=QueryDocument)


def read_query(payload: bytes, tenant: str, now: int) -> Query:
    """The query of a JSON document; `now` (epoch ms) is what relative times count from.

    Raises InvalidInput (`invalid_query`) that begins with the place, as a JSON pointer.
    """
    return query_of(read_document(payload, QueryDocument), tenant, now)


def read_document(payload: bytes, kind: type[D]) -> D:
    """What was written, as `kind`. Raises InvalidInput as `read_query`."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(error, payload) from error


def query_of(said: QueryDocument, tenant: str, now: int) -> Query:
    """The query that a document means. Raises InvalidInput for a time that is none."""
    return Query(
        tenant=tenant,
        start=instant(said.start, "start", now),
        end=instant(said.end, "end", now),
        fetch=said.fetch,
        window=said.window,
        zone=said.zone,
        math=said.math,
        show=said.show,
        fill=said.fill,
        max_points=said.max_points,
        descending=said.descending,
    )


def instant(said: str | int, name: str, now: int) -> int:
    """Epoch ms of a time as it was said. Raises InvalidInput that begins with the pointer `/name`."""
    text = said.strip() if isinstance(said, str) else said
    if text == "now":
        return now
    try:
        relative = _RELATIVE.fullmatch(text) if isinstance(text, str) else None
        # A minus sign and digits alone are epoch ms before 1970.
        return now - parse_duration(relative[1]) if relative else parse_time(text)
    except PenstockError as error:
        hint = "write 2026-01-31T12:00:00Z, 1769860800000, now, -24h or now-7d"
        raise InvalidInput(f"/{name}: {error.detail}", code=error.code, hint=hint) from None


def _refused(error: Exception, payload: bytes) -> InvalidInput:
    match = _PATH.fullmatch(str(error))
    why, path = (str(error), "$") if match is None else match.groups()
    steps = [name or number for name, number in _STEP.findall(path)]
    if len(steps) > 1 and steps[1] == _SOME:
        steps[1] = _wrong_member(msgspec.json.decode(payload)[steps[0]], Fetch if steps[0] == "fetch" else str)
    if _SOME in steps:  # within tags: they are texts, and few
        steps = steps[: steps.index(_SOME)]
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return InvalidInput(
        f"{pointer or 'the body'}: {why}",
        code="invalid_query",
        hint=_choices(pointer, why) or "docs/query.md and the OpenAPI document say what a query holds",
    )


def _choices(pointer: str, why: str) -> str | None:
    """What can stand at `pointer`, what was probably meant first; None where the trouble is not with a choice."""
    wrong = _WRONG_CHOICE.fullmatch(why)
    ends = [end for end in _CHOICES if wrong and pointer.endswith(f"/{end}")]
    if wrong is None or not ends:
        return None
    choices = _CHOICES[max(ends, key=len)]
    meant = get_close_matches(wrong[1], choices, n=1)
    return f"{f'did you mean {meant[0]}? ' if meant else ''}one of {', '.join(choices)}"


def _wrong_member(members: dict[str, Any], kind: type[Any]) -> str:
    """The first member that is not of `kind`: the decoder only says that there is one."""
    for name, value in members.items():
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            return name
    return _SOME
