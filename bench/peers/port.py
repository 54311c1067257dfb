"""The contract of a system under test. Penstock and every peer are measured through it, from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import psutil

from bench.questions import Asker
from bench.transports import Target


class Totals(NamedTuple):
    """What a system gives back when it is asked for everything: readings, and the sum of their values."""

    readings: int
    total: float


class Peer(Protocol):
    """One system on loopback with ports and a directory of its own. `start` comes first, `stop` last."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def durability(self) -> str:
        """When what was acknowledged survives a power cut."""
        ...

    def start(self, directory: Path) -> None:
        """Begin with nothing in `directory`; returns once it can be written to."""
        ...

    def stop(self) -> None:
        """End its processes; idempotent."""
        ...

    def target(self, body: str | None = None) -> Target:
        """Where a load client writes; without `body`, the line protocol or what the system has instead."""
        ...

    def write(self, body: bytes) -> None:
        """One body of `target()`, over one kept connection; returns once it is acknowledged."""
        ...

    def settle(self) -> None:
        """Returns once everything acknowledged can be queried."""
        ...

    def totals(self, metric: str, start: int, end: int) -> Totals:
        """Readings of a metric in [start, end), by the system's own query language."""
        ...

    def askers(self) -> Mapping[str, Asker]:
        """Door → how to ask through it, over one kept connection."""
        ...

    def disk_bytes(self) -> int | None:
        """Bytes of its files; None where they are elsewhere."""
        ...

    def processes(self) -> Sequence[tuple[str, psutil.Process]]:
        """Its processes and what each is called; empty where they are elsewhere."""
        ...


def cpu_seconds(peer: Peer) -> dict[str, float]:
    """User and system CPU seconds so far by name (/proc/PID/stat), those of children that have ended included."""
    return _by_name(peer, lambda process: sum(process.cpu_times()[:4]))


def resident_mb(peer: Peer) -> dict[str, float]:
    """Resident MB by name; pages shared between processes count in each."""
    return _by_name(peer, lambda process: process.memory_info().rss / 1e6)


def _by_name(peer: Peer, of: Callable[[psutil.Process], float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, process in peer.processes():
        with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended a moment ago
            found[name] = found.get(name, 0.0) + of(process)
    return found


def size_of(directory: Path) -> int:
    """Bytes allocated to the files below `directory`."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())
