"""The one writer: frames become rows, dirty marks, receipts and ledger counts in one transaction.

Runs in the store's writer thread. What a commit changes in memory (registry, hot readings, ledger) is changed after
COMMIT under the store's guard, so a reader sees a commit whole or not at all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.batch import SensorKey
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, Receipt
from penstock.model.time import DAY, HOUR, Clock
from penstock.store.series.duckdb import records
from penstock.store.series.duckdb.changes import Changes
from penstock.store.series.duckdb.hot import Changing, HotReadings, Placement
from penstock.store.series.duckdb.judge import I32, I64, Known, Rows, Verdict, judge
from penstock.store.series.duckdb.letters import settle_dead_letters, write_dead_letters
from penstock.store.series.duckdb.recent_events import RecentEvents
from penstock.store.series.duckdb.registry import Registry, Staged
from penstock.store.series.duckdb.schema import insert, translated
from penstock.store.series.duckdb.snapshot import Snapshot, committed
from penstock.store.series.duckdb.tracing import traced

__all__ = ["Keeper", "Marks", "Memory", "Writer"]

_REMEMBERED: Final = 200_000
"""Frames and receipts kept in memory. A broker redelivers what is not acked, which is far fewer."""


@dataclass(slots=True)
class Marks:
    """Up to where rollups are stored: all series before `rolled_to`, series below `cursor` before `rolling_to`."""

    rolled_to: int
    rolling_to: int = 0
    cursor: int = 0

    def boundary(self, series: I32) -> I64:
        """int64 [n]: a reading before this ts belongs to a bucket that is stored already."""
        return np.where(series < self.cursor, max(self.rolling_to, self.rolled_to), self.rolled_to).astype(np.int64)


class Keeper(Protocol):
    """Who keeps the store as it was at an earlier revision."""

    def keep(self, sensors: Mapping[tuple[str, SensorKey], object], changing: Changing) -> None:
        """Memory is about to change, and with it what was said about `sensors` and read of series."""
        ...


class Memory:
    """What the store holds in memory, shared by writer, upkeep and readers under the store's guard.

    views    revisions that are looked at: told before readings or what was said about sensors change
    standing  what the database was before the COMMIT that is under way
    changes  which revision wrote or removed readings of which hours and series, since opening
    stirred  start of an hour that is dirty → when it was first and last marked, epoch ms; unknown after opening
    """

    def __init__(self, hot_bytes: int) -> None:
        self.registry = Registry()
        self.hot = HotReadings(hot_bytes)
        self.events = RecentEvents()
        self.marks = Marks(0)
        self.ledger: dict[tuple[str, str], Counts] = {}
        self.frames: OrderedDict[str, tuple[Receipt, ...]] = OrderedDict()
        self.receipts: OrderedDict[tuple[str, str], Receipt] = OrderedDict()
        self.number = 0
        self.revision = 0
        self.views: set[Keeper] = set()
        self.standing: Snapshot | None = None
        self.changes = Changes()
        self.committed = 0
        self.readings = 0
        self.late = 0
        self.dirty = 0
        self.stirred: dict[int, tuple[int, int]] = {}

    def before_change(self, sensors: Mapping[tuple[str, SensorKey], object], changing: Changing) -> None:
        """Let the open views keep what is about to change; in the body of `committed`."""
        for moment in self.views:
            moment.keep(sensors, changing)

    def stir(self, hours: Iterable[int], now: int) -> None:
        """These hours were marked dirty. What a rollback takes back does no harm: it only lets an hour rest."""
        for hour in hours:
            since, _ = self.stirred.get(hour, (now, now))
            self.stirred[hour] = since, now

    def settle(self, frame: str, receipts: Sequence[Receipt]) -> None:
        """Add a committed frame's receipts to the ledger and to what is remembered."""
        self.frames[frame] = tuple(receipts)
        for receipt in receipts:
            source = (receipt.tenant, receipt.source)
            self.ledger[source] = self.ledger.get(source, Counts()) + receipt.counts
            name = (receipt.tenant, receipt.id)
            earlier = self.receipts.get(name)
            self.receipts[name] = earlier.joined(receipt) if earlier else receipt
        for remembered in (self.frames, self.receipts):
            while len(remembered) > _REMEMBERED:
                remembered.popitem(last=False)


class Writer:
    """Commits frames on one connection that nobody else uses meanwhile."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, memory: Memory, guard: AbstractContextManager[Any], clock: Clock
    ) -> None:
        self._db = connection
        self._memory = memory
        self._guard = guard
        self._clock = clock
        self._looked_at = False  # there were views at the last commit, so there may be at the next

    def commit(self, frames: Sequence[Frame]) -> list[Receipt]:
        """See `SeriesStore.commit`. On an error nothing is changed, in the database or in memory."""
        fresh = list({f.id: f for f in frames if f.id not in self._memory.frames}.values())
        if fresh:
            self._transact(fresh)
        return [receipt for frame in frames for receipt in self._memory.frames[frame.id]]

    def rehearse(self, frame: Frame) -> None:
        """See `SeriesStore.rehearse`: everything that a commit does, and then a rollback."""
        self._transact([frame], keep=False)

    def _transact(self, fresh: Sequence[Frame], *, keep: bool = True) -> None:
        staged = Staged()
        rows, frame_of, part_of = self._columns(fresh, staged)
        with translated(poison=True):
            self._db.begin()
            try:
                verdict = judge(rows, frame_of, self._lookup)
                event_fates, events = records.write_events(self._db, fresh)
                now, number = self._clock.now(), self._memory.number
                entries = records.entries(fresh, verdict.fate, part_of, rows.ts, event_fates, now)
                self._write_registry(staged)
                marked = self._write_rows(verdict)
                if (told := traced(rows, part_of, verdict, number)) is not None:
                    insert(self._db, "trace", told)
                records.write_entries(self._db, entries, number)
                write_dead_letters(self._db, fresh)
                settle_dead_letters(self._db, fresh, now)
                if not keep:
                    self._db.rollback()
                    return
                changing, placed = self._prepared(verdict)
                with committed(self._db, self._memory, self._guard):
                    self._looked_at = bool(self._memory.views)
                    self._memory.before_change(staged.sensors, changing)
                    self._apply(fresh, staged, verdict, placed, entries)
                    self._memory.events.add(events)
                    self._memory.dirty += marked
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        try:
            self._db.rollback()
        except duckdb.TransactionException:
            return  # the failed statement or COMMIT ended the transaction already

    # -- before the transaction

    def _columns(self, frames: Sequence[Frame], staged: Staged) -> tuple[Rows, I32, I32]:
        """All readings of the commit in columns, with the number of their frame and of their part."""
        registry = self._memory.registry
        series: list[I32] = []
        part_of: list[I32] = []
        parts = 0
        for frame in frames:
            batch = frame.batch
            ids = registry.resolve(frame.tenant, batch.keys, staged)
            series.append(ids[batch.series] if len(batch) else np.empty(0, np.int32))
            registry.stage_attributes(frame.tenant, frame.stamp, batch.attributes, staged)
            if len(batch):
                sizes = [part.accepted for part in frame.parts]
                part_of.append(np.repeat(np.arange(parts, parts + len(sizes), dtype=np.int32), sizes))
            parts += len(frame.parts)
        lengths = [len(frame.batch) for frame in frames]
        rows = Rows(
            np.concatenate(series),
            np.concatenate([f.batch.ts for f in frames]),
            np.concatenate([f.batch.value for f in frames]),
            np.concatenate([f.batch.version for f in frames]),
        )
        with self._guard:
            self._memory.hot.grow(len(registry) + len(staged.series))
        frame_of = np.repeat(np.arange(len(frames), dtype=np.int32), lengths)
        return rows, frame_of, np.concatenate(part_of) if part_of else np.empty(0, np.int32)

    # -- judging

    def _lookup(self, series: I32, ts: I64) -> Known:
        known, unsure = self._memory.hot.lookup(series, ts)
        if len(unsure) == 0:
            return known
        # One scan per stretch of time, so that a single old reading does not make the scan span the years between.
        by_time = unsure[np.argsort(ts[unsure], kind="stable")]
        cuts = np.flatnonzero(np.diff(ts[by_time]) > DAY) + 1
        for stretch in np.split(by_time, cuts):
            self._probe(series[stretch], ts[stretch], stretch, known)
        return known

    def _probe(self, series: I32, ts: I64, index: npt.NDArray[np.intp], known: Known) -> None:
        asked = pa.table({"i": index, "series": series, "ts": ts})
        self._db.register("asked", asked)
        found = self._db.execute(
            """SELECT a.i, r.version, r.value FROM raw r JOIN asked a ON r.series = a.series AND r.ts = a.ts
               WHERE r.ts BETWEEN ? AND ? AND r.series BETWEEN ? AND ?""",
            [int(ts.min()), int(ts.max()), int(series.min()), int(series.max())],
        ).fetchnumpy()
        self._db.unregister("asked")
        i = np.asarray(found["i"])
        known.present[i] = True
        known.version[i] = np.asarray(found["version"])
        known.value[i] = np.asarray(found["value"])

    # -- writing

    def _write_registry(self, staged: Staged) -> None:
        if staged.series:
            names = [(i, tenant, *key) for (tenant, key), i in staged.series.items()]
            insert(
                self._db,
                "series",
                dict(zip(("id", "tenant", "site", "sensor", "metric", "unit"), zip(*names, strict=True), strict=True)),
            )
        if staged.sensors:
            said = [(t, *sensor, *b, *r, *g) for (t, sensor), (b, r, g) in staged.sensors.items()]
            columns = (
                "tenant",
                "site",
                "sensor",
                "building_stamp",
                "building",
                "room_stamp",
                "room",
                "tags_stamp",
                "tags",
            )
            self._db.register("changed", pa.table(dict(zip(columns, zip(*said, strict=True), strict=True))))
            self._db.execute(
                """DELETE FROM sensors USING changed c
                   WHERE sensors.tenant = c.tenant AND sensors.site = c.site AND sensors.sensor = c.sensor"""
            )
            self._db.execute("INSERT INTO sensors SELECT * FROM changed")
            self._db.unregister("changed")

    def _write_rows(self, verdict: Verdict) -> int:
        """Append and update; returns how many hours of series were marked dirty."""
        append, update = verdict.append, verdict.update
        if len(append.ts):
            insert(self._db, "raw", append._asdict())
        if len(update.ts):
            order = np.argsort(update.ts, kind="stable")
            for stretch in np.split(order, np.flatnonzero(np.diff(update.ts[order]) > DAY) + 1):
                self._update(update.take(stretch))
        return self._mark(append, update)

    def _update(self, rows: Rows) -> None:
        self._db.register("changed", pa.table(rows._asdict()))
        self._db.execute(
            """UPDATE raw SET value = c.value, version = c.version FROM changed c
               WHERE raw.series = c.series AND raw.ts = c.ts
                 AND raw.ts BETWEEN ? AND ? AND raw.series BETWEEN ? AND ?""",
            [int(rows.ts.min()), int(rows.ts.max()), int(rows.series.min()), int(rows.series.max())],
        )
        self._db.unregister("changed")

    def _mark(self, append: Rows, update: Rows) -> int:
        """Record, in this transaction, which stored buckets these rows make wrong and which days they loosen."""
        if len(append.ts):
            days, counts = np.unique(append.ts // DAY, return_counts=True)
            insert(self._db, "loose", {"day": days * DAY, "readings": counts})
        series = np.concatenate((append.series, update.series))
        ts = np.concatenate((append.ts, update.ts))
        late = ts < self._memory.marks.boundary(series)
        if not late.any():
            return 0
        series, hour = series[late], ts[late] - ts[late] % HOUR
        change = np.append(True, (series[1:] != series[:-1]) | (hour[1:] != hour[:-1]))
        insert(self._db, "dirty", {"series": series[change], "hour": hour[change]})
        self._memory.stir(set(hour[change].tolist()), self._clock.now())
        return int(np.count_nonzero(change))

    def _prepared(self, verdict: Verdict) -> tuple[Changing, Placement]:
        """All that can be worked out before memory changes: nobody but this thread changes it, and under the guard everybody waits."""
        changing = Changing(self._memory.hot, np.union1d(verdict.append.series, verdict.update.series))
        if self._memory.views or self._looked_at:
            _ = changing.tails
        return changing, self._memory.hot.place(verdict.append)

    # -- after COMMIT, under the guard

    def _apply(
        self,
        frames: Sequence[Frame],
        staged: Staged,
        verdict: Verdict,
        placed: Placement,
        entries: Sequence[records.Entry],
    ) -> None:
        memory = self._memory
        memory.registry.install(staged)
        memory.late += int(np.count_nonzero(verdict.append.ts <= memory.hot.newest[verdict.append.series]))
        memory.hot.append(placed)
        memory.hot.update(verdict.update)
        by_frame: dict[str, list[Receipt]] = {frame.id: [] for frame in frames}
        for entry in entries:
            by_frame[entry.frame].append(entry.receipt)
        memory.number += len(entries)
        for frame_id, own in by_frame.items():
            memory.settle(frame_id, own)
        memory.revision += 1
        memory.changes.note(verdict.append.series, verdict.append.ts, memory.revision)
        memory.changes.note(verdict.update.series, verdict.update.ts, memory.revision)
        memory.committed = max([memory.committed, *(frame.stamp for frame in frames)])
        memory.readings += len(verdict.append.ts)
