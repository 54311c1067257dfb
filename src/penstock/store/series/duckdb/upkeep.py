"""Upkeep: rollups of what has gone cold or dirty, compaction of closed days, retention. One bounded piece at a time.

Runs in the writer thread between commits. Rollups are recomputed from raw for whole hours, never incremented; until an
hour is rolled its buckets are answered from raw, so an answer never depends on how far upkeep has come.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.batch import Readings, sort_order
from penstock.model.ledger import Counts
from penstock.model.partials import TIERS, Partials, fold, from_readings
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.store.series.duckdb.hot import Changing
from penstock.store.series.duckdb.judge import I32, I64
from penstock.store.series.duckdb.schema import ROLLUPS, DuckConfig, insert, translated
from penstock.store.series.duckdb.selects import as_readings
from penstock.store.series.duckdb.snapshot import committed
from penstock.store.series.duckdb.writer import Marks, Memory

__all__ = ["GRACE", "Upkeep", "kept_since"]

GRACE: Final = 2 * MINUTE
"""How long after its end an hour is rolled up: most late readings have come by then and dirty nothing."""

_CHUNK_ROWS: Final = 1_000_000
_DIRTY_PER_PIECE: Final = 50_000
_LONGEST_RESTS: Final = 12
"""Rests after which an hour that never comes to rest is rolled up all the same."""
_WORTH: Final = 4
"""Readings per bucket from which a rollup is smaller than the readings themselves."""

_COMPACT_AFTER: Final = 6 * HOUR
_COMPACT_ROWS: Final = 20_000_000
_SETTLED_LOOSE: Final = 1_000
"""A closed day with fewer readings appended since it was compacted is left alone."""


class Upkeep:
    """Rolls up, compacts and expires on the writer's connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        memory: Memory,
        guard: AbstractContextManager[Any],
        config: DuckConfig,
    ) -> None:
        self._db = connection
        self._memory = memory
        self._guard = guard
        self._config = config
        self._expired_day = 0
        self._memory.dirty = self._count_dirty()

    def piece(self, now: int) -> bool:
        """Do one piece; True while there is more. See `SeriesStore.maintain`."""
        with translated():
            return self._clean(now) or self._roll(now) or self._compact(now) or self._expire(now)

    @contextmanager
    def _transaction(self, forget: Callable[[], None] | None = None) -> Generator[None]:
        """One transaction; the marks saved in it count, in memory too, from its COMMIT on.

        With `forget` it changes answers: that is what memory forgets with it.
        """
        self._next_marks: Marks | None = None
        self._db.begin()
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        with committed(self._db, self._memory, self._guard):
            if forget is not None:
                everything = np.arange(self._memory.hot.count, dtype=np.int32)
                self._memory.before_change({}, Changing(self._memory.hot, everything))
            self._memory.marks = self._next_marks or self._memory.marks
            if forget is not None:
                forget()

    # -- dirty hours

    def _count_dirty(self) -> int:
        with translated():
            return int(self._db.execute("SELECT count(*) FROM dirty").fetchall()[0][0])

    def _clean(self, now: int) -> bool:
        hours = [hour for (hour,) in self._db.execute("SELECT DISTINCT hour FROM dirty").fetchall()]
        rested = [hour for hour in hours if self._has_rested(hour, now)]
        if not rested:
            self._memory.dirty = self._count_dirty() if hours else 0
            return False
        pairs = self._db.execute(
            """SELECT DISTINCT series, hour FROM dirty WHERE hour IN (SELECT unnest(?::BIGINT[]))
               ORDER BY hour, series LIMIT ?""",
            [rested, _DIRTY_PER_PIECE],
        ).fetchnumpy()
        series, hour = np.asarray(pairs["series"], np.int32), np.asarray(pairs["hour"], np.int64)
        (rows,) = self._db.execute(
            "SELECT count(*) FROM raw WHERE ts >= ? AND ts < ?", [int(hour[0]), int(hour[-1]) + HOUR]
        ).fetchall()[0]
        fit = max(1, len(series) * _CHUNK_ROWS // max(rows, _CHUNK_ROWS))
        series, hour = series[:fit], hour[:fit]
        self._db.register("pairs", pa.table({"series": series, "hour": hour}))
        with self._transaction():
            readings = as_readings(
                self._db.execute(
                    """SELECT r.series, r.ts, r.value FROM raw r JOIN pairs p
                       ON r.series = p.series AND r.ts - r.ts % ? = p.hour
                       WHERE r.ts >= ? AND r.ts < ? AND r.series BETWEEN ? AND ?""",
                    [HOUR, int(hour.min()), int(hour.max()) + HOUR, int(series.min()), int(series.max())],
                ).fetchnumpy()
            )
            for tier in TIERS[:3]:
                self._db.execute(
                    f"""DELETE FROM {ROLLUPS[tier]} t USING pairs p
                        WHERE t.series = p.series AND t.bucket - t.bucket % ? = p.hour AND t.bucket >= ? AND t.bucket < ?""",
                    [HOUR, int(hour.min()), int(hour.max()) + HOUR],
                )
            self._write_hours(readings)
            self._write_days(series, hour - hour % DAY)
            self._db.execute("DELETE FROM dirty USING pairs p WHERE dirty.series = p.series AND dirty.hour = p.hour")
        self._db.unregister("pairs")
        self._memory.dirty = self._count_dirty()
        with self._guard:
            for cleaned in set(hour.tolist()):
                self._memory.stirred.pop(cleaned, None)
        return True

    def _has_rested(self, hour: int, now: int) -> bool:
        """Whether late readings have stopped coming for an hour, or have kept it dirty for long."""
        with self._guard:
            since, last = self._memory.stirred.get(hour, (0, 0))
        return now - last >= self._config.rest or now - since >= _LONGEST_RESTS * self._config.rest

    # -- cold hours

    def _roll(self, now: int) -> bool:
        marks = self._memory.marks
        target = (now - GRACE) - (now - GRACE) % HOUR
        if marks.rolled_to >= target:
            return False
        if marks.rolling_to <= marks.rolled_to:
            return self._start_hour(target)
        start, end = marks.rolled_to, marks.rolling_to
        total = len(self._memory.registry)
        stop = self._chunk(marks.cursor, total, start, end)
        with self._transaction():
            readings = as_readings(
                self._db.execute(
                    "SELECT series, ts, value FROM raw WHERE ts >= ? AND ts < ? AND series >= ? AND series < ?",
                    [start, end, marks.cursor, stop],
                ).fetchnumpy()
            )
            self._write_hours(readings)
            if end % DAY == 0:
                ids = np.arange(marks.cursor, stop, dtype=np.int32)
                self._write_days(ids, np.full(len(ids), end - DAY), day_end=end)
            done = stop >= total
            after = Marks(end) if done else Marks(start, end, stop)
            self._save(after)
        return True

    def _start_hour(self, target: int) -> bool:
        """Begin the next hour that holds readings; hours without any are skipped at once."""
        marks = self._memory.marks
        (first,) = self._db.execute(
            "SELECT min(ts) FROM raw WHERE ts >= ? AND ts < ?", [marks.rolled_to, target]
        ).fetchall()[0]
        start = target if first is None else first - first % HOUR
        # A day ends inside the skipped stretch: its day bucket must still be written, so stop there first.
        next_day = marks.rolled_to - marks.rolled_to % DAY + DAY
        if start >= next_day and marks.rolled_to % DAY:
            start = next_day - HOUR
        with self._transaction():
            self._save(Marks(start, start + HOUR, 0) if start < target else Marks(start))
        return True

    def _chunk(self, cursor: int, total: int, start: int, end: int) -> int:
        """The series id to stop before, so that a piece reads about `_CHUNK_ROWS`."""
        (rows,) = self._db.execute(
            "SELECT count(*) FROM raw WHERE ts >= ? AND ts < ? AND series >= ?", [start, end, cursor]
        ).fetchall()[0]
        left = total - cursor
        return total if rows <= _CHUNK_ROWS or left <= 1 else cursor + max(1, left * _CHUNK_ROWS // rows)

    def _save(self, marks: Marks) -> None:
        self._db.execute("DELETE FROM meta WHERE key IN ('rolled_to', 'rolling_to', 'cursor')")
        self._db.execute(
            "INSERT INTO meta VALUES ('rolled_to', ?), ('rolling_to', ?), ('cursor', ?)",
            [marks.rolled_to, marks.rolling_to, marks.cursor],
        )
        self._next_marks = marks

    # -- writing rollups

    def _write_hours(self, readings: Readings) -> None:
        """Minute, quarter-hour and hour partials of whole hours; the finer ones only where readings are dense enough."""
        if len(readings.ts) == 0:
            return
        minutes = from_readings(readings, MINUTE)
        quarters = fold(minutes, 15 * MINUTE)
        hours = fold(quarters, HOUR)
        finest = np.full(len(hours), HOUR)
        for tier, partials in ((15 * MINUTE, quarters), (MINUTE, minutes)):
            dense = hours.count >= _WORTH * (HOUR // tier)
            finest[dense] = tier
            if dense.any():
                hour_of = np.cumsum(_changes(partials.series, partials.bucket - partials.bucket % HOUR)) - 1
                self._insert(tier, partials.take(dense[hour_of]))
        self._insert(HOUR, hours, finest=finest)

    def _write_days(self, series: I32, day: I64, day_end: int | None = None) -> None:
        """Recompute day partials of (series, day) from their hours, for days that are rolled up completely."""
        complete = self._memory.marks.rolled_to if day_end is None else day_end
        due = day + DAY <= complete
        if not due.any():
            return
        pairs = np.unique(np.stack((series[due].astype(np.int64), day[due])), axis=1)
        self._db.register("days", pa.table({"series": pairs[0], "day": pairs[1]}))
        bounds = [int(pairs[1].min()), int(pairs[1].max()) + DAY]
        self._db.execute(
            """DELETE FROM rollup_1d t USING days d WHERE t.series = d.series AND t.bucket = d.day
               AND t.bucket >= ? AND t.bucket < ?""",
            bounds,
        )
        names = [f.name for f in fields(Partials)]
        columns = self._db.execute(
            f"""SELECT {", ".join("t." + n for n in names)} FROM rollup_1h t JOIN days d
                ON t.series = d.series AND t.bucket - t.bucket % ? = d.day WHERE t.bucket >= ? AND t.bucket < ?""",
            [DAY, *bounds],
        ).fetchnumpy()
        self._db.unregister("days")
        hours = Partials(*(np.asarray(columns[name]) for name in names))
        self._insert(DAY, fold(hours.take(sort_order(hours.series, hours.bucket)), DAY))

    def _insert(self, tier: int, partials: Partials, **more: npt.NDArray[Any]) -> None:
        columns = {f.name: getattr(partials, f.name) for f in fields(Partials)} | more
        insert(self._db, ROLLUPS[tier], columns)

    # -- compaction

    def _compact(self, now: int) -> bool:
        """Rewrite one closed day sorted by (series, ts): fewer bytes, and a series' readings side by side."""
        days = self._db.execute(
            "SELECT day, sum(readings) AS n FROM loose WHERE day < ? GROUP BY day HAVING n >= ? ORDER BY day LIMIT 1",
            [now - DAY - _COMPACT_AFTER, _SETTLED_LOOSE],
        ).fetchall()
        if not days:
            return False
        day = int(days[0][0])
        (rows,) = self._db.execute("SELECT count(*) FROM raw WHERE ts >= ? AND ts < ?", [day, day + DAY]).fetchall()[0]
        # A huge day is sorted in stretches of hours, which keeps a piece bounded and its readings still close together.
        parts = next(n for n in (1, 2, 4, 8, 24) if rows / n <= _COMPACT_ROWS or n == 24)
        with self._transaction():
            for start in range(day, day + DAY, DAY // parts):
                self._rewrite(start, start + DAY // parts)
            self._db.execute("DELETE FROM loose WHERE day = ?", [day])
        return True

    def _rewrite(self, start: int, end: int) -> None:
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE compacted AS SELECT * FROM raw WHERE ts >= ? AND ts < ? ORDER BY series, ts",
            [start, end],
        )
        self._db.execute("DELETE FROM raw WHERE ts >= ? AND ts < ?", [start, end])
        self._db.execute("INSERT INTO raw SELECT * FROM compacted ORDER BY series, ts")
        self._db.execute("DROP TABLE compacted")

    # -- retention

    def _expire(self, now: int) -> bool:
        """Once a day: remove what is older than its class is kept."""
        today = kept_since(now, 0)
        if self._expired_day == today:
            return False
        with self._transaction(lambda: self._forget(now)):
            for table, column, days in self._expiries():
                self._db.execute(f"DELETE FROM {table} WHERE {column} < ?", [kept_since(now, days)])
            if self._config.retention_receipts:
                self._fold_receipts(kept_since(now, self._config.retention_receipts))
        self._expired_day = today
        return False

    def _forget(self, now: int) -> None:
        config = self._config
        if config.retention_raw:
            self._memory.hot.forget_before(kept_since(now, config.retention_raw))
        if config.retention_events:
            self._memory.events.forget_before(kept_since(now, config.retention_events))
        if shortest := min(filter(None, (config.retention_raw, config.retention_rollups)), default=0):
            self._memory.revision += 1
            self._memory.changes.expire(kept_since(now, shortest) // HOUR, self._memory.revision)

    def _expiries(self) -> Iterable[tuple[str, str, int]]:
        config = self._config
        if config.retention_raw:
            yield "raw", "ts", config.retention_raw
        if config.retention_rollups:
            for table in ROLLUPS.values():
                yield table, "bucket", config.retention_rollups
        if config.retention_events:
            yield "events", "ts", config.retention_events
        if config.retention_dead_letters:
            yield "dead_letters", "received_ts", config.retention_dead_letters

    def _fold_receipts(self, before: int) -> None:
        """Receipts go and with them what explains their readings; their sum stays: the ledger never forgets."""
        names = ", ".join(f"sum({name})" for name in Counts._fields)
        self._db.execute(
            f"INSERT INTO ledger_base SELECT tenant, source, {names} FROM receipts WHERE committed_ts < ? GROUP BY ALL",
            [before],
        )
        self._db.execute("DELETE FROM receipts WHERE committed_ts < ?", [before])
        (oldest,) = self._db.execute("SELECT min(number) FROM receipts").fetchall()[0]
        kept = oldest if oldest is not None else self._memory.number
        for table in ("trace", "refusals"):
            self._db.execute(f"DELETE FROM {table} WHERE number < ?", [kept])


def kept_since(now: int, days: int) -> int:
    """Epoch ms: the oldest instant that a retention of so many days keeps. Whole days go at once."""
    return now - now % DAY - days * DAY


def _changes(series: I32, bucket: I64) -> npt.NDArray[np.bool_]:
    return np.append(True, (series[1:] != series[:-1]) | (bucket[1:] != bucket[:-1]))
