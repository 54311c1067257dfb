"""PostgreSQL through `psql` over a pipe: the same for writing and asking, without a driver to install."""

from __future__ import annotations

import shutil
import subprocess

PREPARE = """
CREATE TEMP TABLE staging(line BIGINT GENERATED ALWAYS AS IDENTITY, sensor TEXT, metric TEXT, site TEXT, room TEXT,
    ts BIGINT, value DOUBLE PRECISION) ON COMMIT DELETE ROWS;
"""
"""What a session that writes needs first."""

UPSERT = b"""INSERT INTO series(sensor, metric, site, room)
SELECT DISTINCT ON (sensor, metric) sensor, metric, site, room FROM staging t
WHERE NOT EXISTS (SELECT FROM series s WHERE s.sensor = t.sensor AND s.metric = t.metric)
ORDER BY sensor, metric ON CONFLICT DO NOTHING;
INSERT INTO readings
SELECT DISTINCT ON (s.id, t.ts) s.id, t.ts, t.value FROM staging t JOIN series s USING (sensor, metric)
ORDER BY s.id, t.ts, t.line DESC
ON CONFLICT (series, ts) DO UPDATE SET value = excluded.value WHERE readings.value IS DISTINCT FROM excluded.value;
COMMIT;
"""
"""Latest write wins, as exact as Penstock's own rule: of one batch the last line, of several the later batch."""


class Psql:
    """One session. Statements go in, rows come out as text; an error ends the benchmark."""

    def __init__(self, url: str) -> None:
        program = shutil.which("psql")
        if program is None:
            raise SystemExit("psql is not installed (Debian: postgresql-client)")
        self._process = subprocess.Popen(
            [program, "--no-psqlrc", "-qAtX", "-v", "ON_ERROR_STOP=1", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._in, self._out, self._err = self._process.stdin, self._process.stdout, self._process.stderr

    def run(self, statements: str | bytes) -> list[list[str]]:
        """The rows of all statements, once the last one is done."""
        self._in.write(statements.encode() if isinstance(statements, str) else statements)
        self._in.write(b"\n\\echo :done:\n")
        self._in.flush()
        rows: list[list[str]] = []
        while (line := self._out.readline().decode().rstrip("\n")) != ":done:":
            if not line and self._process.poll() is not None:
                raise SystemExit(f"psql: {self._err.read().decode()}")
            rows.append(line.split("|"))
        return rows

    def copy(self, rows: bytes) -> None:
        """One batch of COPY text, committed."""
        self.run(
            b"BEGIN;\nCOPY staging(sensor, metric, site, room, ts, value) FROM STDIN;\n" + rows + b"\\.\n" + UPSERT
        )

    def close(self) -> None:
        self._in.close()
        self._process.wait(10)
        self._out.close()
        self._err.close()
