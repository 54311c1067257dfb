"""The engine over the bus: `serve` answers where the store is, `RemoteReader` asks from anywhere else.

A process that is killed takes the questions that it worked on with it, and nothing on the bus tells who asked. So a service that
begins says so, and readers ask again whatever they wait for: questions change nothing, so one that is asked twice costs only work.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Final

import structlog

from penstock.bus import Bus, Responder
from penstock.model.errors import PenstockError, TooLarge, Unavailable
from penstock.query.codec import decode_question, decode_reply, encode_answer, encode_error, encode_question
from penstock.query.port import Answer, Question, Reader

__all__ = ["BEGAN", "GROUP", "SUBJECT", "RemoteReader", "serve"]

SUBJECT: Final = "penstock.v1.query"
BEGAN: Final = "penstock.v1.query.began"
GROUP: Final = "query"

_TELL_SECONDS: Final = 5.0

_log: Final = structlog.get_logger(__name__)


async def serve(reader: Reader, bus: Bus) -> Responder:
    """Answer questions on SUBJECT until stopped, and say on BEGAN that this is so. Each gets a reply: an answer, or why there is none."""

    async def handle(payload: bytes) -> bytes:
        try:
            answer = await reader.ask(decode_question(payload))
            return _bounded(encode_answer(answer), answer, bus.max_payload)
        except PenstockError as error:
            return encode_error(error)
        except Exception:  # noqa: BLE001 - logged and replied: the other side must not wait for its timeout
            _log.exception("a question failed", question=payload[:500].decode(errors="replace"))
            return encode_error(PenstockError("the query service failed on this question; its log says why"))

    responder = await bus.respond(SUBJECT, handle, group=GROUP)
    with contextlib.suppress(Unavailable):  # nobody asks yet, or not any more
        await bus.request(BEGAN, b"", timeout=_TELL_SECONDS)
    return responder


def _bounded(reply: bytes, answer: Answer, most: int) -> bytes:
    if len(reply) <= most:
        return reply
    rows = max(1, answer.table.num_rows * most // len(reply) * 9 // 10)
    raise TooLarge(
        f"the answer has {len(reply)} bytes in {answer.table.num_rows} rows, the bus carries {most} bytes",
        hint=f"ask for about {rows} rows: a smaller limit, a wider window, fewer groups or a shorter range",
    )


class RemoteReader:
    """A `Reader` anywhere on the bus; besides the engine's errors, Unavailable when no query service answers in time.

    From `open` to `close` it hears when a service begins, and asks again what it waits for.
    """

    def __init__(self, bus: Bus, timeout: float = 30.0) -> None:
        """`timeout` seconds for one question, however often it is asked."""
        self._bus = bus
        self._timeout = timeout
        self._hearing: Responder | None = None
        self._asking: set[asyncio.Task[bytes]] = set()

    async def open(self) -> None:
        """Begin to hear of services that begin."""
        self._hearing = await self._bus.respond(BEGAN, self._began, group=f"reader-{secrets.token_hex(8)}")

    async def close(self) -> None:
        """Hear no more. Idempotent."""
        if self._hearing is not None:
            await self._hearing.stop()
            self._hearing = None

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`."""
        loop, payload = asyncio.get_running_loop(), encode_question(question)
        until = loop.time() + self._timeout
        while True:
            asking = loop.create_task(self._bus.request(SUBJECT, payload, timeout=until - loop.time()))
            self._asking.add(asking)
            try:
                await asyncio.wait([asking])
            finally:
                self._asking.discard(asking)
                asking.cancel()
            if not asking.cancelled():
                return decode_reply(asking.result())

    async def _began(self, _: bytes) -> bytes:
        for asking in self._asking:
            asking.cancel()
        return b""
