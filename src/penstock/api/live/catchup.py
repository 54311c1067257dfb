"""What a view missed while it was away: exactly, from the frames that passed lately; beyond these, from the store.

A view enters the hub first and hears nothing yet. Then what it missed is collected, and in one step (without waiting) it is
handed over and the view begins to hear: nothing falls between, nothing comes twice.

From the store, what a view may have missed is known by the time of the readings only, so its last seconds before the cut are
sent again; readings that come out of the store and out of the frames at once are told apart by series, time and value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from penstock.api.live.hub import LiveHub
from penstock.api.live.log import Passing, Position, stored_until
from penstock.api.live.wanted import Chooser, Wanted
from penstock.model.batch import Batch
from penstock.model.errors import NotFound
from penstock.model.event import Event
from penstock.model.series import SeriesKey
from penstock.model.time import HOUR, Clock
from penstock.query.port import Answer, Events, Reader, Recent

__all__ = ["BACKFILL_ROWS", "CaughtUp", "Picked", "View", "catch_up"]

BACKFILL_ROWS: Final = 20_000
"""Rows that a view gets of what it missed; the newest."""
_LONGEST: Final = HOUR
_OVERLAP: Final = 10_000
"""How much later than its own time a reading may pass, in ms, and still be found in the store for a view that missed it."""
_MAX_EVENTS: Final = 1_000
_SETTLE: Final = 500
"""A frame that passed just before a view entered may be acknowledged so much later, ms."""
_PATIENCE: Final = 50
_PAUSE: Final = 0.1
"""Times that the store is asked again, and seconds between, until it has everything from before the view entered."""

I64 = npt.NDArray[np.int64]


class Picked(NamedTuple):
    """The rows of a frame that a view wants: positions in its batch, of which `told` came before; events as they are."""

    passing: Passing
    rows: npt.NDArray[np.intp]
    told: int


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What a view missed, in order: the store's, then frames.

    stored, events  readings by time (series announced as keys, each once), and events, from the store
    frames          what the hub still had
    gap             [from, to) in epoch ms of which not everything is here, None when all is
    exact           nothing of this came before
    position        where the frames begin
    asked           what the view was told before
    """

    frames: Sequence[Picked]
    position: Position
    asked: Position
    exact: bool
    stored: Batch | None = None
    events: tuple[Event, ...] = ()
    gap: tuple[int, int] | None = None


class View(Protocol):
    """What can be told what it missed; it ignores what is offered before `begin`."""

    @property
    def tenant(self) -> str: ...
    @property
    def wanted(self) -> Wanted: ...
    @property
    def chooser(self) -> Chooser: ...

    def begin(self, missed: CaughtUp) -> None: ...


async def catch_up(hub: LiveHub, reader: Reader, clock: Clock, view: View, position: Position | None) -> None:
    """Let `view`, whose lanes are heard by now, begin: behind `position`, or with what comes now.

    Raises Unavailable and other errors of the Reader; then the view has not begun.
    """
    entered = hub.position
    if position is None:
        view.begin(CaughtUp((), entered, entered, exact=True))
        return
    frames = hub.missed(view.tenant, view.wanted.lanes, position)
    if frames is not None:
        picked, gap = _pick(frames, view.chooser, position)
        view.begin(CaughtUp(picked, position, position, exact=True, gap=gap))
        return
    stored, events, gap = await _from_store(reader, clock, view, position.seen)
    frames = hub.missed(view.tenant, view.wanted.lanes, entered)
    if frames is None:  # so much passed meanwhile that the frames are gone
        entered, frames, gap = hub.position, [], (gap[0] if gap else entered.seen, clock.now())
    ids = {event.id for event in events}
    fresh = [
        changed(
            passing,
            batch=_without(passing.batch, stored),
            events=tuple(event for event in passing.events if event.id not in ids),
        )
        for passing in frames
    ]
    picked, lost = _pick(fresh, view.chooser, entered)
    asked = stored_until(position.seen)
    view.begin(CaughtUp(picked, entered, asked, exact=False, stored=stored, events=events, gap=gap or lost))


def _pick(
    frames: Sequence[Passing], chooser: Chooser, position: Position
) -> tuple[list[Picked], tuple[int, int] | None]:
    """What of `frames` is wanted and not told yet, the newest BACKFILL_ROWS rows; and between when older ones are missing."""
    picked: list[Picked] = []
    told = position.rows
    for passing in frames:
        index = chooser.rows(passing.batch)
        if len(index) or passing.events:
            before, told = (min(told, len(index)), 0) if len(index) else (0, told)
            picked.append(Picked(passing, index, before))
    rows = np.cumsum([len(p.rows) - p.told for p in reversed(picked)])[::-1]
    kept = [p for p, so_far in zip(picked, rows.tolist(), strict=True) if so_far <= BACKFILL_ROWS]
    if len(kept) == len(picked):
        return picked, None
    return kept, (position.seen, kept[0].passing.heard if kept else picked[-1].passing.heard + 1)


async def _from_store(
    reader: Reader, clock: Clock, view: View, seen: int
) -> tuple[Batch, tuple[Event, ...], tuple[int, int] | None]:
    """Readings and events since shortly before `seen`, an hour at most; and of when something is missing."""
    now = clock.now()
    start = max(seen - _OVERLAP, now - _LONGEST)
    whole = start if start > seen else None
    tables: list[Answer] = []
    for pattern in view.wanted.patterns:
        question = Recent(tenant=view.tenant, where=pattern.select, start=start, limit=BACKFILL_ROWS)
        try:
            answer = await _settled(reader, question, now + _SETTLE)
        except NotFound:
            continue
        tables.append(answer)
        if answer.next_cursor is not None:
            whole = max(whole or 0, int(answer.table.column("ts")[-1].as_py()))
    events: tuple[Event, ...] = ()
    if view.wanted.events:
        asked = Events(
            tenant=view.tenant, start=start, criticality_above=view.wanted.criticality_above, limit=_MAX_EVENTS
        )
        answer = await _settled(reader, asked, now + _SETTLE)
        events = tuple(Event(**row) for row in reversed(answer.table.to_pylist()))
        if len(events) == _MAX_EVENTS:
            whole = max(whole or 0, events[0].ts)
    return _batch(view.tenant, tables, whole), events, None if whole is None else (seen, whole)


async def _settled(reader: Reader, question: Recent | Events, until: int) -> Answer:
    """The answer once it holds everything acknowledged before `until` (epoch ms); as it is if that takes too long."""
    look = replace(question, limit=1)
    for _ in range(_PATIENCE):
        if (await reader.ask(look)).as_of >= until:
            break
        await asyncio.sleep(_PAUSE)
    return await reader.ask(question)


def _batch(tenant: str, answers: Sequence[Answer], start: int | None) -> Batch:
    """Readings from `start` on, by time, each once though several patterns found it."""
    index: dict[SeriesKey, int] = {}
    columns: list[tuple[I64, I64, npt.NDArray[np.float64]]] = []
    for answer in answers:
        table = answer.table
        names = zip(*(table.column(c).to_pylist() for c in ("site_id", "sensor_id", "metric", "unit")), strict=True)
        codes = np.array([index.setdefault(SeriesKey(*name), len(index)) for name in names], np.int64)
        columns.append((codes, table.column("ts").to_numpy(), table.column("value").to_numpy()))
    if not columns:
        return Batch.empty(tenant)
    series, ts, value = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    order = np.lexsort((series, ts))
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(ts[order]) != 0) | (np.diff(series[order]) != 0)
    order = order[fresh & (ts[order] >= (start or 0))]
    return Batch(tenant, tuple(index), series[order].astype(np.int32), ts[order], value[order], ts[order])


def _without(batch: Batch, stored: Batch) -> Batch:
    """The readings of `batch` that `stored` does not hold."""
    if not len(batch) or not len(stored):
        return batch
    codes = {key: code for code, key in enumerate(stored.keys)}
    table = np.array([codes.get(key, -1) for key in batch.keys])
    series = np.concatenate((stored.series, table[batch.series]))
    ts, value = np.concatenate((stored.ts, batch.ts)), np.concatenate((stored.value, batch.value))
    order = np.lexsort((value, ts, series))  # stable: of equal readings the stored one is the first
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (np.diff(series[order]) != 0) | (np.diff(ts[order]) != 0) | (np.diff(value[order]) != 0)
    first = order[begins][np.cumsum(begins) - 1]
    known = np.zeros(len(order), np.bool_)
    known[order] = first < len(stored)
    return batch.only(~known[len(stored) :])
