"""What this machine could do at best: memory, disk, fsync, the broker, and DuckDB's appender. `python -m bench limits`."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import structlog

from bench.report import heading, line, median, percentile
from penstock.app.broker import Broker, BrokerConfig
from penstock.bus import Lane, tenant_subject
from penstock.bus.nats import NatsBus, NatsConfig

ROUNDS = 3
READING_BYTES = 28
"""Of one reading in memory: series int32, ts int64, value float64, version int64."""


def measure() -> dict[str, float]:
    """Each limit, the median of three rounds; readings/s where it can be said in readings."""
    heading("limits of this machine")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        home = Path(directory)
        found = {
            "memcpy_gb_s": _median(_memcpy),
            "write_mb_s": _median(lambda: _write(home)),
            **_fsyncs(home),
            "appender_rows_s": _median(lambda: _append(home)),
            "broker_mb_s": asyncio.run(_broker(home)),
        }
    line(f"  memory copy, one thread        {found['memcpy_gb_s']:10.1f} GB/s")
    per_s = found["write_mb_s"] * 1e6 / READING_BYTES
    line(f"  write and fsync, 256 MB        {found['write_mb_s']:10.0f} MB/s   ({per_s / 1e6:.1f} M readings/s)")
    for name in ("fdatasync_4k_ms", "fdatasync_1m_ms"):
        line(f"  {name:28}   {found[name]:10.2f} ms")
    line(f"  broker, 256 kB frames, fsync   {found['broker_mb_s']:10.0f} MB/s")
    line(f"  DuckDB append, 50k-row commits {found['appender_rows_s'] / 1e6:10.2f} M rows/s, one writer")
    return found


def _median(measured: Callable[[], float]) -> float:
    return median([measured() for _ in range(ROUNDS)])


def _memcpy() -> float:
    source = np.ones(1 << 27, np.uint8)
    target = np.empty_like(source)
    np.copyto(target, source)
    began = time.perf_counter()
    for _ in range(8):
        np.copyto(target, source)
    return 8 * source.nbytes / (time.perf_counter() - began) / 1e9


def _write(home: Path) -> float:
    block = os.urandom(1 << 22)
    began = time.perf_counter()
    with (home / "written").open("wb", buffering=0) as file:
        for _ in range(64):
            file.write(block)
        os.fsync(file.fileno())
    took = time.perf_counter() - began
    (home / "written").unlink()
    return 64 * len(block) / took / 1e6


def _fsyncs(home: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, size in (("fdatasync_4k_ms", 4 << 10), ("fdatasync_1m_ms", 1 << 20)):
        block, took = os.urandom(size), list[float]()
        with (home / "appended").open("wb", buffering=0) as file:
            for _ in range(60):
                file.write(block)
                began = time.perf_counter()
                os.fdatasync(file.fileno())
                took.append(1e3 * (time.perf_counter() - began))
        found[name] = percentile(took, 0.5)
    return found


def _append(home: Path) -> float:
    """Rows a second into the store's narrow raw table, durable commits of 50,000, nothing judged."""
    rows, commits = 50_000, 60
    path = home / "append.duckdb"
    path.unlink(missing_ok=True)
    columns: dict[str, Any] = {
        "series": np.tile(np.arange(1_000, dtype=np.int32), rows // 1_000),
        "value": np.random.default_rng(1).normal(1200, 40, rows).round(2),
        "version": np.full(rows, 1 << 50),
    }
    with duckdb.connect(str(path), config={"threads": 2, "checkpoint_threshold": "128MB"}) as connection:
        connection.execute("CREATE TABLE raw(series INTEGER, ts BIGINT, value DOUBLE, version BIGINT)")
        began = time.perf_counter()
        for n in range(commits):
            ts = np.repeat((n * rows // 1_000 + np.arange(rows // 1_000)) * 10, 1_000)
            connection.register("incoming", pa.table(columns | {"ts": ts}))
            connection.execute("INSERT INTO raw SELECT series, ts, value, version FROM incoming")
        return commits * rows / (time.perf_counter() - began)


async def _broker(home: Path, frames: int = 1_000, size: int = 256 << 10, in_flight: int = 8) -> float:
    """MB/s that the bundled broker takes with an fsync before every acknowledgement."""
    broker = Broker(BrokerConfig(home / "broker", max_bytes_per_lane=2 << 30))
    address = await broker.start()
    bus = NatsBus(NatsConfig(address.url, address.user, address.password, monitor_url=address.monitor_url, max_bytes=2 << 30))  # fmt: skip
    try:
        await bus.open()
        frame, subject = os.urandom(size), tenant_subject(Lane.READINGS, "bench")
        left = iter(range(frames))

        async def publisher() -> None:
            for n in left:
                await bus.publish(Lane.READINGS, subject, frame, {"Nats-Msg-Id": f"f{n}"}, timeout=60.0)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(publisher())
        return frames * size / (time.perf_counter() - began) / 1e6
    finally:
        await bus.close()
        await broker.stop()
