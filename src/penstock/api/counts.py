"""What came through the doors in, door by door: for metrics, and for who watches the pipeline."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Counter

from penstock.model.errors import Backpressure
from penstock.model.recent import Spans, Tally

__all__ = ["DoorCount", "DoorCounts"]

_ROWS: Final = Counter("penstock_api_rows", "Rows received over HTTP and TCP, by fate at the door", ["source", "fate"])


@dataclass(frozen=True, slots=True)
class DoorCount:
    """One door's rows since the start, and lately.

    accepted     durable
    rejected     refused for what they hold
    turned_away  good rows of requests that met a full queue or a full disk, and were told to come again
    waits        how long a request's rows took to become durable
    """

    accepted: Tally = field(default_factory=Tally)
    rejected: Tally = field(default_factory=Tally)
    turned_away: Tally = field(default_factory=Tally)
    waits: Spans = field(default_factory=Spans)


class DoorCounts:
    """The doors of one process by name (`http`, `tcp`, `line-protocol` …): those that were used."""

    def __init__(self) -> None:
        self._doors: dict[str, DoorCount] = {}
        self.waits = Spans()
        """How long requests' rows took to become durable, whatever the door."""

    @property
    def doors(self) -> Mapping[str, DoorCount]:
        """Door → what came through it."""
        return self._doors

    @contextmanager
    def taking(self, door: str, accepted: int, rejected: int) -> Generator[None]:
        """Herein rows of one request are made durable: counted when they are, or when they are turned away."""
        count = self._doors.setdefault(door, DoorCount())
        began = time.monotonic()
        try:
            yield
        except Backpressure:
            count.turned_away.add(accepted)
            raise
        took = (time.monotonic() - began) * 1_000
        self.waits.add(took)
        count.waits.add(took)
        for fate, tally, rows in (("accepted", count.accepted, accepted), ("rejected", count.rejected, rejected)):
            tally.add(rows)
            _ROWS.labels(door, fate).inc(rows)
