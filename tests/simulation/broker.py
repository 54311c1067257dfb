"""A simulated broker with durable lanes, and the wire to it: `penstock.bus.Bus` as seen by one process.

The broker appends a message, syncs it, and only then sends the PubAck. A power cut takes what was not synced, a lost ack
included. Whatever the broker vouched for is in `history`, which the oracle reads.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.bus.port import HEADER_ID, Handler, Held, Lane, LiveMessage, Pending, check_subject
from penstock.bus.wire import pending_rows
from penstock.model.errors import Backpressure, TooLarge, Unavailable
from tests.simulation.faults import Plan

if TYPE_CHECKING:
    from tests.simulation.world import Process, World

MAX_PAYLOAD = 1 << 20
SLOWEST_WIRE = 12.0


@dataclass
class Message:
    lane: Lane
    subject: str
    payload: bytes
    headers: Mapping[str, str]
    sequence: int = 0
    attempt: int = 0
    due: float = 0.0
    synced: bool = False

    @property
    def size(self) -> int:
        return len(self.subject) + len(self.payload) + 64


@dataclass
class _Log:
    messages: dict[int, Message] = field(default_factory=dict)
    acked: dict[int, Message] = field(default_factory=dict)  # acks that a power cut would undo
    ids: dict[str, tuple[float, Message]] = field(default_factory=dict)
    last: int = 0
    synced_until: float = 0.0
    waiting: list[asyncio.Future] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(message.size for message in self.messages.values())


class Broker:
    """The server: outlives every process, except that its power can be cut."""

    def __init__(self, world: "World", *, sync_interval: float = 0.0) -> None:
        """With `sync_interval` the broker acknowledges at once and syncs only now and then, as nats-server by default."""
        self._world = world
        self._plan: Plan = world.plan
        self._rng: random.Random = world.rng
        self._early = sync_interval > 0.0
        self._sync_interval = sync_interval
        self._cuts = 0
        self.down = False
        self.logs = {lane: _Log() for lane in Lane}
        self.history: list[Message] = []

    def arrive(self, message: Message, reply: Callable[[Exception | None], None]) -> None:
        """A message has crossed the wire; `reply` is told once it is on disk, or why it is not kept."""
        if self.down:
            return
        log, now, loop = self.logs[message.lane], self._world.loop.time(), self._world.loop
        name = message.headers.get(HEADER_ID)
        known = log.ids.get(name) if name is not None else None
        if known is not None and now - known[0] <= self._plan.window:
            loop.tell(max(0.0, log.synced_until - now), self._confirm_known, known[1], self._cuts, reply)
            return
        if log.bytes + message.size > self._plan.lane_bytes:
            reply(Backpressure(f"the {message.lane} lane is full"))
            return
        log.last += 1
        message.sequence = log.last
        log.messages[log.last] = message
        if name is not None:
            log.ids[name] = (now, message)
        log.synced_until = max(log.synced_until, now) + self._rng.uniform(0.0005, 0.004)
        if self._early:
            log.synced_until = now + self._rng.uniform(0.0, self._sync_interval)
            self.history.append(message)
            reply(None)
            self._wake(message.lane)
        loop.tell(log.synced_until - now, self._sync, message, self._cuts, reply)

    def _confirm_known(self, message: Message, cuts: int, reply: Callable[[Exception | None], None]) -> None:
        if cuts == self._cuts and message.synced:
            reply(None)

    def _sync(self, message: Message, cuts: int, reply: Callable[[Exception | None], None]) -> None:
        if cuts != self._cuts:
            return
        message.synced = True
        self._world.note("synced", message.lane, message.sequence, len(message.payload))
        self._wake(message.lane)
        if not self._early:
            self.history.append(message)
            reply(None)

    def take(self, lane: Lane, most: int) -> list[Message]:
        now = self._world.loop.time()
        ready = [m for m in self.logs[lane].messages.values() if m.due <= now and (m.synced or self._early)]
        if "redelivery_reordered" in self._plan:
            again = [m for m in ready if m.attempt]
            self._rng.shuffle(again)
            ready = again + [m for m in ready if not m.attempt]
        taken = ready[:most]
        for message in taken:
            message.attempt += 1
            message.due = now + self._plan.ack_wait
        return taken

    async def wait(self, lane: Lane, seconds: float) -> None:
        """Until something may be ready in `lane`, at most `seconds`."""
        loop, log = self._world.loop, self.logs[lane]
        due = min((m.due for m in log.messages.values() if m.synced), default=float("inf"))
        wake = loop.create_future()
        log.waiting.append(wake)
        timer = loop.call_later(max(0.0, min(seconds, due - loop.time())), _wake, wake)
        try:
            await wake
        finally:
            timer.cancel()

    def _wake(self, lane: Lane) -> None:
        waiting, self.logs[lane].waiting = self.logs[lane].waiting, []
        for wake in waiting:
            _wake(wake)

    def settle(self, lane: Lane, sequence: int) -> None:
        if self.down:
            return
        log = self.logs[lane]
        message = log.messages.pop(sequence, None)
        if message is not None:
            log.acked[sequence] = message
            self._world.loop.tell(self._rng.uniform(0.0005, 0.004), log.acked.pop, sequence, None)

    def postpone(self, lane: Lane, sequence: int, seconds: float) -> None:
        message = self.logs[lane].messages.get(sequence)
        if message is not None and not self.down:
            message.due = self._world.loop.time() + seconds
            self._wake(lane)

    def cut_power(self) -> None:
        """Lose everything that is not synced: messages, their ids, and acks."""
        self._cuts += 1
        self.down = True
        for log in self.logs.values():
            log.messages = {s: m for s, m in sorted((log.messages | log.acked).items()) if m.synced}
            log.acked = {}
            log.ids = {name: known for name, known in log.ids.items() if known[1].synced}

    def start(self) -> None:
        self.down = False
        for lane in self.logs:
            self._wake(lane)

    def depth(self, lane: Lane) -> int:
        return len(self.logs[lane].messages)

    def oldest(self, lane: Lane) -> int:
        log = self.logs[lane]
        return min(log.messages, default=log.last + 1)


def _wake(future: asyncio.Future) -> None:
    if not future.done():
        future.set_result(None)


@dataclass(frozen=True)
class SimDelivery:
    """One message as a consumer holds it."""

    subject: str
    payload: bytes
    headers: Mapping[str, str]
    sequence: int
    attempt: int
    _bus: "SimBus"
    _lane: Lane

    async def ack(self) -> None:
        await self._bus.ack(self._lane, self.sequence)

    async def heartbeat(self) -> None:
        await self._bus.signal("heartbeat_lost", self._lane, self.sequence, self._bus.plan.ack_wait)


class SimBus:
    """The Bus as one process sees it. It dies with its process: what is on the wire then still arrives."""

    def __init__(self, world: "World", process: "Process") -> None:
        self._world = world
        self._process = process
        self._rng = world.rng
        self.plan: Plan = world.plan
        self.cut_until = 0.0

    @property
    def max_payload(self) -> int:
        return MAX_PAYLOAD

    async def open(self) -> None:
        self._check()

    async def close(self) -> None:
        """Nothing is buffered on this side."""

    async def publish(
        self, lane: Lane, subject: str, payload: bytes, headers: Mapping[str, str], *, timeout: float = 10.0
    ) -> None:
        check_subject(lane, subject)
        if len(payload) > MAX_PAYLOAD:
            raise TooLarge(f"{len(payload)} bytes")
        self._check()
        loop = self._world.loop
        answer = loop.create_future()

        def reply(error: Exception | None) -> None:
            if not self._lost("puback_lost"):
                loop.tell(self._wire(), _settle, answer, error)

        if not self._lost("publish_lost"):
            message = Message(lane, subject, bytes(payload), dict(headers))
            loop.tell(self._wire(), self._world.broker.arrive, message, reply)
        try:
            async with asyncio.timeout(timeout):
                await answer
        except TimeoutError:
            raise Unavailable("no PubAck in time") from None
        self._check()

    async def fetch(self, lane: Lane, max_messages: int, wait: float) -> Sequence[SimDelivery]:
        loop, broker = self._world.loop, self._world.broker
        deadline = loop.time() + wait
        while True:
            self._check()
            if not broker.down and (taken := broker.take(lane, max_messages)):
                attempts = [message.attempt for message in taken]
                await asyncio.sleep(self._wire())
                self._check()
                return [
                    SimDelivery(m.subject, m.payload, m.headers, m.sequence, attempt, self, lane)
                    for m, attempt in zip(taken, attempts, strict=True)
                    if not self._lost("delivery_lost")
                ]
            left = deadline - loop.time()
            if left <= 0:
                return []
            await broker.wait(lane, left)

    async def ack(self, lane: Lane, sequence: int) -> None:
        self._check()
        lost = self._lost("ack_lost")
        if not lost or self._rng.random() < 0.3:
            self._world.loop.tell(self._wire(), self._world.broker.settle, lane, sequence)
        await asyncio.sleep(self._wire())
        if lost and self._rng.random() < 0.5:
            raise Unavailable("the ack was not confirmed")

    async def signal(self, fault: str, lane: Lane, sequence: int, seconds: float) -> None:
        self._check()
        if not self._lost(fault):
            self._world.loop.tell(self._wire(), self._world.broker.postpone, lane, sequence, seconds)

    async def pending(self, lane: Lane) -> Pending:
        self._check()
        await asyncio.sleep(self._wire())
        log = self._world.broker.logs[lane]
        rows: dict[tuple[str, str], int] = {}
        for message in log.messages.values():
            for key, count in pending_rows(message.subject, message.headers).items():
                rows[key] = rows.get(key, 0) + count
        return Pending(len(log.messages), log.bytes, self.plan.lane_bytes, rows)

    async def depth(self, lane: Lane) -> int:
        self._check()
        await asyncio.sleep(self._wire())
        return self._world.broker.depth(lane)

    async def held(self, lane: Lane) -> Held:
        self._check()
        await asyncio.sleep(self._wire())
        log = self._world.broker.logs[lane]
        return Held(len(log.messages), log.bytes, self.plan.lane_bytes)

    async def oldest(self, lane: Lane) -> int:
        self._check()
        await asyncio.sleep(self._wire())
        return self._world.broker.oldest(lane)

    async def request(self, subject: str, payload: bytes, *, timeout: float = 10.0) -> bytes:
        raise Unavailable(f"nobody answers on {subject} in a simulation")

    async def respond(self, subject: str, handler: Handler, *, group: str) -> Any:
        raise Unavailable("a simulation has no questions")

    async def listen(self, subject: str, callback: Callable[[LiveMessage], None]) -> Any:
        raise Unavailable("a simulation has no live views")

    def _check(self) -> None:
        self._process.check()
        if self._world.broker.down or self._world.loop.time() < self.cut_until:
            raise Unavailable("the broker is away")

    def _wire(self) -> float:
        slow = "slow_wire" in self.plan and self._world.stormy and self._rng.random() < 0.1
        return self._rng.uniform(0.5, SLOWEST_WIRE) if slow else self._rng.uniform(0.0001, 0.003)

    def _lost(self, fault: str) -> bool:
        return fault in self.plan and self._world.stormy and self._rng.random() < 0.15


def _settle(answer: asyncio.Future, error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)
