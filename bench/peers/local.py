"""What the peers share: a server process on loopback, a kept HTTP connection, free ports."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

START_SECONDS = 30.0
STOP_SECONDS = 30.0
IDLE_SECONDS = 2.0


class Absent(Exception):
    """A peer that is not on this machine; the text says what to install."""


def program(name: str, package: str) -> str:
    """The path of an executable; raises Absent naming the Debian package that has it."""
    if found := shutil.which(name):
        return found
    raise Absent(f"{name} is not installed (Debian: {package})")


def debian_version(package: str) -> str:
    """The version of an installed package; not every program can tell its own."""
    said = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    )
    return said.stdout or "unknown"


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Http:
    """One kept connection; an answer of 300 and above ends the benchmark."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.headers = dict(headers or {})
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=600)
        self._used = time.monotonic()
        self.answered: Mapping[str, str] = {}
        """Headers of the last answer, by names in lower case."""

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        if time.monotonic() > self._used + IDLE_SECONDS:
            self._connection.close()  # the server may be about to; the next request opens it again
        self._connection.request(method, path, body, self.headers | dict(headers or {}))
        answer = self._connection.getresponse()
        said = answer.read()
        self.answered = {name.lower(): value for name, value in answer.getheaders()}
        self._used = time.monotonic()
        if answer.status >= 300:
            raise SystemExit(f"{method} {self.host}:{self.port}{path}: {answer.status} {said[:500]!r}")
        return said

    def get(self, path: str) -> Any:
        return json.loads(self.send("GET", path))

    def close(self) -> None:
        self._connection.close()


class Server:
    """A child process and what it started, with its output in `directory`/server.log."""

    def __init__(self, command: Sequence[str], directory: Path, *, user: str | None = None) -> None:
        self._log = (directory / "server.log").open("w")
        self.path = directory / "server.log"
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log, cwd=directory, user=user)

    def until(self, ready: str, headers: Mapping[str, str] | None = None) -> None:
        """Returns once `ready` (a URL) answers; ends the benchmark with the log when the process ends or time is up."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            parts = urlsplit(ready)
            connection = http.client.HTTPConnection(parts.netloc, timeout=5)
            with contextlib.suppress(OSError), contextlib.closing(connection):
                connection.request("GET", parts.path, headers=dict(headers or {}))
                if connection.getresponse().status < 300:
                    return
            time.sleep(0.05)
        self.fail("did not start")

    def fail(self, what: str) -> None:
        """End the benchmark with the server's log."""
        raise SystemExit(f"{self.process.args}: {what}\n{self.path.read_text()[-4000:]}")

    def processes(self, name: str) -> list[tuple[str, psutil.Process]]:
        root = psutil.Process(self.process.pid)
        return [(name, process) for process in (root, *root.children(recursive=True))]

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
