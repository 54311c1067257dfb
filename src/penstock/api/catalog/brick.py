"""The catalog as a Brick model (brickschema.org, 1.4) in JSON-LD, and back.

What Brick has words for is said in them: sites, buildings, rooms, equipment and points, where they are and what they are part of,
and the series of a point as its time-series reference. The rest (devices, sensor types, free attributes) is said in words of
our own, which other programs may pass over. Of a document from elsewhere, the last part of an identifier becomes the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote, unquote

import msgspec

from penstock.api.catalog.drafts import Draft
from penstock.model.errors import InvalidInput
from penstock.model.series import NO_SITE
from penstock.store.catalog import KINDS, Equipment, Key, Kind, Point, Record, Snapshot

__all__ = ["document", "drafts"]

_CONTEXT: Final = {
    "brick": "https://brickschema.org/schema/Brick#",
    "ref": "https://brickschema.org/schema/Brick/ref#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "penstock": "urn:penstock:",
}
_CLASSES: Final = {
    "sites": "brick:Site",
    "buildings": "brick:Building",
    "rooms": "brick:Room",
    "equipment": "brick:Equipment",
    "devices": "penstock:Device",
    "sensor-types": "penstock:SensorType",
    "points": "brick:Point",
}
_SENSORS: Final = {
    "temperature": "brick:Temperature_Sensor",
    "humidity": "brick:Humidity_Sensor",
    "co2": "brick:CO2_Sensor",
    "power_w": "brick:Electric_Power_Sensor",
    "energy_wh": "brick:Electric_Energy_Sensor",
}
"""Metric → the class of its points."""
_FROM_ELSEWHERE: Final = (
    ("sites", re.compile(r"brick:Site")),
    ("buildings", re.compile(r"brick:Building")),
    ("rooms", re.compile(r"brick:(\w+_)?(Room|Space|Zone)")),
    ("points", re.compile(r"brick:(\w+_)?(Point|Sensor|Setpoint|Status|Command|Alarm|Parameter)")),
    ("", re.compile(r"brick:(Floor|Storey|Wing|Location|Collection|System|\w+_Group)|(?!brick:).*")),
    ("equipment", re.compile(r"brick:[A-Z]\w*")),
)
"""Kind of a node by its class; the first that fits. Of "" are those that only lead to others."""
_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9_]*")
_RELATIONS: Final = ("brick:isPartOf", "brick:hasLocation", "brick:isPointOf")
_INVERSE: Final = {"brick:hasPart": _RELATIONS[0], "brick:isLocationOf": _RELATIONS[1], "brick:hasPoint": _RELATIONS[2]}
_REFERENCE: Final = "ref:hasExternalReference"
_SERIES: Final = "ref:hasTimeseriesId"
_OURS: Final = "urn:penstock:"
_SAID: Final = frozenset({"site", "building", "room", "part_of", "equipment", "name", "type", "attributes"})
"""Fields that are not said by a word of our own of their name."""
_DEPTH: Final = 8


# -- out


def document(snapshot: Snapshot) -> dict[str, Any]:
    """A JSON-LD document with a node for each record."""
    nodes = [_node(KINDS[kind], row.record) for kind, rows in snapshot.records.items() for row in rows]
    return {"@context": _CONTEXT, "@graph": nodes}


def _node(kind: Kind, record: Record) -> dict[str, Any]:
    node: dict[str, Any] = {"@id": _iri(kind, kind.key_of(record)), "@type": _class(kind, record)}
    if record.name:
        node["rdfs:label"] = record.name
    fields: dict[str, Any] = msgspec.structs.asdict(record)
    if place := _place(fields):
        node["brick:hasLocation" if kind.name in {"equipment", "points"} else "brick:isPartOf"] = place
    if whole := fields.get("part_of"):
        node["brick:isPartOf"] = _ref("equipment", whole)
    if whole := fields.get("equipment"):
        node["brick:isPointOf"] = _ref("equipment", whole)
    if isinstance(record, Point):
        series = kind.text(kind.key_of(record))
        node[_REFERENCE] = {"@type": "ref:TimeseriesReference", _SERIES: series}
    if isinstance(record, Equipment) and record.type and node["@type"] == _CLASSES["equipment"]:
        node["penstock:type"] = record.type
    for name, value in fields.items():
        if name not in _SAID and name not in kind.key and value not in (None, ""):
            node[f"penstock:{name}"] = value
    if record.attributes:
        node["penstock:attributes"] = {"@type": "@json", "@value": record.attributes}
    return node


def _class(kind: Kind, record: Record) -> str:
    if isinstance(record, Equipment) and _CLASS.fullmatch(record.type):
        name = f"brick:{record.type}"
        return name if _kind_of([name]) == "equipment" else _CLASSES["equipment"]
    if isinstance(record, Point):
        return _SENSORS.get(record.metric, "brick:Point")
    return _CLASSES[kind.name]


def _place(fields: Mapping[str, Any]) -> dict[str, str] | None:
    """A reference to the narrowest place that the fields name."""
    building, room, site = (fields.get(name) for name in ("building", "room", "site"))
    if building and room:
        return _ref("rooms", building, room)
    return _ref("buildings", building) if building else _ref("sites", site) if site else None


def _ref(kind: str, *key: str) -> dict[str, str]:
    return {"@id": _iri(KINDS[kind], key)}


def _iri(kind: Kind, key: Key) -> str:
    return f"{_OURS}{kind.name}:{quote(kind.text(key), safe='/%:')}"


# -- in


def drafts(given: Any) -> Sequence[Draft]:
    """The records of a JSON-LD document. Raises InvalidInput for what is none."""
    graph: Any = given.get("@graph", [given]) if isinstance(given, dict) else given
    if not isinstance(graph, list) or not all(isinstance(node, dict) for node in cast(list[Any], graph)):
        raise InvalidInput(
            "the body is no JSON-LD document with a graph of nodes", code="malformed_json", hint='{"@graph": [{…}]}'
        )
    return _Graph(cast(list[dict[str, Any]], graph)).drafts()


class _Graph:
    """Nodes by identifier, with their relations all in one direction."""

    def __init__(self, nodes: Sequence[Mapping[str, Any]]) -> None:
        self._nodes: dict[str, dict[str, list[Any]]] = {}
        for node in nodes:
            held = self._nodes.setdefault(str(node.get("@id", "")), {})
            for name, value in node.items():
                held.setdefault(_short(name), []).extend(_values(value))
        for name, node in list(self._nodes.items()):
            for there, back in _INVERSE.items():
                for target in _targets(node.get(there, [])):
                    self._nodes.setdefault(target, {}).setdefault(back, []).append({"@id": name})

    def drafts(self) -> list[Draft]:
        found: list[Draft] = []
        for name in self._nodes:
            kind = self._kind(name)
            if kind:
                found.append(Draft(KINDS[kind], self._fields(name, KINDS[kind])))
        return found

    def _kind(self, name: str) -> str:
        """The kind of a node; "" for one that is no record."""
        if name.startswith(_OURS):
            kind = name.removeprefix(_OURS).partition(":")[0]
            return kind if kind in KINDS else ""
        types = [_short(str(each)) for each in self._nodes.get(name, {}).get("@type", [])]
        return _kind_of(types) if types else ""

    def _fields(self, name: str, kind: Kind) -> dict[str, Any]:
        node = self._nodes[name]
        fields: dict[str, Any] = {
            word.removeprefix("penstock:"): values[0] for word, values in node.items() if word.startswith("penstock:")
        }
        if label := node.get("rdfs:label"):
            fields["name"] = label[0]
        if kind.name == "equipment" and "type" not in fields:
            types = [_short(str(each)).partition(":")[2] for each in node.get("@type", [])]
            fields |= {"type": types[0]} if types and types[0] != "Equipment" else {}
        around = self._around(name)
        fields |= {field: value for field, value in around.items() if field in kind.fields}
        if kind.name == "equipment" and "building" in fields:
            fields.pop("site", None)
        return fields | dict(zip(kind.key, self._key(name, kind, around), strict=True))

    def _key(self, name: str, kind: Kind, around: Mapping[str, Any]) -> Key:
        if name.startswith(_OURS):
            return kind.parse(name.removeprefix(f"{_OURS}{kind.name}:"))
        if kind.name == "points":
            return self._series(name, around)
        return (*((around.get("building", ""),) if kind.name == "rooms" else ()), _local(name))

    def _series(self, name: str, around: Mapping[str, Any]) -> Key:
        """Which series a point from elsewhere is: as its reference says where that has the parts, else by its identifier."""
        for reference in self._nodes[name].get(_REFERENCE, []):
            held = self._nodes.get(str(reference.get("@id")), {}) if isinstance(reference, dict) else {}
            inline = cast(dict[str, Any], reference) if isinstance(reference, dict) else {}
            said = held.get(_SERIES) or [v for k, each in inline.items() if _short(k) == _SERIES for v in _values(each)]
            if said:
                text = str(said[0])
                if text.count("/") in {1, 2}:
                    return KINDS["points"].parse(text)
                return (around.get("site", NO_SITE), text, "")
        return (around.get("site", NO_SITE), _local(name), "")

    def _around(self, name: str) -> dict[str, Any]:
        """What a node's relations lead to: site, building, room, and the equipment that it is of or part of."""
        found: dict[str, Any] = {}
        for target, kind in self._reached(name, _DEPTH):
            if kind == "rooms":
                key = self._key(target, KINDS[kind], self._around(target))
                found |= {"building": key[0], "room": key[1]}
            elif kind in {"sites", "buildings", "equipment"}:
                (key,) = self._key(target, KINDS[kind], {})
                for field in {"sites": ("site",), "buildings": ("building",)}.get(kind, ("equipment", "part_of")):
                    found.setdefault(field, key)
        return found

    def _reached(self, name: str, depth: int) -> Iterator[tuple[str, str]]:
        """Records that a node refers to, through nodes that are none (floors, wings)."""
        node = self._nodes.get(name, {})
        for target in _targets([value for relation in _RELATIONS for value in node.get(relation, [])]):
            kind = self._kind(target)
            if kind:
                yield target, kind
            elif depth:
                yield from self._reached(target, depth - 1)


def _kind_of(types: Sequence[str]) -> str:
    for each in types:
        for kind, name in _CLASSES.items():
            if each == name:
                return kind
    return next((kind for kind, pattern in _FROM_ELSEWHERE for each in types if pattern.fullmatch(each)), "")


def _short(name: str) -> str:
    """`https://brickschema.org/schema/Brick#Room` → `brick:Room`."""
    for prefix, space in _CONTEXT.items():
        if name.startswith(space):
            return f"{prefix}:{name.removeprefix(space)}"
    return name


def _values(value: Any) -> list[Any]:
    """The values of a property: one or a list, plain or as value objects."""
    listed: list[Any] = cast(list[Any], value) if isinstance(value, list) else [value]
    return [each["@value"] if isinstance(each, dict) and "@value" in each else each for each in listed]


def _targets(values: Sequence[Any]) -> list[str]:
    return [str(each["@id"]) if isinstance(each, dict) else str(each) for each in values if each]


def _local(name: str) -> str:
    """The last part of an identifier."""
    return unquote(re.split(r"[#/:]", name)[-1])
