"""What the OpenAPI document says about the doors of the fleet."""

from __future__ import annotations

from typing import Final

from penstock.api.operations import FRESH, operation, rows

__all__ = ["ASSETS", "BATTERIES", "BATTERY_HEALTH", "FLEET", "FLOW", "FLOW_SERIES"]

_TS: Final = "2026-01-31T12:00:00Z"
_STATES: Final = {"ok": 411, "late": 2, "silent": 1, "bad": 0, "unknown": 0}
_SITE: Final = {
    "site_id": "hq",
    "name": "Headquarters",
    "zone": "Europe/Berlin",
    "assets": 414,
    **_STATES,
    "ts": _TS,
    "grid_w": 18210.5,
    "import_w": 18210.5,
    "export_w": 0.0,
    "generation_w": 9120.0,
    "energy_from": "grid",
    "energy_today_wh": 210400.0,
    "energy_yesterday_wh": 198200.0,
    "exported_today_wh": 3100.0,
    "exported_yesterday_wh": 5400.0,
}
FLEET: Final = operation(
    "fleet",
    "The state of everything",
    "Fleet",
    {
        "application/json": {
            "totals": {"sites": 1, "assets": 414, "online": 0.9976, "states": _STATES},
            "kinds": {"battery": _STATES},
            "power": {"import_w": 18210.5, "export_w": 0.0, "generation_w": 9120.0},
            "energy": {
                "energy_today_wh": 210400.0,
                "energy_yesterday_wh": 198200.0,
                "exported_today_wh": 3100.0,
                "exported_yesterday_wh": 5400.0,
            },
            "events": {"above": 7, "since": "2026-01-31T00:00:00Z", "count": 3, "more": False},
            "freshness": {"p50_ms": 24_000, "p95_ms": 58_000, "oldest_ms": 7_200_000},
            "worst": [
                {
                    "id": "bat-0007",
                    "site_id": "hq",
                    "name": "Rack 7",
                    "kind": "battery",
                    "state": "silent",
                    "reason": "silent for 2 h, usually every 1 min",
                    "ts": "2026-01-31T10:00:00Z",
                }
            ],
            "sites": [_SITE],
            **FRESH,
        }
    },
)
ASSETS: Final = operation(
    "listAssets",
    "Assets with their state and the value that stands for each",
    "Fleet",
    rows(
        {
            "id": "bat-0007",
            "site_id": "hq",
            "name": "Rack 7",
            "building": "hq",
            "room": "",
            "kind": "battery",
            "role": "battery",
            "state": "ok",
            "reason": "",
            "metric": "soc",
            "value": 0.82,
            "unit": "1",
            "ts": _TS,
            "interval_ms": 60_000,
        }
    ),
)
_NODE: Final = {
    "node": "pv",
    "present": True,
    "measured": True,
    "derived": False,
    "power_w": 9120.0,
    "assets": 1,
    "known": 1,
    "ts": _TS,
}
FLOW: Final = operation(
    "siteFlow",
    "What flows in a site now",
    "Fleet",
    {
        "application/json": {
            "site": "hq",
            "at": _TS,
            "balanced": True,
            "nodes": [
                _NODE,
                _NODE | {"node": "load", "power_w": -27330.5, "measured": False, "derived": True, "ts": None},
            ],
            "flows": [{"from": "pv", "to": "load", "power_w": 9120.0}],
            "meters": [{"node": "pv", "id": "ems-hq-002", "name": "Roof", "power_w": 9120.0, "by": "power", "ts": _TS}],
            "unassigned": ["hq/meter"],
            **FRESH,
        }
    },
)
FLOW_SERIES: Final = operation(
    "siteFlowSeries",
    "What flowed in a site, per window",
    "Fleet",
    rows(
        {
            "ts": _TS,
            "pv_w": 9120.0,
            "grid_w": 18210.5,
            "battery_w": 0.0,
            "ev_w": -7400.0,
            "load_w": -19930.5,
            "unmetered_w": 0.0,
            "derived": None,
            "known": 1.0,
        }
    ),
)
_BATTERY: Final = {
    "id": "bat-0007",
    "site_id": "hq",
    "name": "Rack 7",
    "building": "hq",
    "room": "",
    "state": "ok",
    "soc": 0.82,
    "soh": 0.97,
    "cycles": 812.4,
    "cycles_from": "reported",
    "temperature": 297.4,
    "voltage_v": 52.9,
    "current_a": -12.4,
    "power_w": -655.96,
    "c_rate": -0.124,
    "capacity_ah": 100.0,
    "age_ms": 24_000,
    "ts": _TS,
}
BATTERIES: Final = operation("listBatteries", "Batteries with what they said last", "Fleet", rows(_BATTERY))
BATTERY_HEALTH: Final = operation(
    "batteryHealth",
    "How one battery is",
    "Fleet",
    {
        "application/json": {
            "battery": _BATTERY,
            "series": [
                {"sensor_id": "bat-0007", "metric": "soc", "value": 0.82, "unit": "1", "ts": _TS, "interval_ms": 60_000}
            ],
            "cycles": {"value": 812.4, "from": "estimated", "since": "2025-02-01T00:00:00Z"},
            "histograms": {
                "temperature": {"edges": [295.65, 298.15, 300.65], "hours": [120.5, 47.5]},
                "c_rate": {"edges": [-0.2, -0.15, -0.1], "hours": [12.0, 30.0]},
            },
            "similar": {
                "count": 334,
                "by": {"chemistry": "lfp"},
                "percentile": {"soc": 0.6, "soh": 0.42, "cycles": 0.7, "temperature": 0.5},
            },
            "from": "2026-01-24T12:00:00Z",
            "to": _TS,
            **FRESH,
        }
    },
)
