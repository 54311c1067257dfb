"""The platform under test: `penstock up` as a user starts it, or its roles one by one where something is put between them.

Everything lives in a directory of the run, on private loopback ports, and is stopped by pid.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, Self

import psutil

from penstock.accounts.keys import KeyRing
from penstock.app.broker import Broker, BrokerAddress, BrokerConfig
from tests.faults.load import Load
from tests.journeys.conftest import Platform, clean_environment, until

TENANTS: Final = ("default", "other")
READY_SECONDS: Final = 60.0


class Target(Protocol):
    """What the load and the checker need of a platform."""

    url: str
    data: Path

    @property
    def keys(self) -> dict[str, str]: ...

    def pids(self) -> dict[str, int]: ...

    def stop(self) -> object: ...


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tenant_keys(data: Path) -> dict[str, str]:
    """An API key per tenant, made once per data directory."""
    path = data / "faults-keys.json"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        ring = KeyRing(data / "keys.json")
        path.write_text(json.dumps({t: ring.create(t, "faults", ("read", "write", "admin"), None) for t in TENANTS}))
    return json.loads(path.read_text())


class Up:
    """`penstock up`, always on the same ports, so that it can be ended and started again under a running load."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        self.home = home
        self.data = home / "data"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._nats = free_port()
        self._arguments = arguments
        self._environment = environment
        self.platform: Platform | None = None

    @property
    def keys(self) -> dict[str, str]:
        return tenant_keys(self.data)

    def start(self) -> Self:
        assert self.keys
        ports = ("--http", self.url.removeprefix("http://"), "--nats", f"127.0.0.1:{self._nats}")
        self.platform = Platform(self.home, *ports, *self._arguments, environment=self._environment)
        self.platform.wait_ready()
        return self

    def pids(self) -> dict[str, int]:
        """Of core, edge and nats, as far as they run at the moment; `up` is the supervisor."""
        assert self.platform is not None
        return {**self.platform.state()["processes"], "up": self.platform.process.pid}

    def restarts(self) -> dict[str, int]:
        assert self.platform is not None
        return self.platform.state()["restarts"]

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        if self.platform is None:
            return 0
        running, self.platform = self.platform, None
        return running.stop()

    def kill(self) -> None:
        """End it whatever state it is in."""
        if self.platform is not None:
            with contextlib.suppress(AssertionError):
                self.platform.stop()
            self.platform = None

    def power_off(self) -> None:
        """End all its processes at one instant, as far as one can: nobody drains, nobody sees another one end."""
        assert self.platform is not None
        pids = list(self.pids().values())
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.platform.process.wait()
        self.platform = None
        until(lambda: not any(map(psutil.pid_exists, pids)), what="the end of all processes")

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.home.glob("up-*.log")))


class Parts:
    """nats-server, edge and core as processes of their own; `edge_nats` and `core_nats` may be a proxy's URL.

    `core` runs `tests.faults.core` instead of `penstock run process,query` when `store_fault` is given (its arguments as a dict).
    """

    def __init__(self, home: Path, *, store_fault: Mapping[str, Any] | None = None, **environment: str) -> None:
        self.data = home / "data"
        self.home = home
        self.url = f"http://127.0.0.1:{free_port()}"
        self.store_fault = store_fault
        self._environment = environment
        self._loop = asyncio.new_event_loop()
        self._broker = Broker(BrokerConfig(data_dir=self.data))
        self.address: BrokerAddress | None = None
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def keys(self) -> dict[str, str]:
        return tenant_keys(self.data)

    def start_broker(self) -> BrokerAddress:
        self.data.mkdir(parents=True, exist_ok=True)
        self.address = self._loop.run_until_complete(self._broker.start())
        return self.address

    def start(self, *, edge_nats: str | None = None, core_nats: str | None = None) -> Self:
        address = self.address or self.start_broker()
        assert self.keys
        self.start_core(core_nats or address.url)
        self._spawn("edge", ["-m", "penstock", "run", "ingest,api"], edge_nats or address.url)
        until(lambda: ready(self.url), READY_SECONDS, what="readiness")
        return self

    def restart_broker(self, meanwhile: Callable[[], object]) -> None:
        """Stop nats-server, do something to its files, start it again on the same ports."""
        self._loop.run_until_complete(self._broker.stop())
        meanwhile()
        self.start_broker()

    def start_core(self, nats_url: str | None = None) -> None:
        assert self.address is not None
        command = ["-m", "penstock", "run", "process,query"]
        if self.store_fault is not None:
            command = ["-m", "tests.faults.core", json.dumps(dict(self.store_fault))]
        self._spawn("core", command, nats_url or self.address.url)

    def _spawn(self, name: str, command: Sequence[str], nats_url: str) -> None:
        assert self.address is not None
        environment = clean_environment(
            PENSTOCK_DATA=str(self.data),
            PENSTOCK_HTTP=self.url.removeprefix("http://"),
            PENSTOCK_NATS_URL=nats_url,
            PENSTOCK_NATS_USER=self.address.user,
            PENSTOCK_NATS_PASSWORD=self.address.password,
            PENSTOCK_NATS_MONITOR_URL=self.address.monitor_url,
            **self._environment,
        )
        with (self.home / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, env=environment)

    def pids(self) -> dict[str, int]:
        pids = {name: child.pid for name, child in self._children.items() if child.poll() is None}
        return pids | ({"nats": self._broker.pid} if self._broker.pid else {})

    def stop_role(self, name: str) -> int:
        """SIGTERM to one role; its exit code."""
        child = self._children.pop(name)
        child.send_signal(signal.SIGTERM)
        try:
            return child.wait(15.0)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return -signal.SIGKILL

    def stop(self) -> None:
        """End everything; idempotent."""
        for name in list(self._children):
            self.stop_role(name)
        if self._loop.is_closed():
            return
        self._loop.run_until_complete(self._broker.stop())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.home.glob("*.log")))


class Running:
    """A load generator at work."""

    def __init__(self, load: Load, home: Path) -> None:
        self.load = load
        config = load.write(home / f"{Path(load.ledger).name}.json")
        with (home / "load.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.load", str(config)],
                stdout=subprocess.PIPE, stderr=log, env=clean_environment(),
            )  # fmt: skip

    def finish(self, seconds: float = 120.0) -> dict[str, int]:
        """Batches per outcome, once everything is sent."""
        out, _ = self.process.communicate(timeout=seconds)
        if self.process.returncode:
            raise RuntimeError(f"the load generator ended with {self.process.returncode}; see load.log")
        return json.loads(out)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def seconds_to_serve(target: Target, limit: float = READY_SECONDS) -> float:
    """How long it takes from now until a reading can be written and read back; `/readyz` may remember a better past."""
    began = time.monotonic()
    now = time.time_ns() // 1_000_000
    row = {"site_id": "pulse", "sensor_id": "pulse", "metric": "pulse", "ts": now, "value": 1.0}
    key = next(iter(target.keys.values()))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "X-Penstock-Source": "pulse"}
    send = urllib.request.Request(f"{target.url}/v1/readings", json.dumps(row).encode(), headers)
    ask = urllib.request.Request(f"{target.url}/v1/sensors/pulse/recent?limit=1&from={now}", headers=headers)

    def answered(request: urllib.request.Request) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    until(lambda: answered(send), limit, what="a write")
    until(lambda: (answer := answered(ask)) and answer["data"], limit, what="reading it back")
    return time.monotonic() - began


def resources(pids: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Name → (resident bytes, open descriptors) of processes."""
    found: dict[str, tuple[int, int]] = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            found[name] = (process.memory_info().rss, process.num_fds())
    return found
