"""Messages as the AsyncAPI document shows them; a test sends those of clients and finds those of the server to be like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["MESSAGES"]

_TOKEN: Final = "5f0c2b1e.1042.0.1769860800120"  # noqa: S105 - a place in a stream, no secret
_LATER: Final = "5f0c2b1e.1043.0.1769860800220"
_TS: Final = 1_769_860_800_000
_TIME: Final = "2026-01-31T12:00:00Z"
_EVENT: Final = {"criticality": 7, "timestamp": _TIME, "eventMessage": "door forced"}
_EVENT_ROW: Final = {
    "id": "5b1d0c9e",
    "ts": _TIME,
    "timestamp": _TIME,
    "criticality": 7,
    "message": "door forced",
    "source": "gate-3",
}
_READING: Final = {
    "ts": _TIME,
    "sensor_id": "meter-1",
    "site_id": "hq",
    "metric": "power_w",
    "value": 1204.5,
    "unit": "W",
}
_FRESH: Final = {"as_of": "2026-01-31T12:00:01.250Z", "staleness_ms": 180, "complete": True, "next_cursor": None}

MESSAGES: Final[Mapping[str, Sequence[Any]]] = {
    "Event": ({**_EVENT, "source": "gate-3"},),
    "EventsRequest": ({}, {"limit": 3, "criticality_above": 5}),
    "EventsReply": ({"events": [_EVENT]},),
    "LatestRequest": (
        {"site_id": "hq", "metric": "power_*"},
        {"sensor_id": "meter-1", "unit": "kW", "shape": "columns"},
    ),
    "ReadingsRequest": ({"sensor_id": "meter-1", "metric": "power_w", "from": _TIME, "limit": 2},),
    "QueryRequest": (
        {
            "start": _TS,
            "end": _TS + 3_600_000,
            "window": 900_000,
            "fetch": {"load": {"where": {"site": "hq", "metric": "power_w"}, "fn": "max", "by": ["sensor"]}},
        },
    ),
    "ReadingsReply": ({"data": [_READING], **_FRESH},),
    "ErrorReply": ({"error": {"code": "invalid_limit", "detail": "limit 0 is not between 1 and 1000"}},),
    "Auth": ({"op": "auth", "ticket": "pt_9f0b3d…"},),
    "Sub": (
        {"op": "sub", "id": "1", "patterns": ["hq/meter-1/power_w", "hq/*/temperature*"], "hz": 5},
        {"op": "sub", "id": "door", "events": True, "criticality_above": 5},
    ),
    "Resume": ({"op": "resume", "id": "2", "patterns": ["hq/*/power_*"], "token": _TOKEN},),
    "Unsub": ({"op": "unsub", "id": "1"},),
    "Ping": ({"op": "ping", "id": "p1"},),
    "Hello": ({"op": "hello", "version": "0.1.0", "heartbeat_ms": 15000},),
    "Subscribed": ({"op": "subscribed", "id": "1", "token": _TOKEN, "exact": True},),
    "NewSeries": (
        {
            "op": "series",
            "id": "1",
            "series": [{"number": 0, "site_id": "hq", "sensor_id": "meter-1", "metric": "power_w", "unit": "W"}],
        },
    ),
    "Data": (
        {"op": "data", "id": "1", "token": _LATER, "series": [0], "ts": [_TS], "value": [1204.5]},
        {
            "op": "data",
            "id": "1",
            "token": _LATER,
            "series": [0],
            "ts": [_TS],
            "value": [1204.5],
            "count": [3],
            "min": [1180.0],
            "max": [1210.0],
        },
    ),
    "Backfill": ({"op": "backfill", "id": "2", "token": _LATER, "series": [0], "ts": [_TS], "value": [1204.5]},),
    "LiveEvents": ({"op": "events", "id": "door", "token": _LATER, "data": [_EVENT_ROW]},),
    "Gap": ({"op": "gap", "id": "1", "from": _TS, "to": _TS + 1_200, "merged": 11, "events": 0},),
    "Unsubscribed": ({"op": "unsubscribed", "id": "1"},),
    "Pong": ({"op": "pong", "id": "p1", "ts": _TS},),
    "Heartbeat": ({"op": "heartbeat", "ts": _TS},),
    "Failure": (
        {
            "op": "error",
            "code": "invalid_pattern",
            "detail": "pattern 'hq' is not site/sensor/metric",
            "id": "1",
            "hint": "such as hq/meter-1/power_w or hq/*/power_*; write / within a name as %2F",
        },
    ),
    "StreamReadings": ([_READING],),
    "StreamEvents": ([_EVENT_ROW],),
    "StreamGap": ({"skipped": 1200}, {"from": _TIME, "to": "2026-01-31T12:00:05Z"}),
}
