"""PostgreSQL as Debian packages it: COPY into a staging table and an upsert that keeps the latest write, each batch durable."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from bench.peers.local import START_SECONDS, Absent, Server, free_port, program
from bench.peers.port import Totals
from bench.psql import PREPARE, Psql
from bench.questions import Asker, Question, Seen
from bench.transports import Target

SCHEMA = """
CREATE TABLE series(id SERIAL PRIMARY KEY, sensor TEXT NOT NULL, metric TEXT NOT NULL, site TEXT, room TEXT,
    UNIQUE (sensor, metric));
CREATE INDEX ON series(site);
CREATE INDEX ON series(room);
CREATE TABLE readings(series INTEGER NOT NULL, ts BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (series, ts));
CREATE TABLE events(ts BIGINT NOT NULL, criticality INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX ON events(ts DESC);
"""
SETTINGS = {
    "synchronous_commit": "on",
    "fsync": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "work_mem": "64MB",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


class Postgres:
    """One table keyed by (series, ts). It takes the same rows as COPY text, as it has no line protocol."""

    name = "postgresql"
    durability = "fsync of its write-ahead log before the acknowledgement (synchronous_commit on)"

    def __init__(self, url: str | None = None) -> None:
        """At `url` (a scratch database: its tables are made there), or as a process of its own; raises Absent."""
        self._url = url or ""
        self._server: Server | None = None
        self._own = url is None
        self.version = "at a URL"
        program("psql", "postgresql-client")
        if self._own:
            said = subprocess.run([_binaries() / "postgres", "-V"], capture_output=True, text=True, check=True).stdout
            found = re.search(r"(\d+\.\d+)", said)
            self.version = found[1] if found else said

    def start(self, directory: Path) -> None:
        self._directory = directory
        if self._own:
            self._server, self._url = serve(directory, SETTINGS)
        self._session = Psql(self._url)
        self._session.run(SCHEMA + PREPARE)

    def stop(self) -> None:
        if hasattr(self, "_session"):
            self._session.close()
        if self._server:
            self._server.stop(signal.SIGINT)  # the fast shutdown

    def target(self, body: str | None = None) -> Target:
        return Target("copy", body or "copy", ("", self._url))

    def write(self, body: bytes) -> None:
        self._session.copy(body)

    def write_events(self, rows: bytes) -> None:
        """COPY text of (ts, criticality, message)."""
        self._session.run(b"COPY events FROM STDIN;\n" + rows + b"\\.\n")

    def settle(self) -> None:
        """Nothing to wait for; the planner is told what there is, as autovacuum would within a minute."""
        self._session.run("ANALYZE;")

    def totals(self, metric: str, start: int, end: int) -> Totals:
        where = f"s.metric = '{metric}' AND r.ts >= {start} AND r.ts < {end}"
        of = f"count(*), sum(value) FROM readings r JOIN series s ON s.id = r.series WHERE {where}"
        rows = self._session.run(f"SELECT {of};")
        return Totals(int(rows[0][0]), float(rows[0][1] or 0.0))

    def askers(self) -> Mapping[str, Asker]:
        return {"psql": self._ask}

    def _ask(self, question: Question) -> Seen | None:
        start, end, window = question.start, question.end, question.window
        within = f"r.ts >= {start} AND r.ts < {end}"
        joined = "readings r JOIN series s ON s.id = r.series WHERE"
        match question.kind:
            case "recent":
                of = f"r.ts, r.value FROM {joined} s.sensor = '{question.sensor}' ORDER BY r.ts DESC LIMIT {question.limit}"
            case "site":
                of = f"r.ts / {window}, avg(value), min(value), max(value) FROM {joined} s.site = '{question.site}' AND {within} GROUP BY 1"
            case "room":
                of = f"r.ts / {window}, avg(value) FROM {joined} s.room = '{question.room}' AND {within} GROUP BY 1"
            case "average":
                of = f"1, avg(value) FROM {joined} s.room = '{question.room}' AND r.ts >= {end - 900_000} AND r.ts < {end}"
            case "explore":
                return None  # its month is not written here
            case "events":
                of = f"ts, criticality, message FROM events WHERE criticality > {question.above} ORDER BY ts DESC LIMIT {question.limit}"
        return Seen.of([float(row[1]) for row in self._session.run(f"SELECT {of};")])

    def disk_bytes(self) -> int | None:
        """Of the tables and their indexes: its write-ahead log is recycled at a size of its own."""
        return int(self._session.run("CHECKPOINT; SELECT pg_database_size(current_database());")[0][0])

    def processes(self) -> Sequence[tuple[str, psutil.Process]]:
        return self._server.processes("postgres") if self._server else []


def serve(directory: Path, settings: Mapping[str, str]) -> tuple[Server, str]:
    """A server with a fresh database in `directory`, and its URL. Raises Absent where PostgreSQL is not installed."""
    binaries, user = _binaries(), _unprivileged()
    if user:
        shutil.chown(directory, user)
    data = directory / "data"
    initdb = [binaries / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=directory)
    port = free_port()
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    server = Server(command + [f"--{name}={value}" for name, value in settings.items()], directory, user=user)
    ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(ready, check=False).returncode:
        if time.monotonic() > deadline or server.process.poll() is not None:
            server.fail("did not start")
        time.sleep(0.05)
    return server, f"postgresql://bench@127.0.0.1:{port}/postgres"


def _binaries() -> Path:
    """The directory that holds initdb and postgres; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise Absent("PostgreSQL's server is not installed (Debian: postgresql)")
    return found[-1].parent if found else Path(str(on_path)).parent


def _unprivileged() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
