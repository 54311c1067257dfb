"""What arrives on the wire from a fleet in a stretch of time: drafts in order of arrival, faults included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from penstock.model.batch import Draft, DraftKey, SensorKey
from penstock.model.event import Event
from penstock.model.series import Attributes
from penstock.model.time import SECOND
from penstock.sources.simulate.faults import CORRECTION, DUPLICATE, NO_FAULTS, ORIGINAL, Copies, Faults, FaultyLine
from penstock.sources.simulate.fleet import I32, Fleet, Process
from penstock.sources.simulate.noise import F64
from penstock.sources.simulate.truth import Tally, Truth

__all__ = ["Delivery", "Stream"]

_FEW = 4
"""A draft that touches less than 1/_FEW of a fleet's sensors names only those."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one sender hands over at once: a draft of readings, or events; the other is None or empty."""

    tenant: str
    draft: Draft | None = None
    events: tuple[Event, ...] = ()

    def __len__(self) -> int:
        """Readings, or events."""
        return len(self.events) if self.draft is None else len(self.draft.ts)


class Stream:
    """Fleets behind a faulty transport, taken stretch by stretch.

    The same fleets, faults and seed deliver the same rows in the same order however time is cut: consecutive `take`s
    join to what one `take` over the whole would give, process by process. Time runs forward; a stretch that is left
    out was never measured.
    """

    def __init__(
        self, fleets: Fleet | Sequence[Fleet], *, faults: Faults = NO_FAULTS, seed: int = 0, keep_truth: bool = False
    ) -> None:
        """`keep_truth` remembers every row delivered (20 bytes each), for `truth`."""
        self._fleets = tuple(fleets) if isinstance(fleets, Sequence) else (fleets,)
        self._seed = seed
        self._keep_truth = keep_truth
        self._lanes = [
            _Lane(fleet.tenant, process, FaultyLine(seed, process, faults), faults, keep_truth)
            for fleet in self._fleets
            for process in fleet.processes(seed)
        ]
        self._factor = faults.rate_factor()
        self._events: list[tuple[str, Event]] = []
        self._event_count = 0
        self._end: int | None = None

    @property
    def rate(self) -> float:
        """Readings per second on average, faults included."""
        return self._factor * sum(lane.rate for lane in self._lanes)

    @property
    def tally(self) -> Tally:
        """Counts of what was delivered so far; kept without `keep_truth` too."""
        return sum((lane.tally for lane in self._lanes), Tally(events=self._event_count))

    def take(self, start: int, end: int) -> list[Delivery]:
        """What arrives in [start, end), epoch ms: at most one delivery per process, then one per fleet with events.

        Raises ValueError when `start` lies before the end of the previous stretch.
        """
        if end < start or (self._end is not None and start < self._end):
            raise ValueError(f"time runs forward: [{start}, {end}) does not follow {self._end}")
        self._end = end
        deliveries = [d for lane in self._lanes if (d := lane.take(start, end)) is not None]
        for fleet in self._fleets:
            events = tuple(fleet.events(self._seed, start, end))
            if events:
                self._event_count += len(events)
                if self._keep_truth:
                    self._events.extend((fleet.tenant, event) for event in events)
                deliveries.append(Delivery(fleet.tenant, None, events))
        return deliveries

    def flush(self) -> list[Delivery]:
        """Delivers what is still held back, whenever it was due."""
        return [d for lane in self._lanes if (d := lane.flush()) is not None]

    def truth(self) -> Truth:
        """What a store must hold after everything delivered so far. Needs `keep_truth`, else raises ValueError."""
        if not self._keep_truth:
            raise ValueError("this stream keeps no truth: make it with keep_truth=True")
        parts = [lane.truth() for lane in self._lanes]
        keys: list[DraftKey] = []
        series: list[I32] = []
        for part in parts:
            series.append(part.series + np.int32(len(keys)))
            keys.extend(part.keys)
        events = tuple(sorted(self._events, key=lambda item: (item[1].ts, item[0], item[1].id)))
        return Truth(
            tuple(keys),
            np.concatenate([np.empty(0, np.int32), *series]),
            np.concatenate([np.empty(0, np.int64), *(p.ts for p in parts)]),
            np.concatenate([np.empty(0, np.float64), *(p.value for p in parts)]),
            np.concatenate([np.empty(0, np.int64), *(p.seq for p in parts)]),
            self.tally,
            events,
        )


class _Lane:
    """One process on its faulty line: holds back rows (never their values), counts and remembers."""

    def __init__(self, tenant: str, process: Process, line: FaultyLine, faults: Faults, keep_truth: bool) -> None:
        self.tally = Tally()
        self._tenant = tenant
        self._process = process
        self._line = line
        self._faults = faults
        self._held = Copies.empty()
        self._delivered: list[Copies] | None = [] if keep_truth else None

    @property
    def rate(self) -> float:
        sensors = self._process.sensors
        return len(sensors) * len(sensors.metrics) * SECOND / self._process.step

    def take(self, start: int, end: int) -> Delivery | None:
        rows = self._line.rows(start, end)
        if self._faults.held_back:
            rows = Copies.join(self._held, rows)
            due = rows.arrival < end
            self._held = rows.take(~due)
            rows = rows.take(due).in_order()
        return self._deliver(rows)

    def flush(self) -> Delivery | None:
        rows, self._held = self._held.in_order(), Copies.empty()
        return self._deliver(rows)

    def _deliver(self, rows: Copies) -> Delivery | None:
        if not len(rows):
            return None
        metrics = len(self._process.sensors.metrics)
        count = len(rows)
        duplicates, corrections = (int(np.count_nonzero(rows.kind == kind)) for kind in (DUPLICATE, CORRECTION))
        late = int(np.count_nonzero((rows.arrival > rows.ts) & (rows.kind == ORIGINAL)))
        fates = (count, count - duplicates - corrections, duplicates, corrections, late)
        self.tally += Tally(*(metrics * n for n in fates))
        if self._delivered is not None:
            self._delivered.append(rows.take(rows.kind != DUPLICATE))
        return Delivery(self._tenant, self._draft(rows))

    def _values(self, rows: Copies) -> F64:
        measured_at = rows.ts - rows.stale * self._process.step if rows.stale.any() else rows.ts
        return self._process.values(rows.unit, measured_at)

    def _seq(self, rows: Copies) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
        if not self._faults.corrections:
            return None
        return np.where(rows.kind == CORRECTION, np.int64(2), np.int64(1))

    def _draft(self, rows: Copies) -> Draft:
        metrics = len(self._process.sensors.metrics)
        keys, attributes, unit = self._names(rows.unit)
        seq = self._seq(rows)
        return Draft(
            keys=keys,
            key=(unit[:, None] * np.int32(metrics) + np.arange(metrics, dtype=np.int32)).ravel(),
            ts=np.repeat(rows.ts, metrics),
            value=self._values(rows).ravel(),
            row=np.repeat(np.arange(len(rows), dtype=np.int32), metrics),
            rows=len(rows),
            seq=None if seq is None else np.repeat(seq, metrics),
            attributes=attributes,
        )

    def _names(self, unit: I32) -> tuple[tuple[DraftKey, ...], dict[SensorKey, Attributes], I32]:
        """Keys and attributes of a draft, and its sensors as indices into them."""
        sensors = self._process.sensors
        if len(unit) * _FEW >= len(sensors):
            return sensors.keys, sensors.described, unit
        used, index = np.unique(unit, return_inverse=True)
        metrics = len(sensors.metrics)
        keys = tuple(key for i in used.tolist() for key in sensors.keys[i * metrics : (i + 1) * metrics])
        attributes = {(sensors.sites[i], sensors.names[i]): sensors.attributes[i] for i in used.tolist()}
        return keys, attributes, index.astype(np.int32)

    def truth(self) -> Truth:
        """This lane's part; a later version of a row comes after the earlier one, so the last of a key wins."""
        rows = Copies.join(Copies.empty(), *(self._delivered or ()))
        order = np.lexsort((rows.kind, rows.ts, rows.unit))
        rows = rows.take(order)
        last = np.ones(len(rows), np.bool_)
        last[:-1] = (rows.unit[1:] != rows.unit[:-1]) | (rows.ts[1:] != rows.ts[:-1])
        rows = rows.take(last)
        sensors = self._process.sensors
        metrics = len(sensors.metrics)
        # Values were asked for in any order so far; by time they touch each table once.
        values = np.empty((len(rows), metrics))
        by_time = np.argsort(rows.ts, kind="stable")
        for part in np.array_split(by_time, max(len(by_time) // 100_000, 1)):
            if len(part):
                values[part] = self._values(rows.take(part))
        series = rows.unit[:, None] * np.int32(metrics) + np.arange(metrics, dtype=np.int32)
        by_series = np.lexsort((np.repeat(rows.ts, metrics), series.ravel()))
        seq = self._seq(rows)
        wide = np.zeros(len(rows), np.int64) if seq is None else seq
        return Truth(
            tuple(key._replace(tenant=self._tenant) for key in sensors.keys),
            series.ravel()[by_series].astype(np.int32),
            np.repeat(rows.ts, metrics)[by_series],
            values.ravel()[by_series],
            np.repeat(wide, metrics)[by_series],
            self.tally,
        )
