"""Doors out for screens: each turns a request into one question, and its answer into one document or into rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from penstock.api.auth import identity_of
from penstock.api.fleet import examples
from penstock.api.fleet.params import (
    AssetParams,
    BatteryParams,
    BatteryRangeParams,
    FleetParams,
    FlowParams,
    FlowSeriesParams,
)
from penstock.api.params import moment
from penstock.api.render import JSON, freshness, kept_headers, render, rows_of
from penstock.api.services import Services
from penstock.model.time import format_time
from penstock.query.port import Answer, Assets, BatteryFleet, BatteryHealth, Fleet, FlowSeries, SiteFlow

__all__ = ["FleetDoors"]

_Text = Annotated[str, Path(max_length=256)]


class FleetDoors:
    """The routes; one instance per app."""

    def __init__(self, services: Services) -> None:
        self._reader = services.reader
        self._clock = services.clock

    def install(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/v1/fleet", self.fleet, **examples.FLEET)
        app.add_api_route("/v1/assets", self.assets, **examples.ASSETS)
        app.add_api_route("/v1/sites/{site}/flow", self.flow, **examples.FLOW)
        app.add_api_route("/v1/sites/{site}/flow/series", self.flow_series, **examples.FLOW_SERIES)
        app.add_api_route("/v1/batteries", self.batteries, **examples.BATTERIES)
        app.add_api_route("/v1/batteries/{battery:path}", self.battery, **examples.BATTERY_HEALTH)

    async def fleet(self, request: Request, params: Annotated[FleetParams, Query()]) -> Response:
        """Totals, each site, and the ten assets that are worst."""
        question = Fleet(tenant=identity_of(request).tenant, criticality_above=params.criticality_gt, zone=params.zone)
        answer = await self._reader.ask(question)
        meta = answer.meta
        return _document(
            answer,
            {
                **meta,
                "events": _timed(meta["events"], "since"),
                "worst": [_timed(each, "ts") for each in meta["worst"]],
                "sites": rows_of(answer.table),
            },
        )

    async def assets(self, request: Request, params: Annotated[AssetParams, Query()]) -> Response:
        """Every asset, by site and id; `meta` counts the states over all pages."""
        question = Assets(
            tenant=identity_of(request).tenant,
            site=params.site,
            kind=params.kind,
            state=params.state,
            text=params.text,
            limit=params.limit,
            cursor=params.cursor,
        )
        return await render(request, await self._reader.ask(question))

    async def flow(self, request: Request, site: _Text, params: Annotated[FlowParams, Query()]) -> Response:
        """Sun, grid, battery, vehicles and load of a site, balanced; positive power feeds it, negative takes from it."""
        question = SiteFlow(tenant=identity_of(request).tenant, site=site, at=moment(params.at, "at"))
        answer = await self._reader.ask(question)
        meta = answer.meta
        return _document(
            answer,
            {
                "site": site,
                **_timed(meta, "at"),
                "nodes": rows_of(answer.table),
                "meters": [_timed(each, "ts") for each in meta["meters"]],
            },
        )

    async def flow_series(
        self, request: Request, site: _Text, params: Annotated[FlowSeriesParams, Query()]
    ) -> Response:
        """The same as mean power per window, for stacked charts; each row with all nodes known adds up to 0."""
        start, end = params.span(self._clock.now())
        question = FlowSeries(
            tenant=identity_of(request).tenant,
            site=site,
            start=start,
            end=end,
            window=params.window_asked(),
            zone=params.zone or "UTC",
        )
        return await render(request, await self._reader.ask(question))

    async def batteries(self, request: Request, params: Annotated[BatteryParams, Query()]) -> Response:
        """Batteries, sorted by what they said last; what is not known comes last."""
        question = BatteryFleet(
            tenant=identity_of(request).tenant,
            site=params.site,
            sort=params.sort,
            limit=params.limit,
            cursor=params.cursor,
        )
        return await render(request, await self._reader.ask(question))

    async def battery(
        self, request: Request, battery: _Text, params: Annotated[BatteryRangeParams, Query()]
    ) -> Response:
        """What it says, how much it was used and by whose account, and how it stands among its like."""
        start, end = params.span(self._clock.now())
        question = BatteryHealth(
            tenant=identity_of(request).tenant, battery=battery, site=params.site, start=start, end=end
        )
        answer = await self._reader.ask(question)
        meta = answer.meta
        return _document(
            answer,
            {
                "battery": _timed(meta["battery"], "ts"),
                "series": rows_of(answer.table),
                "cycles": _timed(meta["cycles"], "since"),
                "histograms": meta["histograms"],
                "similar": meta["similar"],
                "from": format_time(start),
                "to": format_time(end),
            },
        )


def _document(answer: Answer, members: Mapping[str, Any]) -> Response:
    """One object with the freshness of the answer."""
    document = msgspec.json.encode({**members, **freshness(answer)})
    return Response(document, headers=kept_headers(answer), media_type=JSON)


def _timed(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    """`members` with the time of that name as RFC 3339; None stays."""
    ms = members[name]
    return {**members, name: None if ms is None else format_time(ms)}
