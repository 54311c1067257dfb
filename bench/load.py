"""One sustained load on a fresh system: rate until everything can be queried, CPU, memory, and whether nothing is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.bodies import LATE_MS, SENSORS, Stream
from bench.peers.port import Peer, cpu_seconds, resident_mb
from bench.transports import Target

LINGER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """How to load a system; `body` None is the line protocol, or what the system has instead."""

    body: str | None = None
    seconds: float = 60.0
    connections: int = 4
    sensors: int = SENSORS
    late: float = 0.0


@dataclass(slots=True)
class Figures:
    """What one load measured. `cpu` and `mb` are by process; `cpu` in seconds per million readings."""

    peer: str
    body: str
    readings: int
    rate: float
    ack_p50_ms: float
    ack_p95_ms: float
    refused: int
    client_cpu: float
    cpu: dict[str, float] = field(default_factory=dict)
    mb: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0

    @property
    def platform_cpu(self) -> float:
        """Seconds per million readings, all processes of the system."""
        return sum(self.cpu.values())

    def document(self) -> dict[str, Any]:
        return asdict(self)


@contextmanager
def running(make: Callable[[], Peer]) -> Generator[Peer]:
    """A fresh instance in a directory of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o711)  # a server may run as another user
        home = Path(directory) / "home"
        home.mkdir()
        peer = make()
        try:
            peer.start(home)
            yield peer
        finally:
            peer.stop()


class _Watch(threading.Thread):
    """Samples a system's memory while a load runs."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(daemon=True)
        self._peer = peer
        self._done = threading.Event()
        self.peak = 0.0
        self.each: dict[str, float] = {}

    def run(self) -> None:
        while not self._done.wait(0.25):
            now = resident_mb(self._peer)
            self.peak = max(self.peak, sum(now.values()))
            self.each = {name: max(mb, self.each.get(name, 0.0)) for name, mb in now.items()}

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()


def recently() -> int:
    """Epoch ms from which a load's instants run: a minute ago, as live data do.

    Much earlier would measure something else: readings of an hour that is over make its rollups dirty (see `bench.late`).
    """
    return int(time.time()) * 1000 - 60_000


def command(target: Target, stream: Stream, seconds: float, connections: int, rate: float = 0.0) -> list[str]:
    """Of a load client (`bench.client`)."""
    spec = {"target": target.document(), "stream": asdict(stream)}
    spec |= {"seconds": seconds, "connections": connections, "rate": rate}
    return [sys.executable, "-m", "bench.client", json.dumps(spec)]


def sustain(peer: Peer, load: Load) -> Figures:
    """Load a running system, then ask it for everything back; ends the benchmark when a reading is missing."""
    stream = Stream(recently(), load.sensors, load.late)
    target = peer.target(load.body)
    before = cpu_seconds(peer)
    with _Watch(peer) as watch:
        ran = subprocess.run(
            command(target, stream, load.seconds, load.connections), check=False, capture_output=True, text=True
        )
        if ran.returncode:
            raise SystemExit(f"{peer.name}: the load client failed\n{ran.stderr[-4000:]}")
        sent = json.loads(ran.stdout)
        settled = _settled(peer, target, stream, sent["readings"])
    elapsed = settled - sent["began"]
    after = cpu_seconds(peer)
    millions = sent["readings"] / 1e6
    return Figures(
        peer.name,
        target.body,
        sent["readings"],
        sent["readings"] / elapsed,
        sent["ack_p50_ms"],
        sent["ack_p95_ms"],
        sent["refused"],
        sent["client_cpu"] / millions,
        {name: (after[name] - before.get(name, 0.0)) / millions for name in after},
        watch.each,
        watch.peak,
    )


def _settled(peer: Peer, target: Target, stream: Stream, sent: int) -> float:
    """When (epoch s) everything acknowledged could be queried; ends the benchmark when it cannot within a minute."""
    deadline = time.monotonic() + LINGER_SECONDS
    while True:
        peer.settle()
        settled = time.time()
        held = _held(peer, target, stream)
        if held == sent:
            return settled
        if held > sent or time.monotonic() > deadline:
            raise SystemExit(f"{peer.name}: {sent} acknowledged, {held} come back")
        time.sleep(0.1)


def _held(peer: Peer, target: Target, stream: Stream) -> int:
    """Readings that the system gives back; an EMS row holds three metrics."""
    metrics = ("power_w", "voltage_v", "current_a") if target.body == "ems" else ("power_w",)
    start = stream.start - (LATE_MS if stream.late else 0)
    return sum(peer.totals(metric, start, stream.start + LATE_MS).readings for metric in metrics)
