"""The processes that a supervisor keeps running here, as far as it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

from penstock.model.time import MINUTE, format_time

__all__ = ["LOOP", "LOOP_WITHIN", "Process", "Processes", "troubles"]

LOOP: Final = 3
"""Ends within LOOP_WITHIN from which a process is said to be crash-looping."""
LOOP_WITHIN: Final = 5 * MINUTE

State = Literal["running", "starting", "restarting", "crash_looping"]


class Process(NamedTuple):
    """One process. `pid` is None while it is not there; `ended` holds when it last ended by itself, epoch ms, oldest first."""

    name: str
    pid: int | None
    restarts: int
    ended: tuple[int, ...] = ()

    def lately(self, now: int) -> int:
        """How often it ended within the last LOOP_WITHIN ms."""
        return sum(at > now - LOOP_WITHIN for at in self.ended)

    def state(self, now: int) -> State:
        """`crash_looping` also while it happens to run: it will not for long."""
        if self.lately(now) >= LOOP:
            return "crash_looping"
        if self.pid is not None:
            return "running"
        return "restarting" if self.ended else "starting"

    def told(self, now: int) -> dict[str, Any]:
        """As JSON; `last_end` is null for one that never ended."""
        return {
            "process": self.name,
            "state": self.state(now),
            "pid": self.pid,
            "restarts": self.restarts,
            "ended_lately": self.lately(now),
            "last_end": format_time(self.ended[-1]) if self.ended else None,
        }


Processes = Callable[[], Sequence[Process]]
"""Asks the supervisor's notes; empty where there is no supervisor on this machine."""


def troubles(processes: Sequence[Process], now: int) -> list[str]:
    """A sentence for each process that is not running, or will not be for long."""
    said = {
        "crash_looping": "{p.name} ended {n} times within {m} minutes and is started again each time",
        "restarting": "{p.name} ended and is being started again",
    }
    return [
        said[state].format(p=process, n=process.lately(now), m=LOOP_WITHIN // MINUTE)
        for process in processes
        if (state := process.state(now)) in said
    ]
