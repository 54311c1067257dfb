"""What the OpenAPI document says about the pipeline."""

from __future__ import annotations

from typing import Any, Final

from penstock.api.operations import operation

__all__ = ["PIPELINE"]


def _part(name: str, lag: float, depth: int, bound: int, **counters: int) -> dict[str, Any]:
    return {
        "stage": name,
        "unit": "rows",
        "rate_10s": 1204.5,
        "rate_60s": 1198.2,
        "lag_p50_ms": lag,
        "lag_p95_ms": 3 * lag,
        "depth": depth,
        "bound": bound,
        "depth_unit": "bytes",
        "counters": [{"name": name, "value": value} for name, value in counters.items()],
    }


_DOORS: Final = _part("doors", 2.4, 8_192, 268_435_456, accepted=71_892, rejected=3, turned_away=0)
_HTTP: Final = _part("http", 2.4, 0, 0, accepted=71_892, rejected=3, turned_away=0)
_LANES: Final = _part("lanes", 0.0, 4_096, 25_769_803_776, messages=1, redelivered=0)
_READINGS: Final = _part("readings", 0.0, 4_096, 8_589_934_592, messages=1, redelivered=0)

PIPELINE: Final = operation(
    "getPipeline",
    "The pipeline, stage by stage",
    "System",
    {
        "application/json": {
            "version": "0.1.0",
            "time": "2026-01-31T12:00:00.250Z",
            "state": "degraded",
            "reasons": ["core ended 3 times within 5 minutes and is started again each time"],
            "stages": [_DOORS | {"parts": [_HTTP]}, _LANES | {"parts": [_READINGS]}],
            "store": {"series": 4_200, "rolled_to": "2026-01-31T11:00:00Z", "behind_ms": 38},
            "cache": {
                "questions": 420,
                "saved_share": 0.83,
                "staleness_bound_ms": 1_000,
                "held_bytes": 8_123_456,
                "hit": 301,
                "joined": 12,
                "unchanged": 36,
                "miss": 71,
            },
            "disk": {
                "state": "ok",
                "free_bytes": 81_604_378_624,
                "total_bytes": 270_582_939_648,
                "reserve_bytes": 2_147_483_648,
                "watched_days": 0.52,
                "bytes_per_day": 1_288_490_188,
                "days_left": 61.7,
            },
            "processes": [
                {
                    "process": "core",
                    "state": "crash_looping",
                    "pid": 4_711,
                    "restarts": 3,
                    "ended_lately": 3,
                    "last_end": "2026-01-31T11:59:41.120Z",
                }
            ],
            "versions": {
                "penstock": "0.1.0",
                "python": "3.11.9",
                "duckdb": "2.0.1",
                "pyarrow": "26.0.0",
                "nats_server": "2.15.1",
            },
        }
    },
)
