"""The questions about the fleet, each answered with a constant number of questions to the store."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyarrow as pa

from penstock.query.fleet.batteries import battery_fleet
from penstock.query.fleet.gather import Indexes
from penstock.query.fleet.health import battery_health
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.siteflow import flow_series, site_flow
from penstock.query.fleet.summary import fleet_summary
from penstock.query.fleet.tiles import assets
from penstock.query.overview import Assets, BatteryFleet, BatteryHealth, Fleet, FlowSeries, SiteFlow
from penstock.query.pieces import Pieces
from penstock.query.places import Places
from penstock.store.series import SeriesStore, SeriesView

__all__ = ["FleetAnswers"]

Body = tuple[pa.Table, str | None, dict[str, Any]]


class FleetAnswers:
    """What answers them beside the store. Raises as each question says."""

    def __init__(self, store: SeriesStore, pieces: Pieces, places: Places | None) -> None:
        """`places` is what `store` is placed by; without it nothing of the catalog is known."""
        self._store = store
        self._pieces = pieces
        self._indexes = Indexes(places)

    async def answer(
        self, question: Fleet | Assets | SiteFlow | FlowSeries | BatteryFleet | BatteryHealth, now: int
    ) -> Body:
        """Table, cursor and meta, all of one revision; `now` is epoch ms."""
        async with self._store.view() as view:
            if isinstance(question, BatteryFleet | BatteryHealth):
                index = await self._indexes.batteries(view, question.tenant)
            else:
                index = await self._indexes.of(view, question.tenant)
            return await view.together(partial(self._of, index=index, question=question, now=now))

    async def _of(
        self,
        view: SeriesView,
        index: FleetIndex,
        question: Fleet | Assets | SiteFlow | FlowSeries | BatteryFleet | BatteryHealth,
        now: int,
    ) -> Body:
        match question:
            case Fleet():
                return await fleet_summary(view, index, question, now)
            case Assets():
                return await assets(view, index, question, now)
            case SiteFlow():
                return await site_flow(view, index, question, now)
            case FlowSeries():
                return await flow_series(view, index, self._pieces, question, now)
            case BatteryFleet():
                return await battery_fleet(view, index, question, now)
            case BatteryHealth():
                return await battery_health(view, index, question, now)
