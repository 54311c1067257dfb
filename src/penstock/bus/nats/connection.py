"""Requests and pulls over a connection: every answer finds who asked.

Answers are matched here and not by the client library: its `request` and `fetch` stand on `asyncio.wait_for`, which can swallow
a cancellation on Python 3.11, its `fetch` can leave a pull behind that catches the next message, and a publish while
disconnected would sit in a buffer and be sent after its caller was told that it failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from nats.aio.msg import Msg

from penstock.bus.nats.config import NatsConfig
from penstock.bus.nats.link import Link, Standing
from penstock.model.errors import Unavailable

__all__ = ["Connection", "PrivateInbox", "Sink", "status_of"]

_CLOSE_SECONDS = 3.0

Sink = Callable[[Msg | None], None]
"""Takes one answer, or None when the connection was lost and no more answers will come."""


def status_of(message: Msg) -> str | None:
    """The status code of a broker's control message; None for data, whatever headers its sender gave it."""
    headers = message.headers
    if not headers or message.data or message.reply or "Nats-Sequence" in headers:
        return None
    return headers.get("Status")


class PrivateInbox:
    """A reply subject of its own; see `Connection.open_private_inbox`."""

    def __init__(self, connection: Connection, reply: str, sink: Sink) -> None:
        self.reply = reply
        self.standing = Standing(reply, self._on_message, max_messages=0, max_bytes=0)
        self._connection = connection
        self._sink = sink

    def pass_on(self, message: Msg | None) -> None:
        self._sink(message)

    async def _on_message(self, message: Msg) -> None:
        self._sink(message)

    async def close(self) -> None:
        self._connection.close_inbox(self.reply)
        await self._connection.unsubscribe(self.standing)

    def close_later(self, sink: Sink, seconds: float) -> None:
        """Send what still arrives to another sink, and close after some seconds."""
        self._sink = sink
        asyncio.get_running_loop().call_later(seconds, self._connection.run_soon, self.close)


class Connection(Link):
    """A link with an inbox."""

    def __init__(self, config: NatsConfig) -> None:
        super().__init__(config, self._lose_answers)
        self._inbox = f"{config.inbox}.{secrets.token_hex(11)}"
        self._tokens = itertools.count()
        self._sinks: dict[str, Sink] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        if not self.is_open:
            await super().open()
            # Only what was asked for arrives here, so its senders bound it: one answer for each publish in flight.
            await self.subscribe(Standing(f"{self._inbox}.*", self._on_answer, max_messages=0, max_bytes=0))

    async def close(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
        await super().close()
        self._sinks.clear()

    def send_soon(self, subject: str, payload: bytes) -> None:
        """Send a small message from where nothing can be awaited; lost when the connection is down."""

        async def send() -> None:
            with contextlib.suppress(Unavailable):
                await self.send(subject, payload, wait=False)

        self.run_soon(send)

    def run_soon(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a short piece of work in a task that `close` waits for."""
        if self.is_open:
            task = asyncio.create_task(work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def open_inbox(self, sink: Sink) -> str:
        """A new reply subject; its answers go to `sink` until it is closed."""
        token = str(next(self._tokens))
        self._sinks[token] = sink
        return f"{self._inbox}.{token}"

    def close_inbox(self, reply: str) -> None:
        self._sinks.pop(reply.rpartition(".")[2], None)

    async def open_private_inbox(self, sink: Sink) -> PrivateInbox:
        """A reply subject with a subscription of its own, for pulls: their messages keep the subject they were published on."""
        token = str(next(self._tokens))
        inbox = PrivateInbox(self, f"{self._inbox}-pull.{token}", sink)
        await self.attach(inbox.standing)
        self._sinks[token] = inbox.pass_on  # to hear of a lost connection
        return inbox

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, *, timeout: float
    ) -> Msg:
        """The first answer. Raises Unavailable: nobody listens (at once), no answer in time, connection lost."""
        answer: asyncio.Future[Msg | None] = asyncio.get_running_loop().create_future()
        sent = False

        def settle(message: Msg | None) -> None:
            if not answer.done():
                answer.set_result(message)

        reply = self.open_inbox(settle)
        try:
            async with asyncio.timeout(timeout):
                await self.send(subject, payload, headers, reply=reply)
                sent = True
                message = await answer
        except TimeoutError:
            raise Unavailable(
                f"no answer on {subject} within {timeout:g} s"
                if sent
                else f"no connection to the broker for {timeout:g} s; nothing was sent",
                code="timeout" if sent else "unavailable",
            ) from None
        finally:
            self.close_inbox(reply)
        if message is None:
            raise Unavailable(f"the connection to the broker was lost while {subject} was waiting for an answer")
        if status_of(message) == "503":
            raise Unavailable(f"nobody answers on {subject}", code="no_responders")
        return message

    async def _on_answer(self, message: Msg) -> None:
        if sink := self._sinks.get(message.subject.rpartition(".")[2]):
            sink(message)

    def _lose_answers(self) -> None:
        for sink in tuple(self._sinks.values()):
            sink(None)
