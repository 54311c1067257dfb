"""The engine over the bus: `serve` answers where the store is, `RemoteReader` asks from anywhere else."""

from __future__ import annotations

from typing import Final

import structlog

from penstock.bus import Bus, Responder
from penstock.model.errors import PenstockError, TooLarge
from penstock.query.codec import decode_question, decode_reply, encode_answer, encode_error, encode_question
from penstock.query.port import Answer, Question, Reader

__all__ = ["GROUP", "SUBJECT", "RemoteReader", "serve"]

SUBJECT: Final = "penstock.v1.query"
GROUP: Final = "query"

_log: Final = structlog.get_logger(__name__)


async def serve(reader: Reader, bus: Bus) -> Responder:
    """Answer questions on SUBJECT until stopped. Each gets a reply: an answer, or why there is none."""

    async def handle(payload: bytes) -> bytes:
        try:
            answer = await reader.ask(decode_question(payload))
            return _bounded(encode_answer(answer), answer, bus.max_payload)
        except PenstockError as error:
            return encode_error(error)
        except Exception:  # noqa: BLE001 - logged and replied: the other side must not wait for its timeout
            _log.exception("a question failed", question=payload[:500].decode(errors="replace"))
            return encode_error(PenstockError("the query service failed on this question; its log says why"))

    return await bus.respond(SUBJECT, handle, group=GROUP)


def _bounded(reply: bytes, answer: Answer, most: int) -> bytes:
    if len(reply) <= most:
        return reply
    rows = max(1, answer.table.num_rows * most // len(reply) * 9 // 10)
    raise TooLarge(
        f"the answer has {len(reply)} bytes in {answer.table.num_rows} rows, the bus carries {most} bytes",
        hint=f"ask for about {rows} rows: a smaller limit, a wider window, fewer groups or a shorter range",
    )


class RemoteReader:
    """A `Reader` anywhere on the bus; besides the engine's errors, Unavailable when no query service answers in time."""

    def __init__(self, bus: Bus, timeout: float = 30.0) -> None:
        """`timeout` seconds for one question."""
        self._bus = bus
        self._timeout = timeout

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`."""
        return decode_reply(await self._bus.request(SUBJECT, encode_question(question), timeout=self._timeout))
