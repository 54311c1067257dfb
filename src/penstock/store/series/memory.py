"""The series store in plain dictionaries: for tests and tiny use, and the oracle that other adapters are held to.

It favours being obviously right over being fast: one Python object per reading, a full pass per question. Nothing is
kept after the process ends.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings
from penstock.model.errors import NotFound
from penstock.model.event import Event
from penstock.model.findings import NOTHING_FOUND, Findings
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, DeadLetter, LedgerRow, LetterState, Part, Receipt
from penstock.model.pace import NEVER, PACE, usual_interval
from penstock.model.partials import Partials, partials_at
from penstock.model.series import SeriesInfo, SeriesKey
from penstock.model.time import HOUR, Clock, WallClock
from penstock.store.series.memory_letters import Letters
from penstock.store.series.memory_said import Said
from penstock.store.series.memory_series import Cell, Series, View, matches, readings
from penstock.store.series.port import (
    Aggregates,
    Arrival,
    EventRow,
    Filter,
    Newest,
    Passage,
    Refusal,
    SeriesView,
    State,
    Trace,
)

__all__ = ["MemorySeriesStore"]

_Key = tuple[SeriesKey, int]
"""(series, ts): what one reading is about."""

_Identity = tuple[str, int, int, str]
"""(id, ts, criticality, message): events that share an id but differ are both kept, so that order does not matter."""


@dataclass(slots=True)
class _Tenant:
    series: dict[SeriesKey, Series] = field(default_factory=dict[SeriesKey, Series])
    said: dict[tuple[str, str], Said] = field(default_factory=dict[tuple[str, str], Said])
    named: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """The revision by which each sensor had a new series, or something was said about it."""
    events: dict[_Identity, EventRow] = field(default_factory=dict[_Identity, EventRow])
    receipts: dict[str, Receipt] = field(default_factory=dict[str, Receipt])
    sources: dict[str, Counts] = field(default_factory=dict[str, Counts])
    dead_letters: Letters = field(default_factory=Letters)


class MemorySeriesStore:
    """`SeriesStore` in dictionaries. A commit never awaits, so no reader can see half of it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self._tenants: dict[str, _Tenant] = {}
        self._series: list[Series] = []
        self._frames: dict[str, list[Receipt]] = {}
        self._parts: list[tuple[Frame, Part]] = []
        self._revision = 0
        self._views: set[View] = set()
        self._changed: dict[int, int] = {}
        self._committed = 0
        self._stored = 0
        self._late = 0

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go of; what was committed stays readable."""

    async def commit(self, frames: Sequence[Frame]) -> Sequence[Receipt]:
        """One frame after another; see `SeriesStore.commit`."""
        for view in self._views:
            view.keep()
        fresh = False
        receipts: list[Receipt] = []
        for frame in frames:
            if frame.id not in self._frames:
                self._frames[frame.id] = self._apply(frame)
                self._committed = max(self._committed, frame.stamp)
                fresh = True
            receipts.extend(self._frames[frame.id])
        if fresh:
            self._revision += 1
            for frame in frames:
                self._changed.update(dict.fromkeys((frame.batch.ts // HOUR).tolist(), self._revision))
        return receipts

    @asynccontextmanager
    async def view(self) -> AsyncGenerator[SeriesView]:
        """The store itself until something is committed, then a copy of what it held before."""
        view = View(self, self._revision, self._copied)
        self._views.add(view)
        try:
            yield view
        finally:
            self._views.discard(view)

    def _copied(self) -> MemorySeriesStore:
        """A store that holds the same series, for a view that is left behind."""
        other = MemorySeriesStore(self._clock)
        other._series = [replace(series, cells=dict(series.cells), arrivals={}) for series in self._series]
        for name, tenant in self._tenants.items():
            series = {key: other._series[each.id] for key, each in tenant.series.items()}
            said = {sensor: replace(said) for sensor, said in tenant.said.items()}
            other._tenants[name] = _Tenant(series, said, dict(tenant.named), dict(tenant.events))
        other._changed = dict(self._changed)
        return other

    async def rehearse(self, frame: Frame) -> None:
        """Commits to a copy of everything."""
        await copy.deepcopy(self).commit([frame])

    def _apply(self, frame: Frame) -> list[Receipt]:
        tenant = self._tenants.setdefault(frame.tenant, _Tenant())
        for sensor, news in frame.batch.attributes.items():
            tenant.said.setdefault(sensor, Said()).hear(frame.stamp, news)
            tenant.named[sensor] = self._revision + 1
        tenant.dead_letters.take(frame, self._clock.now())
        fates = self._judge_events(tenant, frame) if frame.events else self._judge_readings(tenant, frame)
        self._remember(tenant, frame, fates)
        receipts: list[Receipt] = []
        for part, counts in zip(frame.parts, _per_part(frame, fates), strict=True):
            tenant.sources[part.source] = tenant.sources.get(part.source, Counts()) + counts
            before = tenant.receipts.get(part.receipt)
            stamp = part.stamp or frame.stamp
            receipt = Receipt(part.receipt, frame.tenant, part.source, counts, self._clock.now(), stamp, (frame.id,))
            receipts.append(receipt)
            tenant.receipts[part.receipt] = before.joined(receipt) if before else receipt
        return receipts

    def _remember(self, tenant: _Tenant, frame: Frame, fates: Sequence[str]) -> None:
        """Which part brought each reading, and what was found in it."""
        batch, first = frame.batch, len(self._parts)
        self._parts += [(frame, part) for part in frame.parts]
        numbers = [first + n for n, part in enumerate(frame.parts) for _ in range(part.accepted)]
        for row in range(len(batch)):
            series = tenant.series[batch.keys[batch.series[row]]]
            arrived = (numbers[row], int(batch.version[row]), float(batch.value[row]), fates[row])
            series.arrivals.setdefault(int(batch.ts[row]), []).append(arrived)

    def _judge_readings(self, tenant: _Tenant, frame: Frame) -> list[str]:
        """The fate of each row: the frame is compacted to its best row per key, then those meet the store."""
        batch = frame.batch
        keys = [(batch.keys[code], ts) for code, ts in zip(batch.series.tolist(), batch.ts.tolist(), strict=True)]
        cells = list(zip(batch.version.tolist(), batch.value.tolist(), strict=True))
        best: dict[_Key, int] = {}
        for row, key in enumerate(keys):
            if key not in best or cells[row] > cells[best[key]]:
                best[key] = row
        fates = ["duplicate" if cells[row][1] == cells[best[key]][1] else "superseded" for row, key in enumerate(keys)]
        for (key, ts), row in best.items():
            fates[row] = self._put(self._series_of(tenant, frame.tenant, key), ts, cells[row])
        return fates

    def _put(self, series: Series, ts: int, new: Cell) -> str:
        old = series.cells.get(ts)
        series.cells[ts] = max(old, new) if old else new
        if old and old[1] == new[1]:
            return "duplicate"
        if old and old > new:
            return "superseded"
        self._stored += 1
        self._late += old is None and ts < series.newest
        series.newest = max(series.newest, ts)
        return "stored"

    def _series_of(self, tenant: _Tenant, name: str, key: SeriesKey) -> Series:
        series = tenant.series.get(key)
        if series is None:
            series = tenant.series[key] = Series(len(self._series), name, key)
            self._series.append(series)
            tenant.named[key.site, key.sensor] = self._revision + 1
        return series

    def _judge_events(self, tenant: _Tenant, frame: Frame) -> list[str]:
        fates: list[str] = []
        for event in frame.events:
            identity = (event.id, event.ts, event.criticality, event.message)
            fates.append("duplicate" if identity in tenant.events else "stored")
            tenant.events.setdefault(identity, EventRow(event, frame.stamp))
        return fates

    async def find(self, tenant: str, where: Filter) -> Sequence[SeriesInfo]:
        """A pass over every series of the tenant."""
        held = self._tenants.get(tenant, _Tenant())
        found: list[SeriesInfo] = []
        for series in sorted(held.series.values(), key=lambda s: s.id):
            if held.named[series.key.site, series.key.sensor] <= where.named_since:
                continue
            said = held.said.get((series.key.site, series.key.sensor), Said())
            info = series.info(said.attributes())
            if matches(where, info):
                found.append(info)
        return found[: where.limit]

    async def scan(self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int) -> Readings:
        """Readings of [start, end) by (series, ts)."""
        return readings(
            (series.id, ts, value)
            for series in self._owned(tenant, ids)
            for ts, (_, value) in sorted(series.cells.items())
            if start <= ts < end
        )

    async def recent(self, tenant: str, ids: npt.NDArray[np.int32], limit: int, before: int | None = None) -> Readings:
        """The newest `limit` readings of each series, by (series, ts)."""
        rows: list[tuple[int, int, float]] = []
        for series in self._owned(tenant, ids):
            older = sorted(ts for ts in series.cells if before is None or ts < before)
            rows.extend((series.id, ts, series.cells[ts][1]) for ts in older[max(0, len(older) - limit) :])
        return readings(rows)

    async def newest(self, tenant: str, ids: npt.NDArray[np.int32]) -> Newest:
        """Of all their readings, which are in memory."""
        ts, value = np.full((len(ids), PACE), NEVER), np.full(len(ids), np.nan)
        owned = {series.id: series for series in self._owned(tenant, ids)}
        for row, number in enumerate(ids.tolist()):
            cells = owned[number].cells
            if latest := sorted(cells)[-PACE:]:
                ts[row, : len(latest)], value[row] = latest, cells[latest[-1]][1]
        return Newest(ts.max(axis=1), value, usual_interval(ts))

    async def aggregate(
        self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int, width: int, hold: int = 0
    ) -> Aggregates:
        """By definition: from raw, there are no stored rollups."""
        if end <= start:
            return Aggregates(Partials.empty(), 0, Readings.empty())
        found = await self.scan(tenant, ids, start, end)
        before = await self.scan(tenant, ids, start - hold, start)
        return Aggregates(partials_at(found, width), 0, before.newest(1))

    def _owned(self, tenant: str, ids: npt.NDArray[np.int32]) -> list[Series]:
        wanted = sorted(set(ids.tolist()))
        for number in wanted:
            if not 0 <= number < len(self._series) or self._series[number].tenant != tenant:
                raise NotFound(
                    f"tenant {tenant} has no series {number}", hint="take ids from `find` of the same tenant"
                )
        return [self._series[number] for number in wanted]

    async def changed(self, start: int, end: int, ids: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int64]:  # noqa: ARG002 - of the port
        """See `SeriesStore.changed`; here all series of an hour change together."""
        hours = range(start // HOUR, -(-end // HOUR))
        return np.fromiter((self._changed.get(hour, 0) for hour in hours), np.int64, len(hours))

    async def events(
        self,
        tenant: str,
        *,
        criticality_above: int | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> Sequence[EventRow]:
        """Newest first, ties by id descending."""

        def wanted(event: Event) -> bool:
            return (
                (criticality_above is None or event.criticality > criticality_above)
                and (start is None or event.ts >= start)
                and (end is None or event.ts < end)
            )

        held = self._tenants.get(tenant, _Tenant()).events.values()
        rows = sorted((row for row in held if wanted(row.event)), key=lambda r: (r.event.ts, r.event.id), reverse=True)
        return rows[:limit]

    async def trace(self, tenant: str, series: int, ts: int) -> Trace:
        """Every arrival is remembered."""
        [own] = self._owned(tenant, np.array([series], np.int32))
        version, value = own.cells.get(ts, (None, None))
        arrivals = tuple(
            Arrival(sent, said, fate, self._passage(number))
            for number, said, sent, fate in sorted(own.arrivals.get(ts, []))
        )
        return Trace(value, version, arrivals)

    def _passage(self, number: int) -> Passage:
        frame, part = self._parts[number]
        conversions = next(
            (p.findings.conversions for p in self._parts_of(frame.tenant, part.receipt) if p.findings), ()
        )
        [receipt] = [r for r in self._frames[frame.id] if r.id == part.receipt][:1]
        return Passage(
            part.receipt, part.source, part.stamp or frame.stamp, receipt.committed_ts, (frame.id,), conversions
        )

    def _parts_of(self, tenant: str, receipt: str) -> Iterator[Part]:
        return (part for frame, part in self._parts if frame.tenant == tenant and part.receipt == receipt)

    async def refusals(self, tenant: str, sensor: str, metric: str, ts: int, limit: int) -> Sequence[Refusal]:
        """A pass over everything that was ever refused, newest first."""
        found = [
            Refusal(refused, part.receipt, part.source, part.stamp or frame.stamp)
            for frame, part in reversed(self._parts)
            for refused in part.findings.refused
            if frame.tenant == tenant and (refused.sensor, refused.metric, refused.ts) == (sensor, metric, ts)
        ]
        return found[:limit]

    async def findings(self, tenant: str, receipt: str) -> Findings:
        """Those of the request's first frame: the others have none."""
        return next((part.findings for part in self._parts_of(tenant, receipt) if part.findings), NOTHING_FOUND)

    async def receipt(self, tenant: str, receipt: str) -> Receipt | None:
        """Receipts are kept as long as the process lives."""
        return self._tenants.get(tenant, _Tenant()).receipts.get(receipt)

    async def ledger(self, tenant: str | None) -> Sequence[LedgerRow]:
        """By tenant, then source."""
        names = sorted(self._tenants) if tenant is None else [tenant]
        return [
            LedgerRow(name, source, counts)
            for name in names
            for source, counts in sorted(self._tenants.get(name, _Tenant()).sources.items())
        ]

    async def dead_letters(
        self,
        tenant: str,
        limit: int,
        *,
        state: LetterState | None = None,
        code: str | None = None,
        source: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> Sequence[DeadLetter]:
        """A pass over every letter of the tenant."""
        where = (("state", state), ("code", code), ("source", source))
        return self._tenants.get(tenant, _Tenant()).dead_letters.newest(where, before)[:limit]

    async def dead_letter(self, tenant: str, letter: str) -> DeadLetter | None:
        """By id."""
        return self._tenants.get(tenant, _Tenant()).dead_letters.get(letter)

    async def state(self) -> State:
        """Without rollups there is nothing rolled and nothing dirty."""
        known = len(self._series)
        return State(self._revision, self._committed, known, self._stored, self._late, 0, 0, names=self._revision)

    async def maintain(self, now: int) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing to keep up: there are no rollups, and retention is for stores that outlive the process."""
        return False


def _per_part(frame: Frame, fates: Sequence[str]) -> list[Counts]:
    """Counts of each part: its run of `fates`, its refusals, and what became dead letters."""
    counted: list[Counts] = []
    row = 0
    for part in frame.parts:
        run = fates[row : row + part.accepted]
        row += part.accepted
        counted.append(
            Counts(
                received=part.accepted + part.rejected + part.dead_lettered,
                stored=run.count("stored"),
                duplicate=run.count("duplicate"),
                superseded=run.count("superseded"),
                rejected=part.rejected,
                dead_lettered=part.dead_lettered,
            )
        )
    return counted
