"""The newest events in memory: what people ask for most needs no query."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import Final, NamedTuple

from penstock.store.series.port import EventRow

__all__ = ["KEPT", "RecentEvents", "StoredEvent"]

KEPT: Final = 8_192
_SPARE: Final = 1_024
"""More than are kept, before the oldest go: all of them at once, because each time costs a copy."""


class StoredEvent(NamedTuple):
    """An event and whose it is."""

    tenant: str
    row: EventRow


class RecentEvents:
    """The newest events of all tenants, and from which (ts, id) on they are all here. Not thread-safe: the store guards it."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._events: list[StoredEvent] = []
        self._below: tuple[int, str] | None = None
        """Of what is at or before this, something may not be here; None when everything is."""

    def load(self, newest: Iterable[StoredEvent]) -> None:
        """At start: the newest `kept` + 1 events, in any order."""
        self._events = sorted(newest, key=_order)
        self._below = None
        self._trim(0)

    def add(self, events: Iterable[StoredEvent]) -> None:
        """Events that were stored now, none of which is here."""
        for event in events:
            if self._below is None or _order(event) > self._below:
                insort(self._events, event, key=_order)
                self._trim(_SPARE)

    def _trim(self, spare: int) -> None:
        if len(self._events) > self._kept + spare:
            excess = len(self._events) - self._kept
            self._below = _order(self._events[excess - 1])
            # Of events with one (ts, id), such as two tenants', all stay or none.
            del self._events[: bisect_right(self._events, self._below, key=_order)]

    def forget_before(self, ts: int) -> None:
        """Retention removed every event older than `ts`."""
        del self._events[: bisect_left(self._events, ts, key=_moment)]

    def find(
        self, tenant: str, criticality_above: int | None, start: int | None, end: int | None, limit: int
    ) -> list[EventRow] | None:
        """As `SeriesStore.events`; None when one that is not here may belong to it."""
        found: list[EventRow] = []
        low = 0 if start is None else bisect_left(self._events, start, key=_moment)
        high = len(self._events) if end is None else bisect_left(self._events, end, key=_moment)
        for at in range(high - 1, low - 1, -1):
            event = self._events[at]
            if event.tenant == tenant and (
                criticality_above is None or event.row.event.criticality > criticality_above
            ):
                found.append(event.row)
                if len(found) == limit:
                    return found
        complete = self._below is None or (start is not None and start > self._below[0])
        return found if complete else None


def _order(event: StoredEvent) -> tuple[int, str]:
    return event.row.event.ts, event.row.event.id


def _moment(event: StoredEvent) -> int:
    return event.row.event.ts
