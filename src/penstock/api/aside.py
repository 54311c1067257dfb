"""An event loop in a thread of its own, for work that is long and all Python: nothing of it holds the loop that serves requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from penstock.model.errors import Unavailable
from penstock.query.port import Answer, Question, Reader

__all__ = ["Aside", "AskedFromAside"]

T = TypeVar("T")


class Aside:
    """The loop and its thread, which begins with the first work. Used from one event loop; `close` ends it.

    The work of all callers takes turns on it, so it takes one processor at most, and hands over the interpreter's lock every
    `sys.getswitchinterval()`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop = asyncio.Event()
        self._closed = False

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work()` gives or raises on the other loop; cancelled with its caller. Raises Unavailable once closed."""
        if self._closed:
            raise Unavailable("the server is stopping", code="stopping")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._serve, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), self._loop))

    async def close(self) -> None:
        """End the thread; what still runs in it is cancelled."""
        self._closed = True
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join)
        self._loop = self._thread = None

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._stopped())

    async def _stopped(self) -> None:
        await self._stop.wait()


class AskedFromAside:
    """A `Reader` for work on another loop: each question is asked on `home`, the loop that the reader belongs to."""

    def __init__(self, reader: Reader, home: asyncio.AbstractEventLoop) -> None:
        self._reader = reader
        self._home = home

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._reader.ask(question), self._home))
