"""Messages that stay in a lane although its consumer counts them as settled, so that nobody would ever be given them.

nats-server leaves them behind in two cases: an ack on a full disk settles a message whose removal is not written, and after the
next start the message is there again; and after it cut a damaged file off, new messages get the numbers of old ones. Only a new
consumer delivers them. What was committed before comes again then, and the store knows it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from penstock.bus.nats.config import NatsConfig
from penstock.bus.nats.connection import Connection
from penstock.bus.nats.lanes import CONSUMER, STREAMS, api, renew_consumer
from penstock.bus.port import Lane
from penstock.model.errors import Unavailable

__all__ = ["Orphans"]

_log: Final = structlog.get_logger(__name__)
_LOOK_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 300.0


class Orphans:
    """Of one lane; `relieve` before each fetch, when no pull of this process is open."""

    def __init__(self, connection: Connection, lane: Lane, config: NatsConfig) -> None:
        self._connection = connection
        self._lane = lane
        self._config = config
        self._next = 0.0
        self._seen: int | None = None
        self._tried: int | None = None
        self._again = 0.0
        self._pause = _AGAIN_SECONDS

    async def relieve(self) -> None:
        """Every five seconds: renew the consumer when it has settled the lane's first message for two looks already.

        A message that a new consumer does not deliver either is damaged, which is counted as unreadable, or was settled on a full
        disk once more: it is tried again, after pauses that double. A broker that does not answer at once is asked again at the
        next look.
        """
        if (now := time.monotonic()) < self._next or not self._connection.is_up:
            return
        self._next = now + _LOOK_SECONDS
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._look()
        except (TimeoutError, Unavailable) as error:
            _log.debug("bus.orphans_unknown", lane=self._lane, error=repr(error))

    async def _look(self) -> None:
        stream = STREAMS[self._lane]
        state = (await api(self._connection, f"STREAM.INFO.{stream}"))["state"]
        first = state["first_seq"] if state["messages"] else None
        if first is None or (first == self._tried and time.monotonic() < self._again):
            self._seen = None
            return
        consumer = await api(self._connection, f"CONSUMER.INFO.{stream}.{CONSUMER}")
        if first > consumer["ack_floor"]["stream_seq"]:
            self._seen = None
        elif first != self._seen:
            self._seen = first
        else:
            _log.warning(
                "bus.orphans", lane=self._lane, first=first, reason="settled, but still there: delivered again"
            )
            self._pause = min(2 * self._pause, _LONGEST_SECONDS) if first == self._tried else _AGAIN_SECONDS
            self._seen, self._tried, self._again = None, first, time.monotonic() + self._pause
            await renew_consumer(self._connection, self._lane, self._config)
