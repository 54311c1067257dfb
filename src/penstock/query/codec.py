"""Questions, answers and errors as bytes.

A question is JSON, tagged by `ask`. An answer is one Arrow IPC stream whose schema metadata key `penstock` is a JSON
header with the rest of the answer. A refusal is a JSON document that names the error class, so that whoever asked
raises the same one. The first byte tells them apart: `{` begins a refusal, an Arrow stream begins with 0xFF.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pyarrow as pa

from penstock.model.errors import (
    Backpressure,
    Conflict,
    InvalidInput,
    Misconfigured,
    NotAllowed,
    NotFound,
    PenstockError,
    Poison,
    RowError,
    TooLarge,
    Unavailable,
)
from penstock.query.port import Answer, Question

__all__ = ["decode_question", "decode_reply", "encode_answer", "encode_error", "encode_question"]

_COMPRESS_FROM: Final = 64 * 1024
"""Bytes of columns from which compression is worth its time: it saves nothing on a page of a hundred rows."""

_PLAIN: Final = {
    name: kind
    for kind in (PenstockError, InvalidInput, TooLarge, NotFound, Conflict, Misconfigured, Poison)
    for name in (kind.__name__, kind.code)
}
_RETRYABLE: Final = {name: kind for kind in (Unavailable, Backpressure) for name in (kind.__name__, kind.code)}


class _Header(msgspec.Struct):
    as_of: int
    staleness_ms: int
    complete: bool
    next_cursor: str | None
    meta: dict[str, Any]
    version: str = ""


class _Refusal(msgspec.Struct, omit_defaults=True):
    code: str
    detail: str
    kind: str = ""
    hint: str | None = None
    rows: tuple[RowError, ...] = ()
    retry_after: float = 1.0


class _Refused(msgspec.Struct):
    error: _Refusal


_questions: Final = msgspec.json.Decoder(Question)


def encode_question(question: Question) -> bytes:
    """JSON of the question."""
    return msgspec.json.encode(question)


def decode_question(payload: bytes) -> Question:
    """The question; raises InvalidInput that says what of it is not understood."""
    try:
        return _questions.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"not a question: {error}", code="invalid_question") from error


def encode_answer(answer: Answer) -> bytes:
    """One Arrow IPC stream; columns are compressed when there is much of them."""
    header = _Header(
        answer.as_of, answer.staleness_ms, answer.complete, answer.next_cursor, dict(answer.meta), answer.version
    )
    table = answer.table.replace_schema_metadata({b"penstock": msgspec.json.encode(header)})
    options = pa.ipc.IpcWriteOptions(compression="zstd" if table.nbytes > _COMPRESS_FROM else None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def encode_error(error: PenstockError) -> bytes:
    """The refusal that `decode_reply` raises again."""
    rows = error.rows if isinstance(error, InvalidInput) else ()
    retry_after = error.retry_after if isinstance(error, Unavailable) else 1.0
    refusal = _Refusal(error.code, error.detail, type(error).__name__, error.hint, rows, retry_after)
    return msgspec.json.encode(_Refused(refusal))


def decode_reply(payload: bytes) -> Answer:
    """The answer, or the error that was replied instead, raised. Unavailable for bytes that are neither."""
    try:
        if payload[:1] == b"{":
            raise _error(msgspec.json.decode(payload, type=_Refused).error)
        with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
            table = reader.read_all()
        header = msgspec.json.decode(table.schema.metadata[b"penstock"], type=_Header)
    except (msgspec.MsgspecError, pa.ArrowException, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Unavailable(
            f"the query service replied what is no answer: {error!r:.200}",
            hint="run the same version of Penstock in all roles",
        ) from error
    return Answer(
        table.replace_schema_metadata(None),
        header.as_of,
        header.staleness_ms,
        header.complete,
        header.next_cursor,
        header.meta,
        header.version,
    )


def _error(refusal: _Refusal) -> PenstockError:
    """The error as it was raised. The bus itself refuses without naming a class: then the code tells it."""
    if refusal.kind == NotAllowed.__name__:
        return NotAllowed(refusal.detail, authenticated=refusal.code == "forbidden", hint=refusal.hint)
    if kind := _RETRYABLE.get(refusal.kind or refusal.code):
        return kind(refusal.detail, code=refusal.code, hint=refusal.hint, retry_after=refusal.retry_after)
    if refusal.rows:
        return InvalidInput(refusal.detail, code=refusal.code, hint=refusal.hint, rows=refusal.rows)
    return _PLAIN.get(refusal.kind or refusal.code, PenstockError)(refusal.detail, code=refusal.code, hint=refusal.hint)
