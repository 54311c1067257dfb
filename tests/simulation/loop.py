"""An asyncio event loop whose time is virtual and whose order of running is decided by a seed.

It has timers and callbacks only: no sockets, no threads, no signals, so nothing outside can disturb it. When nothing is
ready, time jumps to the next timer. Each task belongs to the process (`OWNER`) of the code that made it, so that a
process can be killed.
"""

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

OWNER: ContextVar[str] = ContextVar("OWNER", default="world")
"""Name of the process that the running code is part of; tasks and callbacks inherit it."""

_STUCK = 200_000  # callbacks run without any passing of time: more is a busy loop

_NO_CONTEXT = Context()


class Stuck(Exception):
    """Nothing can ever happen again, or callbacks run for ever while time stands still."""


class _Future(asyncio.Future):
    """Hashes by its number, so that sets of futures have the same order in every run."""

    def __init__(self, *, loop: "VirtualLoop") -> None:
        self.number = next(loop.numbers)
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self.number


class _Task(asyncio.Task):
    def __init__(self, coro: Coroutine, *, loop: "VirtualLoop", **more: Any) -> None:
        self.number = next(loop.numbers)
        self.owner = OWNER.get()
        super().__init__(coro, loop=loop, **more)

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.AbstractEventLoop):
    """`rng` picks which ready callback runs next; None keeps asyncio's order of arrival."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self.numbers = itertools.count()
        self.errors: list[dict[str, Any]] = []
        self.steps = 0
        self._pick = rng.random if rng is not None else None
        self._now = 0.0
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._tasks: list[_Task] = []
        self._prune_at = 64
        self._running = False
        self._closed = False

    # -- what asyncio asks of a loop

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True
        self._ready.clear()
        self._timers.clear()

    def call_soon(self, callback: Callable, *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self.numbers), handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is skipped when its time comes."""

    def create_future(self) -> asyncio.Future:
        return _Future(loop=self)

    def create_task(self, coro: Coroutine, **more: Any) -> asyncio.Task:
        task = _Task(coro, loop=self, **more)
        self._tasks.append(task)
        if len(self._tasks) >= self._prune_at:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._prune_at = 64 + 2 * len(self._tasks)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.errors.append(context)

    # -- processes

    def spawn(self, owner: str, coro: Coroutine) -> asyncio.Task:
        """A task, and with it all that it starts, of another process."""
        context = copy_context()
        context.run(OWNER.set, owner)
        return context.run(self.create_task, coro)

    def tell(self, delay: float, callback: Callable, *args: Any) -> None:
        """Let something happen later that no death of a process can stop."""
        self.call_later(delay, callback, *args, context=_NO_CONTEXT.copy())

    def alive(self, owner: str | None = None) -> list[_Task]:
        """Tasks that have not ended, of one process or of all."""
        return [task for task in self._tasks if not task.done() and (owner is None or task.owner == owner)]

    # -- running

    def run(self, coro: Coroutine) -> Any:
        """Run until `coro` is done and return its result; raises Stuck if it can never be."""
        asyncio._set_running_loop(self)
        self._running = True
        try:
            main = self.create_task(coro)
            while not main.done():
                self._step()
            return main.result()
        finally:
            self._running = False
            asyncio._set_running_loop(None)

    def _step(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready:
            if not timers:
                raise Stuck(f"all wait for ever at {self._now:.3f}: {self.alive()}")
            self._now = max(self._now, timers[0][0])
            self._quiet_steps = 0
            while timers and timers[0][0] <= self._now:
                handle = heapq.heappop(timers)[2]
                if not handle.cancelled():
                    ready.append(handle)
            return
        self.steps += 1
        self._quiet_steps += 1
        if self._quiet_steps > _STUCK:
            raise Stuck(f"time stands still at {self._now:.3f}: {self.alive()}")
        if self._pick is None:
            handle = ready.pop(0)
        else:
            i = int(self._pick() * len(ready))
            handle, ready[i] = ready[i], ready[-1]
            ready.pop()
        if not handle.cancelled():
            handle._run()

    _quiet_steps = 0
