"""What the OpenAPI document says about the doors of the catalog, as in `api.examples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from penstock.api.operations import Operation, operation, rows
from penstock.store.catalog import KINDS

__all__ = ["ASSIGN", "CHANGE", "CREATE", "DELETE", "EXPORT", "IMPORT", "LIST", "REPLACE", "SHOW", "UNASSIGNED"]

_TAG: Final = "Catalog"
_EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "sites": {"id": "campus", "name": "Campus", "zone": "Europe/Berlin"},
    "buildings": {"id": "hq", "site": "campus", "name": "Headquarters"},
    "rooms": {"building": "hq", "id": "101", "floor": "1", "attributes": {"wall": "brick", "area_m2": 21.5}},
    "equipment": {"id": "ahu-1", "type": "AHU", "building": "hq"},
    "devices": {"id": "node-7", "manufacturer": "Sensirion", "serial": "0042"},
    "sensor-types": {
        "id": "sht41", "metric": "temperature", "unit": "K", "accuracy": 0.2, "preprocessing": "median of five samples",
    },
    "points": {"site_id": "default", "sensor_id": "t1", "building": "hq", "room": "101", "sensor_type": "sht41"},
}  # fmt: skip
_ROOM: Final = {
    "name": "",
    "attributes": {},
    "building": "hq",
    "id": "101",
    "floor": "1",
    "version": 17,
}
_POINT: Final = {
    "name": "",
    "attributes": {},
    "site_id": "default",
    "sensor_id": "t1",
    "metric": "",
    "building": "hq",
    "room": "101",
    "equipment": None,
    "device": None,
    "sensor_type": None,
    "version": 18,
}
_SERIES: Final = {
    "sensor_id": "t2",
    "site_id": "default",
    "metric": "temperature",
    "unit": "K",
    "building": "",
    "room": "",
    "tags": None,
    "first_ts": "2026-01-31T11:00:00Z",
    "last_ts": "2026-01-31T12:00:00Z",
}
_VERDICTS: Final = {
    "dry_run": False,
    "records": 1,
    "created": 1,
    "updated": 0,
    "unchanged": 0,
    "refused": 0,
    "data": [{"row": 0, "kind": "rooms", "key": "hq/101", "action": "created"}],
}
_WHOLE: Final = {"buildings": [_EXAMPLES["buildings"]], "points": [_EXAMPLES["points"]]}
_CSV: Final = "site_id,sensor_id,metric,building,room\ndefault,t1,,hq,101\n"


def _schema(*, patch: bool = False) -> dict[str, Any]:
    """One of the kinds; of a patch any fields, each of which may be null."""
    found: list[Any] = []
    for kind in KINDS.values():
        (held,) = msgspec.json.schema_components([kind.record])[1].values()
        properties = {**held["properties"], "version": {"type": "integer", "readOnly": True}}
        required = [] if patch else held.get("required", [])
        found.append({"type": "object", "title": kind.record.__name__, "properties": properties, "required": required})
    return {"anyOf": found}


def _described(described: Operation, schema: Mapping[str, Any], *, headers: bool = False) -> Operation:
    """The operation with the schema of its JSON bodies, and the header that it needs."""
    extra = described.setdefault("openapi_extra", {})
    for media, content in extra.get("requestBody", {}).get("content", {}).items():
        if media.endswith("json"):
            content["schema"] = dict(schema)
    if headers:
        about = "ETag of the record as it was read, or `*`"
        extra["parameters"] = [
            {"name": "If-Match", "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
        ]
    return described


def _bodies(media: str = "application/json") -> dict[str, Any]:
    return {media: dict(_EXAMPLES)}


_NO_BODY: Final[dict[str, Any]] = {}

LIST: Final = operation(
    "listRecords", "Records of the catalog", _TAG, {"application/json": {"data": [_ROOM], "next_cursor": None}}
)
CREATE: Final = _described(
    operation("createRecord", "Create a record", _TAG, {"application/json": _ROOM}, bodies=_bodies(), status=201),
    _schema(),
)
CREATE["responses"][200] = CREATE["responses"][201] | {"description": "It was there already, just so"}
SHOW: Final = operation("getRecord", "One record", _TAG, {"application/json": _ROOM})
SHOW["responses"][304] = {"description": "It still has the version of If-None-Match"}
REPLACE: Final = _described(
    operation("replaceRecord", "Replace a record", _TAG, {"application/json": _ROOM}, bodies=_bodies()),
    _schema(patch=True),
    headers=True,
)
_PATCH: Final = {"rename": {"name": "Laboratory", "attributes": {"wall": None}}}
CHANGE: Final = _described(
    operation(
        "changeRecord",
        "Change fields of a record",
        _TAG,
        {"application/json": _ROOM},
        bodies={"application/merge-patch+json": _PATCH, "application/json": _PATCH},
    ),
    {"type": "object"},
    headers=True,
)
DELETE: Final = _described(
    operation("deleteRecord", "Delete a record", _TAG, {"application/json": _ROOM}), _NO_BODY, headers=True
)
UNASSIGNED: Final = operation("listUnassigned", "Series that the catalog places nowhere", _TAG, rows(_SERIES))
ASSIGN: Final = operation(
    "assignSensors",
    "Say where sensors measure",
    _TAG,
    {"application/json": {"data": [{"action": "created", **_POINT}]}},
    bodies={
        "application/json": {
            "one": {"site_id": "default", "sensor_id": "t1", "building": "hq", "room": "101"},
            "many": [
                {"site_id": "default", "sensor_id": "t1", "equipment": "ahu-1"},
                {"site_id": "default", "sensor_id": "t2", "metric": "temperature", "sensor_type": "sht41"},
            ],
        }
    },
)
EXPORT: Final = operation(
    "exportCatalog",
    "The catalog as a file",
    _TAG,
    {"application/json": _WHOLE, "text/csv": _CSV, "application/ld+json": {"@context": {}, "@graph": []}},
)
IMPORT: Final = _described(
    operation(
        "importCatalog",
        "Create and change records from a file",
        _TAG,
        {"application/json": _VERDICTS},
        bodies={
            "application/json": {"catalog": _WHOLE},
            "text/csv": {"points": _CSV},
            "application/ld+json": {"brick": {"@graph": [{"@id": "urn:penstock:sites:campus", "@type": "brick:Site"}]}},
        },
    ),
    {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
)
