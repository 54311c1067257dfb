"""Server-sent events of one client: rows as they pass, in order, each with where to go on after it.

What a client is too slow to take is skipped, and it is told how many rows that was.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from penstock.api.live.catchup import CaughtUp
from penstock.api.live.log import Passing, Position, stored_until
from penstock.api.live.wanted import Chooser, Wanted
from penstock.api.observe import LIVE_SKIPPED
from penstock.api.render import time_texts
from penstock.model.batch import Batch
from penstock.model.event import Event
from penstock.model.time import format_time

__all__ = ["QUEUED_ROWS", "LiveClient", "event_row"]

QUEUED_ROWS: Final = 50_000
"""Rows that wait for one client at most; a frame is always taken when nothing waits."""
MESSAGE_ROWS: Final = 500


@dataclass(slots=True)
class _Gap:
    skipped: int = 0
    told: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Rows:
    """Readings of a batch, of which `told` came before: positions [told:] are sent. Not of a frame when out of the store."""

    batch: Batch
    index: npt.NDArray[np.intp]
    told: int
    number: int
    heard: int
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class _Events:
    events: tuple[Event, ...]
    number: int
    heard: int
    is_stored: bool = False


_Item = _Gap | _Rows | _Events


class LiveClient:
    """One client's queue. `offer` is called by the hub and never waits; `messages` is drained by the response."""

    def __init__(self, tenant: str, wanted: Wanted, at: Callable[[int, int, int], Position]) -> None:
        """`at` makes the hub's position of (number, rows, seen)."""
        self.tenant = tenant
        self.wanted = wanted
        self.chooser = Chooser(wanted.patterns)
        self.closed = False
        self._at = at
        self._begun = False
        self._queue: deque[_Item] = deque()
        self._rows = 0
        self._wake = asyncio.Event()

    def begin(self, missed: CaughtUp) -> None:
        """Send what was missed, then what is offered."""
        self._begun = True
        number, heard = missed.position.number, missed.position.seen
        if missed.gap:
            self._queue.append(_Gap(told=missed.gap))
        self._push(_Events(missed.events, number, heard, is_stored=True), len(missed.events))
        if missed.stored is not None and len(missed.stored):
            every = np.arange(len(missed.stored))
            self._push(_Rows(missed.stored, every, 0, number, heard, is_stored=True), len(every))
        for passing, index, told in missed.frames:
            self._take(passing, index, told)

    def offer(self, passing: Passing) -> None:
        """Take what is wanted of a frame."""
        if self._begun:
            self._take(passing, self.chooser.rows(passing.batch), 0)

    def close(self) -> None:
        """The stream ends once what waits is sent."""
        self.closed = True
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Until something waits to be sent; False if nothing came for that long."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def messages(self) -> Iterator[bytes]:
        """What waits, as server-sent events of at most MESSAGE_ROWS rows."""
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, _Gap):
                yield _message("gap", _gap(item), None)
            elif isinstance(item, _Rows):
                self._rows -= len(item.index) - item.told
                yield from self._readings(item)
            else:
                self._rows -= len(item.events)
                yield from self._events(item)
        if not self.closed:
            self._wake.clear()

    def _readings(self, item: _Rows) -> Iterator[bytes]:
        rows = len(item.index)
        for start in range(item.told, rows, MESSAGE_ROWS):
            end = min(start + MESSAGE_ROWS, rows)
            if end == rows:
                told = self._at(item.number, 0, item.heard)
            elif item.is_stored:
                told = stored_until(int(item.batch.ts[item.index[end - 1]]))
            else:
                told = self._at(item.number - 1, end, item.heard)
            yield _message("readings", _reading_rows(item.batch, item.index[start:end]), told)

    def _events(self, item: _Events) -> Iterator[bytes]:
        rows = len(item.events)
        for start in range(0, rows, MESSAGE_ROWS):
            end = min(start + MESSAGE_ROWS, rows)
            # Out of the store they come before the readings, which say where to go on.
            told = self._at(item.number, 0, item.heard) if end == rows and not item.is_stored else None
            yield _message("events", [event_row(event) for event in item.events[start:end]], told)

    def _take(self, passing: Passing, index: npt.NDArray[np.intp], told: int) -> None:
        if self.wanted.patterns:
            self._push(_Rows(passing.batch, index, told, passing.number, passing.heard), len(index) - told)
        events = self.wanted.events_of(passing.events)
        self._push(_Events(events, passing.number, passing.heard), len(events))

    def _push(self, item: _Item, rows: int) -> None:
        if rows <= 0:
            return
        if self._rows and self._rows + rows > QUEUED_ROWS:
            LIVE_SKIPPED.inc(rows)
            last = self._queue[-1]
            if isinstance(last, _Gap):
                last.skipped += rows
            else:
                self._queue.append(_Gap(rows))
        else:
            self._rows += rows
            self._queue.append(item)
        self._wake.set()


def _gap(gap: _Gap) -> Mapping[str, Any]:
    if gap.told is None:
        return {"skipped": gap.skipped}
    return {"from": format_time(gap.told[0]), "to": format_time(gap.told[1])}


def _reading_rows(batch: Batch, index: npt.NDArray[np.intp]) -> list[dict[str, Any]]:
    stamps = time_texts(batch.ts[index].tolist())
    keys = [batch.keys[code] for code in batch.series[index].tolist()]
    return [
        {"ts": ts, "sensor_id": k.sensor, "site_id": k.site, "metric": k.metric, "value": value, "unit": k.unit}
        for ts, k, value in zip(stamps, keys, batch.value[index].tolist(), strict=True)
    ]


def event_row(event: Event) -> dict[str, Any]:
    """An event as REST shows it."""
    return {
        "id": event.id,
        "ts": format_time(event.ts),
        "timestamp": event.timestamp,
        "criticality": event.criticality,
        "message": event.message,
        "source": event.source,
    }


def _message(kind: str, data: Any, told: Position | None) -> bytes:
    place = b"id: %s\n" % told.token.encode() if told else b""
    return b"%sevent: %s\ndata: %s\n\n" % (place, kind.encode(), msgspec.json.encode(data))
