"""What the OpenAPI document says about each route besides its code: id, summary, bodies and answers by example.

Every constant holds the keyword arguments of `FastAPI.add_api_route` for one operation.
"""

from __future__ import annotations

from typing import Final

from penstock.api.operations import FRESH, operation, rows

__all__ = [
    "AGGREGATE",
    "AVERAGE",
    "BATTERY",
    "BATTERY_READING",
    "EVENTS",
    "EVENT_LIST",
    "HEALTH",
    "LATEST",
    "LINES",
    "METRICS",
    "READINGS",
    "READY",
    "RECENT",
    "SEARCH",
    "SENSOR_ENERGY",
    "SERIES",
    "SITE_ENERGY",
    "STATUS",
    "STREAM",
    "TEMPERATURE",
    "TICKET",
]

_READING: Final = {
    "ts": "2026-01-31T12:00:00Z",
    "sensor_id": "meter-1",
    "site_id": "plant",
    "metric": "power_w",
    "value": 1204.5,
    "unit": "W",
}
_VERDICTS: Final = {
    "accepted": 1,
    "readings": 1,
    "rejected": [
        {"row": 1, "code": "looks_like_seconds", "detail": "ts is in the range of epoch seconds; send milliseconds"}
    ],
    "rejected_total": 1,
    "receipt": "9f2c4b7d1a3e-2a",
}
_LONG: Final = {"sensor_id": "meter-1", "metric": "power_w", "value": 1204.5, "ts": 1769860800000, "site_id": "plant"}
_SENML: Final = {"bn": "urn:dev:ow:10e2073a01080063:", "n": "temperature", "u": "Cel", "v": 23.1, "t": 1769860800}
_WIDE: Final = {
    "sensor_id": "ems-7",
    "ts": 1769860800000,
    "power_w": 1204.5,
    "voltage_v": 229.8,
    "current_a": 5.3,
    "site_id": "plant",
    "tags": {"phase": "L1"},
}
_BATTERY: Final = {"battery_id": "bat-7", "ts": 1769860800000, "soc": 0.82, "voltage_v": 51.2, "current_a": -3.1}
_EVENT: Final = {"criticality": 7, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "door forced"}
_DISK: Final = {
    "state": "ok",
    "free_bytes": 81_604_378_624,
    "total_bytes": 270_582_939_648,
    "reserve_bytes": 2_147_483_648,
}

_LINE: Final = "power,site=plant,sensor=meter-1 power_w=1204.5,voltage_v=229.8 1769860800000000000"

READINGS: Final = operation(
    "writeReadings",
    "Send readings",
    "Write",
    {"application/json": _VERDICTS},
    bodies={
        "application/json": {"long": [_LONG], "wide": [_WIDE]},
        "application/x-ndjson": {
            "long": '{"sensor_id":"meter-1","metric":"power_w","value":1204.5,"ts":1769860800000}\n'
        },
        "text/csv": {"wide": "sensor_id,ts,power_w\nmeter-1,1769860800000,1204.5\n"},
        "application/vnd.apache.arrow.stream": {"stream": "(Arrow IPC stream with the same columns)"},
        "application/senml+json": {"pack": [_SENML]},
    },
)
LINES: Final = operation(
    "writeLineProtocol",
    "Send InfluxDB line protocol",
    "Write",
    {},
    bodies={"text/plain": {"telegraf": _LINE}},
    status=204,
    refusal={"application/json": {"code": "invalid", "message": "no row was good", "error": "no row was good"}},
)
TEMPERATURE: Final = operation(
    "writeRoomTemperature",
    "Send a room's temperature",
    "Write",
    {"application/json": {"building": "hq", "room": "101", **_VERDICTS, "rejected": [], "rejected_total": 0}},
    bodies={
        "application/json": {
            "kelvin": {"value": 294.6, "ts": 1769860800000},
            "celsius": {"value": 21.4, "unit": "degC", "ts": "2026-01-31T12:00:00Z"},
        }
    },
    status=201,
)
BATTERY: Final = operation(
    "writeBatteryReadings",
    "Send battery readings",
    "Write",
    {
        "application/json": {
            "id": "bat-7@1769860800000",
            "ids": ["bat-7@1769860800000"],
            **_VERDICTS,
            "readings": 3,
            "rejected": [],
            "rejected_total": 0,
        }
    },
    bodies={
        "application/json": {"one": _BATTERY, "several": [_BATTERY]},
        "application/x-ndjson": {"lines": '{"battery_id":"bat-7","ts":1769860800000,"soc":0.82}\n'},
    },
    status=201,
)
EVENTS: Final = operation(
    "writeEvents",
    "Send events",
    "Write",
    {
        "application/json": {
            "id": "5b1d0c9e",
            "ids": ["5b1d0c9e"],
            "accepted": 1,
            "rejected": [],
            "rejected_total": 0,
            "receipt": "9f2c4b7d1a3e-2b",
        }
    },
    bodies={
        "application/json": {"one": _EVENT, "several": [_EVENT]},
        "application/x-ndjson": {
            "lines": '{"criticality":7,"timestamp":"2026-01-31T12:00:00Z","eventMessage":"door forced"}\n'
        },
    },
    status=201,
)

RECENT: Final = operation("recentReadings", "Newest readings of a sensor", "Read", rows(_READING, cursor="eyJ0cyI6MX0"))
AGGREGATE: Final = operation(
    "siteAggregate",
    "Aggregate a site per window",
    "Read",
    rows(
        {
            "ts": "2026-01-31T12:00:00Z",
            "metric": "power_w",
            "unit": "W",
            "count": 60,
            "sum": 72270.0,
            "mean": 1204.5,
            "min": 1198.2,
            "max": 1210.9,
            "first": 1203.0,
            "last": 1206.0,
            "time_weighted_mean": 1204.4,
            "coverage": 1.0,
            "series": 1,
        }
    ),
)
_USED: Final = {
    "ts": "2026-03-28T23:00:00Z",
    "label": "2026-03-29T00:00:00+01:00",
    "unit": "Wh",
    "import_wh": 11840.5,
    "export_wh": 0.0,
    "increase": None,
    "coverage": 0.998,
    "series": 1,
    "readings": 1378,
    "resets": 0,
    "glitches": 0,
    "percent_good": 100.0,
}
SENSOR_ENERGY: Final = operation("sensorEnergy", "Energy of a sensor per window", "Read", rows(_USED))
SITE_ENERGY: Final = operation("siteEnergy", "Energy of a site per window", "Read", rows(_USED))
AVERAGE: Final = operation(
    "roomTemperatureAverage",
    "Mean temperature of a room",
    "Read",
    {
        "application/json": {
            "building": "hq",
            "room": "101",
            "metric": "temperature",
            "value": 294.6,
            "unit": "K",
            "count": 15,
            "from": "2026-01-31T11:45:00Z",
            "to": "2026-01-31T12:00:00Z",
            "method": "mean",
            "series": 1,
            **FRESH,
        }
    },
)
LATEST: Final = operation("latestReadings", "Newest reading of each series", "Read", rows(_READING))
SERIES: Final = operation(
    "listSeries",
    "List series",
    "Read",
    rows(
        {
            "sensor_id": "meter-1",
            "site_id": "plant",
            "metric": "power_w",
            "unit": "W",
            "building": "",
            "room": "",
            "tags": {},
            "first_ts": "2026-01-24T12:00:00Z",
            "last_ts": "2026-01-31T12:00:00Z",
        }
    ),
)
_BATTERY_ROW: Final = {
    "id": "bat-7@1769860800000",
    "battery_id": "bat-7",
    "site_id": "default",
    "ts": "2026-01-31T12:00:00Z",
    "soc": 0.82,
    "voltage_v": 51.2,
    "current_a": -3.1,
}
SEARCH: Final = operation("searchBatteryReadings", "Search battery readings", "Read", rows(_BATTERY_ROW))
BATTERY_READING: Final = operation(
    "getBatteryReading", "One battery reading", "Read", {"application/json": {**_BATTERY_ROW, **FRESH}}
)
EVENT_LIST: Final = operation(
    "listEvents",
    "Newest events above a criticality",
    "Read",
    rows(
        {
            "id": "5b1d0c9e",
            "ts": "2026-01-31T12:00:00Z",
            "timestamp": "2026-01-31T12:00:00Z",
            "criticality": 7,
            "message": "door forced",
            "source": "gate-3",
        }
    ),
)
STREAM: Final = operation(
    "liveStream",
    "Live rows as server-sent events",
    "Read",
    {
        "text/event-stream": "id: 5f0c2b1e.1042.0.1769860800120\nevent: readings\n"
        'data: [{"ts":"2026-01-31T12:00:00Z","sensor_id":"meter-1"}]\n'
    },
)
TICKET: Final = operation(
    "liveTicket",
    "A one-time ticket for a live WebSocket",
    "Read",
    {"application/json": {"ticket": "pt_9f0b3d…", "expires": "2026-01-31T12:00:30Z"}},
    status=201,
)
STATUS: Final = operation(
    "getStatus",
    "State of store and lanes",
    "System",
    {"application/json": {"version": "0.1.0", "disk": _DISK, **FRESH}},
)
HEALTH: Final = operation(
    "liveness", "Whether this process lives", "System", {"application/json": {"status": "ok", "version": "0.1.0"}}
)
READY: Final = operation(
    "readiness",
    "Whether a write can be read back",
    "System",
    {
        "application/json": {
            "status": "ready",
            "checks": {
                "disk": {"ok": True, **_DISK},
                "write": {"ok": True, "ms": 2.1},
                "read": {"ok": True, "ms": 38.0},
                "processes": {"ok": True},
            },
        }
    },
)
METRICS: Final = operation(
    "metrics",
    "Prometheus metrics",
    "System",
    {"text/plain": 'penstock_api_rows_total{source="http",fate="accepted"} 42\n'},
)
