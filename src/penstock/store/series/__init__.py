"""Readings, events, rollups and the ledger: the port. Adapters are named in `app.wiring` only."""

from penstock.store.series.port import (
    Aggregates,
    Arrival,
    EventRow,
    Filter,
    Newest,
    Passage,
    Readable,
    Refusal,
    SeriesStore,
    SeriesView,
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
    "Readable",
    "Refusal",
    "SeriesStore",
    "SeriesView",
    "State",
    "Trace",
]
