"""Request bodies of each door, rendered once and re-stamped in place, so that the client's CPU stays out of the figures.

Every request carries `STEPS` instants of all series. Sending it again only rewrites its timestamps: 13 digits a row for the
text doors, one int64 column for Arrow.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

SENSORS = 1_000
STEPS = 10
STEP_MS = 10
TEMPLATES = 4

ENDPOINTS = {
    "arrow": ("/v1/readings", "application/vnd.apache.arrow.stream"),
    "json": ("/v1/readings", "application/json"),
    "ndjson": ("/v1/readings", "application/x-ndjson"),
    "ems": ("/v1/readings", "application/json"),
    "line": ("/api/v2/write?precision=ms", "text/plain; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class Door:
    """How to talk to one door: `render(n)` gives the body of the n-th request; each holds `readings` readings."""

    name: str
    path: str
    content_type: str
    readings: int
    render: Callable[[int], bytes]


def door(name: str, start: int, prefix: str = "m") -> Door:
    """The bodies of door `name`, whose instants run from `start` (epoch ms) in steps of `STEP_MS`."""
    path, content_type = ENDPOINTS[name]
    rng = np.random.default_rng(7)
    if name == "arrow":
        return Door(name, path, content_type, SENSORS * STEPS, _arrow(start, prefix, rng))
    row = {"json": _json_row, "ndjson": _json_row, "ems": _ems_row, "line": _line_row}[name]
    templates = [
        _template(name, [row(prefix, i % SENSORS, rng) for i in range(SENSORS * STEPS)]) for _ in range(TEMPLATES)
    ]
    per_row = 3 if name == "ems" else 1

    def render(n: int) -> bytes:
        body, at = templates[n % TEMPLATES]
        stamps = start + (n * STEPS + np.arange(STEPS)) * STEP_MS
        digits = (stamps[:, None] // 10 ** np.arange(12, -1, -1)) % 10 + 48
        body[at] = digits.astype(np.uint8)[:, None, :]
        return body.tobytes()

    return Door(name, path, content_type, SENSORS * STEPS * per_row, render)


_MARK = b"1111111111111"


def _template(name: str, rows: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    head, glue, tail = (b"[", b",", b"]") if name in {"json", "ems"} else (b"", b"\n", b"\n")
    body = head + glue.join(rows) + tail
    # Every row's mark lies at a known offset within it, so positions need no search of the whole body.
    starts = np.cumsum([0, *(len(r) + len(glue) for r in rows[:-1])]) + len(head)
    offsets = starts + np.array([r.index(_MARK) for r in rows])
    return np.frombuffer(bytearray(body), np.uint8), (offsets[:, None] + np.arange(13)).reshape(STEPS, SENSORS, 13)


def _json_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    row = {
        "sensor_id": f"{prefix}{i:05d}",
        "site_id": f"site{i % 20:02d}",
        "metric": "power_w",
        "ts": int(_MARK),
        "value": round(float(rng.normal(1200, 40)), 2),
    }
    return json.dumps(row, separators=(",", ":")).encode()


def _ems_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    volts, amps = round(float(rng.normal(230, 2)), 2), round(float(rng.normal(5, 0.4)), 3)
    row = {
        "sensor_id": f"{prefix}{i:05d}",
        "ts": int(_MARK),
        "power_w": round(volts * amps * 0.97, 2),
        "voltage_v": volts,
        "current_a": amps,
        "site_id": f"site{i % 20:02d}",
        "tags": {"phase": "L1"},
        "tenant_id": "default",
    }
    return json.dumps(row, separators=(",", ":")).encode()


def _line_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    value = round(float(rng.normal(1200, 40)), 2)
    return b"power_w,sensor_id=%s%05d,site_id=site%02d value=%s %s" % (
        prefix.encode(),
        i,
        i % 20,
        str(value).encode(),
        _MARK,
    )


def _arrow(start: int, prefix: str, rng: np.random.Generator) -> Callable[[int], bytes]:
    codes = np.tile(np.arange(SENSORS, dtype=np.int32), STEPS)
    sensor = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array([f"{prefix}{i:05d}" for i in range(SENSORS)]))
    site = pa.DictionaryArray.from_arrays(pa.array(codes % 20), pa.array([f"site{i:02d}" for i in range(20)]))
    metric = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(codes), np.int32)), pa.array(["power_w"]))
    values = [pa.array(np.round(rng.normal(1200, 40, len(codes)), 2)) for _ in range(TEMPLATES)]

    def render(n: int) -> bytes:
        ts = np.repeat(start + (n * STEPS + np.arange(STEPS)) * STEP_MS, SENSORS)
        batch = pa.record_batch(
            [sensor, site, metric, pa.array(ts), values[n % TEMPLATES]],
            names=["sensor_id", "site_id", "metric", "ts", "value"],
        )
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return sink.getvalue().to_pybytes()

    return render
