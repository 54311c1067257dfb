"""Client of the Penstock telemetry platform: `Client`, `AsyncClient`, and a writer that loses no row and doubles none."""

from penstock_client.aclient import AsyncClient, AsyncWriter
from penstock_client.client import Client
from penstock_client.delivery import Rejected, Stats, WriterOptions
from penstock_client.errors import (
    Conflict,
    InvalidRequest,
    NotAllowed,
    NotFound,
    PenstockError,
    ServerFailed,
    SpoolFull,
    SpoolInUse,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Unreachable,
    WriterClosed,
)
from penstock_client.exchange import Retry
from penstock_client.live import LiveRow
from penstock_client.query import Fetch, Query, Select, Then, fetch
from penstock_client.results import AsyncResult, Result
from penstock_client.rows import (
    AggregateRow,
    EnergyRow,
    Event,
    Explanation,
    Gap,
    LedgerRow,
    Page,
    QueryRow,
    Reading,
    Receipt,
    RejectedRow,
    SeriesRow,
    Verdicts,
)
from penstock_client.settings import Settings
from penstock_client.writer import Writer

__all__ = [
    "AggregateRow",
    "AsyncClient",
    "AsyncResult",
    "AsyncWriter",
    "Client",
    "Conflict",
    "EnergyRow",
    "Event",
    "Explanation",
    "Fetch",
    "Gap",
    "InvalidRequest",
    "LedgerRow",
    "LiveRow",
    "NotAllowed",
    "NotFound",
    "Page",
    "PenstockError",
    "Query",
    "QueryRow",
    "Reading",
    "Receipt",
    "Rejected",
    "RejectedRow",
    "Result",
    "Retry",
    "Select",
    "SeriesRow",
    "ServerFailed",
    "Settings",
    "SpoolFull",
    "SpoolInUse",
    "Stats",
    "Then",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "Unreachable",
    "Verdicts",
    "Writer",
    "WriterClosed",
    "WriterOptions",
    "fetch",
]
