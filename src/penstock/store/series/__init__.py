"""Readings, events, rollups and the ledger: the port. Adapters are named in `app.wiring` only."""

from penstock.store.series.port import (
    Aggregates,
    Arrival,
    EventRow,
    Filter,
    Newest,
    Passage,
    Refusal,
    SeriesStore,
    State,
    Trace,
)

__all__ = [
    "Aggregates",
    "Arrival",
    "EventRow",
    "Filter",
    "Newest",
    "Passage",
    "Refusal",
    "SeriesStore",
    "State",
    "Trace",
]
