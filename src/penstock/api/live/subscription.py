"""One subscription of a WebSocket connection: what it has not been told yet, bounded by its number of series."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from penstock.api.live.catchup import CaughtUp, Picked
from penstock.api.live.feed import event_row
from penstock.api.live.hub import LiveHub
from penstock.api.live.log import Passing, Position, stored_until
from penstock.api.live.messages import (
    Backfill,
    Data,
    Failure,
    FromServer,
    Gap,
    LiveEvents,
    NewSeries,
    SeriesName,
    Sub,
    Subscribed,
)
from penstock.api.live.tick import Tick, TickColumns
from penstock.api.live.wanted import Chooser
from penstock.api.observe import LIVE_SKIPPED
from penstock.model.batch import Batch
from penstock.model.event import Event
from penstock.model.series import SeriesKey

__all__ = ["MAX_SERIES", "Room", "Subscription"]

MAX_SERIES: Final = 20_000
"""Series of all subscriptions of a connection; readings of any beyond are not sent, which each says once."""
MAX_EVENTS: Final = 1_000
"""Events that wait; the oldest give way."""
CHUNK: Final = 5_000
"""Rows of one `backfill`."""

I64 = npt.NDArray[np.int64]
_Piece = tuple[Batch, npt.NDArray[np.intp]]


@dataclass(slots=True)
class Room:
    """How many more series the subscriptions of one connection may have."""

    left: int = MAX_SERIES


class Subscription:
    """What one `sub` or `resume` asked for. `offer` never waits; `messages` gives what is to be sent now."""

    def __init__(self, asked: Sub, tenant: str, hub: LiveHub, room: Room) -> None:
        """Raises InvalidInput."""
        self.id = asked.id
        self.tenant = tenant
        self.wanted = asked.wanted
        self.chooser = Chooser(self.wanted.patterns)
        self.interval = 1 / asked.hz
        self.due = 0.0
        """Not before this instant of the loop's clock `messages` is sent."""
        self._hub = hub
        self._room = room
        self._begun = False
        self._tick = Tick()
        self._numbers: dict[SeriesKey, int] = {}
        self._new: list[SeriesName] = []
        self._over = 0
        self._events: deque[Event] = deque()
        self._events_lost = 0
        self._missed: CaughtUp | None = None
        self._stalled: tuple[int, int] | None = None
        self._told = hub.position.token

    @property
    def pending(self) -> bool:
        """Whether there is something to send."""
        return bool(self._tick.rows or self._events or self._events_lost or self._missed)

    def begin(self, missed: CaughtUp) -> None:
        """Send what was missed, then what is offered."""
        self._begun, self._missed, self._told = True, missed, missed.asked.token

    def offer(self, passing: Passing) -> bool:
        """Take what is wanted of a frame; whether there was nothing to send before and now there is."""
        if not self._begun:
            return False
        before = self.pending
        index = self.chooser.rows(passing.batch)
        if len(index):
            series, index = self._numbered(passing.batch, index)
            self._tick.add(series, passing.batch.ts[index], passing.batch.value[index])
        self._take_events(passing.events)
        return self.pending and not before

    def end(self) -> None:
        """Make room for others; nothing is offered any more."""
        self._room.left += len(self._numbers)

    def stall(self, since: int, until: int) -> None:
        """The client took nothing in [since, until) (epoch ms), so more was merged than asked for: it will be told."""
        self._stalled = (self._stalled[0] if self._stalled else since, until)

    def messages(self) -> Iterator[FromServer]:
        """What is to be sent now."""
        missed, self._missed = self._missed, None
        if missed is not None:
            yield from self._catch_up(missed)
        position = self._hub.position
        columns = self._tick.take()
        events, self._events = self._events, deque[Event]()
        lost, self._events_lost = self._events_lost, 0
        stalled, self._stalled = self._stalled, None
        merged = int(columns.readings.sum()) - len(columns.readings)
        if lost or (stalled and merged):
            start, end = stalled or (min((event.ts for event in events), default=position.seen), position.seen)
            yield Gap(id=self.id, start=start, end=end, merged=merged if stalled else 0, events=lost)
        yield from self._announced()
        if events:
            # Only the last message of a round moves the token: a client that is cut off between them misses nothing.
            self._told = self._told if len(columns.series) else position.token
            yield LiveEvents(id=self.id, token=self._told, data=[event_row(event) for event in events])
        if len(columns.series):
            self._told = position.token
            yield self._data(columns, merged=merged > 0)

    def _data(self, columns: TickColumns, *, merged: bool) -> Data:
        data = Data(
            id=self.id,
            token=self._told,
            series=columns.series.tolist(),
            ts=columns.ts.tolist(),
            value=columns.value.tolist(),
        )
        if not merged:
            return data
        return replace(data, count=columns.readings.tolist(), min=columns.low.tolist(), max=columns.high.tolist())

    def _take_events(self, events: tuple[Event, ...]) -> None:
        self._events.extend(self.wanted.events_of(events))
        while len(self._events) > MAX_EVENTS:
            self._events.popleft()
            self._events_lost += 1
            LIVE_SKIPPED.inc()

    # -- series by number

    def _numbered(self, batch: Batch, index: npt.NDArray[np.intp]) -> tuple[I64, npt.NDArray[np.intp]]:
        """Numbers of the readings at `index`, without those of series over the bound."""
        codes = batch.series[index]
        table = np.full(len(batch.keys), -1, np.int64)
        for code in np.unique(codes).tolist():
            table[code] = self._number(batch.keys[code])
        series = table[codes]
        if (series < 0).any():
            kept = series >= 0
            LIVE_SKIPPED.inc(int((~kept).sum()))
            series, index = series[kept], index[kept]
        return series, index

    def _number(self, key: SeriesKey) -> int:
        number = self._numbers.get(key)
        if number is not None:
            return number
        if self._room.left <= 0:
            self._over += 1
            return -1
        self._room.left -= 1
        number = self._numbers[key] = len(self._numbers)
        self._new.append(
            SeriesName(number=number, site_id=key.site, sensor_id=key.sensor, metric=key.metric, unit=key.unit)
        )
        return number

    def _announced(self) -> Iterator[FromServer]:
        if self._over > 0:
            self._over = -(1 << 62)  # said once
            yield Failure(
                code="too_many_series",
                detail=f"a connection has {MAX_SERIES} series at most; others of subscription {self.id!r} are not sent",
                hint="use narrower patterns",
                id=self.id,
            )
        if self._new:
            new, self._new = self._new, []
            yield NewSeries(id=self.id, series=new)

    # -- what was missed

    def _catch_up(self, missed: CaughtUp) -> Iterator[FromServer]:
        yield Subscribed(id=self.id, token=self._told, exact=missed.exact)
        if missed.gap:
            yield Gap(id=self.id, start=missed.gap[0], end=missed.gap[1])
        if missed.events:
            rows = [event_row(event) for event in missed.events]
            yield LiveEvents(id=self.id, token=self._told, data=rows)
        if missed.stored is not None:
            every = np.arange(len(missed.stored))
            for at in range(0, len(every), CHUNK):
                chunk = every[at : at + CHUNK]
                is_last = at + CHUNK >= len(every)
                told = missed.position if is_last else stored_until(int(missed.stored.ts[chunk[-1]]))
                yield from self._backfill([(missed.stored, chunk)], told)
        yield from self._frames(missed.frames)

    def _frames(self, frames: Sequence[Picked]) -> Iterator[FromServer]:
        """Frames that were missed; a large one in pieces, small ones together."""
        pieces: list[_Piece] = []
        rows = 0
        told: Position | None = None
        for passing, index, before in frames:
            if events := self.wanted.events_of(passing.events):
                yield from self._backfill(pieces, told)
                pieces, rows, told = [], 0, self._hub.at(passing.number, 0, passing.heard)
                self._told = told.token
                yield LiveEvents(id=self.id, token=self._told, data=[event_row(event) for event in events])
            for at in range(before, len(index), CHUNK):
                piece = index[at : at + CHUNK]
                if rows + len(piece) > CHUNK:
                    yield from self._backfill(pieces, told)
                    pieces, rows = [], 0
                pieces.append((passing.batch, piece))
                rows += len(piece)
                sent = at + len(piece)
                whole = sent == len(index)
                told = self._hub.at(passing.number - (not whole), 0 if whole else sent, passing.heard)
        yield from self._backfill(pieces, told)

    def _backfill(self, pieces: Sequence[_Piece], told: Position | None) -> Iterator[FromServer]:
        if not pieces or told is None:
            return
        numbered = [(batch, *self._numbered(batch, index)) for batch, index in pieces]
        yield from self._announced()
        self._told = told.token
        yield Backfill(
            id=self.id,
            token=self._told,
            series=np.concatenate([series for _, series, _ in numbered]).tolist(),
            ts=np.concatenate([batch.ts[index] for batch, _, index in numbered]).tolist(),
            value=np.concatenate([batch.value[index] for batch, _, index in numbered]).tolist(),
        )
