"""What the supervisor notes about its processes, for the doors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.api.processes import Process, Processes
from penstock.app.datadir import DataDir

__all__ = ["noted_processes"]


def noted_processes(data: Path) -> Processes:
    """Reads what the supervisor of the data directory wrote last: a small file, replaced whenever something changes."""

    def read() -> Sequence[Process]:
        state = DataDir(data).read_state()
        if state is None:
            return ()
        names = sorted(state.processes.keys() | state.restarts.keys())
        return [
            Process(n, state.processes.get(n), state.restarts.get(n, 0), tuple(state.ended.get(n, ()))) for n in names
        ]

    return read
