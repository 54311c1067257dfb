"""What late data costs: one reading that is three months late, counted row by row, and a share of late rows in a load."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.doors import COLUMNS, row
from bench.embedded import Embedded, series, walks
from bench.load import Load, running, sustain
from bench.peers.penstock import Penstock
from bench.questions import DAY, MINUTE
from bench.report import heading, line
from penstock.store.series.duckdb.schema import ROLLUPS

SENSORS = 1_000
HOUR = 60 * MINUTE
STEP_MS = 10_000
MONTHS = 90 * DAY
LATE_SENSOR = "s000017"
Row = tuple[Any, ...]


def measure(shares: Sequence[float], load: Load, hours: int = 6) -> dict[str, Any]:
    """Both parts; `shares` of late rows are sent through the door of `load`."""
    one = one_reading(hours)
    heading(
        f"late rows ({load.body or 'line'} door, two hours late, {load.seconds:g} s)", COLUMNS.replace("door", "late")
    )
    rates: list[dict[str, Any]] = []
    for share in shares:
        with running(Penstock) as platform:
            figures = sustain(platform, Load(load.body, load.seconds, load.connections, load.sensors, share))
        line(row(f"{share:.0%}", figures))
        rates.append({"late": share} | figures.document())
    return {"one": one, "shares": rates}


def one_reading(hours: int) -> dict[str, Any]:
    """A store with `hours` of readings three months ago and again now, rolled up; then one reading comes late.

    Counts what the store marked dirty and, by comparing every table before and after, the rows that are different. Ends the
    benchmark when anything but the reading's own hour and day of its own series is.
    """
    now = int(time.time() * 1000) // HOUR * HOUR
    old = (now - MONTHS) // DAY * DAY
    keys, values = series(SENSORS), walks(hours * HOUR // STEP_MS, SENSORS)
    with Embedded() as store:
        for start in (old, now - 2 * DAY):
            for first in range(0, len(values), 50):
                part = values[first : first + 50]
                ts = np.repeat(start + (first + np.arange(len(part))) * STEP_MS, SENSORS)
                store.commit(keys, np.tile(np.arange(SENSORS), len(part)), ts, part.ravel())
        store.upkeep()
        store.close()
        before = {table: set(store.tables(f"FROM {table}")) for table in ROLLUPS.values()}
        readings = store.tables("SELECT count(*) FROM raw")[0][0]
        store.open()
        began = time.perf_counter()
        store.commit(keys[17:18], np.zeros(1, np.int64), np.array([old + 2 * HOUR + 5_500]), np.array([1234.5]))
        committed = time.perf_counter()
        dirty = store.state().dirty
        pieces = store.upkeep()
        settled = time.perf_counter()
        store.close()
        changed: dict[str, dict[str, int]] = {}
        for table in ROLLUPS.values():
            after = set(store.tables(f"FROM {table}"))
            changed[table] = {
                "rows": len(after),
                "rewritten": len(_own(store, table, after, old + 2 * HOUR)),
                "different": len(after - before[table]),
            }
        foreign = _foreign(store, before, old + 2 * HOUR)
        appended = store.tables("SELECT count(*) FROM raw")[0][0] - readings
        store.open()
    if foreign:
        raise SystemExit(f"one late reading changed buckets that are not its own: {foreign}")
    heading(f"one reading three months late, into {readings:,} readings of {SENSORS:,} sensors")
    line(f"  {appended} row appended, {dirty} (series, hour) marked dirty, {pieces} pieces of upkeep")
    for table, counts in changed.items():
        line("  {0:10} {rows:9,} rows: {rewritten} written again, {different} different".format(table, **counts))
    line("  nothing of another series, hour or day")
    line(f"  commit {1e3 * (committed - began):.1f} ms, upkeep {1e3 * (settled - committed):.1f} ms")
    return {
        "readings": readings,
        "appended": appended,
        "dirty": dirty,
        "tables": changed,
        "commit_ms": 1e3 * (committed - began),
        "upkeep_ms": 1e3 * (settled - committed),
    }


def _own(store: Embedded, table: str, rows: set[Row], hour: int) -> set[Row]:
    """Of the rows of a rollup table those of the late reading's series in its hour (of the day rollup, its day)."""
    (series_id,) = store.tables(f"SELECT id FROM series WHERE sensor = '{LATE_SENSOR}'")[0]
    span = DAY if table == ROLLUPS[DAY] else HOUR
    return {row for row in rows if row[0] == series_id and row[1] // span == hour // span}


def _foreign(store: Embedded, before: dict[str, set[Row]], hour: int) -> dict[str, int]:
    """How many rollup rows changed that are not the late reading's own, by table."""
    found: dict[str, int] = {}
    for table, held in before.items():
        changed = set(store.tables(f"FROM {table}")) ^ held
        if others := changed - _own(store, table, changed, hour):
            found[table] = len(others)
    return found
