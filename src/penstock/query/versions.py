"""Versions of answers: what one was made from, as a short text that costs far less than the answer.

A range that lies in the past is answered from three things: the series that the question selects (where they are placed, since when
and until when they have readings), the hours that it reads, and the store that is running. The store says from memory which hours
have changed (`SeriesStore.changed`). If none of the three has changed, neither has the answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import msgspec

from penstock.model.errors import NotFound
from penstock.model.series import SeriesInfo
from penstock.model.time import HOUR, Clock
from penstock.query.ast import Query, Select
from penstock.query.port import Aggregate, Answer, Present, Question, Reader, Recent, Unless, Versioned
from penstock.query.select import find, ids_of
from penstock.store.series import SeriesStore

__all__ = ["VersionedReader"]


class VersionedReader:
    """A `Reader` beside the store, in front of another: its answers carry versions, and it knows `Unless`."""

    def __init__(self, reader: Reader, store: SeriesStore, clock: Clock) -> None:
        self._reader = reader
        self._store = store
        self._clock = clock
        self._run = secrets.token_bytes(8)  # revisions count from the start of the store

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`.

        The version is taken before the answer is made: what changes meanwhile makes an answer newer than its version, and so
        found changed when there is nothing new, never the other way round.
        """
        if isinstance(question, Unless):
            # First what was acknowledged a moment ago is waited for, as every answer does; then the version is compared.
            present = await self._reader.ask(Present(tenant=question.tenant))
            if question.version and await self._version(question.question) == question.version:
                return replace(present, version=question.version, meta={"unchanged": True})
            question = question.question
        version = await self._version(question) if isinstance(question, Versioned) else ""
        return replace(await self._reader.ask(question), version=version)

    async def _version(self, question: Versioned) -> str:
        """Empty where the answer depends on the present, or there is nothing to answer from."""
        end = _end(question)
        if end is None or end > self._clock.now():
            return ""
        try:
            found = [info for where in _selects(question) for info in await find(self._store, question.tenant, where)]
        except NotFound:
            return ""
        began = [info.first_ts for info in found if info.first_ts is not None]
        if not began or min(began) >= end:
            return ""
        hours = await self._store.changed(max(min(began), _start(question)), end, ids_of(found))
        return _digest(self._run, int(hours.max(initial=0)), found, end)


def _end(question: Versioned) -> int | None:
    """Epoch ms behind the last instant that is asked for."""
    return question.end + question.include_end if isinstance(question, Aggregate) else question.end


def _start(question: Versioned) -> int:
    """Epoch ms before which no reading can be in the answer, as far as that is plain to see.

    Counters and earlier periods reach back to wherever their readings are.
    """
    if isinstance(question, Aggregate) and isinstance(question.window, int):
        return question.start - max(question.window or question.end - question.start, HOUR)
    return question.start or 0 if isinstance(question, Recent) else 0


def _selects(question: Versioned) -> Sequence[Select]:
    return [fetch.where for fetch in question.fetch.values()] if isinstance(question, Query) else [question.where]


def _digest(run: bytes, revision: int, found: Sequence[SeriesInfo], end: int) -> str:
    """What comes behind `end` is of no interest, except that a series goes on."""
    facts = [
        (
            info.id,
            info.key,
            info.attributes,
            None if info.first_ts is None else min(info.first_ts, end),
            None if info.last_ts is None else min(info.last_ts, end),
        )
        for info in found
    ]
    return blake2b(msgspec.json.encode((revision, end, facts)), digest_size=16, key=run).hexdigest()
