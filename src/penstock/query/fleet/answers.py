"""The questions about the fleet, each answered with a constant number of questions to the store."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from penstock.query.fleet.batteries import battery_fleet
from penstock.query.fleet.gather import Indexes
from penstock.query.fleet.health import battery_health
from penstock.query.fleet.siteflow import flow_series, site_flow
from penstock.query.fleet.summary import fleet_summary
from penstock.query.fleet.tiles import assets
from penstock.query.overview import Assets, BatteryFleet, BatteryHealth, Fleet, FlowSeries, SiteFlow
from penstock.query.pieces import Pieces
from penstock.query.places import Places
from penstock.store.series import SeriesStore

__all__ = ["FleetAnswers"]

Body = tuple[pa.Table, str | None, dict[str, Any]]


class FleetAnswers:
    """What answers them beside the store. Raises as each question says."""

    def __init__(self, store: SeriesStore, pieces: Pieces, places: Places | None) -> None:
        """`places` is what `store` is placed by; without it nothing of the catalog is known."""
        self._store = store
        self._pieces = pieces
        self._indexes = Indexes(store, places)

    async def answer(
        self, question: Fleet | Assets | SiteFlow | FlowSeries | BatteryFleet | BatteryHealth, now: int
    ) -> Body:
        """Table, cursor and meta; `now` is epoch ms."""
        match question:
            case Fleet():
                return await fleet_summary(self._store, self._indexes, question, now)
            case Assets():
                return await assets(self._store, self._indexes, question, now)
            case SiteFlow():
                return await site_flow(self._store, self._indexes, question, now)
            case FlowSeries():
                async with self._store.view() as view:
                    return await flow_series(view, self._indexes, self._pieces, question, now)
            case BatteryFleet():
                return await battery_fleet(self._store, self._indexes, question, now)
            case BatteryHealth():
                return await battery_health(self._store, self._indexes, question, now)
