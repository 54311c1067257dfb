"""The async client: performs the steps of `exchange` with awaited calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import httpx2

from penstock_client import asks
from penstock_client.asks import Ask, Pages
from penstock_client.client import Client
from penstock_client.delivery import WriterOptions
from penstock_client.errors import PenstockError, Unreachable
from penstock_client.exchange import Reply, exchange, read_reply
from penstock_client.live import LiveRow, Session
from penstock_client.paging import ByCursor, ByTime, Paging
from penstock_client.query import When
from penstock_client.results import AsyncResult
from penstock_client.rows import Event
from penstock_client.settings import LIVE_SILENCE, Settings, reply_of, request_options, unreachable
from penstock_client.writer import Writer

__all__ = ["AsyncClient", "AsyncWriter"]

P = ParamSpec("P")
T = TypeVar("T")


def _lists(build: Callable[P, Pages[T]]) -> Callable[Concatenate[AsyncClient, P], AsyncResult[T]]:
    @wraps(build)
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncResult[T]:
        return AsyncResult(self.run, build(*args, **kwargs))

    return method


def _asks(build: Callable[P, Ask[T]]) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    @wraps(build)
    async def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(build(*args, **kwargs))

    return method


def _iterates(build: Callable[P, Pages[T]]) -> Callable[Concatenate[AsyncClient, P], AsyncIterator[T]]:
    @wraps(build)
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return self.pages(ByCursor(build(*args, **kwargs)))

    return method


class AsyncClient:
    """As `Client`, with calls that are awaited; `async with` closes it. One event loop at a time."""

    latest = _lists(asks.latest)
    recent = _lists(asks.recent)
    series = _lists(asks.series)
    aggregate = _lists(asks.aggregate)
    energy = _lists(asks.energy)
    events = _lists(asks.events)
    ledger = _lists(asks.ledger)
    query = _lists(asks.query)
    explain = _asks(asks.explain)
    receipt = _asks(asks.receipt)
    write = _asks(asks.write)
    write_events = _asks(asks.write_events)
    iter_readings = _iterates(asks.recent)
    iter_latest = _iterates(asks.latest)
    iter_series = _iterates(asks.series)

    def __init__(
        self, url: str | None = None, *, key: str | None = None, settings: Settings | None = None, **options: Any
    ) -> None:
        """`options` are members of Settings: timeout, retry, verify. Raises NotAllowed without a key."""
        self._settings = settings or Settings.of(url, key, options)
        self._http = httpx2.AsyncClient(**self._settings.http_options())

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(self, ask: Ask[T]) -> T:
        """Send one ask, trying again as the settings allow. Raises PenstockError."""
        steps = exchange(ask, self._settings.retry, self._settings.budget, self._settings.rng)
        outcome: Reply | Unreachable | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                return done.value
            if isinstance(step, Ask):
                outcome = await self._send(step)
            else:
                outcome = None
                await asyncio.sleep(step)

    def iter_events(
        self, *, criticality_above: int | None = None, start: When | None = None, end: When | None = None
    ) -> AsyncIterator[Event]:
        """All events in [start, end), newest first, a page at a time."""
        return self.pages(ByTime(asks.events(criticality_above=criticality_above, start=start, end=end)))

    async def live(
        self,
        *,
        site: str | None = None,
        sensor: str | None = None,
        metric: str | None = None,
        events: Literal["false", "true", "only"] = "false",
        on_open: Callable[[], None] | None = None,
    ) -> AsyncIterator[LiveRow]:
        """See `Client.live`."""
        ask = asks.stream(site=site, sensor=sensor, metric=metric, events=events)
        session = Session(self._settings.retry, self._settings.rng)
        timeout = httpx2.Timeout(self._settings.timeout, read=LIVE_SILENCE)
        while True:
            lost: PenstockError | None = None
            try:
                async with self._http.stream(**request_options(session.resume(ask)), timeout=timeout) as response:
                    if not response.is_success:
                        await response.aread()
                        read_reply(ask, reply_of(response))
                    for row in session.opened():
                        yield row
                    if on_open is not None:
                        on_open()
                    async for piece in response.aiter_bytes():
                        for row in session.parser.feed(piece):
                            yield row
            except httpx2.TransportError as error:
                lost = unreachable(self._settings.url, error)
            except PenstockError as error:
                lost = error
            await asyncio.sleep(session.lost(lost))

    def writer(self, options: WriterOptions | None = None, **more: Any) -> AsyncWriter:
        """A batching writer; `more` are members of WriterOptions. It has connections and threads of its own."""
        return AsyncWriter(Client(settings=self._settings), options or WriterOptions(**more))

    async def _send(self, ask: Ask[Any]) -> Reply | Unreachable:
        try:
            return reply_of(await self._http.request(**request_options(ask)))
        except httpx2.TransportError as error:
            return unreachable(self._settings.url, error)

    async def pages(self, paging: Paging[T]) -> AsyncIterator[T]:
        """The rows of a list over all its pages, each fetched when it is needed."""
        while paging.ask is not None:
            for row in paging.take(await self.run(paging.ask)):
                yield row


class AsyncWriter:
    """A `Writer` for coroutines: what may wait, waits in a worker thread. `async with` closes it."""

    def __init__(self, client: Client, options: WriterOptions) -> None:
        self._client = client
        self.writer: Writer = client.writer(options)

    async def __aenter__(self) -> AsyncWriter:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def add(self, sensor: str, metric: str, value: float, **more: Any) -> None:
        """See `Writer.add`; takes the same parameters."""
        if self.writer.has_room:
            self.writer.add(sensor, metric, value, **more)
        else:
            await asyncio.to_thread(self.writer.add, sensor, metric, value, **more)

    async def checkpoint(self, timeout: float | None = None) -> None:
        """See `Writer.checkpoint`."""
        await asyncio.to_thread(self.writer.checkpoint, timeout)

    async def flush(self, timeout: float | None = None) -> None:
        """See `Writer.flush`."""
        await asyncio.to_thread(self.writer.flush, timeout)

    async def close(self, timeout: float | None = None) -> None:
        """See `Writer.close`."""
        try:
            await asyncio.to_thread(self.writer.close, timeout)
        finally:
            self._client.close()
