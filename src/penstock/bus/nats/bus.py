"""`NatsBus`: the port on NATS JetStream."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from penstock.bus.nats.backlog import Backlog
from penstock.bus.nats.config import NatsConfig
from penstock.bus.nats.connection import Connection
from penstock.bus.nats.consumer import NatsDelivery, fetch
from penstock.bus.nats.lanes import broker_error, make_lanes, take_over
from penstock.bus.nats.monitor import check_durability
from penstock.bus.nats.orphans import Orphans
from penstock.bus.nats.responder import Listener, NatsResponder
from penstock.bus.port import Handler, Held, Lane, LiveMessage, Pending, check_subject
from penstock.model.errors import Misconfigured, Unavailable

__all__ = ["NatsBus"]

_HEADER_ROOM: Final = 4_096
_RETRY: Final = "its fate is unknown: retry the same bytes and id"


class NatsBus:
    """The Bus on one NATS server or cluster; see `port.Bus` for what it promises and `lanes` for how lanes are kept."""

    def __init__(self, config: NatsConfig) -> None:
        self._config = config
        self._connection = Connection(config)
        self._backlogs = {lane: Backlog(self._connection, lane, config.max_bytes) for lane in Lane}
        self._orphans = {lane: Orphans(self._connection, lane, config) for lane in Lane}
        self._responders: weakref.WeakSet[NatsResponder] = weakref.WeakSet()

    @property
    def max_payload(self) -> int:
        # The broker's bound is on headers and payload together.
        return self._connection.max_payload - _HEADER_ROOM

    async def open(self) -> None:
        """Connect, check that the broker fsyncs, make the lanes. Idempotent. Raises Misconfigured, Unavailable."""
        try:
            await self._connection.open()
            await check_durability(self._config)
            await make_lanes(self._connection, self._config)
        except BaseException:
            await self._connection.close()
            raise

    async def close(self) -> None:
        await asyncio.gather(*(responder.stop() for responder in tuple(self._responders)))
        await self._connection.close()

    async def publish(
        self, lane: Lane, subject: str, payload: bytes, headers: Mapping[str, str], *, timeout: float = 10.0
    ) -> None:
        check_subject(lane, subject)
        try:
            message = await self._connection.request(subject, payload, headers, timeout=timeout)
        except Unavailable as error:
            if error.code == "no_responders":
                raise Unavailable(
                    f"the broker has no {lane} lane; nothing was stored", hint="it may be starting: retry"
                ) from error
            raise Unavailable(f"the {lane} lane did not confirm the message: {error.detail}", hint=_RETRY) from error
        try:
            answer = json.loads(message.data)
            refusal = answer.get("error")
        except (ValueError, AttributeError) as error:
            raise Unavailable(f"{subject} was answered by something else than the broker", hint=_RETRY) from error
        if refusal is not None:
            raise broker_error(lane, refusal, self._config)

    async def fetch(self, lane: Lane, max_messages: int, wait: float) -> Sequence[NatsDelivery]:
        try:
            if not await self._begin(lane, wait):
                return ()
            await self._orphans[lane].relieve()
            deliveries = await fetch(self._connection, lane, max_messages, wait, self._backlogs[lane].forget)
        except Unavailable as error:
            if error.code not in {"no_responders", "broker_refused"}:
                raise
            await self._make_lanes_again()
            return ()
        for delivery in deliveries:
            self._backlogs[lane].saw(delivery.sequence, delivery.subject, delivery.headers)
        return deliveries

    async def _make_lanes_again(self) -> None:
        """A broker that was emptied has no lanes, and one that is starting says so. Raises Unavailable.

        They could be made when this was opened: what is wrong now is not the configuration, and may pass.
        """
        try:
            await make_lanes(self._connection, self._config)
        except Misconfigured as error:
            raise Unavailable(error.detail, hint=error.hint) from error

    async def _begin(self, lane: Lane, wait: float) -> bool:
        """Whether what leaves the lane is watched from before the first fetch on; False while the broker is away."""
        if self._backlogs[lane].begun:
            return True
        try:
            async with asyncio.timeout(wait):
                await self._connection.wait_up()
        except TimeoutError:
            return False
        await take_over(self._connection, lane, self._config)
        await self._backlogs[lane].begin()
        return True

    async def pending(self, lane: Lane) -> Pending:
        return await self._backlogs[lane].count()

    async def depth(self, lane: Lane) -> int:
        return (await self._backlogs[lane].held()).messages

    async def held(self, lane: Lane) -> Held:
        return await self._backlogs[lane].held()

    async def oldest(self, lane: Lane) -> int:
        return await self._backlogs[lane].oldest()

    async def request(self, subject: str, payload: bytes, *, timeout: float = 10.0) -> bytes:
        try:
            return (await self._connection.request(subject, payload, timeout=timeout)).data
        except Unavailable as error:
            if error.code == "no_responders":
                raise Unavailable(f"nobody answers on {subject}", hint="is the role that serves it running?") from error
            raise

    async def respond(self, subject: str, handler: Handler, *, group: str) -> NatsResponder:
        responder = NatsResponder(self._connection, subject, handler, group)
        await responder.start()
        self._responders.add(responder)
        return responder

    async def listen(self, subject: str, callback: Callable[[LiveMessage], None]) -> Listener:
        listener = Listener(self._connection, subject, callback)
        await listener.start()
        return listener
