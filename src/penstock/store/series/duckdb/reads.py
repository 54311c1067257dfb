"""Reading series from the event loop: each read in one of the store's reader threads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings
from penstock.model.errors import Unavailable
from penstock.model.series import SeriesInfo
from penstock.store.series.duckdb.reader import SeriesReader
from penstock.store.series.duckdb.view import Glance, NotAtOnce, View
from penstock.store.series.port import Aggregates, EventRow, Filter, Newest, SeriesView

__all__ = ["OpenView", "SeriesReads"]

T = TypeVar("T")


class Threads(Protocol):
    """Runs a call in a reader thread. Raises Unavailable while the store is not open."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


class SeriesReads:
    """`Readable` by what `_series` gives."""

    def __init__(self, threads: Threads) -> None:
        self._threads: Final = threads

    @property
    def _series(self) -> SeriesReader:
        raise NotImplementedError

    async def find(self, tenant: str, where: Filter) -> Sequence[SeriesInfo]:
        return await self._threads(lambda: self._series.find(tenant, where))

    async def scan(self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int) -> Readings:
        return await self._threads(lambda: self._series.scan(tenant, ids, start, end))

    async def recent(self, tenant: str, ids: npt.NDArray[np.int32], limit: int, before: int | None = None) -> Readings:
        return await self._threads(lambda: self._series.recent(tenant, ids, limit, before))

    async def aggregate(
        self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int, width: int, hold: int = 0
    ) -> Aggregates:
        return await self._threads(lambda: self._series.aggregate(tenant, ids, start, end, width, hold))

    async def changed(self, start: int, end: int, ids: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int64]:
        return self._series.changed(start, end, ids)

    async def newest(self, tenant: str, ids: npt.NDArray[np.int32]) -> Newest:
        return await self._threads(lambda: self._series.newest(tenant, ids))

    async def events(
        self,
        tenant: str,
        *,
        criticality_above: int | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> Sequence[EventRow]:
        return await self._threads(lambda: self._series.events(tenant, criticality_above, start, end, limit))


class OpenView(SeriesReads):
    """A `SeriesView`; `answering` are the threads for what reads several times."""

    def __init__(self, view: View | Glance, reading: Threads, answering: Threads) -> None:
        super().__init__(reading)
        self._view: Final = view
        self._answering: Final = answering

    @property
    def revision(self) -> int:
        return self._view.revision

    @property
    def names(self) -> int:
        return self._view.names

    @property
    def _series(self) -> SeriesReader:
        return self._view

    async def together(self, ask: Callable[[SeriesView], Coroutine[Any, Any, T]], *, small: bool = False) -> T:
        """See `SeriesView.together`. When whoever asked is cancelled, the next read ends it."""
        here = _Here()
        if small and isinstance(self._view, View):
            # A way to a thread and back takes longer than the answer, above all while commits compete for the processor.
            with suppress(NotAtOnce), self._view.glance() as glance:
                return _driven(ask(OpenView(glance, here, here)))
        view = OpenView(self._view, here, here)
        try:
            return await self._answering(lambda: _driven(ask(view)))
        finally:
            here.ended = True


class _Here:
    """Runs calls in the thread that asks for them, until whoever waits for the answer has gone."""

    def __init__(self) -> None:
        self.ended = False

    async def __call__(self, call: Callable[[], T], /) -> T:
        if self.ended:
            raise Unavailable("whoever asked has gone")
        return call()


def _driven(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a question awaited something else than reads of its view")
