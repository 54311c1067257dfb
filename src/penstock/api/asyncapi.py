"""The AsyncAPI 3 document: what goes over NATS, the live WebSocket and server-sent events, made of the types that do it.

Actions are Penstock's: it receives what a client publishes, and sends what a client hears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

import penstock
from penstock.api import asyncapi_examples as examples
from penstock.api.live import messages as live
from penstock.api.live.connection import CODES
from penstock.bus import EVENTS_SUBJECT
from penstock.query import guests

__all__ = ["asyncapi_document"]

_DESCRIPTION: Final = (
    "What Penstock takes and tells besides HTTP: NATS for clients without a credential (they speak for the configured events "
    "tenant), the live WebSocket, and server-sent events. The NATS schemas of rows are those of the HTTP API."
)


class Event(msgspec.Struct):
    """A security event: how much it matters, when it was (ISO 8601) and what happened. Equal ids are stored once."""

    criticality: int
    timestamp: str
    eventMessage: str  # noqa: N815 - S1's name
    source: str = ""
    id: Annotated[str, Meta(description="The sender's own; a digest of the event without one")] | UnsetType = UNSET


class ReadingRow(msgspec.Struct):
    """One reading."""

    ts: Annotated[str, Meta(description="RFC 3339")]
    sensor_id: str
    site_id: str
    metric: str
    value: float | None
    unit: str


class LiveEventRow(msgspec.Struct):
    """One event, as `GET /v1/events` shows it."""

    id: str
    ts: Annotated[str, Meta(description="RFC 3339")]
    timestamp: Annotated[str, Meta(description="As its sender said it")]
    criticality: int
    message: str
    source: str


class StreamGap(msgspec.Struct):
    """`skipped` rows did not come, or not everything of [from, to)."""

    skipped: int | UnsetType = UNSET
    start: str | UnsetType = msgspec.field(default=UNSET, name="from")
    end: str | UnsetType = msgspec.field(default=UNSET, name="to")


_FROM_CLIENT: Final = get_args(live.FromClient)
_FROM_SERVER: Final = get_args(live.FromServer)
_ROWS: Final = {"readings": ReadingRow, "events": LiveEventRow}


def asyncapi_document() -> dict[str, Any]:
    """The whole document; it depends on nothing but the code."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Penstock", "version": penstock.__version__, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": _schemas(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key"}},
        },
    }


def _servers() -> dict[str, Any]:
    key = [{"$ref": "#/components/securitySchemes/key"}]
    return {
        "nats": {
            "host": "127.0.0.1:4222",
            "protocol": "nats",
            "description": "The bundled broker; a client without a credential may use these subjects and nothing else",
        },
        "live": {"host": "127.0.0.1:8080", "protocol": "ws", "description": "WebSocket", "security": key},
        "http": {"host": "127.0.0.1:8080", "protocol": "http", "description": "Server-sent events", "security": key},
    }


def _channels() -> dict[str, Any]:
    asked = {
        EVENTS_SUBJECT: ("One JSON event per message", [Event]),
        guests.EVENTS_QUERY: ("Request-reply: the last events", [guests.EventsRequest]),
        guests.READINGS_QUERY: (
            "Request-reply: readings, or a whole query",
            [guests.ReadingsRequest, guests.QueryRequest],
        ),
        guests.READINGS_LATEST: ("Request-reply: newest readings", [guests.LatestRequest]),
    }
    channels = {
        _name(subject): _channel(subject, "nats", text, [kind.__name__ for kind in kinds])
        for subject, (text, kinds) in asked.items()
    }
    replies = [kind.__name__ for kind in (guests.EventsReply, guests.ReadingsReply, guests.ErrorReply)]
    channels["reply"] = _channel(None, "nats", "The inbox of whoever asked", replies)
    ends = "; ".join(f"{code}: {reason}" for code, reason in CODES.items())
    channels["live"] = _channel(
        "/v1/live",
        "live",
        f"Live readings and events; many subscriptions on one connection. Close codes: {ends}",
        [kind.__name__ for kind in (*_FROM_CLIENT, *_FROM_SERVER)],
    )
    channels["live"]["bindings"] = {"ws": {"method": "GET", "bindingVersion": "0.1.0"}}
    channels["stream"] = _channel(
        "/v1/stream", "http", "Live rows as server-sent events", ["StreamReadings", "StreamEvents", "StreamGap"]
    )
    return channels


def _channel(address: str | None, server: str, text: str, messages: Sequence[str]) -> dict[str, Any]:
    return {
        "address": address,
        "description": text,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operations() -> dict[str, Any]:
    replies = {
        guests.EVENTS_QUERY: (["EventsRequest"], "EventsReply"),
        guests.READINGS_QUERY: (["ReadingsRequest", "QueryRequest"], "ReadingsReply"),
        guests.READINGS_LATEST: (["LatestRequest"], "ReadingsReply"),
    }
    queue = {"nats": {"queue": guests.GROUP, "bindingVersion": "0.1.0"}}
    operations: dict[str, Any] = {
        "takeEvent": _operation("receive", "events", "Store an event", ["Event"]),
        "hearLive": _operation("receive", "live", "What a client says", [kind.__name__ for kind in _FROM_CLIENT]),
        "tellLive": _operation("send", "live", "What a client is told", [kind.__name__ for kind in _FROM_SERVER]),
        "tellStream": _operation(
            "send", "stream", "Rows as they pass", ["StreamReadings", "StreamEvents", "StreamGap"]
        ),
    }
    for subject, (asked, reply) in replies.items():
        name = _name(subject)
        operations[f"answer{name[0].upper()}{name[1:]}"] = {
            **_operation("receive", name, f"Answer {subject}", asked),
            "bindings": queue,
            "reply": {
                "channel": {"$ref": "#/channels/reply"},
                "messages": [{"$ref": f"#/channels/reply/messages/{kind}"} for kind in (reply, "ErrorReply")],
            },
        }
    return operations


def _operation(action: str, channel: str, text: str, messages: Sequence[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": text,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _messages() -> dict[str, Any]:
    streamed = {f"Stream{name.capitalize()}": name for name in _ROWS}
    structs = (Event, *_guest_types(), *_FROM_CLIENT, *_FROM_SERVER, StreamGap)
    payloads: dict[str, Mapping[str, Any]] = {
        kind.__name__: {"$ref": f"#/components/schemas/{kind.__name__}"} for kind in structs
    }
    for message, name in streamed.items():
        row = {"$ref": f"#/components/schemas/{_ROWS[name].__name__}"}
        payloads[message] = {
            "type": "array",
            "items": row,
            "description": f"The data of a `{name}` event, with an `id`",
        }
    return {name: _message(name, payload) for name, payload in payloads.items()}


def _message(name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    said = [{"name": f"{name}-{at}", "payload": value} for at, value in enumerate(examples.MESSAGES.get(name, ()), 1)]
    return {"name": name, "payload": payload, **({"examples": said} if said else {})}


def _schemas() -> dict[str, Any]:
    kinds = (Event, ReadingRow, LiveEventRow, StreamGap, *_guest_types(), *_FROM_CLIENT, *_FROM_SERVER)
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return dict(sorted(schemas.items()))


def _guest_types() -> tuple[type[msgspec.Struct], ...]:
    return (
        guests.EventsRequest,
        guests.EventsReply,
        guests.LatestRequest,
        guests.ReadingsRequest,
        guests.ReadingsReply,
        guests.ErrorReply,
        guests.QueryRequest,
    )


def _name(subject: str) -> str:
    first, *rest = subject.split(".")
    return first + "".join(word.capitalize() for word in rest)
