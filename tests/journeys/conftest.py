"""A real platform as a user starts it: `penstock up`, its supervisor, nats-server, HTTP and store, asked from outside."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

READY_SECONDS = 40.0
HISTORY_SECONDS = 120.0
STOP_SECONDS = 10.0


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_")} | {"NO_COLOR": "1"} | extra


def pause(seconds: float) -> None:
    """Let other processes do something."""
    threading.Event().wait(seconds)


def until(condition: Callable[[], Any], seconds: float = 10.0, *, what: str = "the condition") -> Any:
    """The first true value of `condition`, polled; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not hold within {seconds} s"
        pause(0.05)
    return value


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Platform:
    """One `penstock up` on a directory. What it writes on stderr is in `stderr()`, for messages of failed assertions."""

    def __init__(self, home: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.data = home / "data"
        self._log = home / f"up-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "penstock", "up", "--data", str(self.data)]
        command += ["--http", "127.0.0.1:0", "--nats", "127.0.0.1:0", *arguments]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=clean_environment(**(environment or {}))
            )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._printed: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.url = ""

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            for line in out:
                self._lines.put(line)
        self._lines.put(None)

    def wait_ready(self) -> Platform:
        try:
            line = self._lines.get(timeout=READY_SECONDS)
        except queue.Empty:
            line = None
        if line is None or not line.startswith("ready http://"):
            self.process.kill()
            raise AssertionError(f"not ready: {line!r}\n{self.stderr()}")
        self._printed.append(line)
        self.url = line.split()[1]
        return self

    def wait_history(self) -> Platform:
        """Until the demonstration has all of its week."""
        until(lambda: '"history is stored"' in self.stderr(), HISTORY_SECONDS, what="the demonstration's week")
        return self

    def printed(self) -> list[str]:
        """Everything that it wrote on stdout; complete once it has ended."""
        while (line := self._lines.get(timeout=STOP_SECONDS)) is not None:
            self._printed.append(line)
        return self._printed

    def stderr(self) -> str:
        return self._log.read_text()

    @property
    def key(self) -> str:
        return (self.data / "local.key").read_text().strip()

    def state(self) -> dict[str, Any]:
        return json.loads((self.data / "run" / "state.json").read_text())

    def get(self, path: str, *, accept: str = "application/json") -> Any:
        return self._ask(urllib.request.Request(self.url + path, headers={"Accept": accept}))

    def post(self, path: str, body: Any, *, content_type: str = "application/json", **headers: str) -> Any:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask(urllib.request.Request(self.url + path, payload, {"Content-Type": content_type, **headers}))

    def _ask(self, request: urllib.request.Request) -> Any:
        if not request.has_header("Authorization"):
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body, kind = answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read()!r}\n{self.stderr()}") from None
        return json.loads(body) if kind.endswith("json") else body

    def cli(self, *arguments: str, timeout: float = 60.0, **environment: str) -> Done:
        """Run a command that finds this platform by its data directory."""
        env = clean_environment(PENSTOCK_DATA=str(self.data), **environment)
        return run_cli(arguments, env, timeout)

    def balanced(self) -> list[dict[str, Any]]:
        """The ledger once nothing is in flight; every difference must be 0."""

        def settled() -> list[dict[str, Any]] | None:
            rows = self.get("/v1/system/ledger")["data"]
            return rows if rows and all(row["in_flight"] == 0 for row in rows) else None

        rows = until(settled, 30.0, what="an empty bus")
        assert [row["difference"] for row in rows] == [0] * len(rows), rows
        return rows

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it and return its exit code; fails, with its messages, when it takes over ten seconds."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_SECONDS + 2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError(f"not stopped within {STOP_SECONDS} s\n{self.stderr()}") from None
        return self.process.returncode


def run_cli(arguments: Sequence[str], environment: Mapping[str, str], timeout: float = 60.0) -> Done:
    """Run `penstock` with exactly this environment."""
    done = subprocess.run(
        [sys.executable, "-m", "penstock", *arguments],
        capture_output=True, text=True, env=dict(environment), timeout=timeout, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def platform(tmp_path_factory) -> Iterator[Platform]:
    """One platform for all tests that only add data of their own."""
    running = Platform(tmp_path_factory.mktemp("platform"), "--tcp", "127.0.0.1:0").wait_ready()
    yield running
    assert running.stop() == 0, running.stderr()


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Platform]]:
    """Starts platforms that a test may harm; all are ended with it. Not yet ready when returned."""
    started: list[Platform] = []

    def begin(*arguments: str, home: Path | None = None, **environment: str) -> Platform:
        started.append(Platform(home or tmp_path / "home", *arguments, environment=environment))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture
def fresh_platform(start) -> Platform:
    """A platform with nothing in it, for this test alone."""
    return start().wait_ready()
