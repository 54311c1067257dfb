"""What the OpenAPI document says about `POST /v1/query`: its schema, and queries that people ask, with answers."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from penstock.api.operations import Operation, operation, rows
from penstock.query.document import QueryDocument

__all__ = ["QUERY", "QUERY_SCHEMAS"]

_REFS: Final = "#/components/schemas/{name}"

_SCHEMAS: Final = msgspec.json.schema_components([QueryDocument], ref_template=_REFS)
QUERY_SCHEMAS: Final[dict[str, Any]] = dict(_SCHEMAS[1])
"""Name → schema of the document's parts, for the components of the OpenAPI document."""

_ROOMS: Final = {
    "start": "-24h",
    "fetch": {"room": {"where": {"metric": "temperature"}, "fn": "mean", "by": ["building", "room"], "unit": "degC"}},
    "window": "15m",
    "zone": "Europe/Berlin",
}
_HOTTEST: Final = {
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-02-01T00:00:00Z",
    "fetch": {
        "heat": {
            "where": {"metric": "temperature"},
            "fn": "max",
            "by": ["building", "room"],
            "then": {"fn": "mean", "by": ["building"]},
            "unit": "degC",
        }
    },
    "window": "1d",
    "fill": "null",
}
_COMPARED: Final = {
    "start": "-7d",
    "fetch": {
        "used": {"where": {"site": "plant"}, "fn": "energy", "unit": "kWh"},
        "before": {"where": {"site": "plant"}, "fn": "energy", "unit": "kWh", "shift": "1w"},
    },
    "math": {"change": "100 * (used - before) / before"},
    "show": ["used", "change"],
    "window": "1d",
}
_CHART: Final = {
    "start": "-30d",
    "fetch": {"power": {"where": {"site": "plant", "metric": "power_w"}, "by": ["sensor"]}},
    "max_points": 1000,
}
_ROW: Final = {
    "name": "room",
    "ts": "2026-01-31T11:00:00Z",
    "label": "2026-01-31T12:00:00+01:00",
    "metric": "temperature",
    "unit": "degC",
    "building": "B1",
    "room": "1.01",
    "value": 21.4,
    "count": 90,
    "coverage": 1.0,
    "percent_good": 100.0,
}


def _described() -> Operation:
    queries = {"rooms": _ROOMS, "two levels": _HOTTEST, "comparison": _COMPARED, "chart": _CHART}
    described = operation(
        "query", "Ask for lines over a range", "Read", rows(_ROW), bodies={"application/json": queries}
    )
    described["openapi_extra"]["requestBody"]["content"]["application/json"]["schema"] = _SCHEMAS[0][0]
    described["responses"][304] = {"description": "What If-None-Match names is still the answer"}
    return described


QUERY: Final = _described()
