"""The door in for events: S1's shape as one object, an array, or one object per line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import Response

from penstock.api import examples
from penstock.api.auth import identity_of
from penstock.api.intake import Intake, shape_of
from penstock.api.problems import MAX_ROWS, problem, rows_as_json
from penstock.api.services import Services
from penstock.model.errors import InvalidInput, RowError
from penstock.model.event import Event, make_event
from penstock.pipeline.admit import admit_events

__all__ = ["EventDoor", "decode_events"]

_FIELDS: Final = frozenset({"criticality", "timestamp", "eventMessage", "source", "id", "tenant_id"})


class EventDoor:
    """The route; one instance per app."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._services = services
        self._intake = intake

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/v1/events", self.post, methods=["POST"], **examples.EVENTS)

    async def post(self, request: Request) -> Response:
        """Events, durable when answered. 201 with their ids, or 400 if none was good."""
        shape, tenant = shape_of(request), identity_of(request).tenant

        def decode(body: bytes, now: int, earliest: int) -> tuple[list[Event], list[RowError]]:
            return decode_events(body, shape=shape, tenant=tenant, now=now, earliest=earliest)

        events, rejected, receipt = await self._intake.events(request, decode, "events")
        verdicts: dict[str, Any] = {
            "accepted": len(events),
            "rejected": rows_as_json(rejected),
            "rejected_total": len(rejected),
            "receipt": receipt,
        }
        if not events:
            first = rejected[0]
            detail = f"row {first.row}: {first.detail}"
            return problem(request.scope, 400, first.code, detail, extra={"errors": verdicts["rejected"], **verdicts})
        ids = [event.id for event in events[:MAX_ROWS]]
        named: dict[str, Any] = {"ids": ids} if len(events) + len(rejected) > 1 else {"id": ids[0], "ids": ids}
        return Response(msgspec.json.encode(named | verdicts), 201, media_type="application/json")


def decode_events(
    body: bytes, *, shape: str, tenant: str, now: int, earliest: int
) -> tuple[list[Event], list[RowError]]:
    """Valid events, and a verdict for each row that is none. Raises InvalidInput if the body is not JSON at all."""
    events: list[Event] = []
    rows: list[int] = []
    rejected: list[RowError] = []
    for row, item in enumerate(_lines(body) if shape == "ndjson" else _items(body)):
        if isinstance(item, RowError):
            rejected.append(item._replace(row=row))
            continue
        try:
            events.append(_event(item, tenant))
            rows.append(row)
        except InvalidInput as error:
            rejected.append(RowError(row, error.code, error.detail))
    good, late = admit_events(events, now=now, earliest=earliest)
    rejected += [error._replace(row=rows[error.row]) for error in late]
    return good, sorted(rejected)


def _items(body: bytes) -> list[Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"the body is not JSON: {error}",
            code="malformed_json",
            hint='send {"criticality": 7, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "…"}, or an array of these',
        ) from error
    return said if isinstance(said, list) else [said]


def _lines(body: bytes) -> Iterator[Any]:
    for line in body.splitlines():
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield RowError(0, "malformed_json", f"the line is not JSON: {error}")


def _event(item: Any, tenant: str) -> Event:
    if not isinstance(item, dict):
        raise InvalidInput("an event is a JSON object", code="invalid_event")
    if unknown := sorted(item.keys() - _FIELDS):
        raise InvalidInput(
            f"unknown field {unknown[0]!r:.60}; an event has {', '.join(sorted(_FIELDS))}", code="unknown_field"
        )
    if item.get("tenant_id", tenant) != tenant:
        raise InvalidInput(
            f"tenant {item['tenant_id']!r:.60} is not the tenant of the credential", code="tenant_mismatch"
        )
    if missing := sorted({"criticality", "timestamp", "eventMessage"} - item.keys()):
        raise InvalidInput(f"{missing[0]} is missing", code="missing_field")
    return make_event(
        item["criticality"],
        item["timestamp"],
        item["eventMessage"],
        source=item.get("source", ""),
        event_id=item.get("id"),
    )
