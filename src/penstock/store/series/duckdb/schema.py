"""Tables of the embedded store, how it is opened, and how DuckDB's errors become Penstock's.

Raw rows are narrow: site, sensor, metric and tenant belong to the catalog of series, not to each row. No primary key and
no secondary index: the single writer knows which keys exist, and an index would cost several times the append.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from penstock.model.errors import Misconfigured, Unavailable
from penstock.model.time import DAY, HOUR, MINUTE

__all__ = ["ROLLUPS", "DuckConfig", "connect", "insert", "translated"]

SCHEMA_VERSION: Final = 1

ROLLUPS: Final[dict[int, str]] = {
    MINUTE: "rollup_1m",
    15 * MINUTE: "rollup_15m",
    HOUR: "rollup_1h",
    DAY: "rollup_1d",
}
"""Tier width (ms) → table."""

_ROLLUP_COLUMNS: Final = """
    series INTEGER NOT NULL, bucket BIGINT NOT NULL, count BIGINT NOT NULL, sum DOUBLE NOT NULL, min DOUBLE NOT NULL,
    max DOUBLE NOT NULL, first DOUBLE NOT NULL, last DOUBLE NOT NULL, first_ts BIGINT NOT NULL, last_ts BIGINT NOT NULL,
    area DOUBLE NOT NULL
"""

_COUNTS: Final = """
    received BIGINT NOT NULL, stored BIGINT NOT NULL, duplicate BIGINT NOT NULL, superseded BIGINT NOT NULL,
    rejected BIGINT NOT NULL, dead_lettered BIGINT NOT NULL
"""

_DDL: Final = f"""
CREATE TABLE meta(key VARCHAR NOT NULL, value BIGINT NOT NULL);
CREATE TABLE raw(series INTEGER NOT NULL, ts BIGINT NOT NULL, value DOUBLE NOT NULL, version BIGINT NOT NULL);
CREATE TABLE series(id INTEGER NOT NULL, tenant VARCHAR NOT NULL, site VARCHAR NOT NULL, sensor VARCHAR NOT NULL,
    metric VARCHAR NOT NULL, unit VARCHAR NOT NULL);
CREATE TABLE sensors(tenant VARCHAR NOT NULL, site VARCHAR NOT NULL, sensor VARCHAR NOT NULL,
    building_stamp BIGINT NOT NULL, building VARCHAR NOT NULL, room_stamp BIGINT NOT NULL, room VARCHAR NOT NULL,
    tags_stamp BIGINT NOT NULL, tags VARCHAR NOT NULL);
CREATE TABLE rollup_1m({_ROLLUP_COLUMNS});
CREATE TABLE rollup_15m({_ROLLUP_COLUMNS});
CREATE TABLE rollup_1h({_ROLLUP_COLUMNS}, finest BIGINT NOT NULL);
CREATE TABLE rollup_1d({_ROLLUP_COLUMNS});
CREATE TABLE dirty(series INTEGER NOT NULL, hour BIGINT NOT NULL);
CREATE TABLE loose(day BIGINT NOT NULL, readings BIGINT NOT NULL);
CREATE TABLE receipts(frame VARCHAR NOT NULL, receipt VARCHAR NOT NULL, tenant VARCHAR NOT NULL, source VARCHAR NOT NULL,
    {_COUNTS}, committed_ts BIGINT NOT NULL);
CREATE TABLE ledger_base(tenant VARCHAR NOT NULL, source VARCHAR NOT NULL, {_COUNTS});
CREATE TABLE events(tenant VARCHAR NOT NULL, id VARCHAR NOT NULL, ts BIGINT NOT NULL, timestamp VARCHAR NOT NULL,
    criticality INTEGER NOT NULL, message VARCHAR NOT NULL, source VARCHAR NOT NULL, stamp BIGINT NOT NULL);
CREATE TABLE dead_letters(tenant VARCHAR NOT NULL, id VARCHAR NOT NULL, source VARCHAR NOT NULL,
    received_ts BIGINT NOT NULL, code VARCHAR NOT NULL, detail VARCHAR NOT NULL, payload BLOB NOT NULL);
INSERT INTO meta VALUES ('schema', {SCHEMA_VERSION});
"""


@dataclass(frozen=True, slots=True)
class DuckConfig:
    """Settings of the embedded store. Retentions are in days, 0 = for ever.

    path             the database file; `None` keeps everything in memory
    memory_limit     what DuckDB may use, e.g. `512MB`; hot readings come on top
    hot_bytes        bound for the newest readings kept in memory
    threads          DuckDB worker threads
    """

    path: Path | None
    memory_limit: str = "768MB"
    hot_bytes: int = 64 << 20
    threads: int = 2
    retention_raw: int = 0
    retention_rollups: int = 0
    retention_events: int = 0
    retention_receipts: int = 3


def connect(config: DuckConfig) -> duckdb.DuckDBPyConnection:
    """Open (and on first use create) the database; raises Misconfigured."""
    target = str(config.path) if config.path else ":memory:"
    try:
        connection = duckdb.connect(
            target,
            config={
                "threads": config.threads,
                "memory_limit": config.memory_limit,
                "preserve_insertion_order": False,
                "checkpoint_threshold": "128MB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
    except duckdb.Error as error:
        raise Misconfigured(
            f"the store at {target} cannot be opened: {error}",
            hint="one process owns a store; stop the other one, or give this one its own --data directory",
        ) from error
    with translated():
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if "meta" not in tables:
            connection.execute(f"BEGIN; {_DDL} COMMIT;")
        (version,) = connection.execute("SELECT max(value) FROM meta WHERE key = 'schema'").fetchall()[0]
    if version != SCHEMA_VERSION:
        raise Misconfigured(
            f"the store at {target} has schema {version}, this Penstock knows {SCHEMA_VERSION}",
            hint="run the Penstock version that wrote it, or restore a backup made for this one",
        )
    return connection


def insert(db: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any]) -> None:
    """Append rows, given as columns in the order of the table's own."""
    db.register("incoming", pa.table(dict(columns)))
    db.execute(f"INSERT INTO {table} SELECT * FROM incoming")
    db.unregister("incoming")


@contextmanager
def translated() -> Generator[None]:
    """DuckDB's errors leave as Unavailable: the data was checked at admission, so what fails here is the store."""
    try:
        yield
    except duckdb.Error as error:
        raise Unavailable(
            f"the embedded store failed: {type(error).__name__}: {error}",
            hint="check free disk space and memory; what was acknowledged is safe on the bus and is tried again",
        ) from error
