"""What an asset is, and what part it plays in its site's energy: by what the catalog says, then its sender, then what it measures. Pure.

Nothing is guessed where nothing says it: a meter of which neither catalog nor tags tell what it measures plays no part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any, Final, NamedTuple

from penstock.model.units import CANONICAL
from penstock.query.overview import ROLES, Kind, Role

__all__ = ["HEADLINES", "POSSIBLE", "Said", "gives", "kind_of", "role_of"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_BATTERY: Final = frozenset({"battery", "batteries", "storage", "bess", "accumulator"})
_PV: Final = frozenset({"pv", "photovoltaic", "solar"})
_EV: Final = frozenset({"ev", "evse", "charger", "wallbox", "vehicle"})
_METER: Final = frozenset({"meter", "submeter"})
_GRID: Final = frozenset({"grid", "utility", "mains", "feed"})
_WORDS: Final[tuple[tuple[Kind, frozenset[str]], ...]] = (
    ("ev", _EV),
    ("battery", _BATTERY),
    ("pv", _PV),
    ("meter", _METER | _GRID),
)
"""Kinds by words of an equipment's type, or of the tag `kind`; the first that fits. Chargers come first: they name what they charge."""

_CELL_METRICS: Final = frozenset({"soc", "soh"})
_POWER_UNITS: Final = frozenset({"W", "Wh"})
_ROOM_METRICS: Final = frozenset({"temperature", "humidity", "co2", "occupancy", "illuminance", "light"})

HEADLINES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "battery": ("soc", "voltage_v", "voltage"),
    "pv": ("power_w", "power", "active_power", "energy_wh"),
    "ev": ("power_w", "power", "active_power", "energy_wh"),
    "meter": ("power_w", "power", "active_power", "energy_wh", "energy"),
    "room": ("temperature", "co2", "humidity"),
    "equipment": ("power_w", "power", "temperature"),
    "sensor": ("temperature", "humidity", "co2", "power_w"),
}
"""The metrics whose value stands for an asset of that kind; the first that it has, else the first by name."""

POSSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    quantity.unit: (quantity.low, quantity.high)
    for quantity in CANONICAL.values()
    if quantity.unit != "1" and (quantity.low, quantity.high) != (float("-inf"), float("inf"))
}
"""Unit → the least and the greatest value that is physically possible in it; units without such bounds are left out."""


class Said(NamedTuple):
    """What is known of an asset.

    type        of its equipment in the catalog, empty for none
    attributes  of its equipment in the catalog
    tags        of its series
    metrics     metric → canonical unit
    in_room     it stands in a room
    """

    type: str
    attributes: Mapping[str, Any]
    tags: Mapping[str, str]
    metrics: Mapping[str, str]
    in_room: bool

    def text(self, name: str) -> str:
        """A free attribute, or the tag of that name: lower case, empty where neither says it."""
        value = self.attributes.get(name, self.tags.get(name, ""))
        return f"{value:g}" if isinstance(value, float) else str(value).strip().lower()


def kind_of(said: Said) -> Kind:
    """By the type of its equipment; by the tag `kind`; by what it measures."""
    for text in (said.type, said.tags.get("kind", "")):
        words = _words(text)
        for kind, known in _WORDS:
            if words & known:
                return kind
    measured = said.metrics.keys()
    if measured & _CELL_METRICS:
        return "battery"
    if _POWER_UNITS & set(said.metrics.values()):
        return "meter"
    if said.in_room and measured & _ROOM_METRICS:
        return "room"
    return "equipment" if said.type else "sensor"


def role_of(said: Said, kind: Kind) -> Role | None:
    """By the attribute or tag `role`; by its kind; a meter by its type or tag `kind`: the grid's by such a word, any other that says
    what it measures is a load. None where nothing says it.
    """
    named = said.text("role")
    for role in ROLES:
        if named == role:
            return role
    if kind in {"battery", "pv", "ev"}:
        return kind  # pyright: ignore[reportReturnType]: these kinds are roles of the same name
    if kind != "meter":
        return None
    tag = said.text("kind")
    if (_words(said.type) | _words(tag)) & _GRID:
        return "grid"
    return "load" if tag and not _words(tag) & _METER else None


def gives(said: Said) -> bool:
    """Whether a positive power means that it gives power to the site (attribute or tag `positive` = `export`).

    Otherwise positive means taken from the site, as everywhere in Penstock: a battery that charges, a grid meter that imports.
    """
    return said.text("positive") == "export"


def _words(text: str) -> Set[str]:
    return {word.lower() for word in _WORD.findall(text)}
