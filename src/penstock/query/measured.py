"""How many questions are asked, and how long their answers take."""

from __future__ import annotations

import time
from typing import Final

from penstock.model.recent import Spans, Tally
from penstock.query.port import Answer, Metrics, Pipeline, Present, Question, Reader, Status

__all__ = ["MeasuredReader"]

_ABOUT_ITSELF: Final = Metrics | Pipeline | Present | Status


class MeasuredReader:
    """A `Reader` that measures another. Questions about the platform itself are left out: watching it must not show as load."""

    def __init__(self, reader: Reader) -> None:
        self.inner = reader
        self.asked = Tally()
        self.failed = Tally()
        self.waits = Spans()

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`."""
        if isinstance(question, _ABOUT_ITSELF):
            return await self.inner.ask(question)
        began = time.monotonic()
        self.asked.add(1)
        try:
            answer = await self.inner.ask(question)
        except Exception:
            self.failed.add(1)
            raise
        self.waits.add((time.monotonic() - began) * 1_000)
        return answer
