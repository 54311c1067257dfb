"""VictoriaMetrics, single node: as Debian packages it, or at a URL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

from bench.peers.local import Http, Server, debian_version, free_port, program
from bench.peers.port import Totals, size_of
from bench.questions import Asker, Question, Seen
from bench.transports import Target


class VictoriaMetrics:
    """Line protocol in, MetricsQL out. `-dedup.minScrapeInterval=1ms` makes it keep one value per series and instant."""

    name = "victoriametrics"
    durability = "none when acknowledged: in memory for up to about 10 s"

    def __init__(self, url: str | None = None) -> None:
        """At `url`, or as a process of its own; raises Absent."""
        self._url = url
        self._server: Server | None = None
        self._program = "" if url else program("victoria-metrics", "victoria-metrics")
        self.version = "at a URL" if url else debian_version("victoria-metrics")

    def start(self, directory: Path) -> None:
        self._directory = directory
        if self._url is None:
            listen = f"127.0.0.1:{free_port()}"
            self._address = f"http://{listen}"
            command = [self._program, f"-storageDataPath={directory / 'data'}"]
            command += [f"-httpListenAddr={listen}", "-retentionPeriod=10y", "-dedup.minScrapeInterval=1ms"]
            self._server = Server(command, directory)
            self._server.until(f"{self._address}/health")
        else:
            self._address = self._url
        self._http = Http(self._address)

    def stop(self) -> None:
        if self._server:
            self._http.close()
            self._server.stop()

    def target(self, body: str | None = None) -> Target:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return Target("http", body or "line", (self._http.host, self._http.port), "/write?precision=ms", headers)

    def write(self, body: bytes) -> None:
        self._http.send("POST", "/write?precision=ms", body)

    def settle(self) -> None:
        self._http.send("GET", "/internal/force_flush")

    def totals(self, metric: str, start: int, end: int) -> Totals:
        # A window of MetricsQL is (t - width, t].
        window = f"{metric}_value[{end - start}ms]"
        numbers = [self._instant(f"sum({of}({window}))", end - 1) for of in ("count_over_time", "sum_over_time")]
        return Totals(round(numbers[0]), numbers[1])

    def _instant(self, query: str, ts: int) -> float:
        found = self._http.get(f"/api/v1/query?query={quote(query)}&time={ts / 1000:.3f}&nocache=1")["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

    def askers(self) -> Mapping[str, Asker]:
        return {"http": self._ask}

    def _ask(self, question: Question) -> Seen | None:
        match question.kind:
            case "recent":
                # It has no "last n": a bounded export holds them, as the step is known.
                match = quote(f'temperature_value{{sensor_id="{question.sensor}"}}')
                path = f"/api/v1/export?match[]={match}&start={question.start / 1000}&end={(question.end - 1) / 1000}"
                values = [v for line in self._http.send("GET", path).splitlines() for v in json.loads(line)["values"]]
                return Seen.of(values[-question.limit :])
            case "site":
                where = f'temperature_value{{site_id="{question.site}"}}'
                answers = [self._range(f"{of}({of}_over_time({where}[{question.window}ms]))", question) for of in ("min", "max", "avg")]  # fmt: skip
                return answers[-1]
            case "room":
                return self._range(
                    f'avg(avg_over_time(temperature_value{{room="{question.room}"}}[{question.window}ms]))', question
                )
            case "average":
                value = self._instant(
                    f'avg(avg_over_time(temperature_value{{room="{question.room}"}}[15m]))', question.end
                )
                return Seen(1, value)
            case "explore":
                return None  # its month is not written here
            case "events":
                return None

    def _range(self, query: str, question: Question) -> Seen:
        # The value of a window that ends at t is told at t; the last instant of [t, t + w) is t + w - 1 ms.
        first, last = question.start + question.window - 1, question.end - 1
        path = f"/api/v1/query_range?query={quote(query)}&start={first / 1000:.3f}&end={last / 1000:.3f}"
        found = self._http.get(f"{path}&step={question.window}ms&nocache=1")["data"]["result"]
        return Seen.of([float(value) for _, value in found[0]["values"]] if found else [])

    def disk_bytes(self) -> int | None:
        return size_of(self._directory) if self._server else None

    def processes(self) -> Sequence[tuple[str, psutil.Process]]:
        return self._server.processes("victoria") if self._server else []
