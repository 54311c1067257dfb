"""What the tags of a line of InfluxDB line protocol say: which sensor it is, and which metric a field of it is.

In Influx every tag is identity; in Penstock a series is (tenant, site, sensor, metric). The mapping keeps any two Influx
series of one measurement and field apart, and is documented for users in `docs/formats.md`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from line_protocol_parser import LineFormatError, parse_line

from penstock.model.batch import DraftKey
from penstock.sources.formats.names import Names

__all__ = ["Roster", "Series", "field_name", "parse", "parse_series", "roster_of", "series_of"]

_SENSOR: Final = ("sensor_id", "sensor", "device_id", "device", "battery_id")
_SITE: Final = ("site_id", "site")
_TENANT: Final = ("tenant_id", "tenant")
_ATTRIBUTES: Final = frozenset({"host", "building", "room"})
_CONTAINERS: Final = frozenset({"readings", "reading", "telemetry", "ems"})
"""Measurements that say nothing about what is measured: the field's name alone is the metric."""

_MAX_CACHED: Final = 1_024  # characters of a series' text that are worth keeping between bodies


class Series(NamedTuple):
    """Measurement and tags of a line, read. `tags` are pairs, sorted."""

    measurement: str
    sensor: str
    site: str | None
    tenant: str | None
    unit: str | None
    building: str
    room: str
    tags: tuple[tuple[str, str], ...]

    @property
    def tells(self) -> bool:
        """Whether it says anything about its sensor besides who it is."""
        return bool(self.building or self.room or self.tags)

    def key(self, field: str) -> DraftKey:
        """The series that a field of such a line belongs to."""
        if field == "value":
            metric = self.measurement
        elif self.measurement in _CONTAINERS:
            metric = field
        else:
            metric = f"{self.measurement}_{field}"
        return DraftKey(self.site, self.sensor, metric, self.unit, self.tenant)


def parse(line: str) -> Mapping[str, Any] | None:
    """`measurement`, `tags`, `fields`, `time` of one line, None for a comment; raises ValueError with the reason."""
    try:
        return parse_line(line)
    except LineFormatError as error:
        raise ValueError(str(error)) from None


def series_of(measurement: str, tags: Mapping[str, str]) -> Series:
    """The series that measurement and tags (unescaped) stand for."""
    pairs = tuple(tags.items())
    small = sum(map(len, tags)) + sum(map(len, tags.values())) <= _MAX_CACHED
    return (_cached_series_of if small else _series_of)(measurement, pairs)


def _series_of(measurement: str, pairs: tuple[tuple[str, str], ...]) -> Series:
    rest = dict(pairs)
    site, tenant = _take(rest, _SITE), _take(rest, _TENANT)
    unit = rest.pop("unit", None)
    sensor = _take(rest, _SENSOR)
    if sensor is None:
        sensor = _pairs(rest) or measurement
    else:
        identity = {name: value for name, value in rest.items() if name not in _ATTRIBUTES}
        sensor = ",".join(filter(None, (_escaped(sensor), _pairs(identity))))
    building, room = rest.pop("building", ""), rest.pop("room", "")
    return Series(measurement, sensor, site, tenant, unit, building, room, tuple(sorted(rest.items())))


_cached_series_of: Final = lru_cache(maxsize=16_384)(_series_of)


def parse_series(text: bytes) -> Series | None:
    """The series of the part of a line before its first space; None if that part is not valid."""
    return _cached_series(text) if len(text) <= _MAX_CACHED else _parse_series(text)


def _parse_series(text: bytes) -> Series | None:
    try:
        line = parse(f"{text.decode()} v=1")
    except ValueError:  # UnicodeDecodeError included
        return None
    if line is None or list(line["fields"]) != ["v"] or text[:1].isspace():
        return None
    return series_of(line["measurement"], line["tags"])


_cached_series: Final = lru_cache(maxsize=65_536)(_parse_series)


class Roster:
    """The distinct series of a body's lines, read once for as long as bodies name the same ones.

    series  the series of each text, None for one that is not valid
    valid   bool [k]: whether it is
    tells   bool [k]: whether it says anything about its sensor besides who it is
    """

    def __init__(self, texts: Sequence[bytes], names: Names) -> None:
        self.names = names
        self.series = [parse_series(text) for text in texts]
        self.valid = np.array([series is not None for series in self.series], np.bool_)
        self.tells = np.array([series is not None and series.tells for series in self.series], np.bool_)
        self._numbers: dict[tuple[str, ...], npt.NDArray[np.int32]] = {}

    def numbers(self, fields: tuple[str, ...]) -> npt.NDArray[np.int32]:
        """int32 [k, fields]: the number in `names` of each series' key for each field, -1 where there is no series."""
        numbers = self._numbers.get(fields)
        if numbers is None:
            rows = [
                [self.names.number(series.key(field)) for field in fields] if series else [-1] * len(fields)
                for series in self.series
            ]
            numbers = np.array(rows, np.int32).reshape(len(self.series), len(fields))
            if len(self._numbers) < _MAX_GROUPS:
                self._numbers[fields] = numbers
        return numbers


_MAX_GROUPS: Final = 16
_MAX_ROSTERS: Final = 32
_MAX_ROSTER: Final = 1 << 20  # bytes of the texts of a roster that is worth keeping
_rosters: Final[OrderedDict[bytes, Roster]] = OrderedDict()
_rosters_lock: Final = threading.Lock()


def roster_of(dictionary: Any, names: Names) -> Roster:
    """The roster of an Arrow binary array of distinct texts, with keys in `names`."""
    if dictionary.nbytes > _MAX_ROSTER or dictionary.offset:
        return Roster(dictionary.to_pylist(), names)
    name = b"".join(memoryview(buffer) for buffer in dictionary.buffers() if buffer is not None)
    with _rosters_lock:
        roster = _rosters.get(name)
    if roster is None or roster.names is not names or len(roster.series) != len(dictionary):
        roster = Roster(dictionary.to_pylist(), names)
    with _rosters_lock:
        _rosters[name] = roster
        _rosters.move_to_end(name)
        while len(_rosters) > _MAX_ROSTERS:
            _rosters.popitem(last=False)
    return roster


@lru_cache(maxsize=4_096)
def field_name(text: bytes) -> str | None:
    """The name of a field as it stands before its `=`; None if it is not valid."""
    try:
        line = parse(f"m {text.decode()}=1")
    except ValueError:
        return None
    return next(iter(line["fields"])) if line and len(line["fields"]) == 1 else None


def _take(tags: dict[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        if name in tags:
            return tags.pop(name)
    return None


def _pairs(tags: Mapping[str, str]) -> str:
    return ",".join(f"{_escaped(name)}={_escaped(tags[name])}" for name in sorted(tags))


def _escaped(text: str) -> str:
    """Escaped, so that no tag's value can pass for another tag."""
    if "\\" not in text and "," not in text and "=" not in text:
        return text
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
