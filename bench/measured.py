"""The platform under test: started as a user starts it, measured from outside."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

KEY = "bench-key-0123456789abcdef"


class Platform:
    """`penstock up` on an empty directory and free ports. A context manager."""

    def __enter__(self) -> Platform:
        self._directory = tempfile.TemporaryDirectory(prefix="penstock-bench-")
        self.data = Path(self._directory.name)
        self.log = (self.data / "up.log").open("w")
        command = [sys.executable, "-m", "penstock", "up", "--data", str(self.data / "data")]
        command += ["--http", "127.0.0.1:0", "--nats", "127.0.0.1:0"]
        environment = os.environ | {"PENSTOCK_BOOTSTRAP_KEY": KEY}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit(f"the platform did not start:\n{(self.data / 'up.log').read_text()}")
        self.url = line.split()[1]
        self.host, port = self.url.removeprefix("http://").split(":")
        self.port = int(port)
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)
        self.log.close()
        self._directory.cleanup()

    def get(self, path: str) -> Any:
        """The JSON answer, over one connection that is kept."""
        return json.loads(self._ask("GET", path, None, {}))

    def post(self, path: str, body: bytes, content_type: str) -> None:
        self._ask("POST", path, body, {"Content-Type": content_type})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, {"Authorization": f"Bearer {KEY}"} | headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {said[:500]!r}")
        return said

    def processes(self) -> dict[str, psutil.Process]:
        root = psutil.Process(self.process.pid)
        named = {"supervisor": root}
        for child in root.children(recursive=True):
            words = child.cmdline()
            named[words[words.index("run") + 1] if "run" in words else Path(words[0]).name] = child
        return named

    def memory(self) -> dict[str, float]:
        """Resident MB per process; pages shared between them count in each."""
        return {name: process.memory_info().rss / 1e6 for name, process in self.processes().items()}

    def cpu(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self.processes().items()}

    def settled(self) -> int:
        """Readings stored or told to be duplicates, once nothing is in flight any more."""
        while True:
            rows = self.get("/v1/system/ledger")["data"]
            if all(row["in_flight"] == 0 for row in rows):
                if any(row["difference"] for row in rows):
                    raise SystemExit(f"the ledger does not balance: {rows}")
                return sum(row["stored"] + row["duplicate"] + row["superseded"] for row in rows)
            time.sleep(0.05)
