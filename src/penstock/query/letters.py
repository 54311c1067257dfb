"""Dead letters as columns: a listing that shows how each begins, and one letter whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from penstock.model.ledger import DeadLetter
from penstock.query.port import DeadLetterQuestion, DeadLetters
from penstock.query.select import Instant, check_limit, decode_cursor, encode_cursor
from penstock.store.series import SeriesStore

__all__ = ["PIECE", "dead_letters"]

PIECE: Final = 1 << 20
"""Bytes of a payload in one answer: a message may be as large as the bus carries, and its answer must still fit."""

_PREVIEW: Final = 1_000
_COLUMNS: Final = {
    "id": pa.string(),
    "state": pa.string(),
    "received_ts": pa.int64(),
    "source": pa.string(),
    "holds": pa.string(),
    "rows": pa.int64(),
    "code": pa.string(),
    "detail": pa.string(),
    "media_type": pa.string(),
    "payload": pa.string(),
    "payload_bytes": pa.int64(),
    "settled_ts": pa.int64(),
    "settled_by": pa.string(),
    "reason": pa.string(),
}


async def dead_letters(store: SeriesStore, question: DeadLetters | DeadLetterQuestion) -> tuple[pa.Table, str | None]:
    """Letters, and where to continue. Raises InvalidInput for a limit or cursor that cannot be."""
    match question:
        case DeadLetters():
            return await _listing(store, question)
        case DeadLetterQuestion():
            return await _one(store, question), None


async def _listing(store: SeriesStore, question: DeadLetters) -> tuple[pa.Table, str | None]:
    check_limit(question.limit)
    before = decode_cursor(question.cursor, tuple[Instant, str])
    found = await store.dead_letters(
        question.tenant,
        question.limit + 1,
        state=question.state,
        code=question.code,
        source=question.source,
        before=before,
    )
    letters = found[: question.limit]
    more = len(found) > question.limit
    return _table(letters), encode_cursor((letters[-1].received_ts, letters[-1].id)) if more else None


async def _one(store: SeriesStore, question: DeadLetterQuestion) -> pa.Table:
    letter = await store.dead_letter(question.tenant, question.letter)
    letters = [letter] if letter else []
    start = max(0, question.offset)
    piece = pa.array([one.payload[start : start + PIECE] for one in letters], pa.binary())
    table = _table(letters)
    table = table.set_column(table.column_names.index("payload"), "payload", piece)
    return table.append_column("stamp", pa.array([one.stamp for one in letters], pa.int64()))


def _table(letters: Sequence[DeadLetter]) -> pa.Table:
    return pa.table({name: pa.array([_cell(one, name) for one in letters], kind) for name, kind in _COLUMNS.items()})


def _cell(letter: DeadLetter, name: str) -> Any:
    match name:
        case "payload":
            return letter.payload[:_PREVIEW].decode("utf-8", "backslashreplace")
        case "payload_bytes":
            return len(letter.payload)
        case _:
            return getattr(letter, name)
