"""Makes the index of assets from series: whole, or of what is new alone. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.series import SeriesInfo
from penstock.query.fleet.index import NO, Asset, AssetName, FleetIndex, Planned, nodes_present
from penstock.query.fleet.rules import HEADLINES, POSSIBLE, Said, gives, kind_of, role_of
from penstock.query.overview import ROLES, Kind
from penstock.query.select import by_name, ids_of
from penstock.query.standing import Facts

__all__ = ["build", "extended"]

I64 = npt.NDArray[np.int64]

_POWER: Final = ("power_w", "power", "active_power")
_VOLTAGE: Final = ("voltage_v", "voltage")
_CURRENT: Final = ("current_a", "current")
_ANY: Final = (float("-inf"), float("inf"))


class _Group(NamedTuple):
    """Series of one asset; `equipment` is empty for a sensor that belongs to none."""

    site: str
    id: str
    equipment: str
    infos: list[SeriesInfo]


def build(infos: Iterable[SeriesInfo], facts: Facts) -> FleetIndex:
    """The index of these series."""
    return _built(infos, facts, _planned(facts))


def extended(index: FleetIndex, infos: Sequence[SeriesInfo]) -> FleetIndex:
    """What `build` would make of the series of `index` and these, which are new or have other attributes than there.

    Only their assets are made anew, with those that they are part of and those that are part of them: what a meter counts for depends
    on both. Everything else is copied, in arrays.
    """
    fresh = {info.id: info for info in infos}
    for name in _touched(index, infos):
        position = _find(index, name)
        if position != NO:
            for series in index.series(position):
                fresh.setdefault(index.infos[series].id, index.infos[series])
    return index.joined(_built(fresh.values(), index.facts, index.planned))


def _touched(index: FleetIndex, infos: Iterable[SeriesInfo]) -> set[AssetName]:
    names = {_name(info) for info in infos}
    for site, id_, is_equipment in list(names):
        if is_equipment:
            related = (*index.facts.above(id_), *index.facts.below(id_))
            names.update((site, other, True) for other in related)
    return names


def _find(index: FleetIndex, name: AssetName) -> int:
    position = bisect_left(index.names, name)
    return position if position < len(index) and index.names[position] == name else NO


def _name(info: SeriesInfo) -> AssetName:
    equipment = info.attributes.equipment
    return info.key.site, equipment or info.key.sensor, bool(equipment)


def _built(infos: Iterable[SeriesInfo], facts: Facts, planned: Planned) -> FleetIndex:
    groups: dict[AssetName, _Group] = {}
    for info in sorted(infos, key=by_name):
        name = _name(info)
        group = groups.get(name)
        if group is None:
            group = groups[name] = _Group(name[0], name[1], info.attributes.equipment, [])
        group.infos.append(info)
    names = tuple(sorted(groups))
    ordered = [groups[name] for name in names]
    series = [info for group in ordered for info in group.infos]
    assets = [_asset(group, facts) for group in ordered]
    _unroll_submeters(assets, ordered, facts)
    sizes = np.array([len(group.infos) for group in ordered], np.int64)
    return _indexed(assets, names, series, sizes, facts, planned)


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
    names: tuple[AssetName, ...],
    series: Sequence[SeriesInfo],
    sizes: I64,
    facts: Facts,
    planned: Planned,
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
    site = np.array([number[a.site] for a in assets], np.int64)
    role = np.array([NO if a.role is None else ROLES.index(a.role) for a in assets], np.int64)
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
        role=role,
        kind=np.array([a.kind for a in assets], np.object_),
        possible=np.array([POSSIBLE.get(info.key.unit, _ANY) for info in series], np.float64).reshape(-1, 2).T,
        columns={name: pa.array(texts, pa.string()) for name, texts in columns.items()},
        sites=sites,
        site=site,
        present=nodes_present(sites, planned, site, role),
        planned=planned,
        facts=facts,
    )


def _planned(facts: Facts) -> Planned:
    parts: set[tuple[str, int]] = set()
    for name, record in facts.equipment.items():
        said = Said(record.type, record.attributes, {}, {}, in_room=False)
        role = role_of(said, kind_of(said))
        if role is not None:
            parts.add((facts.standing[name].site, ROLES.index(role)))
    return frozenset(parts)


def _by_metric(series: Sequence[SeriesInfo]) -> Mapping[str, list[int]]:
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
