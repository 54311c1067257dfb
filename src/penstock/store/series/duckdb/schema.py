"""Tables of the embedded store, how it is opened and brought up to date, and how DuckDB's errors become Penstock's.

A new file is made as version 1 and migrated like an old one, so there is one way to the present tables and it is always
the tested one. Raw rows are narrow: site, sensor, metric and tenant belong to the catalog of series, not to each row. No primary key and
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

from penstock.model.errors import Misconfigured, Poison, Unavailable
from penstock.model.time import DAY, HOUR, MINUTE

__all__ = ["INVALIDATED", "ROLLUPS", "DuckConfig", "connect", "insert", "translated"]

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
INSERT INTO meta VALUES ('schema', 1);
"""

_MIGRATIONS: Final[dict[int, tuple[str, ...]]] = {
    2: (
        # What a request was: enough to lead from a reading's version to the request that sent it.
        "ALTER TABLE receipts ADD COLUMN number BIGINT DEFAULT -1",
        "ALTER TABLE receipts ADD COLUMN stamp BIGINT DEFAULT 0",
        "ALTER TABLE receipts ADD COLUMN first_ts BIGINT",
        "ALTER TABLE receipts ADD COLUMN last_ts BIGINT",
        "ALTER TABLE receipts ADD COLUMN findings VARCHAR DEFAULT ''",
        "UPDATE receipts SET number = rowid",
        """CREATE TABLE trace(series INTEGER NOT NULL, ts BIGINT NOT NULL, value DOUBLE NOT NULL, version BIGINT NOT NULL,
           fate TINYINT NOT NULL, number BIGINT NOT NULL)""",
        """CREATE TABLE refusals(number BIGINT NOT NULL, tenant VARCHAR NOT NULL, row BIGINT NOT NULL,
           site VARCHAR NOT NULL, sensor VARCHAR NOT NULL, metric VARCHAR NOT NULL, ts BIGINT, code VARCHAR NOT NULL,
           detail VARCHAR NOT NULL)""",
    ),
    3: (
        # What a dead letter holds, and what became of it. An older one holds a whole message and counts for one row.
        "ALTER TABLE dead_letters ADD COLUMN media_type VARCHAR DEFAULT 'application/vnd.penstock.frame+arrow'",
        "ALTER TABLE dead_letters ADD COLUMN holds VARCHAR DEFAULT 'readings'",
        "ALTER TABLE dead_letters ADD COLUMN row_count BIGINT DEFAULT 1",
        "ALTER TABLE dead_letters ADD COLUMN stamp BIGINT DEFAULT 0",
        "ALTER TABLE dead_letters ADD COLUMN state VARCHAR DEFAULT 'open'",
        "ALTER TABLE dead_letters ADD COLUMN settled_ts BIGINT",
        "ALTER TABLE dead_letters ADD COLUMN settled_by VARCHAR DEFAULT ''",
        "ALTER TABLE dead_letters ADD COLUMN reason VARCHAR DEFAULT ''",
        "UPDATE dead_letters SET holds = 'events', media_type = 'application/json' WHERE id LIKE 'events-%'",
        "UPDATE dead_letters SET stamp = received_ts * 1000",
    ),
}
"""Schema version → statements that lead to it from the version before. What is here is never changed, only added to."""

INVALIDATED: Final = "store_invalidated"
"""Code of Unavailable when DuckDB has given the database up: only opening it anew helps."""

SCHEMA_VERSION: Final = max(_MIGRATIONS)


_WRITTEN_OUT: Final = 20
"""Values up to which a statement that names them takes less than one that reads them from Arrow."""
_ARROW_TYPES: Final[dict[type, Any]] = {str: pa.string(), bytes: pa.binary(), int: pa.int64()}


@dataclass(frozen=True, slots=True)
class DuckConfig:
    """Settings of the embedded store. Retentions are in days, 0 = for ever.

    path             the database file; `None` keeps everything in memory
    memory_limit     what DuckDB may use, e.g. `512MB`; hot readings come on top
    hot_bytes        bound for the newest readings kept in memory
    threads          DuckDB worker threads
    rest             ms for which an hour that late readings made dirty is left alone after the last of them: what makes
                     up for an outage comes in many commits, and would be rolled up again after each
    """

    path: Path | None
    memory_limit: str = "768MB"
    hot_bytes: int = 64 << 20
    threads: int = 2
    rest: int = 0
    retention_raw: int = 0
    retention_rollups: int = 0
    retention_events: int = 0
    retention_receipts: int = 3
    retention_dead_letters: int = 0


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
    try:
        with translated():
            _migrate(connection, target)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: duckdb.DuckDBPyConnection, target: str) -> None:
    """Make the tables, or bring those of an older version up to date, in one transaction."""
    connection.begin()
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "meta" not in tables:
        connection.execute(_DDL)
    (version,) = connection.execute("SELECT max(value) FROM meta WHERE key = 'schema'").fetchall()[0]
    if version not in range(1, SCHEMA_VERSION + 1):
        raise Misconfigured(
            f"the store at {target} has schema {version}, this Penstock knows 1 to {SCHEMA_VERSION}",
            hint="run the Penstock version that wrote it, or restore a backup made for this one",
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _MIGRATIONS[step]:
            connection.execute(statement)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [step])
    connection.commit()


def insert(db: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any]) -> None:
    """Append rows, given as columns in the order of the table's own."""
    incoming = pa.table({name: _typed(values) for name, values in columns.items()})
    if incoming.num_rows * incoming.num_columns > _WRITTEN_OUT:
        # DuckDB finds the variable by its name; as a view that is registered and dropped it takes 0.8 ms more.
        db.execute(f"INSERT INTO {table} SELECT * FROM incoming")
        return
    rows = [value for row in zip(*incoming.to_pydict().values(), strict=True) for value in row]
    row = f"({', '.join('?' * incoming.num_columns)})"
    if rows:
        db.execute(f"INSERT INTO {table} VALUES {', '.join([row] * incoming.num_rows)}", rows)


def _typed(values: Any) -> Any:
    """Lists get their type said: to infer one, Arrow searches the path for modules that are not there, 0.5 ms a column."""
    if not isinstance(values, list | tuple):
        return values
    return pa.array(values, _ARROW_TYPES.get(type(values[0])) if values else None)


@contextmanager
def translated(*, poison: bool = False) -> Generator[None]:
    """DuckDB's errors leave as Unavailable: what fails is the store, and it may work on a retry.

    With `poison` (where frames are written) what DuckDB cannot hold leaves as Poison: no retry will ever help.
    """
    try:
        yield
    except (duckdb.DataError, duckdb.IntegrityError) as error:
        if poison:
            raise Poison(f"the embedded store cannot hold this: {type(error).__name__}: {error}") from error
        raise _unavailable(error) from error
    except duckdb.Error as error:
        raise _unavailable(error) from error


def _unavailable(error: duckdb.Error) -> Unavailable:
    return Unavailable(
        f"the embedded store failed: {type(error).__name__}: {error}",
        code=INVALIDATED if isinstance(error, duckdb.FatalException) else None,
        hint="check free disk space and memory; what was acknowledged is safe on the bus and is tried again",
    )
