"""The load's batches as HTTP requests of every door."""

from __future__ import annotations

import json
from typing import NamedTuple

import pyarrow as pa

from tests.faults.rows import METRIC, SITE, Batch, sensor_name


class Request(NamedTuple):
    path: str
    content_type: str
    body: bytes


def request(batch: Batch) -> Request:
    match batch.door:
        case "json":
            return Request("/v1/readings", "application/json", json.dumps(_rows(batch)).encode())
        case "ndjson":
            return Request("/v1/readings", "application/x-ndjson", "\n".join(map(json.dumps, _rows(batch))).encode())
        case "arrow":
            return Request("/v1/readings", "application/vnd.apache.arrow.stream", _arrow(batch))
        case _:
            return Request("/api/v2/write?precision=ms", "text/plain", _lines(batch))


def _rows(batch: Batch) -> list[dict[str, object]]:
    sensor, ts, value, seq = (column.tolist() for column in batch.rows)
    return [
        {"site_id": SITE, "sensor_id": sensor_name(s), "metric": METRIC, "ts": t, "value": v}
        | ({"seq": q} if q else {})
        for s, t, v, q in zip(sensor, ts, value, seq, strict=True)
    ]


def _arrow(batch: Batch) -> bytes:
    rows = batch.rows
    count = len(rows.ts)
    names = pa.array([sensor_name(s) for s in rows.sensor.tolist()]).dictionary_encode()
    columns = {
        "site_id": pa.array([SITE] * count).dictionary_encode(),
        "sensor_id": names,
        "metric": pa.array([METRIC] * count).dictionary_encode(),
        "ts": pa.array(rows.ts),
        "value": pa.array(rows.value),
        "seq": pa.array(rows.seq),
    }
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _lines(batch: Batch) -> bytes:
    sensor, ts, value, _ = (column.tolist() for column in batch.rows)
    return "\n".join(
        f"{METRIC},site_id={SITE},sensor_id={sensor_name(s)} value={v!r} {t}"
        for s, t, v in zip(sensor, ts, value, strict=True)
    ).encode()
