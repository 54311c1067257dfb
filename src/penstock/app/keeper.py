"""Keeping one thing running: start it, wait for its end, start it again after a growing, jittered pause."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from penstock.model.errors import Misconfigured, Unavailable

__all__ = ["Backoff", "Ends", "Worker", "WorkerSpec"]

log: Final = structlog.get_logger(__name__)

_ATTEMPTS_TO_START: Final = 3
"""Ends before it was ever ready, after which a worker is given up: it would not get better by itself."""


class Backoff:
    """Pauses between restarts: doubling from 0.05 s to 30 s, each drawn from its upper half; from the start after `healthy` seconds."""

    def __init__(self, draw: Callable[[float, float], float] = random.uniform, *, healthy: float = 60.0) -> None:
        self._draw = draw
        self._healthy = healthy
        self._failures = 0

    def after(self, ran_for: float) -> float:
        """Seconds to wait after something ended that had run for `ran_for` seconds."""
        if ran_for >= self._healthy:
            self._failures = 0
        pause = min(30.0, 0.05 * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        return self._draw(pause / 2, pause)


class Ends:
    """When something last ended by itself, epoch ms, oldest first."""

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=8)

    def note(self) -> None:
        """It ended now."""
        self._times.append(time.time_ns() // 1_000_000)

    @property
    def times(self) -> tuple[int, ...]:
        return tuple(self._times)


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """A process of roles.

    name         in messages and in state.json
    arguments    after `python -m penstock run`
    environment  of the process
    inherit      descriptors it gets besides its link
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    inherit: Sequence[int] = ()


class Worker:
    """One process of roles, kept running from `keep` until `stop`.

    `ready` holds what the process said when it was ready first; `restarts` counts starts after the first, `ended` says when it
    ended without being told to. `changed` is called when the pid changes, `heard` with every other message of the process.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        *,
        changed: Callable[[], None],
        heard: Callable[[Mapping[str, Any]], None],
        backoff: Backoff,
    ) -> None:
        self.spec = spec
        self.pid: int | None = None
        self.restarts = 0
        self.ended = Ends()
        self.ready: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._changed = changed
        self._heard = heard
        self._backoff = backoff
        self._process: asyncio.subprocess.Process | None = None
        self._failure: Mapping[str, Any] | None = None
        self._stopping = asyncio.Event()

    async def keep(self) -> None:
        """Returns after `stop`; raises Misconfigured or Unavailable when starting it again makes no sense."""
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            self._give_up(code)
            pause = self._backoff.after(time.monotonic() - began)
            log.error("a process ended", process=self.spec.name, code=code, restart_in=round(pause, 2))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            self.restarts += 1

    async def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL after `seconds`. Idempotent."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            log.warning("a process did not drain in time", process=self.spec.name, seconds=round(seconds, 1))
            self.signal(signal.SIGKILL)
            await process.wait()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _run_once(self) -> int:
        """Start the process and listen to it until its end; returns its exit code (negative: the signal)."""
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "penstock", "run", *self.spec.arguments, "--link-fd", str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),  # the supervisor's stdout holds its ready line and nothing else
                pass_fds=(theirs.fileno(), *self.spec.inherit),
                env=dict(self.spec.environment),
                start_new_session=True,  # Ctrl-C is for the supervisor, which drains in order
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.pid = self._process.pid
        self._changed()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    self._take(json.loads(line))
            return await self._process.wait()
        finally:
            writer.close()
            self.pid = None
            if not self._stopping.is_set():
                self.ended.note()
            self._changed()

    def _take(self, message: Mapping[str, Any]) -> None:
        if "ready" in message:
            if not self.ready.done():
                self.ready.set_result(message["ready"])
        elif "failed" in message:
            self._failure = message["failed"]
        else:
            self._heard(message)

    def _give_up(self, code: int) -> None:
        if self._failure is not None:
            failure = self._failure
            raise Misconfigured(failure["detail"], code=failure["code"], hint=failure["hint"])
        if not self.ready.done() and self.restarts + 1 >= _ATTEMPTS_TO_START:
            raise Unavailable(
                f"the process {self.spec.name} ended {_ATTEMPTS_TO_START} times before it was ready (last: {_describe(code)})",
                hint="its messages are above; PENSTOCK_LOG_LEVEL=debug shows more",
            )


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
