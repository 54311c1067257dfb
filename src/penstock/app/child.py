"""Child processes that end with their parent, and telling a process from another one that got its pid."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["is_running", "launch_command", "start_time"]

# Runs between fork and exec in an interpreter of its own: a preexec function would run Python in a forked copy of a process
# that has threads, which can deadlock. The setting survives exec. If the parent has died before, nobody will send the signal.
_LAUNCHER: Final = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent has ended")
os.execv(sys.argv[2], sys.argv[2:])
"""


def launch_command(program: str, *arguments: str) -> tuple[str, ...]:
    """The command line that runs `program` (a path) so that the kernel sends it SIGTERM when this process ends.

    Only Linux can do that; elsewhere it is the plain command.
    """
    if sys.platform != "linux":
        return program, *arguments
    return sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), program, *arguments


def start_time(pid: int) -> str | None:
    """When a process started, as an opaque text that differs between two processes of the same pid; None if there is none."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The command, in parentheses, may hold anything; the state is the first field behind it, the start the twentieth.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    listed = subprocess.run(  # noqa: S603  the only argument is a number
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() or None


def is_running(pid: int, started: str) -> bool:
    """Whether the process that started at `started` still runs."""
    return start_time(pid) == started
