"""What the OpenAPI document says about exports and jobs."""

from __future__ import annotations

from typing import Final

from penstock.api.operations import operation

__all__ = ["EXPORT", "JOB", "JOBS", "REMOVE", "RESULT"]

_JOB: Final = {
    "id": "Uq3cJ0x2l0mT5sB8wq1a4A",
    "kind": "export",
    "state": "running",
    "format": "parquet",
    "rows": 400_000,
    "rows_expected": 1_000_000,
    "bytes": 2_913_220,
    "created": "2026-01-31T12:00:00Z",
    "expires": None,
    "as_of": "2026-01-31T11:59:59.8Z",
    "complete": True,
    "result": None,
    "file": "penstock-20260131T120000Z.parquet",
}
_DONE: Final = {
    **_JOB,
    "state": "done",
    "rows": 1_000_000,
    "bytes": 7_204_118,
    "expires": "2026-01-31T13:00:02Z",
    "result": "/v1/jobs/Uq3cJ0x2l0mT5sB8wq1a4A/result",
}

EXPORT: Final = operation(
    "export",
    "Export readings, or the answer of a query, as a file",
    "Export",
    {
        "text/csv": "ts,sensor_id,site_id,metric,value,unit,building,room\r\n"
        "2026-01-31T12:00:00Z,meter-1,plant,power_w,1204.5,W,,\r\n",
        "application/x-ndjson": '{"ts":"2026-01-31T12:00:00Z","sensor_id":"meter-1","value":1204.5}\n',
        "application/vnd.apache.parquet": "(Parquet file)",
        "application/vnd.apache.arrow.stream": "(Arrow IPC stream)",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "(XLSX workbook)",
    },
    bodies={
        "application/json": {
            "readings": {
                "format": "csv",
                "select": {"site": "plant", "metric": "power_w"},
                "from": "2026-01-31T00:00:00Z",
                "to": "2026-01-31T12:00:00Z",
            },
            "query": {
                "format": "parquet",
                "query": {
                    "start": 1769817600000,
                    "end": 1769860800000,
                    "fetch": {"t": {"where": {"metric": "temperature"}, "fn": "mean", "by": ["room"]}},
                    "window": "1h",
                },
            },
            "words": {"format": "xlsx", "query": "avg(temperature) by room every 1h last 30d"},
        }
    },
)
JOBS: Final = operation("listJobs", "List jobs", "Export", {"application/json": {"data": [_JOB, _DONE]}})
JOB: Final = operation("getJob", "How far a job is", "Export", {"application/json": _DONE})
REMOVE: Final = operation("deleteJob", "Cancel a job, or give its file up", "Export", {}, status=204)
RESULT: Final = operation(
    "getJobResult", "Fetch the file that a job has made", "Export", {"application/octet-stream": "(the file)"}
)
EXPORT["responses"][202] = {
    "description": "Too much to be streamed: a job makes the file. `Location` is where to ask for it",
    "content": JOB["responses"][200]["content"],
}
