"""The bus within one process: for tests, and for single-process use that needs no durability beyond the process.

It keeps the whole contract of `port`: bounded lanes that refuse when full, redelivery, a duplicate window, request groups and
wildcards. Fault knobs are plain attributes that a test sets.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from penstock.bus.port import HEADER_ID, Handler, Held, Lane, LiveMessage, Pending, check_subject
from penstock.bus.wire import error_reply, pending_rows
from penstock.model.errors import Backpressure, TooLarge, Unavailable

__all__ = ["MemoryBus"]

_log: Final = structlog.get_logger(__name__)
_MAX_CONCURRENT: Final = 64
_STOP_SECONDS: Final = 5.0


@dataclass(slots=True)
class _Message:
    subject: str
    payload: bytes
    headers: Mapping[str, str]
    attempt: int = 0
    due: float = 0.0  # not delivered before; moves on with every delivery and heartbeat

    @property
    def size(self) -> int:
        return len(self.subject) + len(self.payload) + sum(len(k) + len(v) for k, v in self.headers.items())


@dataclass(slots=True)
class _Log:
    """One lane: what is not acked, in order, and the ids of the duplicate window."""

    messages: dict[int, _Message] = field(default_factory=dict[int, _Message])
    size: int = 0
    last: int = 0
    ids: dict[str, float] = field(default_factory=dict[str, float])
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)


@dataclass(frozen=True, slots=True)
class _MemoryDelivery:
    subject: str
    payload: bytes
    headers: Mapping[str, str]
    sequence: int
    attempt: int
    _bus: MemoryBus
    _lane: Lane

    async def ack(self) -> None:
        await self._bus.settle(self._lane, self.sequence)

    async def heartbeat(self) -> None:
        await self._bus.postpone(self._lane, self.sequence, self._bus.ack_wait)


class _Responder:
    """A running request handler: up to 64 requests at a time, the others wait."""

    def __init__(self, owner: list[_Responder], subject: str, handler: Handler, group: str) -> None:
        self.subject = subject
        self.group = group
        self._handler = handler
        self._owner = owner
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)
        self._running: set[asyncio.Task[bytes]] = set()
        owner.append(self)

    def start(self, payload: bytes, max_payload: int) -> asyncio.Task[bytes]:
        task = asyncio.create_task(self._answer(payload, max_payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _answer(self, payload: bytes, max_payload: int) -> bytes:
        async with self._slots:
            try:
                reply = await self._handler(payload)
            except Exception:  # noqa: BLE001  a handler must not raise; whoever asked still deserves an answer
                _log.exception("bus.handler_failed", subject=self.subject)
                return error_reply("internal", f"the handler of {self.subject} failed; see the log of its role")
        if len(reply) > max_payload:
            return error_reply("too_large", f"the answer is too large: {len(reply)} of at most {max_payload} bytes")
        return reply

    async def stop(self) -> None:
        """Take no more requests; those being answered get five seconds to end."""
        if self in self._owner:
            self._owner.remove(self)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class _Listener:
    def __init__(self, owner: list[_Listener], subject: str, callback: Callable[[LiveMessage], None]) -> None:
        self.subject = subject
        self._callback = callback
        self._owner = owner
        owner.append(self)

    def tell(self, message: LiveMessage) -> None:
        try:
            self._callback(message)
        except Exception:  # noqa: BLE001  a publisher must not fail because somebody listens
            _log.exception("bus.callback_failed", subject=message.subject)

    async def stop(self) -> None:
        if self in self._owner:
            self._owner.remove(self)


class MemoryBus:
    """The Bus in memory. Lanes survive `close` and a later `open`, not the process.

    max_bytes         bound of each lane: subjects, payloads and headers that are not acked
    ack_wait          seconds until an unacked delivery comes again
    duplicate_window  seconds in which a repeated HEADER_ID is stored once
    now               monotonic seconds; a fetch that is already waiting looks at it again when something is published

    Knobs: `down` refuses everything as a broker that is away; `fail_publishes` and `lose_acks` count how many of the next
    publishes fail, before and after storing: to the caller both are Unavailable.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 64 << 20,
        max_payload: int = 8 << 20,
        max_ack_pending: int = 1_000,
        ack_wait: float = 30.0,
        duplicate_window: float = 120.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ack_wait = ack_wait
        self.down = False
        self.fail_publishes = 0
        self.lose_acks = 0
        self._max_bytes = max_bytes
        self._max_payload = max_payload
        self._max_ack_pending = max_ack_pending
        self._duplicate_window = duplicate_window
        self._now = now
        self._open = False
        self._logs = {lane: _Log() for lane in Lane}
        self._responders: list[_Responder] = []
        self._listeners: list[_Listener] = []
        self._turn = itertools.count()

    @property
    def max_payload(self) -> int:
        return self._max_payload

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False
        for subscription in (*self._responders, *self._listeners):
            await subscription.stop()
        for log in self._logs.values():
            async with log.changed:
                log.changed.notify_all()

    async def publish(
        self, lane: Lane, subject: str, payload: bytes, headers: Mapping[str, str], *, timeout: float = 10.0
    ) -> None:
        del timeout  # nothing here takes time
        check_subject(lane, subject)
        self._check_size(payload)
        self._check_open()
        if self.fail_publishes:
            self.fail_publishes -= 1
            raise Unavailable(f"the {lane} lane did not confirm the message", hint="retry the same bytes and id")
        log = self._logs[lane]
        now = self._now()
        message_id = headers.get(HEADER_ID)
        if message_id is None or not self._seen(log, message_id, now):
            message = _Message(subject, payload, dict(headers))
            if log.size + message.size > self._max_bytes:
                raise Backpressure(
                    f"the {lane} lane is full: {log.size} of {self._max_bytes} bytes wait to be stored; nothing was kept",
                    hint="slow down; the lane drains as the store catches up",
                )
            log.last += 1
            log.size += message.size
            log.messages[log.last] = message
            if message_id is not None:
                log.ids[message_id] = now
            async with log.changed:
                log.changed.notify_all()
        self._tell(subject, payload)
        if self.lose_acks:
            self.lose_acks -= 1
            raise Unavailable(f"the {lane} lane's confirmation was lost", hint="retry the same bytes and id")

    def _seen(self, log: _Log, message_id: str, now: float) -> bool:
        # Ids are in order of arrival, so the expired ones are in front.
        while log.ids and now - next(iter(log.ids.values())) > self._duplicate_window:
            del log.ids[next(iter(log.ids))]
        return message_id in log.ids

    async def fetch(self, lane: Lane, max_messages: int, wait: float) -> Sequence[_MemoryDelivery]:
        log = self._logs[lane]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        async with log.changed:
            while True:
                self._check_open()
                if taken := self._take(lane, max_messages):
                    return taken
                left = deadline - loop.time()
                if left <= 0:
                    return ()
                due = min((m.due - self._now() for m in log.messages.values()), default=left)
                try:
                    async with asyncio.timeout(min(left, max(due, 0.001))):
                        await log.changed.wait()
                except TimeoutError:
                    continue

    def _take(self, lane: Lane, max_messages: int) -> list[_MemoryDelivery]:
        log, now = self._logs[lane], self._now()
        room = self._max_ack_pending - sum(m.due > now for m in log.messages.values())
        ready = ((seq, m) for seq, m in log.messages.items() if m.due <= now)
        taken: list[_MemoryDelivery] = []
        for seq, message in itertools.islice(ready, max(0, min(max_messages, room))):
            message.attempt += 1
            message.due = now + self.ack_wait
            taken.append(
                _MemoryDelivery(message.subject, message.payload, message.headers, seq, message.attempt, self, lane)
            )
        return taken

    async def settle(self, lane: Lane, sequence: int) -> None:
        """Forget a message: its delivery was acked."""
        log = self._logs[lane]
        message = log.messages.pop(sequence, None)
        if message is not None:
            log.size -= message.size

    async def postpone(self, lane: Lane, sequence: int, seconds: float) -> None:
        """Deliver a message again, but not before `seconds` from now."""
        log = self._logs[lane]
        if message := log.messages.get(sequence):
            message.due = self._now() + seconds
            async with log.changed:
                log.changed.notify_all()

    async def pending(self, lane: Lane) -> Pending:
        self._check_open()
        log = self._logs[lane]
        rows: dict[tuple[str, str], int] = {}
        for message in log.messages.values():
            for key, count in pending_rows(message.subject, message.headers).items():
                rows[key] = rows.get(key, 0) + count
        return Pending(len(log.messages), log.size, self._max_bytes, rows)

    async def depth(self, lane: Lane) -> int:
        self._check_open()
        return len(self._logs[lane].messages)

    async def held(self, lane: Lane) -> Held:
        self._check_open()
        log = self._logs[lane]
        return Held(len(log.messages), log.size, self._max_bytes)

    async def oldest(self, lane: Lane) -> int:
        """See `Bus.oldest`."""
        self._check_open()
        log = self._logs[lane]
        return min(log.messages, default=log.last + 1)

    async def request(self, subject: str, payload: bytes, *, timeout: float = 10.0) -> bytes:
        self._check_size(payload)
        self._check_open()
        groups: dict[str, list[_Responder]] = {}
        for responder in self._responders:
            if _matches(responder.subject, subject):
                groups.setdefault(responder.group, []).append(responder)
        self._tell(subject, payload)
        if not groups:
            raise Unavailable(f"nobody answers on {subject}", hint="is the role that serves it running?")
        turn = next(self._turn)
        # One member of every group works on the request; the first answer counts, as on a broker.
        answers = [members[turn % len(members)].start(payload, self._max_payload) for members in groups.values()]
        done, _ = await asyncio.wait(answers, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                return task.result()
        raise Unavailable(f"no answer on {subject} within {timeout:g} s")

    async def respond(self, subject: str, handler: Handler, *, group: str) -> _Responder:
        self._check_open()
        return _Responder(self._responders, subject, handler, group)

    async def listen(self, subject: str, callback: Callable[[LiveMessage], None]) -> _Listener:
        self._check_open()
        return _Listener(self._listeners, subject, callback)

    def _tell(self, subject: str, payload: bytes) -> None:
        for listener in tuple(self._listeners):
            if _matches(listener.subject, subject):
                listener.tell(LiveMessage(subject, payload))

    def _check_open(self) -> None:
        if not self._open or self.down:
            raise Unavailable("the bus is down" if self.down else "the bus is not open")

    def _check_size(self, payload: bytes) -> None:
        if len(payload) > self._max_payload:
            raise TooLarge(f"a message of {len(payload)} bytes is over the bus's bound of {self._max_payload}")


def _matches(pattern: str, subject: str) -> bool:
    """NATS wildcards: `*` is one token, a final `>` is one token or more."""
    wanted, tokens = pattern.split("."), subject.split(".")
    for i, want in enumerate(wanted):
        if want == ">" and i == len(wanted) - 1:
            return len(tokens) > i
        if i >= len(tokens) or want not in ("*", tokens[i]):
            return False
    return len(wanted) == len(tokens)
