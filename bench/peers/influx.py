"""InfluxDB 1.x (as Debian packages it) and 2.x (where the user has it), or either at a URL."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from bench.peers.local import Absent, Http, Server, free_port, program
from bench.peers.port import Totals, size_of
from bench.questions import Asker, Question, Seen
from bench.transports import Target

TOKEN = "bench-token-0123456789abcdef"


class _Influx:
    """What both versions share: line protocol in, InfluxQL out."""

    name: str
    major: int
    write_path: str
    durability = "fsync of its write-ahead log before the acknowledgement"

    def __init__(self, url: str | None = None, token: str = "") -> None:
        """At `url`, or as a process of its own; raises Absent when influxd is not there or another major version."""
        self._url = url
        self._token = token
        self._server: Server | None = None
        self.version = "at a URL"
        if url is None:
            self._program = program("influxd", "influxdb")
            said = subprocess.run([self._program, "version"], capture_output=True, text=True, check=True).stdout
            found = re.search(r"v?(\d+)\.(\S+)", said)
            if found is None or int(found[1]) != self.major:
                raise Absent(f"influxd on this machine is not version {self.major}: {said.strip()}")
            self.version = f"{found[1]}.{found[2]}"

    def start(self, directory: Path) -> None:
        self._directory = directory
        if self._url is None:
            self._port = free_port()
            self._address = f"http://127.0.0.1:{self._port}"
            self._server = self._launch(directory)
            self._server.until(f"{self._address}/ping")
        else:
            self._address = self._url
        headers = {"Authorization": f"Token {self._token}"} if self._token else {}
        self._http = Http(self._address, headers)
        self._create()

    def _launch(self, directory: Path) -> Server:
        raise NotImplementedError

    def _create(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        if self._server:
            self._http.close()
            self._server.stop()

    def target(self, body: str | None = None) -> Target:
        headers = {"Content-Type": "text/plain; charset=utf-8"} | self._http.headers
        return Target("http", body or "line", (self._http.host, self._http.port), self.write_path, headers)

    def write(self, body: bytes) -> None:
        self._http.send("POST", self.write_path, body)

    def settle(self) -> None:
        """Nothing to wait for: what is acknowledged can be queried."""

    def totals(self, metric: str, start: int, end: int) -> Totals:
        rows = self._rows(f"SELECT count(value), sum(value) FROM {metric} WHERE {_within(start, end)}")
        return Totals(int(rows[0][1]), float(rows[0][2])) if rows else Totals(0, 0.0)

    def _rows(self, statement: str) -> list[list[Any]]:
        answer = json.loads(self._http.send("GET", f"/query?db=bench&epoch=ms&q={quote(statement)}"))["results"][0]
        if "error" in answer:
            raise SystemExit(f"{self.name}: {statement}: {answer['error']}")
        return answer["series"][0]["values"] if "series" in answer else []

    def askers(self) -> Mapping[str, Asker]:
        return {"http": self._ask}

    def _ask(self, question: Question) -> Seen | None:
        within = _within(question.start, question.end)
        match question.kind:
            case "recent":
                where = f"sensor_id = '{question.sensor}' ORDER BY time DESC LIMIT {question.limit}"
                return Seen.of([row[1] for row in self._rows(f"SELECT value FROM temperature WHERE {where}")])
            case "site":
                of = f"mean(value), min(value), max(value) FROM temperature WHERE site_id = '{question.site}'"
            case "room":
                of = f"mean(value) FROM temperature WHERE room = '{question.room}'"
            case "average":
                within = _within(question.end - 900_000, question.end)
                rows = self._rows(f"SELECT mean(value) FROM temperature WHERE room = '{question.room}' AND {within}")
                return Seen.of([row[1] for row in rows])
            case "explore":
                return None  # its month is not written here
            case "events":
                return None
        rows = self._rows(f"SELECT {of} AND {within} GROUP BY time({question.window}ms)")
        return Seen.of([row[1] for row in rows if row[1] is not None])

    def disk_bytes(self) -> int | None:
        return size_of(self._directory) if self._server else None

    def processes(self) -> Sequence[tuple[str, psutil.Process]]:
        return self._server.processes("influxd") if self._server else []


class Influx1(_Influx):
    """InfluxDB 1.x with its packaged settings, which fsync every write (`wal-fsync-delay` is 0)."""

    name = "influxdb-1"
    major = 1
    write_path = "/write?db=bench&precision=ms"

    def _launch(self, directory: Path) -> Server:
        config = directory / "influxdb.conf"
        config.write_text(
            f"""reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{directory}/meta"
[data]
  dir = "{directory}/data"
  wal-dir = "{directory}/wal"
  wal-fsync-delay = "0s"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{self._port}"
  log-enabled = false
"""
        )
        return Server([self._program, "-config", str(config)], directory)

    def _create(self) -> None:
        self._http.send("POST", f"/query?q={quote('CREATE DATABASE bench')}")


class Influx2(_Influx):
    """InfluxDB 2.x, asked in InfluxQL by way of its 1.x compatible door."""

    name = "influxdb-2"
    major = 2
    write_path = "/api/v2/write?org=bench&bucket=bench&precision=ms"

    def _launch(self, directory: Path) -> Server:
        command = [self._program, "--reporting-disabled", f"--http-bind-address=127.0.0.1:{self._port}"]
        command += [f"--bolt-path={directory / 'bolt'}", f"--engine-path={directory / 'engine'}"]
        self._token = TOKEN
        return Server([*command, f"--sqlite-path={directory / 'sqlite'}"], directory)

    def _create(self) -> None:
        if self._server:
            setup = {"username": "bench", "password": TOKEN, "org": "bench", "bucket": "bench", "token": TOKEN}
            self._http.send("POST", "/api/v2/setup", json.dumps(setup).encode(), {"Content-Type": "application/json"})


def _within(start: int, end: int) -> str:
    return f"time >= {start}ms AND time < {end}ms"
