"""The catalog as a Project Haystack grid (4.0) in its JSON encoding (Hayson), and back.

A row per record: its kind is a marker tag (`site`, `building`, `room`, `equip`, `device`, `point`; `sensorType` is ours), its name is
`dis`, and what it refers to are refs. Of a grid from elsewhere, a ref's text becomes the id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote, unquote

import msgspec

from penstock.api.catalog.drafts import Draft
from penstock.model.errors import InvalidInput
from penstock.model.series import NO_SITE
from penstock.store.catalog import KINDS, Key, Kind, Record, Snapshot

__all__ = ["drafts", "grid"]

_MARKERS: Final = {
    "sites": ("site",),
    "buildings": ("building", "space"),
    "rooms": ("room", "space"),
    "equipment": ("equip",),
    "devices": ("device",),
    "sensor-types": ("sensorType",),
    "points": ("point", "sensor", "his", "cur"),
}
"""Kind → its marker tags; the first one tells it. `cur` and `his`: a point has a present value and a history."""
_REFS: Final = {
    "site": ("siteRef", "sites"),
    "part_of": ("equipRef", "equipment"),
    "equipment": ("equipRef", "equipment"),
    "device": ("deviceRef", "devices"),
    "sensor_type": ("sensorTypeRef", "sensor-types"),
}
"""Field → its ref tag, and the kind that it leads to. Building and room are one `spaceRef`."""
_TAGS: Final = {"site_id": "siteId", "sensor_id": "sensorId", "zone": "tz", "type": "equipType", "floor": "floorName"}
"""Field → tag, where they differ."""
_OURS: Final = "penstock:"
_MARKER: Final = {"_kind": "marker"}


# -- out


def grid(snapshot: Snapshot) -> dict[str, Any]:
    """A grid with a row for each record."""
    rows = [_row(KINDS[kind], row.record) for kind, held in snapshot.records.items() for row in held]
    names = dict.fromkeys(name for row in rows for name in row)
    return {"_kind": "grid", "meta": {"ver": "3.0"}, "cols": [{"name": name} for name in names], "rows": rows}


def _row(kind: Kind, record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {"id": _ref(kind, kind.key_of(record), record.name)}
    row |= {"dis": record.name} if record.name else {}
    row |= dict.fromkeys(_MARKERS[kind.name], _MARKER)
    fields: dict[str, Any] = msgspec.structs.asdict(record)
    building, room = fields.get("building"), fields.get("room")
    if building is not None:
        row["spaceRef"] = _ref(KINDS["rooms"], (building, room)) if room else _ref(KINDS["buildings"], (building,))
    for name, value in fields.items():
        if name in {"id", "name", "building", "room"} or value in (None, "", {}):
            continue
        if name in _REFS:
            tag, there = _REFS[name]
            row[tag] = _ref(KINDS[there], (value,))
        else:
            row[_TAGS.get(name, name)] = value
    return row


def _ref(kind: Kind, key: Key, dis: str = "") -> dict[str, str]:
    """A ref's text has letters, digits and `_:-.~`: everything else is written as `~` and its UTF-8 in hexadecimal."""
    parts = ":".join(quote(part, safe="").replace("~", "%7E").replace("%", "~") for part in key)
    return {"_kind": "ref", "val": f"{_OURS}{kind.name}:{parts}"} | ({"dis": dis} if dis else {})


# -- in


def drafts(given: Any) -> Sequence[Draft]:
    """The records of a grid, or of a list of its rows. Raises InvalidInput for what is none."""
    rows: Any = given.get("rows") if isinstance(given, dict) else given
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in cast(list[Any], rows)):
        raise InvalidInput(
            "the body is no Haystack grid",
            code="malformed_json",
            hint='{"_kind": "grid", "meta": …, "cols": …, "rows": […]}',
        )
    return _Grid(cast(list[dict[str, Any]], rows)).drafts()


class _Grid:
    """Rows by the text of their ids."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = rows
        self._by_id = {_text(row["id"]): row for row in rows if "id" in row}

    def drafts(self) -> list[Draft]:
        found = [(kind, row) for row in self._rows if (kind := _kind_of(row)) is not None]
        return [Draft(kind, self._fields(kind, row)) for kind, row in found]

    def _fields(self, kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name in kind.fields:
            tag = "dis" if name == "name" else _TAGS.get(name, name)
            if name not in _REFS and name not in {"id", "building", "room"} and tag in row:
                fields[name] = _plain(row[tag])
        for name, (tag, there) in _REFS.items():
            if name in kind.fields and tag in row:
                fields[name] = self._key(KINDS[there], _text(row[tag]))[-1]
        if kind.name in {"rooms", "equipment", "points"} and "spaceRef" in row:
            fields |= self._space(_text(row["spaceRef"]))
            fields.pop("site", None)
        if "id" in row:
            fields |= {k: v for k, v in zip(kind.key, self._key(kind, _text(row["id"])), strict=True) if v}
        return fields

    def _space(self, ref: str) -> dict[str, str]:
        """Building and room of a space."""
        kind = _kind_of(self._by_id.get(ref, {})) or KINDS["rooms" if ref.startswith(f"{_OURS}rooms:") else "buildings"]
        key = self._key(kind, ref)
        return {"building": key[0], "room": key[1]} if kind.name == "rooms" else {"building": key[-1]}

    def _key(self, kind: Kind, ref: str) -> Key:
        """The key that a ref names: written in it where it is ours, else the ref itself and what its row refers to."""
        if ref.startswith(_OURS):
            parts = ref.removeprefix(f"{_OURS}{kind.name}:").split(":")
            return tuple(unquote(part.replace("~", "%")) for part in parts)
        row = self._by_id.get(ref, {})
        local = ref.rpartition(":")[2]
        if kind.name == "points":
            site = self._key(KINDS["sites"], _text(row["siteRef"]))[-1] if "siteRef" in row else NO_SITE
            return (str(row.get("siteId", site)), str(row.get("sensorId", local)), str(row.get("metric", "")))
        if kind.name == "rooms":
            above = _text(row["spaceRef"]) if "spaceRef" in row else ""
            return (self._key(KINDS["buildings"], above)[-1] if above and above != ref else "", local)
        return (local,)


def _kind_of(row: Mapping[str, Any]) -> Kind | None:
    """The kind that a row's markers tell; a space that is no building is a room."""
    for kind, markers in _MARKERS.items():
        if markers[0] in row:
            return KINDS[kind]
    return KINDS["rooms"] if "space" in row and "floor" not in row else None


def _text(ref: Any) -> str:
    """The text of a ref, in this encoding or as `@text`."""
    return (
        str(ref.get("val", ""))
        if isinstance(ref, dict)
        else str(ref).removeprefix("r:").removeprefix("@").partition(" ")[0]
    )


def _plain(value: Any) -> Any:
    """A value without its kind; a number with a unit is its number."""
    if not isinstance(value, dict):
        return value
    held = cast(dict[str, Any], value)
    if held.get("_kind", "dict") == "dict":
        return {k: v for k, v in held.items() if k != "_kind"}
    return held.get("val")
