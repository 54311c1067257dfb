"""Rows per second of every decoder, in one process: `python -m bench.decode`. Each line is the median of five runs."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from penstock.model.batch import Draft
from penstock.sources import formats

ROWS = 100_000
RUNS = 5
TS = 1_767_225_600_000
SENSORS = [f"sensor-{i:05d}" for i in range(2_000)]


def rows_long() -> list[dict[str, object]]:
    return [
        {"sensor_id": SENSORS[i % 2000], "metric": "power_w", "value": i % 977 / 7, "ts": TS + i} for i in range(ROWS)
    ]


def rows_s3() -> list[dict[str, object]]:
    return [
        {
            "sensor_id": SENSORS[i % 2000],
            "ts": TS + i,
            "power_w": round(i % 977 / 7, 3),
            "voltage_v": 230 + i % 10 / 10,
            "current_a": round(i % 13 / 3, 3),
            "site_id": f"site-{i % 20}",
            "tags": {"phase": f"L{i % 2000 % 3}"},
            "tenant_id": "default",
        }
        for i in range(ROWS)
    ]


def rows_battery() -> list[dict[str, object]]:
    return [
        {"battery_id": SENSORS[i % 2000], "ts": TS + i, "soc": 0.5, "voltage_v": 48.1, "current_a": -3.5, "cycles": 12}
        for i in range(ROWS)
    ]


def array(rows: list[dict[str, object]]) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()


def ndjson(rows: list[dict[str, object]]) -> bytes:
    return "\n".join(json.dumps(row, separators=(",", ":")) for row in rows).encode()


def lines(fields: Callable[[int], str], measurement: str) -> bytes:
    return "\n".join(
        f"{measurement},sensor_id={SENSORS[i % 2000]},site_id=site-{i % 20} {fields(i)} {(TS + i) * 1_000_000}"
        for i in range(ROWS)
    ).encode()


def telegraf() -> bytes:
    made: list[str] = []
    for i in range(ROWS // 5):
        host, ns = f"host=web{i % 50}", (TS + i) * 1_000_000
        made += [
            f"cpu,cpu=cpu{i % 4},{host} usage_idle={i % 100}.5,usage_user=1.25,usage_system=3 {ns}",
            f"mem,{host} used={i}i,free={i * 2}i,total=99999999i {ns}",
            f'system,{host} uptime={i}i,uptime_format="1 day, {i % 60}:00" {ns}',
            f"disk,device=sda,fstype=ext4,{host},mode=rw,path=/ free={i}i,used_percent=1.5 {ns}",
            f"net,{host},interface=eth0 bytes_sent={i}i,err_in=0i {ns}",
        ]
    return "\n".join(made).encode()


def stream(columns: dict[str, object]) -> bytes:
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def arrow(n: int) -> dict[str, object]:
    return {
        "sensor_id": pa.array([SENSORS[i % 2000] for i in range(n)]).dictionary_encode(),
        "ts": np.arange(TS, TS + n),
    }


def influx(body: bytes) -> Draft:
    return formats.decode_lines(body, precision="ns", now=TS)


def measure(name: str, decode: Callable[[bytes], Draft], body: bytes) -> None:
    seconds: list[float] = []
    draft = decode(body)
    for _ in range(RUNS):
        start = time.perf_counter()
        decode(body)
        seconds.append(time.perf_counter() - start)
    assert not draft.rejected, draft.rejected[:3]
    median = statistics.median(seconds)
    print(f"{name:<34}{draft.rows / median / 1e6:>9.2f} M rows/s{len(draft.ts) / median / 1e6:>9.2f} M readings/s")


def main() -> None:
    def json_rows(body: bytes) -> Draft:
        return formats.decode_rows(body, "json")

    def json_lines(body: bytes) -> Draft:
        return formats.decode_rows(body, "ndjson")

    measure("JSON array, long", json_rows, array(rows_long()))
    measure("NDJSON, long", json_lines, ndjson(rows_long()))
    measure("JSON array, S3 wide", json_rows, array(rows_s3()))
    measure("NDJSON, S3 wide", json_lines, ndjson(rows_s3()))
    measure("JSON array, batteries", lambda body: formats.decode_battery_rows(body, "json"), array(rows_battery()))
    measure("line protocol, 1 field", influx, lines(lambda i: f"value={i % 977 / 7:.3f}", "power"))
    measure(
        "line protocol, 4 EMS fields",
        influx,
        lines(lambda i: f"power_w={i % 977 / 7:.3f},voltage_v=230.{i % 10},current_a=1.5,energy_wh={i}.5", "ems"),
    )
    measure("line protocol, Telegraf's mixture", influx, telegraf())
    n = 10 * ROWS
    metric = pa.array(["power_w", "voltage_v"] * (n // 2)).dictionary_encode()
    value = np.random.default_rng(7).normal(size=n)
    measure("Arrow, long, dictionaries", formats.decode_arrow, stream({**arrow(n), "metric": metric, "value": value}))
    measure(
        "Arrow, wide, 3 metrics",
        formats.decode_arrow,
        stream({**arrow(n), "power_w": value, "voltage_v": value, "current_a": value}),
    )
    cells = "".join(f"{SENSORS[i % 2000]},{TS + i},{i % 977 / 7:.3f},230.{i % 10}\n" for i in range(ROWS))
    measure("CSV, wide, 2 metrics", formats.decode_csv, f"sensor_id,ts,power_w,voltage_v\n{cells}".encode())


if __name__ == "__main__":
    main()
