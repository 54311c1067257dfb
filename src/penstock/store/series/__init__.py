"""Readings, events, rollups and the ledger: the port. Adapters are named in `app.wiring` only."""

from penstock.store.series.port import Aggregates, EventRow, Filter, SeriesStore, State

__all__ = ["Aggregates", "EventRow", "Filter", "SeriesStore", "State"]
