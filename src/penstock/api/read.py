"""Doors out for readings, batteries and events: each turns a request into one question of the query vocabulary."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from penstock.api import examples
from penstock.api.auth import identity_of
from penstock.api.params import (
    AggregateParams,
    AverageParams,
    EnergyParams,
    EventParams,
    LatestParams,
    RecentParams,
    SearchParams,
    SeriesParams,
    group_columns,
    moment,
    width,
)
from penstock.api.render import JSON, freshness, kept_headers, one, render
from penstock.api.services import Services
from penstock.model.errors import InvalidInput, NotFound
from penstock.model.time import HOUR, format_time
from penstock.model.units import find_unit
from penstock.query.port import Aggregate, Answer, Batteries, Events, Latest, Recent, Select, Series

__all__ = ["ReadDoors"]

Text = Annotated[str, Path(max_length=256)]


class ReadDoors:
    """The routes; one instance per app."""

    def __init__(self, services: Services) -> None:
        self._reader = services.reader
        self._now = services.now

    def install(self, app: FastAPI) -> None:
        """Add the routes and their aliases without /v1."""
        for prefix, listed in (("/v1", True), ("", False)):
            add = app.add_api_route
            add(f"{prefix}/sensors/{{sensor:path}}/recent", self.recent, include_in_schema=listed, **examples.RECENT)
            add(f"{prefix}/sites/{{site}}/agg", self.aggregate, include_in_schema=listed, **examples.AGGREGATE)
            add(
                f"{prefix}/sensors/{{sensor:path}}/energy",
                self.sensor_energy,
                include_in_schema=listed,
                **examples.SENSOR_ENERGY,
            )
            add(f"{prefix}/sites/{{site}}/energy", self.site_energy, include_in_schema=listed, **examples.SITE_ENERGY)
            room = f"{prefix}/buildings/{{building}}/rooms/{{room}}/temperature/average"
            add(room, self.average, include_in_schema=listed, **examples.AVERAGE)
            # The search comes first: the id of a battery reading matches its path as well.
            add(f"{prefix}/battery-readings/search", self.search, include_in_schema=listed, **examples.SEARCH)
            reading = f"{prefix}/battery-readings/{{reading:path}}"
            add(reading, self.battery_reading, include_in_schema=listed, **examples.BATTERY_READING)
        app.add_api_route("/v1/latest", self.latest, **examples.LATEST)
        app.add_api_route("/v1/series", self.series, **examples.SERIES)
        app.add_api_route("/v1/events", self.events, **examples.EVENT_LIST)

    async def recent(self, request: Request, sensor: Text, params: Annotated[RecentParams, Query()]) -> Response:
        """The newest readings of a sensor, newest first, over all its metrics unless one is named."""
        question = Recent(
            tenant=identity_of(request).tenant,
            where=Select(sensor=sensor, metric=params.metric, site=params.site),
            limit=params.limit,
            unit=params.unit,
            start=moment(params.from_, "from"),
            end=moment(params.to, "to"),
            cursor=params.cursor,
        )
        return await render(request, await self._reader.ask(question))

    async def aggregate(self, request: Request, site: Text, params: Annotated[AggregateParams, Query()]) -> Response:
        """Count, sum, mean, min, max, first, last per window and metric of a site."""
        tenant, given = identity_of(request).tenant, moment(params.to, "to")
        end = self._now(tenant) if given is None else given
        start = moment(params.from_, "from")
        start = end - HOUR if start is None else start
        if start >= end:
            raise InvalidInput(f"from ({format_time(start)}) is not before to ({format_time(end)})", code="empty_range")
        question = Aggregate(
            tenant=tenant,
            where=Select(site=site, metric=params.metric),
            start=start,
            end=end,
            window=params.window_asked(),
            zone=params.zone or "UTC",
            group_by=group_columns(params.group_by),
            unit=params.unit,
        )
        return await render(request, await self._reader.ask(question))

    async def sensor_energy(self, request: Request, sensor: Text, params: Annotated[EnergyParams, Query()]) -> Response:
        """Energy per window of one sensor: from its counter, or from its power where it has none."""
        if params.sensor is not None:
            raise InvalidInput("the sensor is in the path, it cannot be a parameter too", code="unknown_parameter")
        tenant, where = identity_of(request).tenant, Select(sensor=sensor, metric=params.metric)
        question = params.question(tenant, where, self._now(tenant))
        return await render(request, await self._reader.ask(question))

    async def site_energy(self, request: Request, site: Text, params: Annotated[EnergyParams, Query()]) -> Response:
        """Energy per window of a site: the sum over its meters, with how much of it they cover."""
        tenant, where = identity_of(request).tenant, Select(site=site, sensor=params.sensor, metric=params.metric)
        question = params.question(tenant, where, self._now(tenant))
        return await render(request, await self._reader.ask(question))

    async def average(
        self, request: Request, building: Text, room: Text, params: Annotated[AverageParams, Query()]
    ) -> Response:
        """The room's mean temperature over (now − window, now]; only readings of that very room count."""
        tenant = identity_of(request).tenant
        if "*" in building + room:
            raise InvalidInput("building and room are exact names here, without *", code="invalid_name")
        where = Select(building=building, room=room, metric="temperature")
        now = self._now(tenant)
        start = now - width(params.window)
        # Instants are whole milliseconds, so (start, now] is [start + 1, now].
        question = Aggregate(
            tenant=tenant, where=where, start=start + 1, end=now, window=0, unit=params.unit, include_end=True
        )
        answer = await self._reader.ask(question)
        if not answer.table.num_rows:
            known = await self._reader.ask(Series(tenant=tenant, where=where, limit=1))
            if not known.table.num_rows:
                raise NotFound(
                    f"no temperature of room {room!r} in building {building!r} was ever received",
                    hint="GET /v1/series?metric=temperature lists what there is",
                )
        return _average(answer, building, room, params, start, now)

    async def latest(self, request: Request, params: Annotated[LatestParams, Query()]) -> Response:
        """The newest reading of each series."""
        question = Latest(
            tenant=identity_of(request).tenant,
            where=params.select(),
            limit=params.limit,
            unit=params.unit,
            cursor=params.cursor,
        )
        return await render(request, await self._reader.ask(question))

    async def series(self, request: Request, params: Annotated[SeriesParams, Query()]) -> Response:
        """What is measured where, and since when."""
        question = Series(
            tenant=identity_of(request).tenant, where=params.select(), limit=params.limit, cursor=params.cursor
        )
        return await render(request, await self._reader.ask(question))

    async def search(self, request: Request, params: Annotated[SearchParams, Query()]) -> Response:
        """Battery readings, newest first, by battery, site, time and value (`soc_lt=0.2`)."""
        above, below = params.bounds()
        question = Batteries(
            tenant=identity_of(request).tenant,
            battery=params.battery_id,
            site=params.site,
            start=moment(params.from_, "from"),
            end=moment(params.to, "to"),
            above=above,
            below=below,
            limit=params.limit,
            cursor=params.cursor,
        )
        return await render(request, await self._reader.ask(question))

    async def battery_reading(self, request: Request, reading: Text) -> Response:
        """One reading by its id `battery@ts`, or the newest of a battery by the battery's id."""
        battery, at, instant = reading.rpartition("@")
        exact = bool(at) and instant.isascii() and instant.isdigit() and len(instant) <= 15
        question = Batteries(
            tenant=identity_of(request).tenant,
            battery=battery if exact else reading,
            ts=int(instant) if exact else None,
            limit=1,
        )
        if "*" in reading:
            raise InvalidInput("the id of a battery reading is exact, without *", code="invalid_name")
        answer = await self._reader.ask(question)
        if not answer.table.num_rows:
            raise NotFound(
                f"there is no battery reading {reading!r}",
                hint="ids are `battery@epoch-ms`, as POST /v1/battery-readings answered; a new one is readable within moments",
            )
        return one(answer)

    async def events(self, request: Request, params: Annotated[EventParams, Query()]) -> Response:
        """Events, newest first, above a criticality."""
        question = Events(
            tenant=identity_of(request).tenant,
            criticality_above=params.criticality_gt,
            start=moment(params.from_, "from"),
            end=moment(params.to, "to"),
            limit=params.limit,
        )
        return await render(request, await self._reader.ask(question))


def _average(answer: Answer, building: str, room: str, params: AverageParams, start: int, now: int) -> Response:
    """S2's answer; `value` is null when the room has no reading in the window."""
    row = answer.table.slice(0, 1).to_pylist()[0] if answer.table.num_rows else {}
    document = {
        "building": building,
        "room": room,
        "metric": "temperature",
        "value": row.get("mean" if params.method == "mean" else "time_weighted_mean"),
        "unit": row.get("unit") or (find_unit(params.unit) or params.unit if params.unit else "K"),
        "count": row.get("count", 0),
        "from": format_time(start),
        "to": format_time(now),
        "method": params.method,
        "series": row.get("series", 0),
        **freshness(answer),
    }
    return Response(msgspec.json.encode(document), headers=kept_headers(answer), media_type=JSON)
