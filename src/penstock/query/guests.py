"""Questions in plain JSON over NATS, for clients that know nothing of Penstock: S1's `events.query`, and readings.

A bus client carries no credential of a tenant, so these subjects answer for the one configured events tenant. A
request that is not understood gets `{"error": {"code", "detail"}}`. The AsyncAPI document is made of these types.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
import structlog
from msgspec import UNSET, Meta, UnsetType

from penstock.bus import Bus, Handler, Responder
from penstock.bus.wire import error_reply
from penstock.model.errors import InvalidInput, PenstockError, TooLarge
from penstock.model.time import Clock, format_time, parse_time
from penstock.query.document import QueryDocument, query_of, read_document
from penstock.query.port import Answer, Events, Latest, Question, Reader, Recent, Select

__all__ = [
    "EVENTS_QUERY",
    "GROUP",
    "READINGS_LATEST",
    "READINGS_QUERY",
    "ErrorReply",
    "EventRow",
    "EventsReply",
    "EventsRequest",
    "LatestRequest",
    "QueryRequest",
    "ReadingsReply",
    "ReadingsRequest",
    "Refusal",
    "serve_guests",
]

EVENTS_QUERY: Final = "events.query"
READINGS_LATEST: Final = "readings.latest"
READINGS_QUERY: Final = "readings.query"

GROUP: Final = "query"
"""Queue group: of the processes that answer, one gets each request."""
_MOST: Final = 1000
_log: Final = structlog.get_logger(__name__)

Limit = Annotated[int, Meta(description=f"Rows at most, 1 to {_MOST}", examples=[10])]
Name = Annotated[str | None, Meta(description="Exact, or with `*` for any run of characters")]
When = Annotated[str | int | None, Meta(description="RFC 3339, or epoch ms")]
Shape = Annotated[Literal["rows", "columns"], Meta(description="Of the reply: an object per row, or columns")]


class EventsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The last `limit` events above a criticality; any without one."""

    limit: Limit = 10
    criticality_above: int | None = None


class EventRow(msgspec.Struct):
    """An event as it was said."""

    criticality: int
    timestamp: str
    eventMessage: str  # noqa: N815 - S1's name


class EventsReply(msgspec.Struct):
    """Newest first."""

    events: list[EventRow]


class LatestRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The newest reading of each series that is selected."""

    sensor_id: Name = None
    site_id: Name = None
    metric: Name = None
    building: Name = None
    room: Name = None
    equipment: Name = None
    unit: Annotated[str | None, Meta(description="Convert values to this unit")] = None
    limit: Limit = 100
    cursor: Annotated[str | None, Meta(description="`next_cursor` of the reply before")] = None
    shape: Shape = "rows"

    @property
    def where(self) -> Select:
        """The same choice as a question's."""
        return Select(
            site=self.site_id,
            sensor=self.sensor_id,
            metric=self.metric,
            building=self.building,
            room=self.room,
            equipment=self.equipment,
        )


class ReadingsRequest(LatestRequest, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """Readings of [from, to), newest first. A request with `fetch` is a whole query instead, as `POST /v1/query` takes it."""

    start: When = None
    end: When = None


class QueryRequest(QueryDocument, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A whole query, as `POST /v1/query` takes it: lines over [start, end), fetched, then computed. See docs/query.md."""

    shape: Shape = "rows"


class ReadingsReply(msgspec.Struct):
    """Rows under `data` (times as RFC 3339) or columns under `columns` (times as epoch ms), and how fresh they are."""

    as_of: Annotated[str, Meta(description="Everything acknowledged before this instant is in the reply, RFC 3339")]
    staleness_ms: int
    complete: bool
    next_cursor: str | None = None
    data: list[dict[str, Any]] | UnsetType = UNSET
    columns: dict[str, list[Any]] | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET


class Refusal(msgspec.Struct):
    """What was wrong with a request."""

    code: Annotated[str, Meta(description="Stable; for programs")]
    detail: str


class ErrorReply(msgspec.Struct):
    """Why there is no answer."""

    error: Refusal


R = TypeVar("R")


class _All:
    """Several responders as one."""

    def __init__(self, responders: list[Responder]) -> None:
        self._responders = responders

    async def stop(self) -> None:
        await asyncio.gather(*(responder.stop() for responder in self._responders))


async def serve_guests(reader: Reader, bus: Bus, clock: Clock, *, tenant: str) -> Responder:
    """Answer EVENTS_QUERY, READINGS_LATEST and READINGS_QUERY for `tenant` until stopped; times before now count from `clock`."""

    async def events(payload: bytes) -> EventsReply:
        request = _decode(EventsRequest, payload)
        question = Events(tenant=tenant, limit=_limit(request.limit), criticality_above=request.criticality_above)
        said = (await reader.ask(question)).table.select(["criticality", "timestamp", "message"])
        return EventsReply([EventRow(*row.values()) for row in said.to_pylist()])

    async def latest(payload: bytes) -> ReadingsReply:
        request = _decode(LatestRequest, payload)
        limit = _limit(request.limit)
        asked = Latest(tenant=tenant, where=request.where, limit=limit, unit=request.unit, cursor=request.cursor)
        return _reply(await reader.ask(asked), request.shape)

    async def readings(payload: bytes) -> ReadingsReply:
        question, shape = _question(payload, tenant, clock.now())
        return _reply(await reader.ask(question), shape)

    responders: list[Responder] = []
    for subject, answer in ((EVENTS_QUERY, events), (READINGS_LATEST, latest), (READINGS_QUERY, readings)):
        responders.append(await bus.respond(subject, _handler(answer, bus.max_payload), group=GROUP))
    return _All(responders)


def _handler(answer: Callable[[bytes], Awaitable[msgspec.Struct]], most: int) -> Handler:
    """Answer and encode; whatever goes wrong is replied. An empty request asks for the defaults."""

    async def handle(payload: bytes) -> bytes:
        try:
            reply = msgspec.json.encode(await answer(payload.strip() or b"{}"))
            if len(reply) > most:
                raise TooLarge(
                    f"the reply has {len(reply)} bytes, the bus carries {most}: ask for a smaller limit or a wider window"
                )
        except PenstockError as error:
            return error_reply(error.code, f"{error.detail}; {error.hint}" if error.hint else error.detail)
        except Exception:  # noqa: BLE001 - logged and replied: the other side must not wait for its timeout
            _log.exception("a request failed", request=payload[:500].decode(errors="replace"))
            return error_reply(PenstockError.code, "the query service failed on this request; its log says why")
        return reply

    return handle


def _decode(kind: type[R], payload: bytes) -> R:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"the request is not understood: {error}", code="invalid_request") from error


def _question(payload: bytes, tenant: str, now: int) -> tuple[Question, Literal["rows", "columns"]]:
    """The question of a READINGS_QUERY, and the shape of its reply. Raises InvalidInput."""
    if "fetch" not in _decode(dict[str, msgspec.Raw], payload):
        request = _decode(ReadingsRequest, payload)
        question = Recent(
            tenant=tenant,
            where=request.where,
            limit=_limit(request.limit),
            unit=request.unit,
            start=None if request.start is None else parse_time(request.start),
            end=None if request.end is None else parse_time(request.end),
            cursor=request.cursor,
        )
        return question, request.shape
    query = read_document(payload, QueryRequest)
    return query_of(query, tenant, now), query.shape


def _limit(limit: int) -> int:
    if not 1 <= limit <= _MOST:
        raise InvalidInput(f"limit {limit} is not between 1 and {_MOST}", code="invalid_limit")
    return limit


def _reply(answer: Answer, shape: Literal["rows", "columns"]) -> ReadingsReply:
    table = answer.table
    reply = ReadingsReply(format_time(answer.as_of), answer.staleness_ms, answer.complete, answer.next_cursor)
    if answer.meta:
        reply.meta = dict(answer.meta)
    if shape == "columns":
        reply.columns = {name: table.column(name).to_pylist() for name in table.column_names}
    else:
        reply.data = [row | {"ts": format_time(row["ts"])} for row in table.to_pylist()]
    return reply
