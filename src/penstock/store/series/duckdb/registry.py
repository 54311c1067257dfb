"""Series ids: (tenant, series key) ↔ small integers, and what is known about sensors. In memory, backed by tables."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

import numpy as np

from penstock.model.batch import SensorKey
from penstock.model.errors import NotFound
from penstock.model.series import Attributes, SeriesKey
from penstock.store.series.duckdb.judge import I32
from penstock.store.series.port import Filter

__all__ = ["Registry", "Said", "Staged"]

_REMEMBERED: Final = 64
_NONE: Final[Mapping[tuple[str, SensorKey], Attributes]] = {}

Said = tuple[tuple[int, str], tuple[int, str], tuple[int, str]]
"""(admission stamp, text) of building, room and tags (JSON with sorted keys); (0, "") where nothing was said."""


def _said(stamp: int, attributes: Attributes) -> Said:
    tags = json.dumps(dict(sorted(attributes.tags.items())), ensure_ascii=False) if attributes.tags else ""
    building, room, tags_said = ((stamp, t) if t else (0, "") for t in (attributes.building, attributes.room, tags))
    return building, room, tags_said


def _merge(a: Said, b: Said) -> Said:
    """Field by field the later stamp wins, equal stamps by content; what is not said erases nothing. Commutes."""
    building, room, tags = map(max, a, b)
    return building, room, tags


@dataclass(slots=True)
class Staged:
    """Series and attributes that become visible with the commit that brings them."""

    series: dict[tuple[str, SeriesKey], int] = field(default_factory=dict[tuple[str, SeriesKey], int])
    sensors: dict[tuple[str, SensorKey], Said] = field(default_factory=dict[tuple[str, SensorKey], Said])


class Registry:
    """All series of all tenants. Only the writer stages and installs; readers see installed entries."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[SeriesKey, int]] = {}
        self._keys: list[tuple[str, SeriesKey]] = []
        self._owner: I32 = np.full(1024, -1, np.int32)
        self._tenants: dict[str, int] = {}
        self._sensors: dict[tuple[str, SensorKey], tuple[Said, Attributes]] = {}
        self._by_tenant: dict[str, list[int]] = {}
        self._by_site: dict[tuple[str, str], list[int]] = {}
        self._by_sensor: dict[tuple[str, str], list[int]] = {}
        self._inside: dict[tuple[str, str, str], set[SensorKey]] = {}
        self._named: dict[str, dict[SensorKey, int]] = {}
        self._resolved: OrderedDict[tuple[str, int], tuple[tuple[SeriesKey, ...], I32]] = OrderedDict()
        self.changes = 0
        """Series and changed attributes that were installed. `_named` holds the one that each sensor was last named by, in that order."""

    def __len__(self) -> int:
        return len(self._keys)

    def resolve(self, tenant: str, keys: tuple[SeriesKey, ...], staged: Staged) -> I32:
        """Ids of `keys`, int32 [n]; unknown ones get the next ids, staged.

        Frames of one sender share one tuple of keys, so its ids are remembered under the tuple's identity (the entry keeps
        the tuple alive, so an identity is never taken by another one).
        """
        name = (tenant, id(keys))
        if remembered := self._resolved.get(name):
            return remembered[1]
        before = len(staged.series)
        ids = self._look_up(tenant, keys, staged)
        if len(staged.series) == before and not before:
            self._resolved[name] = (keys, ids)
            while len(self._resolved) > _REMEMBERED:
                self._resolved.popitem(last=False)
        return ids

    def _look_up(self, tenant: str, keys: tuple[SeriesKey, ...], staged: Staged) -> I32:
        known = self._ids.get(tenant, {})
        ids = np.empty(len(keys), np.int32)
        for i, key in enumerate(keys):
            found = known.get(key)
            if found is None:
                found = staged.series.setdefault((tenant, key), len(self._keys) + len(staged.series))
            ids[i] = found
        return ids

    def stage_attributes(
        self, tenant: str, stamp: int, attributes: Mapping[SensorKey, Attributes], staged: Staged
    ) -> None:
        """Stage what is new about sensors. A later stamp of equal content counts: it beats what comes in between."""
        for sensor, what in attributes.items():
            said = _said(stamp, what)
            known = self._sensors.get((tenant, sensor))
            old = staged.sensors.get((tenant, sensor)) or (known[0] if known else None)
            merged = _merge(old, said) if old else said
            if merged != old:
                staged.sensors[tenant, sensor] = merged

    def install(self, staged: Staged) -> None:
        """Make visible what a commit brought."""
        for tenant, key in staged.series:
            series = len(self._keys)
            self._name(tenant, (key.site, key.sensor))
            self._ids.setdefault(tenant, {})[key] = series
            self._keys.append((tenant, key))
            self._by_tenant.setdefault(tenant, []).append(series)
            self._by_site.setdefault((tenant, key.site), []).append(series)
            self._by_sensor.setdefault((tenant, key.sensor), []).append(series)
            if series >= len(self._owner):
                self._owner = np.concatenate((self._owner, np.full(len(self._owner), -1, np.int32)))
            self._owner[series] = self._tenants.setdefault(tenant, len(self._tenants))
        for (tenant, sensor), said in staged.sensors.items():
            before = self._sensors.get((tenant, sensor))
            for place in _places(before[1]) if before else ():
                self._inside[tenant, *place].discard(sensor)
            attributes = _attributes(said)
            if before is None or before[1] != attributes:
                self._name(tenant, sensor)
            self._sensors[tenant, sensor] = (said, attributes)
            for place in _places(attributes):
                self._inside.setdefault((tenant, *place), set()).add(sensor)

    def _name(self, tenant: str, sensor: SensorKey) -> None:
        self.changes += 1
        named = self._named.setdefault(tenant, {})
        named.pop(sensor, None)  # to its end, so that the last ones are found without the others
        named[sensor] = self.changes

    def load(
        self,
        series: list[tuple[int, str, str, str, str, str]],
        sensors: list[tuple[str, str, str, int, str, int, str, int, str]],
    ) -> None:
        """From the tables at start; `series` rows are (id, tenant, site, sensor, metric, unit) by ascending id."""
        staged = Staged()
        for _, tenant, *key in series:
            staged.series[tenant, SeriesKey(*key)] = len(staged.series)
        for tenant, site, sensor, b_stamp, building, r_stamp, room, t_stamp, tags in sensors:
            staged.sensors[tenant, (site, sensor)] = ((b_stamp, building), (r_stamp, room), (t_stamp, tags))
        self.install(staged)

    def check(self, tenant: str, ids: I32) -> None:
        """Raise NotFound unless every id is a series of `tenant`: the last line against reading across tenants."""
        owner = self._tenants.get(tenant, -2)
        inside = (ids >= 0) & (ids < len(self._keys))
        own = inside.all() and (self._owner[ids] == owner).all()
        if not own:
            foreign = ids[~inside | (self._owner[np.where(inside, ids, 0)] != owner)]
            raise NotFound(f"series {foreign.tolist()[:3]} are not of tenant {tenant}")

    def attributes(self, tenant: str, sensor: SensorKey) -> Attributes:
        """What is known of a sensor."""
        return self._sensors.get((tenant, sensor), _UNSAID)[1]

    def match(
        self,
        tenant: str,
        where: Filter,
        *,
        below: int | None = None,
        said: Mapping[tuple[str, SensorKey], Attributes] = _NONE,
    ) -> Iterator[tuple[int, SeriesKey, Attributes]]:
        """Series of a tenant that match, by ascending id, at most `where.limit`.

        As they were: ids `below` a number only, and sensors as they are in `said`, before as they are known now.
        """
        tests = [(name, _pattern(getattr(where, name))) for name in ("site", "sensor", "metric", "building", "room")]
        of_key = [(name, test) for name, test in tests[:3] if test is not None]
        of_sensor = [(name, test) for name, test in tests[3:] if test is not None]
        sensors, metrics = frozenset(where.sensors), frozenset(where.metrics)
        found = 0
        since = where.named_since
        for series in self._named_after(tenant, since) if since else self._candidates(tenant, where, said):
            _, key = self._keys[series]
            if below is not None and series >= below:
                return
            if (
                series <= where.after
                or (sensors and key.sensor not in sensors)
                or (metrics and key.metric not in metrics)
            ):
                continue
            if not all(test(getattr(key, name)) for name, test in of_key):
                continue
            sensor = key.site, key.sensor
            attributes = said.get((tenant, sensor)) or self.attributes(tenant, sensor)
            if not all(test(getattr(attributes, name)) for name, test in of_sensor):
                continue
            yield series, key, attributes
            found += 1
            if where.limit is not None and found >= where.limit:
                return

    def breadth(self, tenant: str, where: Filter) -> int:
        """How many series `match` looks at."""
        return len(self._candidates(tenant, where, _NONE))

    def _candidates(
        self, tenant: str, where: Filter, said: Mapping[tuple[str, SensorKey], Attributes]
    ) -> Sequence[int]:
        """Ids among which all matches are, ascending; by the narrowest index that the filter names exactly."""
        if where.limit == 0:
            return ()
        if where.sensor is not None and "*" not in where.sensor:
            return self._by_sensor.get((tenant, where.sensor), ())
        if where.sensors:
            return sorted(i for name in set(where.sensors) for i in self._by_sensor.get((tenant, name), ()))
        named = (("building", where.building), ("room", where.room))
        places = [self._inside.get((tenant, kind, text), ()) for kind, text in named if text and "*" not in text]
        if places:
            inside = {*min(places, key=len), *(s for t, s in said if t == tenant)}
            return sorted({i for _, name in inside for i in self._by_sensor.get((tenant, name), ())})
        if where.site is not None and "*" not in where.site:
            return self._by_site.get((tenant, where.site), ())
        return self._by_tenant.get(tenant, ())

    def _named_after(self, tenant: str, number: int) -> Sequence[int]:
        """Ids of the sensors that were named after so many changes, ascending."""
        named = self._named.get(tenant, {})
        fresh = takewhile(lambda sensor: named[sensor] > number, reversed(named))
        ids = ((site, i) for site, name in fresh for i in self._by_sensor.get((tenant, name), ()))
        return sorted(i for site, i in ids if self._keys[i][1].site == site)


_UNSAID: Final = (((0, ""), (0, ""), (0, "")), Attributes())


def _places(attributes: Attributes) -> Iterator[tuple[str, str]]:
    """Kind and name of the places that a sensor is in."""
    for kind in ("building", "room"):
        if name := getattr(attributes, kind):
            yield kind, name


def _attributes(said: Said) -> Attributes:
    (_, building), (_, room), (_, tags) = said
    return Attributes(building, room, tags=json.loads(tags) if tags else {})


def _pattern(text: str | None) -> Callable[[str], object] | None:
    if text is None:
        return None
    if "*" not in text:
        return text.__eq__
    return re.compile(".*".join(re.escape(piece) for piece in text.split("*")), re.DOTALL).fullmatch
