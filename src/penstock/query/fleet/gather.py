"""Gathers the assets of a tenant: once for every change of a name, an attribute or a place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cachetools import LRUCache

from penstock.model.series import SeriesInfo
from penstock.query.fleet.index import NO, Asset, FleetIndex
from penstock.query.fleet.rules import HEADLINES, POSSIBLE, Said, gives, kind_of, role_of
from penstock.query.overview import ROLES, Kind
from penstock.query.places import Places
from penstock.query.select import by_name, ids_of
from penstock.query.standing import NO_FACTS, Facts
from penstock.store.series import Filter, SeriesStore

__all__ = ["Indexes", "build"]

I64 = npt.NDArray[np.int64]

_POWER: Final = ("power_w", "power", "active_power")
_VOLTAGE: Final = ("voltage_v", "voltage")
_CURRENT: Final = ("current_a", "current")
_ANY: Final = (float("-inf"), float("inf"))
_TENANTS: Final = 256


class _Kept(NamedTuple):
    """Indexes, and what they were made from: the names of the store, places, and what the catalog says."""

    of: tuple[int, int, Facts]
    all: FleetIndex
    batteries: FleetIndex


class Indexes:
    """The index of each tenant, kept until a name, an attribute or a place of it changes."""

    def __init__(self, store: SeriesStore, places: Places | None) -> None:
        self._store = store
        self._places = places
        self._kept: LRUCache[str, _Kept] = LRUCache(_TENANTS)

    async def of(self, tenant: str) -> FleetIndex:
        """All assets as of now; one pass over all series of the tenant where something has changed."""
        return (await self._current(tenant)).all

    async def batteries(self, tenant: str) -> FleetIndex:
        """Its batteries alone."""
        return (await self._current(tenant)).batteries

    async def _current(self, tenant: str) -> _Kept:
        facts = NO_FACTS if self._places is None else self._places.facts(tenant)
        generation = 0 if self._places is None else self._places.generation
        key = ((await self._store.state()).names, generation, facts)
        kept = self._kept.get(tenant)
        if kept is not None and kept.of == key:
            return kept
        infos = await self._store.find(tenant, Filter())
        kept = self._kept[tenant] = await asyncio.to_thread(_gathered, key, infos)
        return kept


def _gathered(key: tuple[int, int, Facts], infos: Sequence[SeriesInfo]) -> _Kept:
    index = build(infos, key[2])
    return _Kept(key, index, index.only(np.flatnonzero(index.kind == "battery")))


class _Group(NamedTuple):
    """Series of one asset; `equipment` is empty for a sensor that belongs to none."""

    site: str
    id: str
    equipment: str
    infos: list[SeriesInfo]


def build(infos: Sequence[SeriesInfo], facts: Facts) -> FleetIndex:
    """The index of these series."""
    groups: dict[tuple[str, str, bool], _Group] = {}
    for info in sorted(infos, key=by_name):
        equipment = info.attributes.equipment
        name = equipment or info.key.sensor
        key = info.key.site, name, bool(equipment)
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group(info.key.site, name, equipment, [])
        group.infos.append(info)
    ordered = [groups[key] for key in sorted(groups)]
    series = [info for group in ordered for info in group.infos]
    assets = [_asset(group, facts) for group in ordered]
    _unroll_submeters(assets, ordered, facts)
    sizes = np.array([len(group.infos) for group in ordered], np.int64)
    return _indexed(assets, tuple(sorted(groups)), series, sizes, facts)


def _asset(group: _Group, facts: Facts) -> Asset:
    tags: dict[str, str] = {}
    building = room = ""
    for info in group.infos:
        tags.update(info.attributes.tags)
        building, room = building or info.attributes.building, room or info.attributes.room
    record = facts.equipment.get(group.equipment)
    metrics = {info.key.metric: info.key.unit for info in group.infos}
    said = Said(record.type if record else "", record.attributes if record else {}, tags, metrics, bool(room))
    kind = kind_of(said)
    name = record.name if record and record.name else group.id
    return Asset(group.site, group.id, name, building, room, kind, role_of(said, kind), said)


def _unroll_submeters(assets: list[Asset], groups: Sequence[_Group], facts: Facts) -> None:
    """What is part of a piece of equipment that plays the same part at the site is counted there already."""
    roles = {
        (group.site, group.equipment): asset.role
        for group, asset in zip(groups, assets, strict=True)
        if group.equipment
    }
    for i, (group, asset) in enumerate(zip(groups, assets, strict=True)):
        if asset.role is None or not group.equipment:
            continue
        if any(roles.get((group.site, above)) == asset.role for above in facts.above(group.equipment)):
            assets[i] = asset._replace(role=None)


def _indexed(
    assets: Sequence[Asset],
    names: tuple[tuple[str, str, bool], ...],
    series: Sequence[SeriesInfo],
    sizes: I64,
    facts: Facts,
) -> FleetIndex:
    first = np.cumsum(sizes) - sizes
    own = [range(begin, begin + size) for begin, size in zip(first.tolist(), sizes.tolist(), strict=True)]
    columns = {
        "site_id": [a.site for a in assets],
        "id": [a.id for a in assets],
        "name": [a.name for a in assets],
        "building": [a.building for a in assets],
        "room": [a.room for a in assets],
        "kind": [a.kind for a in assets],
        "role": [a.role for a in assets],
    }

    def positions(metrics: tuple[str, ...], unit: str) -> I64:
        return np.array([_position(series, mine, metrics, unit) for mine in own], np.int64)

    sites = tuple(sorted({*facts.sites, *(asset.site for asset in assets)}))
    number = {site: i for i, site in enumerate(sites)}
    voltage, current = positions(_VOLTAGE, "V"), positions(_CURRENT, "A")
    both = (voltage != NO) & (current != NO)
    return FleetIndex(
        assets=tuple(assets),
        infos=tuple(series),
        ids=ids_of(series),
        asset=np.repeat(np.arange(len(assets)), sizes),
        metric={name: np.array(positions, np.int64) for name, positions in _by_metric(series).items()},
        first=first,
        size=sizes,
        headline=np.array([_headline(series, mine, a.kind) for mine, a in zip(own, assets, strict=True)], np.int64),
        power=positions(_POWER, "W"),
        voltage=np.where(both, voltage, NO),
        current=np.where(both, current, NO),
        counts=np.array(["Wh" in a.said.metrics.values() for a in assets], np.bool_),
        names=names,
        sign=np.array([-1.0 if gives(a.said) else 1.0 for a in assets]),
        role=np.array([NO if a.role is None else ROLES.index(a.role) for a in assets], np.int64),
        kind=np.array([a.kind for a in assets], np.object_),
        possible=np.array([POSSIBLE.get(info.key.unit, _ANY) for info in series], np.float64).reshape(-1, 2).T,
        columns={name: pa.array(texts, pa.string()) for name, texts in columns.items()},
        sites=sites,
        site=np.array([number[a.site] for a in assets], np.int64),
        present=_present(assets, number, facts),
        facts=facts,
    )


def _present(assets: Sequence[Asset], number: Mapping[str, int], facts: Facts) -> npt.NDArray[np.bool_]:
    there = np.zeros((len(number), len(ROLES)), np.bool_)
    there[:, [ROLES.index("grid"), ROLES.index("load")]] = True
    parts = [(asset.site, asset.role) for asset in assets]
    for name, record in facts.equipment.items():
        said = Said(record.type, record.attributes, {}, {}, in_room=False)
        parts.append((facts.standing[name].site, role_of(said, kind_of(said))))
    for site, role in parts:
        if role is not None and site in number:
            there[number[site], ROLES.index(role)] = True
    return there


def _by_metric(series: Sequence[SeriesInfo]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for position, info in enumerate(series):
        found.setdefault(info.key.metric, []).append(position)
    return found


def _position(series: Sequence[SeriesInfo], own: range, metrics: tuple[str, ...], unit: str) -> int:
    """The series of the first of `metrics` in `unit`; else the only one in that unit, if it is power."""
    of_unit = {series[i].key.metric: i for i in reversed(own) if series[i].key.unit == unit}
    for metric in metrics:
        if metric in of_unit:
            return of_unit[metric]
    return next(iter(of_unit.values())) if unit == "W" and len(of_unit) == 1 else NO


def _headline(series: Sequence[SeriesInfo], own: range, kind: Kind) -> int:
    by_metric = {series[i].key.metric: i for i in reversed(own)}
    return next((by_metric[metric] for metric in HEADLINES[kind] if metric in by_metric), own[0])
