"""The platform under test: started as a user starts it, measured from outside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from bench.peers.local import Http
from bench.peers.port import Totals, size_of
from bench.questions import MINUTE, QUARTER, Asker, Question, Seen
from bench.transports import Target
from penstock import __version__
from penstock.app.datadir import DataDir
from penstock.bus.nats.config import NatsConfig
from penstock.bus.nats.connection import Connection
from penstock.query.codec import decode_reply, encode_question
from penstock.query.document import read_query
from penstock.query.port import Aggregate, Answer, Events, Recent, Select
from penstock.query.port import Question as Asked
from penstock.query.remote import SUBJECT

KEY = "bench-key-0123456789abcdef"
TENANT = "default"


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: the transport (`bench.transports`), the body that it takes, and where it goes: for HTTP the path, for TCP
    the options of the opening line.
    """

    body: str
    content_type: str = ""
    path: str = "/v1/readings"
    transport: str = "http"


DOORS = {
    "arrow": Door("arrow", "application/vnd.apache.arrow.stream"),
    "json": Door("json", "application/json"),
    "ndjson": Door("ndjson", "application/x-ndjson"),
    "ems": Door("ems", "application/json"),
    "line": Door("line", "text/plain; charset=utf-8", "/api/v2/write?precision=ms"),
    "tcp-arrow": Door("arrow", path="format=arrow", transport="tcp"),
    "tcp-json": Door("ndjson", path="format=ndjson", transport="tcp"),
    "tcp-line": Door("line", path="format=line precision=ms", transport="tcp"),
}


class Penstock:
    """`penstock up` on an empty directory and free ports."""

    name = "penstock"
    version = __version__
    durability = "fsync of the bus before the acknowledgement, then one transaction with the store's own"

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are environment variables on top of the defaults."""
        self._settings = dict(settings or {})

    def start(self, directory: Path) -> None:
        self.data = directory / "data"
        self._log = (directory / "up.log").open("w")
        command = [sys.executable, "-m", "penstock", "up", "--data", str(self.data)]
        command += ["--http", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--tcp", "127.0.0.1:0"]
        environment = os.environ | {"PENSTOCK_BOOTSTRAP_KEY": KEY} | self._settings
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit(f"the platform did not start:\n{(directory / 'up.log').read_text()}")
        self._http = Http(line.split()[1], {"Authorization": f"Bearer {KEY}"})
        self._bus: _Bus | None = None

    @property
    def url(self) -> str:
        """Where its HTTP doors are."""
        return f"http://{self._http.host}:{self._http.port}"

    def stop(self) -> None:
        if self._bus:
            self._bus.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(15)
        if self._process.stdout:
            self._process.stdout.close()
        self._http.close()
        self._log.close()

    def target(self, body: str | None = None) -> Target:
        door = DOORS[body or "line"]
        if door.transport == "tcp":
            state = DataDir(self.data).read_state()
            assert state is not None
            host, _, port = state.tcp.rpartition(":")
            return Target("tcp", door.body, (host, int(port)), f"PENSTOCK/1 {KEY} {door.path}")
        headers = {"Content-Type": door.content_type} | self._http.headers
        return Target(door.transport, door.body, (self._http.host, self._http.port), door.path, headers)

    def write(self, body: bytes) -> None:
        self.post("line", body)

    def post(self, door: str, body: bytes) -> None:
        """One body through one of DOORS."""
        self._http.send("POST", DOORS[door].path, body, {"Content-Type": DOORS[door].content_type})

    def post_events(self, body: bytes) -> None:
        self._http.send("POST", "/v1/events", body, {"Content-Type": "application/json"})

    def settle(self) -> None:
        self.settled()

    def settled(self) -> int:
        """Readings stored or told to be duplicates, once nothing is in flight any more."""
        while True:
            rows = self._http.get("/v1/system/ledger")["data"]
            if all(row["in_flight"] == 0 for row in rows):
                if any(row["difference"] for row in rows):
                    raise SystemExit(f"the ledger does not balance: {rows}")
                return sum(row["stored"] + row["duplicate"] + row["superseded"] for row in rows)
            time.sleep(0.05)

    def newest(self, sensor: str) -> int:
        """Epoch ms of the newest reading of a sensor that is known."""
        (row,) = self._http.get(f"/v1/sensors/{sensor}/recent?limit=1")["data"]
        return int(datetime.fromisoformat(row["ts"]).timestamp() * 1000)

    def rolled_up(self) -> None:
        """Returns once upkeep has caught up with what is dirty."""
        while self._http.get("/v1/system/status")["store"]["dirty"]:
            time.sleep(0.2)

    def totals(self, metric: str, start: int, end: int) -> Totals:
        asked = Aggregate(tenant=TENANT, where=Select(metric=metric), start=start, end=end, window=0)
        row = self._reach().ask(asked).table.to_pylist()[0]
        return Totals(row["count"], row["sum"])

    def askers(self) -> Mapping[str, Asker]:
        bus = self._reach()
        return {"http": self._ask_http, "nats": lambda question: seen(question, bus.ask(translated(question)))}

    def _reach(self) -> _Bus:
        self._bus = self._bus or _Bus(self.data)
        return self._bus

    def _ask_http(self, question: Question) -> Seen | None:
        match question.kind:
            case "recent":
                answer = self._http.get(
                    f"/v1/sensors/{question.sensor}/recent?limit={question.limit}&metric=temperature"
                )
                return Seen.of([row["value"] for row in answer["data"]])
            case "site":
                path = f"/v1/sites/{question.site}/agg?window={question.window // MINUTE}m"
                answer = self._http.get(f"{path}&metric=temperature&from={question.start}&to={question.end}")
                return Seen.of([row["mean"] for row in answer["data"]])
            case "room":
                return None
            case "average":
                place = f"/v1/buildings/{question.building}/rooms/{question.room}"
                return Seen(1, self._http.get(f"{place}/temperature/average?window=15m")["value"])
            case "events":
                answer = self._http.get(f"/v1/events?criticality_gt={question.above}&limit={question.limit}")
                return Seen.of([row["criticality"] for row in answer["data"]])
            case "explore":
                return Seen.of(self.query(document(question))["columns"]["value"])

    def query(self, asked: Mapping[str, Any]) -> Any:
        """The answer of POST /v1/query, in columns."""
        headers = {"Content-Type": "application/json", "Accept": "application/vnd.penstock.columns+json"}
        return json.loads(self._http.send("POST", "/v1/query", json.dumps(asked).encode(), headers))

    def disk_bytes(self) -> int | None:
        """Of the store: the bus keeps what is not committed yet, and empties."""
        return size_of(self.data / "store")

    def processes(self) -> Sequence[tuple[str, psutil.Process]]:
        root = psutil.Process(self._process.pid)
        named = [("supervisor", root)]
        for child in root.children(recursive=True):
            words = child.cmdline()
            named.append((_ROLES.get(words[words.index("run") + 1], "other") if "run" in words else "nats", child))
        return named


_ROLES = {"process,query": "core", "ingest,api": "edge"}


class _Bus:
    """Asks over one kept NATS connection, as `edge` does, but without HTTP."""

    def __init__(self, data: Path) -> None:
        state = DataDir(data).read_state()
        if state is None:
            raise SystemExit(f"no platform runs on {data}")
        self._loop = asyncio.new_event_loop()
        self._connection = Connection(
            NatsConfig(url=state.nats_url, user=state.nats_user, password=state.nats_password, name="bench")
        )
        self._loop.run_until_complete(self._connection.open())

    def ask(self, question: Asked) -> Answer:
        request = self._connection.request(SUBJECT, encode_question(question), timeout=60.0)
        return decode_reply(self._loop.run_until_complete(request).data)

    def close(self) -> None:
        self._loop.run_until_complete(self._connection.close())
        self._loop.close()


def translated(question: Question) -> Asked:
    """The question in Penstock's vocabulary."""
    room = Select(building=question.building, room=question.room, metric="temperature")

    def aggregate(where: Select, start: int, window: int) -> Aggregate:
        return Aggregate(tenant=TENANT, where=where, start=start, end=question.end, window=window)

    match question.kind:
        case "recent":
            one = Select(sensor=question.sensor, metric="temperature")
            return Recent(tenant=TENANT, where=one, limit=question.limit)
        case "site":
            return aggregate(Select(site=question.site, metric="temperature"), question.start, question.window)
        case "room":
            return aggregate(room, question.start, question.window)
        case "average":
            return aggregate(room, question.end - QUARTER, 0)
        case "events":
            return Events(tenant=TENANT, criticality_above=question.above, limit=question.limit)
        case "explore":
            return read_query(json.dumps(document(question)).encode(), TENANT, question.end)


def document(question: Question) -> dict[str, Any]:
    """An explore question as POST /v1/query takes it."""
    lines = {"where": {"site": question.site}, "fn": "mean", "by": ["sensor"]}
    return {"start": question.start, "end": question.end, "window": question.window, "fetch": {"lines": lines}}


def seen(question: Question, answer: Answer) -> Seen:
    """What of Penstock's answer is compared."""
    column = {"recent": "value", "events": "criticality", "explore": "value"}.get(question.kind, "mean")
    return Seen.of(answer.table[column].to_pylist())
