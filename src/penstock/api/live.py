"""Live rows as server-sent events: each client hears its tenant's frames as they pass on the bus.

Delivery is best effort and bounded: what a client is too slow to take is skipped, and it is told how many rows that
was. One bus subscription serves all clients of a tenant, and each frame is decoded once for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from re import compile as compile_pattern
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import structlog

from penstock.api.events import decode_events
from penstock.api.observe import LIVE_CLIENTS, LIVE_SKIPPED
from penstock.api.render import time_texts
from penstock.api.services import Services
from penstock.bus import EVENTS_SUBJECT, Lane, LiveMessage, Responder, decode_frame, tenant_subject
from penstock.model.batch import Batch
from penstock.model.errors import InvalidInput, Poison, Unavailable
from penstock.model.event import Event
from penstock.model.series import SeriesKey
from penstock.model.time import format_time

__all__ = ["LiveClient", "LiveHub", "Wanted"]

_log: Final = structlog.get_logger(__name__)

QUEUED_ROWS: Final = 50_000
"""Rows that wait for one client at most; a frame is always taken when nothing waits."""
MESSAGE_ROWS: Final = 500
_KNOWN_KEYS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one client asked for; None for any, `*` for any run of characters."""

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None
    readings: bool = True
    events: bool = False

    def test(self) -> Callable[[SeriesKey], bool]:
        """A predicate over series."""
        tests = [
            (position, compile_pattern(_pattern(text)))
            for position, text in enumerate((self.site, self.sensor, self.metric))
            if text is not None
        ]
        return lambda key: all(pattern.match(key[position]) for position, pattern in tests)


def _pattern(text: str) -> str:
    """A regular expression in which only `*` is special."""
    return translate(text.replace("[", "[[]").replace("?", "[?]"))


@dataclass(slots=True)
class _Gap:
    skipped: int


@dataclass(frozen=True, slots=True)
class _Rows:
    batch: Batch
    index: npt.NDArray[np.intp]


_Item = _Gap | _Rows | tuple[Event, ...]


class LiveClient:
    """One client's queue. `offer_*` are called by the hub and never wait; `messages` is drained by the response."""

    def __init__(self, tenant: str, wanted: Wanted) -> None:
        self.tenant = tenant
        self.wanted = wanted
        self.closed = False
        self._test = wanted.test()
        self._known: dict[SeriesKey, bool] = {}
        self._queue: deque[_Item] = deque()
        self._rows = 0
        self._wake = asyncio.Event()

    def offer_readings(self, batch: Batch) -> None:
        known = self._known
        if len(known) > _KNOWN_KEYS:
            known.clear()
        wants = np.fromiter((self._wants(key) for key in batch.keys), np.bool_, len(batch.keys))
        if not wants.any():
            return
        index = np.flatnonzero(wants[batch.series])
        self._push(_Rows(batch, index), len(index))

    def offer_events(self, events: tuple[Event, ...]) -> None:
        self._push(events, len(events))

    def close(self) -> None:
        """The stream ends once what waits is sent."""
        self.closed = True
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Until something waits to be sent; False if nothing came for that long."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def messages(self) -> Iterator[bytes]:
        """What waits, as server-sent events of at most MESSAGE_ROWS rows."""
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, _Gap):
                yield _message("gap", {"skipped": item.skipped})
            elif isinstance(item, _Rows):
                self._rows -= len(item.index)
                for start in range(0, len(item.index), MESSAGE_ROWS):
                    yield _message("readings", _reading_rows(item.batch, item.index[start : start + MESSAGE_ROWS]))
            else:
                self._rows -= len(item)
                for start in range(0, len(item), MESSAGE_ROWS):
                    yield _message("events", [_event_row(e) for e in item[start : start + MESSAGE_ROWS]])
        if not self.closed:
            self._wake.clear()

    def _wants(self, key: SeriesKey) -> bool:
        wanted = self._known.get(key)
        if wanted is None:
            wanted = self._known[key] = self._test(key)
        return wanted

    def _push(self, item: _Item, rows: int) -> None:
        if rows == 0:
            return
        if self._queue and self._rows + rows > QUEUED_ROWS:
            LIVE_SKIPPED.inc(rows)
            last = self._queue[-1]
            if isinstance(last, _Gap):
                last.skipped += rows
            else:
                self._queue.append(_Gap(rows))
        else:
            self._rows += rows
            self._queue.append(item)
        self._wake.set()


class _Channel:
    """The clients of one bus subject, and the subscription that feeds them."""

    def __init__(self) -> None:
        self.clients: set[LiveClient] = set()
        self.responder: Responder | None = None


class LiveHub:
    """All live streams of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._channels: dict[str, _Channel] = {}
        self._clients: set[LiveClient] = set()
        self._lock = asyncio.Lock()
        self._closed = False

    async def join(self, tenant: str, wanted: Wanted) -> LiveClient:
        """A client that hears `tenant` from now on. Raises Unavailable (too many clients, no bus)."""
        bound = self._services.config.stream_clients
        if self._closed or len(self._clients) >= bound:
            raise Unavailable(f"{len(self._clients)} live streams are open, at most {bound}", code="too_many_streams")
        client = LiveClient(tenant, wanted)
        self._clients.add(client)
        LIVE_CLIENTS.set(len(self._clients))
        try:
            for subject in self._subjects(client):
                await self._attach(subject, client)
        except BaseException:
            await self.leave(client)
            raise
        return client

    async def leave(self, client: LiveClient) -> None:
        """Forget a client; the tenant's last one ends the subscription."""
        self._clients.discard(client)
        LIVE_CLIENTS.set(len(self._clients))
        async with self._lock:
            for subject in self._subjects(client):
                channel = self._channels.get(subject)
                if channel is None:
                    continue
                channel.clients.discard(client)
                if not channel.clients:
                    del self._channels[subject]
                    if channel.responder is not None:
                        await channel.responder.stop()

    def close(self) -> None:
        """End every stream; call it before the server waits for its connections to finish."""
        self._closed = True
        for client in self._clients:
            client.close()

    def _subjects(self, client: LiveClient) -> list[str]:
        tenant, wanted = client.tenant, client.wanted
        subjects = [tenant_subject(Lane.READINGS, tenant)] if wanted.readings else []
        if wanted.events:
            subjects.append(tenant_subject(Lane.EVENTS, tenant))
            if tenant == self._services.config.events_tenant:
                subjects.append(EVENTS_SUBJECT)
        return subjects

    async def _attach(self, subject: str, client: LiveClient) -> None:
        async with self._lock:
            channel = self._channels.get(subject)
            if channel is None:
                channel = _Channel()
                channel.responder = await self._services.bus.listen(subject, self._listener(channel))
                self._channels[subject] = channel
            channel.clients.add(client)

    def _listener(self, channel: _Channel) -> Callable[[LiveMessage], None]:
        def on_message(message: LiveMessage) -> None:
            if not channel.clients:
                return
            if message.subject == EVENTS_SUBJECT:
                events, batch = self._bare_events(message.payload), None
            else:
                try:
                    frame = decode_frame(message.payload)
                except Poison as error:  # the pipeline dead-letters it; a live view only skips it
                    _log.warning("live frame not understood", subject=message.subject, reason=error.detail)
                    return
                events, batch = frame.events, frame.batch
            for client in channel.clients:
                if batch is not None and len(batch):
                    client.offer_readings(batch)
                client.offer_events(events)

        return on_message

    def _bare_events(self, payload: bytes) -> tuple[Event, ...]:
        """Events from a foreign publisher on the bare subject; malformed ones are the pipeline's business."""
        config = self._services.config
        try:
            events, _ = decode_events(
                payload,
                shape="json",
                tenant=config.events_tenant,
                now=self._services.clock.now(),
                earliest=config.earliest(),
            )
        except InvalidInput:
            return ()
        return tuple(events)


def _reading_rows(batch: Batch, index: npt.NDArray[np.intp]) -> list[dict[str, Any]]:
    stamps = time_texts(batch.ts[index].tolist())
    keys = [batch.keys[code] for code in batch.series[index].tolist()]
    return [
        {"ts": ts, "sensor_id": k.sensor, "site_id": k.site, "metric": k.metric, "value": value, "unit": k.unit}
        for ts, k, value in zip(stamps, keys, batch.value[index].tolist(), strict=True)
    ]


def _event_row(event: Event) -> Mapping[str, Any]:
    return {
        "id": event.id,
        "ts": format_time(event.ts),
        "timestamp": event.timestamp,
        "criticality": event.criticality,
        "message": event.message,
        "source": event.source,
    }


def _message(kind: str, data: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(data))
