"""What the series store suite runs against, and short ways to say frames."""

import asyncio
import importlib.util
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from penstock.model.batch import Batch, Readings, SensorKey
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part, Settlement
from penstock.model.partials import Partials
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, Clock
from penstock.store.series import Filter, SeriesStore
from penstock.store.series.memory import MemorySeriesStore

T0 = 20_454 * DAY  # 2026-01-01T00:00:00Z
TEMPERATURE = SeriesKey("hq", "t1", "temperature", "K")
POWER = SeriesKey("hq", "m1", "power_w", "W")
REMOTE = SeriesKey("plant", "m2", "power_w", "W")

Row = tuple[SeriesKey, int, float, int]
"""(series, ts, value, version)."""


class FixedClock:
    """A clock that stands still."""

    def __init__(self, now: int = T0 + 40 * DAY) -> None:
        self.time = now

    def now(self) -> int:
        return self.time


@dataclass(frozen=True)
class Adapter:
    """`make(directory, clock)` gives a store that is not open; with `persists`, a second one on the directory sees the same."""

    name: str
    make: Callable[..., SeriesStore]
    persists: bool


def _memory(_directory: Path, clock: Clock | None = None) -> SeriesStore:
    return MemorySeriesStore(clock or FixedClock())


def _duckdb(directory: Path, clock: Clock | None = None) -> SeriesStore:
    from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore  # noqa: PLC0415 - only where it is installed

    return DuckSeriesStore(DuckConfig(path=directory / "series.duckdb", hot_bytes=1 << 20), clock or FixedClock())


ADAPTERS = [
    pytest.param(Adapter("memory", _memory, persists=False), id="memory"),
    pytest.param(
        Adapter("duckdb", _duckdb, persists=True),
        id="duckdb",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("penstock.store.series.duckdb") is None, reason="adapter is not installed"
        ),
    ),
]

_numbers = itertools.count()


def batch(rows: Sequence[Row], tenant: str = "acme", attributes: Mapping[SensorKey, Attributes] | None = None) -> Batch:
    keys = list(dict.fromkeys(row[0] for row in rows))
    return Batch(
        tenant,
        tuple(keys),
        np.array([keys.index(key) for key, *_ in rows], np.int32),
        np.array([ts for _, ts, _, _ in rows], np.int64),
        np.array([value for _, _, value, _ in rows], np.float64),
        np.array([version for *_, version in rows], np.int64),
        dict(attributes or {}),
    )


def frame(
    rows: Sequence[Row] = (),
    *,
    tenant: str = "acme",
    name: str | None = None,
    stamp: int = 1,
    parts: Sequence[Part] | None = None,
    attributes: Mapping[SensorKey, Attributes] | None = None,
    events: Sequence[Event] = (),
    dead_letters: Sequence[DeadLetter] = (),
    settles: Settlement | None = None,
) -> Frame:
    """A frame; without `parts` everything is of one request of source `http`."""
    name = name or f"f{next(_numbers)}"
    whole = (Part(f"r-{name}", "http", len(rows) + len(events)),)
    readings = batch(rows, tenant, attributes)
    given = whole if parts is None else tuple(parts)
    return Frame(name, tenant, stamp, given, readings, tuple(events), tuple(dead_letters), settles)


def event(name: str, ts: int, criticality: int = 5, message: str = "door") -> Event:
    return Event(name, ts, f"said {ts}", criticality, message, "gate")


async def ids_of(store: SeriesStore, *keys: SeriesKey, tenant: str = "acme") -> np.ndarray:
    """Store ids of `keys` (all series without any), ascending."""
    found = await store.find(tenant, Filter())
    return np.array([info.id for info in found if not keys or info.key in keys], np.int32)


async def values(store: SeriesStore, key: SeriesKey, tenant: str = "acme") -> dict[int, float]:
    readings = await store.scan(tenant, await ids_of(store, key, tenant=tenant), 0, T0 * 2)
    return dict(zip(readings.ts.tolist(), readings.value.tolist(), strict=True))


def bits(columns: Readings | Partials, series: int) -> list[bytes]:
    """Every column's bytes for one series, dtype included: equal lists are equal bit for bit."""
    if isinstance(columns, Readings):
        arrays = [columns.ts, columns.value]
    else:
        arrays = [getattr(columns, name) for name in Partials.__slots__ if name != "series"]
    mine = columns.series == series
    return [array.dtype.str.encode() + array[mine].tobytes() for array in arrays]


async def settle(store: SeriesStore, now: int) -> None:
    """Upkeep until there is no more to do."""
    async with asyncio.timeout(20):
        while await store.maintain(now):
            pass
