"""Which databases the catalog suite runs on: SQLite in a file, and PostgreSQL at a URL or started as Debian installs it."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.peers.local import Absent
from bench.peers.postgres import serve
from sqlalchemy import text

from penstock.store.catalog.sql.schema import connect

URL = "PENSTOCK_TEST_POSTGRES_URL"
SETTINGS = {"fsync": "off", "unix_socket_directories": "", "listen_addresses": "127.0.0.1"}


def sqlite_url(directory: Path) -> str:
    return f"sqlite:///{directory / 'catalog.db'}"


@contextmanager
def postgres_url() -> Iterator[str]:
    """A scratch database; a server of its own unless a URL is given. Skips with a reason where there is neither."""
    if url := os.environ.get(URL):
        yield url
        return
    # Not below pytest's directory, which is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="penstock-postgres-") as directory:
        try:
            server, url = serve(Path(directory), SETTINGS)
        except Absent as error:
            pytest.skip(f"{error}; or name a scratch database with {URL}")
        try:
            yield url
        finally:
            server.stop(signal.SIGINT)


def empty(url: str) -> None:
    """Drop everything that is in the scratch database."""
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
