"""Fetching: pull requests to the lane's durable consumer, and what can be said about each delivery."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from nats.aio.msg import Msg

from penstock.bus.nats.connection import Connection, status_of
from penstock.bus.nats.lanes import CONSUMER, STREAMS
from penstock.bus.port import Lane
from penstock.model.errors import Unavailable

__all__ = ["NatsDelivery", "fetch"]

_log: Final = structlog.get_logger(__name__)
_ACK, _NAK, _PROGRESS = b"+ACK", b"-NAK", b"+WPI"
_BATCH_BYTES: Final = 16 << 20
"""Of one fetch: what a consumer holds in memory is bounded by bytes, not only by messages."""
_GRACE: Final = 1.0
"""Seconds by which the client waits longer than the broker, which ends a pull: it must never give up first."""


Acked = Callable[[int], None]


class NatsDelivery:
    """A message of a lane. Settling it never raises on a broken connection: then it simply comes again.

    `acked` is told the sequence once the ack is on its way.
    """

    __slots__ = ("_acked", "_connection", "_message", "attempt", "headers", "sequence")

    def __init__(self, connection: Connection, message: Msg, acked: Acked) -> None:
        self._connection = connection
        self._message = message
        self._acked = acked
        self.headers: Mapping[str, str] = message.headers or {}
        # $JS.ACK.<stream>.<consumer>.<attempt>.<sequence>… or, with domain and account, two tokens more in front.
        tokens = message.reply.split(".")
        at = 4 if len(tokens) == 9 else 6
        self.attempt = int(tokens[at])
        self.sequence = int(tokens[at + 1])

    @property
    def subject(self) -> str:
        return self._message.subject

    @property
    def reply(self) -> str:
        """Where the broker takes this delivery's settlement."""
        return self._message.reply

    @property
    def payload(self) -> bytes:
        return self._message.data

    async def ack(self) -> None:
        await self._settle(_ACK)
        self._acked(self.sequence)

    async def heartbeat(self) -> None:
        await self._settle(_PROGRESS)

    async def _settle(self, word: bytes) -> None:
        try:
            await self._connection.send(self.reply, word, wait=False)
        except Unavailable as error:
            _log.debug("bus.settle_lost", subject=self.subject, sequence=self.sequence, error=error.detail)


class _Pull:
    """What one pull request brought: messages until the batch is full, or a status that ends it."""

    def __init__(self, connection: Connection, batch: int, acked: Acked) -> None:
        self.got: list[NatsDelivery] = []
        self.ended = asyncio.Event()
        self.status: str | None = None
        self._connection = connection
        self._batch = batch
        self._acked = acked

    def take(self, message: Msg | None) -> None:
        status = None if message is None else status_of(message)
        if message is None or status is not None:
            self.status = status
            self.ended.set()
            return
        self.got.append(NatsDelivery(self._connection, message, self._acked))
        if len(self.got) == self._batch:
            self.ended.set()

    def refuse(self, message: Msg | None) -> None:
        """Hand a message back that came after its pull was given up, instead of leaving it to the ack wait."""
        if message is not None and status_of(message) is None:
            self._connection.send_soon(message.reply, _NAK)

    def give_back(self) -> None:
        for delivery in self.got:
            self._connection.send_soon(delivery.reply, _NAK)


async def fetch(
    connection: Connection, lane: Lane, max_messages: int, wait: float, acked: Acked
) -> Sequence[NatsDelivery]:
    """What waits in the lane, in one round trip; if nothing does, the first that comes and what came with it.

    Raises Unavailable (`no_responders`) when the lane has no consumer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        if waiting := await _pull(connection, lane, max_messages, 0.0, acked):
            return waiting
        try:
            async with asyncio.timeout_at(deadline):
                await connection.wait_up()
        except TimeoutError:
            return ()
        first = await _pull(connection, lane, 1, deadline - loop.time(), acked)
        if first and max_messages > 1:
            return [*first, *await _pull(connection, lane, max_messages - 1, 0.0, acked, after=first)]
        if first or (left := deadline - loop.time()) <= 0:
            return first
        # Ended early without a message: lost connection, change of leader. Not to be asked again in a tight loop.
        await asyncio.sleep(min(0.05, left))


async def _pull(
    connection: Connection, lane: Lane, batch: int, wait: float, acked: Acked, *, after: Sequence[NatsDelivery] = ()
) -> Sequence[NatsDelivery]:
    """One pull request. `wait` 0 takes only what is there. A cancelled pull gives back what it and `after` hold."""
    body: dict[str, Any] = {"batch": batch, "max_bytes": _BATCH_BYTES}
    if wait > 0:
        body["expires"] = max(1_000_000, round(wait * 1e9))
    else:
        body["no_wait"] = True
    pull = _Pull(connection, batch, acked)
    inbox = await connection.open_private_inbox(pull.take)
    try:
        async with asyncio.timeout(max(wait, 0.0) + _GRACE):
            await connection.send(
                f"$JS.API.CONSUMER.MSG.NEXT.{STREAMS[lane]}.{CONSUMER}", json.dumps(body).encode(), reply=inbox.reply
            )
            await pull.ended.wait()
    except TimeoutError:
        _log.debug("bus.pull_unanswered", lane=lane, got=len(pull.got))
    except BaseException:
        for delivery in after:
            connection.send_soon(delivery.reply, _NAK)
        pull.give_back()
        raise
    finally:
        if pull.ended.is_set():
            await inbox.close()
        else:
            inbox.close_later(pull.refuse, max(wait, 0.0) + _GRACE)
    if pull.status == "503" and not pull.got:
        raise Unavailable(f"the {lane} lane has no consumer", code="no_responders")
    return pull.got
