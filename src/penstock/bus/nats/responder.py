"""Answering requests and listening to passing messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from nats.aio.msg import Msg

from penstock.bus.nats.connection import Connection
from penstock.bus.nats.link import Standing
from penstock.bus.port import Handler, LiveMessage
from penstock.bus.wire import error_reply
from penstock.model.errors import PenstockError, TooLarge

__all__ = ["Listener", "NatsResponder"]

_log: Final = structlog.get_logger(__name__)
_MAX_CONCURRENT: Final = 64
_STOP_SECONDS: Final = 5.0


class NatsResponder:
    """Answers the requests on one subject, up to 64 at a time; the next 1,024 wait, what is beyond is dropped."""

    def __init__(self, connection: Connection, subject: str, handler: Handler, group: str) -> None:
        self._connection = connection
        self._handler = handler
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)
        self._running: set[asyncio.Task[None]] = set()
        self._standing = Standing(subject, self._on_request, queue=group)

    async def start(self) -> None:
        """Subscribe; once this returns the broker routes requests here."""
        await self._connection.subscribe(self._standing)
        await self._connection.flush()

    async def stop(self) -> None:
        """Take no more requests; those being answered get five seconds to end."""
        await self._connection.unsubscribe(self._standing)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _on_request(self, message: Msg) -> None:
        await self._slots.acquire()
        task = asyncio.create_task(self._answer(message))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._slots.release()

    async def _answer(self, message: Msg) -> None:
        subject = self._standing.subject
        try:
            reply = await self._handler(message.data)
        except Exception:  # noqa: BLE001  a handler must not raise; whoever asked still deserves an answer
            _log.exception("bus.handler_failed", subject=subject)
            reply = error_reply("internal", f"the handler of {subject} failed; see the log of its role")
        if not message.reply:
            return
        try:
            try:
                await self._connection.send(message.reply, reply, wait=False)
            except TooLarge as error:
                reply = error_reply(error.code, f"the answer is too large: {error.detail}")
                await self._connection.send(message.reply, reply, wait=False)
        except PenstockError as error:
            _log.warning("bus.reply_lost", subject=subject, error=error.detail)


class Listener:
    """Copies of passing messages for a callback; what it cannot take in time is dropped."""

    def __init__(self, connection: Connection, subject: str, callback: Callable[[LiveMessage], None]) -> None:
        self._connection = connection
        self._callback = callback
        self._standing = Standing(subject, self._on_message)

    async def start(self) -> None:
        """Subscribe; once this returns messages are seen."""
        await self._connection.subscribe(self._standing)
        await self._connection.flush()

    async def stop(self) -> None:
        await self._connection.unsubscribe(self._standing)

    async def _on_message(self, message: Msg) -> None:
        try:
            self._callback(LiveMessage(message.subject, message.data))
        except Exception:  # noqa: BLE001  one bad message must not end the subscription
            _log.exception("bus.callback_failed", subject=message.subject)
