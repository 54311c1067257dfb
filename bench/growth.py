"""Does the cost stay flat as the number of sensors grows: readings/s through a door, and bytes per reading once compacted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.bodies import Stream, body
from bench.embedded import Embedded, series, walks
from bench.load import Figures, Load, recently, running, sustain
from bench.peers.penstock import Penstock
from bench.peers.port import Peer
from bench.questions import DAY
from bench.report import heading, line

BATCH = 50_000
ANNOUNCED_MS = 600_000
"""How long before the load every sensor sends its first reading."""


def measure(sizes: Sequence[int], load: Load, rows: int) -> list[dict[str, Any]]:
    """For each number of sensors: `load` through its door, and `rows` readings on closed days in the embedded store."""
    heading(
        f"growth: {load.body or 'line'} door for {load.seconds:g} s; bytes of {rows:,} readings, rollups included",
        "sensors   first seen in   then readings/s   CPU s/M   peak MB core / edge   "
        "bytes/reading as ingested / compacted (raw alone)",
    )
    found: list[dict[str, Any]] = []
    for sensors in sizes:
        with running(Penstock) as platform:
            announced = announce(platform, sensors)
            figures = sustain(platform, Load(load.body, load.seconds, load.connections, sensors))
        sizes_on_disk = compacted(sensors, rows)
        line(_row(sensors, announced, figures, sizes_on_disk))
        found.append({"sensors": sensors, "first_seen_s": announced} | sizes_on_disk | figures.document())
    return found


def announce(platform: Peer, sensors: int) -> float:
    """Seconds until every sensor has sent its first reading and all of them are stored."""
    stream = Stream(recently() - ANNOUNCED_MS, sensors)
    rendered = body("line", stream)
    began = time.monotonic()
    for n in range(stream.slices):
        platform.write(rendered.render(n))
    platform.settle()
    return time.monotonic() - began


def _row(sensors: int, announced: float, figures: Figures, size: dict[str, float]) -> str:
    memory = f"{figures.mb.get('core', 0):.0f} / {figures.mb.get('edge', 0):.0f}"
    disk = f"{size['as_ingested']:.2f} / {size['compacted']:.2f} ({size['raw']:.2f})"
    return f"{sensors:7,}   {announced:11.1f} s   {figures.rate:15,.0f}   {figures.platform_cpu:7.2f}   {memory:>19}   {disk:>49}"


def compacted(sensors: int, rows: int) -> dict[str, float]:
    """Bytes per reading of closed days before and after all upkeep, and what upkeep cost in CPU seconds per million."""
    steps = max(1, rows // sensors)
    step_ms = min(60_000, 2 * DAY // steps // 1_000 * 1_000)
    start = int(time.time() * 1000) // DAY * DAY - 4 * DAY
    keys, values = series(sensors), walks(steps, sensors)
    with Embedded() as store:
        per = max(1, BATCH // sensors)
        for first in range(0, steps, per):
            part = values[first : first + per]
            ts = np.repeat(start + (first + np.arange(len(part))) * step_ms, sensors)
            store.commit(keys, np.tile(np.arange(sensors), len(part)), ts, part.ravel())
        store.close()
        ingested = store.used_bytes()
        store.open()
        began = time.process_time()
        store.upkeep()
        spent = time.process_time() - began
        store.close()
        after, raw = store.used_bytes(), store.table_bytes("raw")
        store.open()
    readings = steps * sensors
    return {
        "as_ingested": ingested / readings,
        "compacted": after / readings,
        "raw": raw / readings,
        "step_ms": step_ms,
        "upkeep_cpu": spent / readings * 1e6,
    }
