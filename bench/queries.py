"""Latency of the standard questions over HTTP, on six million readings and a million events."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pyarrow as pa

from bench.measured import Platform

SENSORS = 2_000
STEP_MS = 30_000
STEPS = 3_000
EVENTS = 100_000


def measure_queries(rounds: int = 30) -> list[dict[str, Any]]:
    """Fill a fresh platform, wait until it is stored and rolled up, and ask each question `rounds` times."""
    with Platform() as platform:
        end = int(time.time() * 1000) // STEP_MS * STEP_MS
        _fill(platform, end)
        count = platform.settled()
        while platform.get("/v1/system/status")["store"]["dirty"]:
            time.sleep(0.2)
        print(f"\nqueries on {count:,} readings and events, over HTTP" + " " * 8 + "p50 ms   p95 ms")
        from_ = end - 86_400_000
        questions = {
            "last 100 of a sensor": "/v1/sensors/q0042/recent?limit=100&metric=temperature",
            "1-minute aggregate, site of 100 sensors, 24 h": f"/v1/sites/site03/agg?window=1m&from={from_}&to={end}",
            "15-minute aggregate, site of 100 sensors, 24 h": f"/v1/sites/site03/agg?window=15m&from={from_}&to={end}",
            "15-minute average of a room (10 sensors)": "/v1/buildings/b03/rooms/r030/temperature/average?window=15m",
            "last 10 events above 7": "/v1/events?criticality_gt=7&limit=10",
            "latest of a site (100 sensors)": "/v1/latest?site=site03",
        }
        results: list[dict[str, Any]] = []
        for name, path in questions.items():
            took: list[float] = []
            for _ in range(rounds + 3):
                began = time.perf_counter()
                answer = platform.get(path)
                took.append(1e3 * (time.perf_counter() - began))
            assert answer.get("data") or answer.get("value") is not None, (name, answer)
            took = sorted(took[3:])
            p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
            results.append({"question": name, "p50_ms": p50, "p95_ms": p95})
            print(f"{name:52} {p50:8.1f} {p95:8.1f}")
    return results


def _fill(platform: Platform, end: int) -> None:
    rng = np.random.default_rng(3)
    codes = np.arange(SENSORS, dtype=np.int32)
    names = {
        "sensor_id": [f"q{i:04d}" for i in range(SENSORS)],
        "site_id": [f"site{i // 100:02d}" for i in range(SENSORS)],
        "building": [f"b{i // 100:02d}" for i in range(SENSORS)],
        "room": [f"r{i // 10 % 1000:03d}" for i in range(SENSORS)],
    }
    walk = 293.0 + np.cumsum(rng.normal(0, 0.02, (STEPS, SENSORS)), axis=0).round(2)
    per = 10
    for first in range(0, STEPS, per):
        index = pa.array(np.tile(codes, per))
        columns = {name: pa.DictionaryArray.from_arrays(index, pa.array(texts)) for name, texts in names.items()}
        columns["metric"] = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(per * SENSORS, np.int32)), pa.array(["temperature"])
        )
        columns["ts"] = pa.array(np.repeat(end - (STEPS - 1 - first - np.arange(per)) * STEP_MS, SENSORS))
        columns["value"] = pa.array(walk[first : first + per].ravel())
        table = pa.table(columns)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        platform.post("/v1/readings", sink.getvalue().to_pybytes(), "application/vnd.apache.arrow.stream")
    for first in range(0, EVENTS, 5_000):
        events = [
            {
                "criticality": int(c),
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end / 1000 - first - i)),
                "eventMessage": f"badge refused at door {i}",
            }
            for i, c in enumerate(rng.integers(0, 11, 5_000))
        ]
        platform.post("/v1/events", json.dumps(events).encode(), "application/json")
