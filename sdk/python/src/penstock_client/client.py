"""The sync client: performs the steps of `exchange` with blocking calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import httpx2

from penstock_client import asks
from penstock_client.asks import Ask, Pages
from penstock_client.delivery import WriterOptions
from penstock_client.errors import PenstockError, Unreachable
from penstock_client.exchange import Reply, exchange, read_reply
from penstock_client.live import LiveRow, Session
from penstock_client.paging import ByCursor, ByTime, Paging
from penstock_client.query import When
from penstock_client.results import Result
from penstock_client.rows import Event
from penstock_client.settings import LIVE_SILENCE, Settings, reply_of, request_options, unreachable
from penstock_client.writer import Writer

__all__ = ["Client"]

P = ParamSpec("P")
T = TypeVar("T")


def _lists(build: Callable[P, Pages[T]]) -> Callable[Concatenate[Client, P], Result[T]]:
    @wraps(build)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Result[T]:
        return Result(self.run, build(*args, **kwargs))

    return method


def _asks(build: Callable[P, Ask[T]]) -> Callable[Concatenate[Client, P], T]:
    @wraps(build)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(build(*args, **kwargs))

    return method


def _iterates(build: Callable[P, Pages[T]]) -> Callable[Concatenate[Client, P], Iterator[T]]:
    @wraps(build)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self.pages(ByCursor(build(*args, **kwargs)))

    return method


class Client:
    """One platform, over a pool of connections; may be used from several threads. `with` closes it.

    The key is the argument or PENSTOCK_KEY. Every call raises PenstockError; which one says what to do about it. The methods that
    take parameters of a route are built from the functions of `penstock_client.asks`, whose documentation they carry.
    """

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
        self._http = httpx2.Client(**self._settings.http_options())
        self._closed = threading.Event()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; waits for retries end at once."""
        self._closed.set()
        self._http.close()

    def run(self, ask: Ask[T]) -> T:
        """Send one ask, trying again as the settings allow. Raises PenstockError."""
        steps = exchange(ask, self._settings.retry, self._settings.budget, self._settings.rng)
        outcome: Reply | Unreachable | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                return done.value
            if isinstance(step, Ask):
                outcome = self._send(step)
            else:
                outcome = None
                self._closed.wait(step)

    def try_once(self, ask: Ask[T]) -> T:
        """Send one ask without a retry, for callers that have their own. Raises PenstockError."""
        return read_reply(ask, self._send(ask))

    def iter_events(
        self, *, criticality_above: int | None = None, start: When | None = None, end: When | None = None
    ) -> Iterator[Event]:
        """All events in [start, end), newest first, a page at a time."""
        return self.pages(ByTime(asks.events(criticality_above=criticality_above, start=start, end=end)))

    def live(
        self,
        *,
        site: str | None = None,
        sensor: str | None = None,
        metric: str | None = None,
        events: Literal["false", "true", "only"] = "false",
        on_open: Callable[[], None] | None = None,
    ) -> Iterator[LiveRow]:
        """Rows as they arrive, for ever. A lost connection is made again and goes on where it was; a `Gap` says what was missed.

        `on_open` is called whenever a connection stands: from then on every row is heard.
        """
        ask = asks.stream(site=site, sensor=sensor, metric=metric, events=events)
        session = Session(self._settings.retry, self._settings.rng)
        timeout = httpx2.Timeout(self._settings.timeout, read=LIVE_SILENCE)
        while not self._closed.is_set():
            lost: PenstockError | None = None
            try:
                with self._http.stream(**request_options(session.resume(ask)), timeout=timeout) as response:
                    if not response.is_success:
                        response.read()
                        read_reply(ask, reply_of(response))
                    yield from session.opened()
                    if on_open is not None:
                        on_open()
                    for piece in response.iter_bytes():
                        yield from session.parser.feed(piece)
            except httpx2.TransportError as error:
                lost = unreachable(self._settings.url, error)
            except PenstockError as error:
                lost = error
            self._closed.wait(session.lost(lost))

    def writer(self, options: WriterOptions | None = None, **more: Any) -> Writer:
        """A batching writer; `more` are members of WriterOptions. Close it before this client."""
        return Writer(self.try_once, options or WriterOptions(**more))

    def _send(self, ask: Ask[Any]) -> Reply | Unreachable:
        try:
            return reply_of(self._http.request(**request_options(ask)))
        except httpx2.TransportError as error:
            return unreachable(self._settings.url, error)

    def pages(self, paging: Paging[T]) -> Iterator[T]:
        """The rows of a list over all its pages, each fetched when it is needed."""
        while paging.ask is not None:
            yield from paging.take(self.run(paging.ask))
