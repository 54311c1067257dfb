"""Where series stand: what the catalog says about a point goes over what its sender said.

Series are named, grouped and selected by `SeriesInfo`, which `SeriesStore.find` gives; so a store whose `find` tells the
catalog's place (`placed`) makes every question see it, and all of them the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

from penstock.model.series import Attributes, SeriesInfo, SeriesKey, like
from penstock.query.standing import NO_FACTS, Facts, Resolver
from penstock.store.catalog import Catalog, Point, Snapshot, Value
from penstock.store.series import Filter, Readable, SeriesStore, SeriesView, State

__all__ = ["Place", "Places", "Placing", "placed"]

T = TypeVar("T")

_LOCATED: Final = ("site", "building", "room")


class Place(NamedTuple):
    """Where a point stands. With `site` empty the sender's is kept; with `known` False its whole place is.

    tags  the point's free attributes, as text; they go over the sender's tags
    """

    known: bool
    site: str
    building: str
    room: str
    equipment: str
    tags: Mapping[str, str]


class Placing:
    """The places of one tenant's points, from one snapshot of the catalog."""

    def __init__(self, snapshot: Snapshot) -> None:
        resolver = Resolver(snapshot)
        self._points: dict[tuple[str, str], dict[str, Place]] = {}
        self._known: dict[tuple[str, str], set[str]] = {}
        self._inside: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for stored in snapshot.records.get("points", ()):
            point = cast(Point, stored.record)
            place = _place(point, resolver)
            if place.known or place.tags:
                self._points.setdefault((point.site_id, point.sensor_id), {})[point.metric] = place
            if place.known:
                where = place.site or point.site_id, place.building, place.room
                for located in zip(_LOCATED, where, strict=True):
                    self._inside.setdefault(located, set()).add((point.site_id, point.sensor_id))
                # A series is listed at the site that it stands in; just after a change still at the one before.
                for site in {point.site_id, place.site or point.site_id}:
                    self._known.setdefault((site, point.sensor_id), set()).add(point.metric)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Placing) and self._points == other._points

    def __hash__(self) -> int:
        return hash(frozenset(self._points))

    def __bool__(self) -> bool:
        return bool(self._points)

    def of(self, key: SeriesKey) -> Place | None:
        """The place of the point of `key`; of its sensor where the metric has no point of its own."""
        metrics = self._points.get((key.site, key.sensor))
        return None if metrics is None else metrics.get(key.metric) or metrics.get("")

    def covers(self, key: SeriesKey) -> bool:
        """Whether a point says where the series of `key` stands; its site is the sender's, or that where it stands."""
        return bool(self._known.get((key.site, key.sensor), set()) & {key.metric, ""})

    def applied(self, info: SeriesInfo) -> SeriesInfo:
        """The series with its place as the catalog says it."""
        place = self.of(info.key)
        if place is None:
            return info
        said = info.attributes
        tags = {**said.tags, **place.tags} if place.tags else said.tags
        if not place.known:
            return replace(info, attributes=replace(said, tags=tags))
        key = info.key._replace(site=place.site) if place.site else info.key
        return replace(info, key=key, attributes=Attributes(place.building, place.room, place.equipment, tags))

    def sensors(self, where: Filter) -> tuple[str, ...]:
        """Sensors with a point that the catalog puts where `where` asks for series."""
        named = [(kind, text) for kind in _LOCATED if (text := getattr(where, kind)) is not None and "*" not in text]
        among = min((self._inside.get(place, set()) for place in named), key=len, default=self._points)
        found = {
            sensor
            for site, sensor in among
            for place in self._points[site, sensor].values()
            if place.known and _within(where, place.site or site, place.building, place.room)
        }
        return tuple(sorted(found & set(where.sensors) if where.sensors else found))


def _place(point: Point, resolver: Resolver) -> Place:
    tags = {name: _text(value) for name, value in point.attributes.items()}
    return Place(point.placed, *resolver.of_point(point), point.equipment or "", tags)


class Places:
    """The places of all tenants, as new as the last `refresh`. `generation` counts changes of any place."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._revisions: Mapping[str, int] = {}
        self._placings: dict[str, Placing] = {}
        self._facts: dict[str, Facts] = {}
        self.generation = 0

    def facts(self, tenant: str) -> Facts:
        """What the catalog says of the tenant's sites and equipment; another object after every change of its catalog."""
        return self._facts.get(tenant, NO_FACTS)

    def of(self, tenant: str) -> Placing | None:
        """The tenant's placing; None where the catalog places nothing."""
        return self._placings.get(tenant)

    def all(self) -> Mapping[str, Placing]:
        """The placings of all tenants as they are now, for good."""
        return dict(self._placings)

    async def refresh(self) -> None:
        """Read what has changed. Raises Unavailable, and then what was known before stays in force."""
        revisions = await self._catalog.revisions()
        for tenant in {tenant for tenant, _ in revisions.items() ^ self._revisions.items()}:
            snapshot = await self._catalog.snapshot(tenant)
            placing = Placing(snapshot)
            self._facts[tenant] = Facts(snapshot)
            if placing != self._placings.get(tenant, _NOWHERE):
                self._placings[tenant] = placing
                self.generation += 1
            if not placing:
                self._placings.pop(tenant, None)
        # Only now: a tenant that could not be read is read again the next time.
        self._revisions = dict(revisions)


_NOWHERE: Final = Placing(Snapshot(0, {}))


def placed(store: SeriesStore, places: Places) -> SeriesStore:
    """`store` with series at their places by the catalog; a change of a place is a change of revision."""
    return cast(SeriesStore, _Placed(store, places))


class _PlacedSeries:
    """`Readable.find` with the places that `_placing` gives; whatever is not said here is the store's own."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _placing(self, tenant: str) -> Placing | None:
        raise NotImplementedError

    async def find(self, tenant: str, where: Filter) -> Sequence[SeriesInfo]:
        """See `Readable.find`: site, building and room are those of the catalog where it knows them."""
        placing = self._placing(tenant)
        if placing is None:
            return await self._inner.find(tenant, where)
        if all(getattr(where, name) is None for name in _LOCATED):
            return [placing.applied(info) for info in await self._inner.find(tenant, where)]
        # Those whose sender says that they are there, and those that the catalog has put there; no others can be.
        found = list(await self._inner.find(tenant, replace(where, limit=None)))
        if sensors := placing.sensors(where):
            anywhere = replace(where, site=None, building=None, room=None, sensors=sensors, limit=None)
            found += await self._inner.find(tenant, anywhere)
        by_id = {info.id: info for info in map(placing.applied, found)}
        kept = [
            info
            for _, info in sorted(by_id.items())
            if _within(where, info.key.site, info.attributes.building, info.attributes.room)
        ]
        return kept[: where.limit]


class _Moved(NamedTuple):
    """How many changes of places there were, and the revision that the last one made."""

    generation: int
    revision: int

    def revisions(self, hours: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What `Readable.changed` says: a change of places may have changed any hour."""
        return np.maximum(np.where(hours > 0, hours + self.generation, 0), self.revision)


class _Placed(_PlacedSeries):
    """The store as it is."""

    def __init__(self, store: SeriesStore, places: Places) -> None:
        super().__init__(store)
        self._store = store
        self._places = places
        self._moved = _Moved(0, 0)

    def _placing(self, tenant: str) -> Placing | None:
        return self._places.of(tenant)

    def _look(self, revision: int) -> _Moved:
        """What the places have become by a revision of the store."""
        generation = self._places.generation
        if generation != self._moved.generation:
            self._moved = _Moved(generation, revision + generation)
        return self._moved

    async def state(self) -> State:
        """See `SeriesStore.state`: its revision also counts changes of places."""
        state = await self._store.state()
        return state._replace(revision=state.revision + self._look(state.revision).generation)

    async def changed(self, start: int, end: int, ids: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int64]:
        await self.state()
        return self._moved.revisions(await self._store.changed(start, end, ids))

    @asynccontextmanager
    async def view(self) -> AsyncGenerator[SeriesView]:
        """See `SeriesStore.view`: with the places of this moment."""
        async with self._store.view() as view:
            yield cast(SeriesView, _PlacedView(view, self._places.all(), self._look(view.revision)))


class _PlacedView(_PlacedSeries):
    """The store as it was, with the places that were."""

    def __init__(self, view: SeriesView, placings: Mapping[str, Placing], moved: _Moved) -> None:
        super().__init__(view)
        self._view = view
        self._placings = placings
        self._moved = moved

    def _placing(self, tenant: str) -> Placing | None:
        return self._placings.get(tenant)

    @property
    def revision(self) -> int:
        return self._view.revision + self._moved.generation

    async def changed(self, start: int, end: int, ids: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int64]:
        return self._moved.revisions(await self._view.changed(start, end, ids))

    async def together(self, ask: Callable[[SeriesView], Coroutine[Any, Any, T]], *, small: bool = False) -> T:
        """See `SeriesView.together`: with these places."""
        return await self._view.together(
            lambda view: ask(cast(SeriesView, _PlacedView(view, self._placings, self._moved))), small=small
        )


def _within(where: Filter, site: str, building: str, room: str) -> bool:
    wanted = ((where.site, site), (where.building, building), (where.room, room))
    return all(pattern is None or like(pattern, text) for pattern, text in wanted)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
