"""Questions in plain JSON over NATS, for clients that know nothing of Penstock: S1's `events.query`, and readings.

A bus client carries no credential of a tenant, so these subjects answer for the one configured events tenant. A
request that is not understood gets `{"error": {"code", "detail"}}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
import structlog

from penstock.bus import Bus, Handler, Responder
from penstock.bus.wire import error_reply
from penstock.model.errors import InvalidInput, PenstockError, TooLarge
from penstock.model.time import format_time, parse_time
from penstock.query.port import Answer, Events, Latest, Reader, Recent, Select

__all__ = ["EVENTS_QUERY", "READINGS_LATEST", "READINGS_QUERY", "serve_events"]

EVENTS_QUERY: Final = "events.query"
"""`{"limit": x, "criticality_above": y}` → `{"events": [{"criticality", "timestamp", "eventMessage"}, …]}`."""

READINGS_LATEST: Final = "readings.latest"
"""`{"sensor_id", "metric", "limit", …}` → `{"data": [rows]}`: the newest reading of each series."""

READINGS_QUERY: Final = "readings.query"
"""`{"sensor_id", "metric", "limit", "from", "to", …}` → `{"data": [rows]}`: readings, newest first."""

_GROUP: Final = "query"
_MOST: Final = 1000
_log: Final = structlog.get_logger(__name__)


class _EventsRequest(msgspec.Struct, forbid_unknown_fields=True):
    limit: int = 10
    criticality_above: int | None = None


class _LatestRequest(msgspec.Struct, forbid_unknown_fields=True):
    sensor_id: str | None = None
    site_id: str | None = None
    metric: str | None = None
    unit: str | None = None
    limit: int = 100


class _ReadingsRequest(_LatestRequest, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    start: str | int | None = None
    end: str | int | None = None


R = TypeVar("R")


class _All:
    """Several responders as one."""

    def __init__(self, responders: list[Responder]) -> None:
        self._responders = responders

    async def stop(self) -> None:
        await asyncio.gather(*(responder.stop() for responder in self._responders))


async def serve_events(reader: Reader, bus: Bus, *, tenant: str) -> Responder:
    """Answer EVENTS_QUERY, READINGS_LATEST and READINGS_QUERY for `tenant` until stopped."""

    async def events(request: _EventsRequest) -> dict[str, Any]:
        question = Events(tenant=tenant, limit=_limit(request.limit), criticality_above=request.criticality_above)
        said = (await reader.ask(question)).table.select(["criticality", "timestamp", "message"])
        return {"events": said.rename_columns(["criticality", "timestamp", "eventMessage"]).to_pylist()}

    async def latest(request: _LatestRequest) -> dict[str, Any]:
        question = Latest(tenant=tenant, where=_select(request), limit=_limit(request.limit), unit=request.unit)
        return _rows(await reader.ask(question))

    async def readings(request: _ReadingsRequest) -> dict[str, Any]:
        question = Recent(
            tenant=tenant,
            where=_select(request),
            limit=_limit(request.limit),
            unit=request.unit,
            start=None if request.start is None else parse_time(request.start),
            end=None if request.end is None else parse_time(request.end),
        )
        return _rows(await reader.ask(question))

    responders: list[Responder] = []
    for subject, handler in (
        (EVENTS_QUERY, _handler(_EventsRequest, events, bus.max_payload)),
        (READINGS_LATEST, _handler(_LatestRequest, latest, bus.max_payload)),
        (READINGS_QUERY, _handler(_ReadingsRequest, readings, bus.max_payload)),
    ):
        responders.append(await bus.respond(subject, handler, group=_GROUP))
    return _All(responders)


def _handler(kind: type[R], answer: Callable[[R], Awaitable[dict[str, Any]]], most: int) -> Handler:
    """Decode, answer, encode; whatever goes wrong is replied. An empty request asks for the defaults."""

    async def handle(payload: bytes) -> bytes:
        try:
            reply = msgspec.json.encode(await answer(_decode(kind, payload)))
            if len(reply) > most:
                raise TooLarge(f"the reply has {len(reply)} bytes, the bus carries {most}: ask for a smaller limit")
        except PenstockError as error:
            return error_reply(error.code, f"{error.detail}; {error.hint}" if error.hint else error.detail)
        except Exception:  # noqa: BLE001 - logged and replied: the other side must not wait for its timeout
            _log.exception("a request failed", request=payload[:500].decode(errors="replace"))
            return error_reply(PenstockError.code, "the query service failed on this request; its log says why")
        return reply

    return handle


def _decode(kind: type[R], payload: bytes) -> R:
    try:
        return msgspec.json.decode(payload.strip() or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the request is not understood: {error}", code="invalid_request") from error


def _limit(limit: int) -> int:
    if not 1 <= limit <= _MOST:
        raise InvalidInput(f"limit {limit} is not between 1 and {_MOST}", code="invalid_limit")
    return limit


def _select(request: _LatestRequest) -> Select:
    return Select(site=request.site_id, sensor=request.sensor_id, metric=request.metric)


def _rows(answer: Answer) -> dict[str, Any]:
    rows = answer.table.to_pylist()
    return {"data": [row | {"ts": format_time(row["ts"])} for row in rows]}
