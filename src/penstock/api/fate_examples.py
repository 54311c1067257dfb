"""What the OpenAPI document says about what became of readings: receipts, explanations and the ledger."""

from __future__ import annotations

from typing import Final

from penstock.api.operations import FRESH, operation, rows

__all__ = ["EXPLAIN", "LEDGER", "RECEIPT"]

_FATES: Final = {
    "received": 120,
    "stored": 118,
    "duplicate": 1,
    "superseded": 0,
    "rejected": 1,
    "dead_lettered": 0,
    "in_flight": 0,
}
_TIMES: Final = {"admitted_ts": "2026-01-31T12:00:00.120Z", "committed_ts": "2026-01-31T12:00:00.145Z"}
_SENT: Final = {"receipt": "9f2c4b7d1a3e-2a", "source": "http", "frames": ["9f2c4b7d1a3e-2a.0"]}
_RECEIPT: Final = {**_SENT, **_FATES, **_TIMES, "reasons": {"looks_like_seconds": 1}, "conversions": [], **FRESH}
RECEIPT: Final = operation("getReceipt", "What became of a request", "System", {"application/json": _RECEIPT})
_VERSION: Final = {"value": 1204.5, "seq": None, "stamp": "2026-01-31T12:00:00.120000Z", "fate": "stored", "wins": True}
_DECISION: Final = {"code": "only_version", "detail": "nothing else arrived for this series and instant"}
_CONVERTED: Final = {
    "sent_metric": "power",
    "sent_unit": "kW",
    "sent_value": 1.2045,
    "factor": 1000.0,
    "offset": 0.0,
}
_STORY: Final = {
    "seq": None,
    "stamp": _VERSION["stamp"],
    "decision": _DECISION,
    "conversions": [_CONVERTED],
    "latency": {"device_to_door_ms": 120, "door_to_committed_ms": 25},
    "refused": [],
}
_EXPLAINED: Final = {
    "found": True,
    "ts": "2026-01-31T12:00:00Z",
    "sensor_id": "meter-1",
    "site_id": "plant",
    "metric": "power_w",
    "value": 1204.5,
    "unit": "W",
    **_STORY,
    "versions": [{**_VERSION, **_SENT, **_TIMES}],
    **FRESH,
}
_NOT_TAKEN: Final = "1204.5 degC is outside of the range of temperature"
_REFUSED: Final = {
    "code": "value_out_of_range",
    "detail": _NOT_TAKEN,
    "row": 1,
    "receipt": "9f2c4b7d1a3e-2a",
    "source": "http",
    "admitted_ts": "2026-01-31T12:00:00.120Z",
}
_MISSING: Final = {
    "found": False,
    "sensor_id": "room-7",
    "metric": "temperature",
    "ts": "2026-01-31T12:00:00Z",
    "refused": [_REFUSED],
    "site_id": "plant",
    "unit": "K",
    "reasons": [
        {
            "code": "refused",
            "detail": f"refused at the door, value_out_of_range: {_NOT_TAKEN}",
            "receipt": "9f2c4b7d1a3e-2a",
        }
    ],
    "nearest": {
        "before": {"ts": "2026-01-31T11:59:00Z", "value": 294.65},
        "after": {"ts": "2026-01-31T12:01:00Z", "value": 294.75},
    },
    "versions": [],
    **FRESH,
}
_UNKNOWN: Final = {
    "found": False,
    "sensor_id": "meter-l",
    "metric": "power_w",
    "ts": "2026-01-31T12:00:00Z",
    "refused": [],
    "reasons": [
        {"code": "series_unknown", "detail": "no sensor 'meter-l' ever sent anything", "close": ["meter-1"]},
    ],
    "nearest": {"before": None, "after": None},
    "versions": [],
    **FRESH,
}
EXPLAIN: Final = operation(
    "explainReading",
    "Explain a reading",
    "System",
    {"application/json": _EXPLAINED},
    otherwise=[_MISSING, _UNKNOWN],
)
LEDGER: Final = operation(
    "getLedger", "Every row's fate, per source", "System", rows({"source": "http", **_FATES, "difference": 0})
)
