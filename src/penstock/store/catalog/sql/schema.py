"""The database: connected to, and brought up to date by the migrations that are shipped beside this module."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from penstock.model.errors import Conflict, Misconfigured, Unavailable
from penstock.store.catalog.sql.tables import HEAD, metadata

__all__ = ["connect", "migrate", "translated", "upgrade", "writing"]

_BUSY_SECONDS: Final = 10
_POOL: Final = 4
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x70656E73746F636B
"""PostgreSQL advisory lock of whoever migrates: "penstock"."""
_SCHEME: Final = re.compile(r"postgres(?:ql)?(?:\+pg8000)?://")
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA case_sensitive_like = ON",
    f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}",
)


def connect(url: str) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql://…` whose transactions are whole. Raises Misconfigured."""
    kind = url.partition(":")[0]
    if _SCHEME.match(url):
        url = _SCHEME.sub("postgresql+pg8000://", url, count=1)
    elif kind != "sqlite":
        raise Misconfigured(
            f"catalog_url names no database that Penstock knows ({kind}:)",
            hint="sqlite: is the one in the data directory; postgresql://USER:PASSWORD@HOST/DATABASE is a server",
        )
    try:
        engine = create_engine(url, pool_size=_POOL, max_overflow=0, pool_timeout=_BUSY_SECONDS, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise Misconfigured(
            f"the catalog needs {getattr(error, 'name', None) or error}", hint="pip install 'penstock[postgres]'"
        ) from error
    except (ArgumentError, ValueError):
        raise Misconfigured(
            "catalog_url is no database URL", hint="postgresql://USER:PASSWORD@HOST:5432/DATABASE"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    """The driver must not open transactions by itself: it would do so after the first read, and around no DDL."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _on_begin(connection: Connection) -> None:
    """Who writes takes its place in the queue at once: a transaction that reads first could not wait later."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def translated() -> Generator[None]:
    """Errors of the database as those of the tree."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(
            "something else changed what this refers to", code="conflict", hint="read it again, and repeat the change"
        ) from error
    except (DBAPIError, PoolTimeout, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise Unavailable(f"the catalog's database cannot be used: {cause}", code="catalog_unavailable") from error


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """A transaction that may write; committed at the end."""
    with engine.connect() as plain:
        connection = plain.execution_options(writes=True)
        with connection.begin():
            yield connection


def upgrade(engine: Engine) -> None:
    """Make the tables, or run the migrations that they have not seen; one process at a time. Raises Misconfigured for newer ones."""
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = _version(connection)
        if found is None:
            _create(connection)
        elif found != HEAD:
            migrate(connection, found)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _create(connection: Connection) -> None:
    """An empty database gets the tables as they are now, which is what all migrations one after another would make of it.

    A contract test holds them to that. It spares nearly every first start of loading what runs migrations, most of a second.
    """
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def migrate(connection: Connection, found: str | None) -> None:
    """Run the migrations behind `found` (None: all of them). Raises Misconfigured for one that is not known."""
    # Its steps are of no interest to whoever reads the log; its failures are raised.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command  # noqa: PLC0415 - half a second that most starts do not need
    from alembic.config import Config  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    try:
        if found is not None:
            ScriptDirectory.from_config(config).get_revision(found)
    except CommandError:
        raise Misconfigured(
            f"the catalog was written by a newer Penstock (migration {found}, this one knows {HEAD})",
            hint="start the newer version, or restore a backup from before the upgrade",
        ) from None
    command.upgrade(config, "head")
