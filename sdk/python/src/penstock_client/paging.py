"""Where a list goes on after a page. No I/O here."""

from __future__ import annotations

from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from penstock_client.asks import Ask, Pages
from penstock_client.query import epoch_ms
from penstock_client.rows import Event, Page

__all__ = ["ByCursor", "ByTime", "Paging"]

T = TypeVar("T")
_MOST = 200_000
"""Rows that one answer may hold."""


class Paging(Protocol[T]):
    """Ask `ask` and hand the page to `take` for its rows, until `ask` is None."""

    ask: Ask[Page[T]] | None

    def take(self, page: Page[T], /) -> list[T]: ...


class ByCursor(Generic[T]):
    """A list that carries `next_cursor`."""

    def __init__(self, pages: Pages[T]) -> None:
        self.ask: Ask[Page[T]] | None = pages.ask

    def take(self, page: Page[T]) -> list[T]:
        """The rows of the page."""
        assert self.ask is not None
        self.ask = self.ask.with_params(cursor=page.next_cursor) if page.next_cursor else None
        return page.data


class ByTime:
    """Events have no cursor: the next page ends with the instant of the last event, and repeated ones are left out.

    When one instant fills a whole page, larger pages are asked for.
    """

    def __init__(self, pages: Pages[Event], size: int = 1_000) -> None:
        self._size = int(pages.ask.param("limit") or size)
        self.ask: Ask[Page[Event]] | None = pages.ask.with_params(limit=str(self._size))
        self._last: set[str] = set()

    def take(self, page: Page[Event]) -> list[Event]:
        """The events of the page that no page before had."""
        assert self.ask is not None
        fresh = [event for event in page.data if event.id not in self._last]
        if len(page.data) < self._size:
            self.ask = None
            return fresh
        oldest = page.data[-1].ts
        if page.data[0].ts == oldest:
            if self._size >= _MOST:
                raise OverflowError(f"more than {_MOST} events at {oldest.isoformat()}: one answer cannot hold them")
            self._size = min(self._size * 4, _MOST)
        self._last = {event.id for event in page.data if event.ts == oldest}
        end = epoch_ms(oldest + timedelta(milliseconds=1))
        self.ask = self.ask.with_params(to=str(end), limit=str(self._size))
        return fresh
