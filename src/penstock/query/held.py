"""Views that are held open between questions: for a door that must ask several times to make one answer.

A view is taken by `Hold`, read by `Within` and let go by `Release`. Whoever forgets the last, or dies before it, loses the view after
a while; then, and after a restart, `Within` is refused rather than answered from another revision. Nothing is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final, Self

from penstock.model.errors import Unavailable
from penstock.query.port import Answer, Hold, Query, Question, Reader, Release, Series, Within
from penstock.store.series import SeriesStore, SeriesView

__all__ = ["HeldViews", "OneRevision"]

_MOST: Final = 64
_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Held:
    tenant: str
    view: SeriesView
    said: Answer
    open: contextlib.AsyncExitStack
    ends: asyncio.TimerHandle
    reading: int = 0
    gone: bool = False


class HeldViews:
    """The views of one store that are held, at most `most`, each for at most `seconds`."""

    def __init__(self, store: SeriesStore, most: int = _MOST, seconds: float = _SECONDS) -> None:
        self._store = store
        self._most = most
        self._seconds = seconds
        self._opening = 0
        self._held: dict[str, _Held] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._held)

    async def take(self, tenant: str, said: Answer) -> Answer:
        """The answer of `Hold`: a view as of now. `said` is how fresh it is. Raises Unavailable when too many are held."""
        if len(self._held) + self._opening >= self._most:
            raise Unavailable(
                f"{self._most} views of the store are held for questions that take several steps",
                code="too_many_views",
                hint="ask again in a moment",
            )
        stack = contextlib.AsyncExitStack()
        self._opening += 1
        try:
            view = await stack.enter_async_context(self._store.view())
        finally:
            self._opening -= 1
        name = secrets.token_hex(8)
        ends = asyncio.get_running_loop().call_later(self._seconds, self.release, tenant, name)
        self._held[name] = _Held(tenant, view, said, stack, ends)
        return replace(said, meta={"view": name, "revision": view.revision})

    @contextlib.contextmanager
    def reading(self, tenant: str, name: str) -> Generator[tuple[SeriesView, Answer]]:
        """A held view to read from, and how fresh it was. Raises Unavailable (`view_gone`) when it is not held any more."""
        held = self._held.get(name)
        if held is None or held.tenant != tenant:
            raise Unavailable(
                "the view that the question was asked of is not held any more", code="view_gone", hint="ask anew"
            )
        held.reading += 1
        try:
            yield held.view, held.said
        finally:
            held.reading -= 1
            if held.gone and not held.reading:
                self._close(held)

    def release(self, tenant: str, name: str) -> None:
        """Let a view go, once nobody reads from it. One that is not held is no error."""
        held = self._held.get(name)
        if held is None or held.tenant != tenant:
            return
        del self._held[name]
        held.ends.cancel()
        held.gone = True
        if not held.reading:
            self._close(held)

    def _close(self, held: _Held) -> None:
        task = asyncio.create_task(held.open.aclose(), name="view:close")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Let all go."""
        for name, held in list(self._held.items()):
            self.release(held.tenant, name)
        await asyncio.gather(*self._closing)


class OneRevision:
    """A `Reader` whose answers are all of one revision, that of the first one. An async context manager, for one request."""

    def __init__(self, reader: Reader, tenant: str) -> None:
        self._reader = reader
        self._tenant = tenant
        self._taking = asyncio.Lock()
        self._view = ""

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`; of series and queries alone. Raises Unavailable (`view_gone`, `too_many_views`) besides."""
        assert isinstance(question, Series | Query), "no other question is answered from a held view"
        async with self._taking:
            if not self._view:
                held = await self._reader.ask(Hold(tenant=self._tenant))
                self._view = held.meta["view"]
        return await self._reader.ask(Within(tenant=self._tenant, question=question, view=self._view))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._view:
            with contextlib.suppress(Unavailable):  # then it ends by itself
                await self._reader.ask(Release(tenant=self._tenant, view=self._view))
