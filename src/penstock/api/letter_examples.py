"""What the OpenAPI document says about the doors for dead letters, as in `examples`."""

from __future__ import annotations

from typing import Final

from penstock.api.operations import FRESH, operation, rows

__all__ = ["DEAD_LETTER", "DEAD_LETTERS", "DISCARD", "REPLAY"]

_ID: Final = "7c1f0a94be2d5d63a1c08f4e"
_PAYLOAD: Final = (
    '{"sensor_id":"meter-1","site_id":"plant","metric":"power_w","ts":1769860800000,"value":"nan","unit":"W"}'
)
_LETTER: Final = {
    "id": _ID,
    "state": "open",
    "received_ts": "2026-01-31T12:00:00.130Z",
    "source": "http",
    "holds": "readings",
    "rows": 1,
    "code": "not_finite",
    "detail": "power_w of meter-1 is nan",
    "media_type": "application/x-ndjson",
    "payload": _PAYLOAD,
    "payload_bytes": len(_PAYLOAD),
    "settled_ts": None,
    "settled_by": "",
    "reason": "",
}
_ERRORS: Final = [{"row": 0, "code": "invalid_field", "detail": "value must be a number, not 'nan'"}]
_RECEIPT: Final = "replay-5a1e3b0c8d7f42619c3e7a90"

DEAD_LETTERS: Final = operation("listDeadLetters", "What could never be stored", "Dead letters", rows(_LETTER))
DEAD_LETTER: Final = operation(
    "getDeadLetter",
    "One dead letter, whole",
    "Dead letters",
    {"application/json": {**_LETTER, "encoding": "text", "errors": _ERRORS, **FRESH}},
)
REPLAY: Final = operation(
    "replayDeadLetter",
    "Mend and replay a dead letter",
    "Dead letters",
    {"application/json": {"id": _ID, "state": "replayed", "accepted": 1, "receipt": _RECEIPT}},
    bodies={
        "application/x-ndjson": {"mended": _PAYLOAD.replace('"nan"', "1204.5")},
        "application/json": {
            "mended": [{"sensor_id": "meter-1", "metric": "power_w", "value": 1, "ts": 1769860800000}]
        },
    },
    optional_body=True,
)
DISCARD: Final = operation(
    "discardDeadLetter",
    "Give a dead letter up",
    "Dead letters",
    {"application/json": {"id": _ID, "state": "discarded", "receipt": _RECEIPT}},
    bodies={"application/json": {"reason": {"reason": "test device, no data of ours"}}},
)
