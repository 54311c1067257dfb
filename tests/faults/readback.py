"""What the platform holds: over REST while it runs, and from the DuckDB file once it has stopped."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from penstock.model.batch import Readings
from penstock.store.series.duckdb.schema import ROLLUPS
from tests.faults.rows import METRIC, SITE
from tests.journeys.conftest import pause

_STORED = {"tenant": pl.String, "sensor": pl.Int64, "ts": pl.Int64, "value": pl.Float64}
COLUMNS = "application/vnd.penstock.columns+json"


class Door:
    """GET with a tenant's key; tries again while the platform is away for a moment."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key

    def get(self, path: str, *, accept: str = COLUMNS, patience: float = 20.0) -> dict[str, Any]:
        deadline = time.monotonic() + patience
        while True:
            try:
                return self.get_once(path, accept=accept)
            except (urllib.error.URLError, OSError) as error:
                if (isinstance(error, urllib.error.HTTPError) and error.code < 500) or time.monotonic() > deadline:
                    raise
                pause(0.2)

    def get_once(self, path: str, *, accept: str = COLUMNS, timeout: float = 10.0) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {self.key}", "Accept": accept}
        )
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.loads(answer.read())


def over_rest(url: str, keys: dict[str, str]) -> pl.DataFrame:
    """Every stored reading of the load's metric, of every tenant: tenant, sensor, ts, value."""
    frames = [pl.DataFrame(schema=_STORED)]
    for tenant, key in keys.items():
        door = Door(url, key)
        for name in sensors(door):
            cursor = ""
            while True:
                answer = door.get(f"/v1/sensors/{name}/recent?metric={METRIC}&site={SITE}&limit=10000{cursor}")
                columns = answer["columns"]
                frames.append(
                    pl.DataFrame(
                        {
                            "tenant": [tenant] * len(columns["ts"]),
                            "sensor": [int(name[1:])] * len(columns["ts"]),
                            "ts": columns["ts"],
                            "value": columns["value"],
                        },
                        schema=_STORED,
                    )
                )
                if not answer.get("next_cursor"):
                    break
                cursor = f"&cursor={urllib.parse.quote(answer['next_cursor'])}"
    return pl.concat(frames)


def sensors(door: Door) -> list[str]:
    answer = door.get(f"/v1/series?metric={METRIC}&site={SITE}&limit=10000")
    return sorted(set(answer["columns"]["sensor_id"]))


def ledger(url: str, keys: dict[str, str]) -> pl.DataFrame:
    """Tenant, source, and the ledger's counts."""
    frames: list[dict[str, Any]] = []
    for tenant, key in keys.items():
        answer = Door(url, key).get("/v1/system/ledger", accept="application/json")
        frames += [{"tenant": tenant, **row} for row in answer["data"]]
    return pl.DataFrame(frames)


def in_file(path: Path) -> pl.DataFrame:
    """Every raw row of the load's metric in the database of a stopped store: tenant, sensor, ts, value, version."""
    with duckdb.connect(str(path), read_only=True) as db:
        columns = db.execute(
            """SELECT s.tenant, CAST(s.sensor[2:] AS BIGINT) AS sensor, r.ts, r.value, r.version
               FROM raw r JOIN series s ON s.id = r.series WHERE s.metric = ?""",
            [METRIC],
        ).fetchnumpy()
    return pl.DataFrame(
        {
            name: np.asarray(column).tolist() if name == "tenant" else np.asarray(column)
            for name, column in columns.items()
        },
        schema=_STORED | {"version": pl.Int64},
    )


def raw_and_rollups(path: Path) -> tuple[Readings, set[tuple[int, int]], dict[int, dict[str, np.ndarray]]]:
    """Of a stopped store: all raw readings by (series, ts), the dirty (series, hour) pairs, and width → rollup columns."""
    with duckdb.connect(str(path), read_only=True) as db:
        raw = db.execute("SELECT series, ts, value FROM raw ORDER BY series, ts").fetchnumpy()
        dirty = {(int(s), int(h)) for s, h in db.execute("SELECT DISTINCT series, hour FROM dirty").fetchall()}
        names = "series, bucket, count, sum, min, max, first, last, first_ts, last_ts, area"
        stored = {
            width: {
                k: np.asarray(v)
                for k, v in db.execute(f"SELECT {names} FROM {table} ORDER BY series, bucket").fetchnumpy().items()
            }
            for width, table in ROLLUPS.items()
        }
    readings = Readings(np.asarray(raw["series"]), np.asarray(raw["ts"]), np.asarray(raw["value"]))
    return readings, dirty, stored
