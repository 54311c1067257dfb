"""All live views of one process: each hears its tenant's frames as they pass on the bus, judged as the pipeline will.

Delivery is best effort and bounded. One bus subscription serves all views of a tenant, and each frame is decoded and
checked once for all of them. What passed lately is kept for a while, also for a tenant whose last view has just gone:
a view that comes back goes on where it was.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog

from penstock.api.live.log import FrameLog, Passing, Position
from penstock.api.observe import LIVE_CLIENTS
from penstock.api.services import Services
from penstock.bus import EVENTS_SUBJECT, Lane, LiveMessage, Responder, tenant_subject
from penstock.model.errors import Unavailable
from penstock.pipeline.preview import Preview

__all__ = ["Listener", "LiveHub"]

_log: Final = structlog.get_logger(__name__)

_LOG_BYTES: Final = 32 << 20
_FRAME_BYTES: Final = 512
"""What a frame costs in memory besides its payload, about."""
_KNOWN_FRAMES: Final = 4_096


class Listener(Protocol):
    """A view. `offer` never waits; the hub calls it for every frame of the lanes that it entered for."""

    @property
    def tenant(self) -> str: ...

    def offer(self, passing: Passing) -> None: ...

    def close(self) -> None:
        """The process ends: end the view."""
        ...


class _Channel:
    """The views of one bus subject, and the subscription that feeds them. It has heard every frame above `since`."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.listeners: set[Listener] = set()
        self.responder: Responder | None = None
        self.left = 0
        """Times that its last view has gone."""


class LiveHub:
    """All live views of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._window = services.config.live_window
        self._preview = Preview(events_tenant=services.config.events_tenant)
        self._id = secrets.token_hex(4)
        self._number = 0
        self._frames = FrameLog(_LOG_BYTES, round(self._window * 1_000))
        self._known: OrderedDict[str, None] = OrderedDict()
        self._channels: dict[str, _Channel] = {}
        self._listeners: set[Listener] = set()
        self._lock = asyncio.Lock()
        self._lingering: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def clients(self) -> int:
        """Open views."""
        return len(self._listeners)

    async def enter(self, listener: Listener, lanes: Iterable[Lane]) -> None:
        """From now on `listener` hears these lanes too. Raises Unavailable (too many views, no bus)."""
        bound = self._services.config.stream_clients
        if self._closed or (listener not in self._listeners and len(self._listeners) >= bound):
            raise Unavailable(f"{len(self._listeners)} live streams are open, at most {bound}", code="too_many_streams")
        self._listeners.add(listener)
        LIVE_CLIENTS.set(len(self._listeners))
        for subject in self._subjects(listener.tenant, lanes):
            await self._attach(subject, listener)

    async def leave(self, listener: Listener) -> None:
        """Forget a view; some time after a tenant's last one its subscription ends."""
        self._listeners.discard(listener)
        LIVE_CLIENTS.set(len(self._listeners))
        async with self._lock:
            for subject, channel in tuple(self._channels.items()):
                if listener not in channel.listeners:
                    continue
                channel.listeners.discard(listener)
                if not channel.listeners:
                    channel.left += 1
                    self._linger(subject, channel)

    def close(self) -> None:
        """End every view; call it before the server waits for its connections to finish."""
        self._closed = True
        for listener in self._listeners:
            listener.close()
        for task in self._lingering:
            task.cancel()

    @property
    def is_full(self) -> bool:
        """Whether another view would be refused."""
        return self._closed or len(self._listeners) >= self._services.config.stream_clients

    @property
    def position(self) -> Position:
        """Everything that has passed so far."""
        return Position(self._id, self._number, 0, self._services.clock.now())

    def at(self, number: int, rows: int, seen: int) -> Position:
        """A position among this hub's frames."""
        return Position(self._id, number, rows, seen)

    def missed(self, tenant: str, lanes: Iterable[Lane], position: Position) -> list[Passing] | None:
        """Frames behind `position`, in order; None when some of them are not known here any more.

        A view that entered for these lanes hears exactly what comes after them.
        """
        subjects = self._subjects(tenant, lanes)
        heard_since = max(
            (self._channels[s].since if s in self._channels else self._number for s in subjects), default=0
        )
        if position.hub != self._id or not max(self._frames.lost, heard_since) <= position.number <= self._number:
            return None
        return self._frames.after(position.number, subjects)

    def _subjects(self, tenant: str, lanes: Iterable[Lane]) -> list[str]:
        subjects = [tenant_subject(lane, tenant) for lane in lanes]
        if Lane.EVENTS in lanes and tenant == self._services.config.events_tenant:
            subjects.append(EVENTS_SUBJECT)
        return subjects

    async def _attach(self, subject: str, listener: Listener) -> None:
        async with self._lock:
            channel = self._channels.get(subject)
            if channel is None:
                # A number of its own keeps positions from before apart: nobody listened then.
                self._number += 1
                channel = _Channel(self._number)
                channel.responder = await self._services.bus.listen(subject, self._hears(channel))
                self._channels[subject] = channel
            channel.listeners.add(listener)

    def _linger(self, subject: str, channel: _Channel) -> None:
        """Keep a channel without views for the window, for whoever comes back."""
        left = channel.left

        async def end() -> None:
            await asyncio.sleep(self._window)
            async with self._lock:
                if channel.listeners or channel.left != left:
                    return
                del self._channels[subject]
                if channel.responder is not None:
                    await channel.responder.stop()

        task = asyncio.create_task(end(), name="live:linger")
        self._lingering.add(task)
        task.add_done_callback(self._lingering.discard)

    def _hears(self, channel: _Channel) -> Callable[[LiveMessage], None]:
        def on_message(message: LiveMessage) -> None:
            now = self._services.clock.now()
            frame = self._preview.read(message, now=now, earliest=self._services.config.earliest())
            if frame is None:  # the pipeline dead-letters it and tells why
                _log.debug("live frame not shown", subject=message.subject)
                return
            if self._is_repeated(frame.id) or not (len(frame.batch) or frame.events):
                return
            self._number += 1
            size = len(message.payload) + _FRAME_BYTES
            passing = Passing(self._number, message.subject, now, frame.batch, frame.events, size)
            self._frames.append(passing)
            for listener in tuple(channel.listeners):
                listener.offer(passing)

        return on_message

    def _is_repeated(self, frame_id: str) -> bool:
        """Whether a frame passed before: a publish that was not confirmed is sent again, and stored once."""
        if not frame_id:
            return False
        if frame_id in self._known:
            return True
        self._known[frame_id] = None
        if len(self._known) > _KNOWN_FRAMES:
            self._known.popitem(last=False)
        return False
