"""Answers in the shape that a client asks for: rows (default), columns, CSV or Arrow; always with how fresh they are.

Rows are made from whole columns at a time; rendering 100,000 rows of six columns takes about a quarter second, so large
answers are rendered in a worker thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response

from penstock.api.accept import preferences
from penstock.api.texts import csv_header, csv_lines
from penstock.model.errors import InvalidInput
from penstock.model.time import format_time
from penstock.query.port import Answer

__all__ = [
    "ARROW",
    "COLUMNS",
    "CSV",
    "JSON",
    "TIME_COLUMNS",
    "freshness",
    "kept_headers",
    "one",
    "render",
    "rows_of",
    "time_texts",
]

JSON: Final = "application/json"
COLUMNS: Final = "application/vnd.penstock.columns+json"
CSV: Final = "text/csv"
ARROW: Final = "application/vnd.apache.arrow.stream"

TIME_COLUMNS: Final = frozenset(
    {"ts", "first_ts", "last_ts", "received_ts", "admitted_ts", "committed_ts", "settled_ts"}
)
_JSON_TEXT_COLUMNS: Final = frozenset({"tags"})
_INLINE_ROWS: Final = 2_000


async def render(request: Request, answer: Answer) -> Response:
    """The answer as the client's Accept header asks. Raises InvalidInput (`not_acceptable`)."""
    media = _choose(request.headers.get("accept", ""))
    write = _WRITERS[media]
    if answer.table.num_rows <= _INLINE_ROWS:
        body = write(answer)
    else:
        body = await asyncio.to_thread(write, answer)
    headers = {"vary": "accept", **kept_headers(answer)}
    if media in {CSV, ARROW}:
        headers |= {f"x-penstock-{k.replace('_', '-')}": _text(v) for k, v in freshness(answer).items()}
        if answer.next_cursor is not None:
            headers["x-penstock-next-cursor"] = answer.next_cursor
    return Response(body, headers=headers, media_type=media)


def one(answer: Answer, *, index: int = 0, **members: Any) -> Response:
    """One row of the answer as an object, with `members` and the freshness beside it."""
    row = rows_of(answer.table.slice(index, 1))[0] if answer.table.num_rows else {}
    document = msgspec.json.encode(row | members | freshness(answer))
    return Response(document, headers=kept_headers(answer), media_type=JSON)


def kept_headers(answer: Answer) -> dict[str, str]:
    """How the answer came by way of the cache, and for how long a client may keep it: RFC 9111 §5.1, §5.2. Nothing without a cache."""
    if answer.kept is None:
        return {}
    outcome, age, fresh = answer.kept
    return {
        "age": str(age // 1_000),
        "cache-control": f"private, max-age={fresh // 1_000}",
        "x-penstock-cache": outcome,
    }


def freshness(answer: Answer) -> dict[str, Any]:
    """What every answer says about itself; `as_of` as RFC 3339."""
    return {
        "as_of": format_time(answer.as_of),
        "staleness_ms": answer.staleness_ms,
        "complete": answer.complete,
    }


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """One dict per row: times as RFC 3339, JSON text as JSON, null for what is missing or not finite."""
    names = table.column_names
    columns = [_row_values(name, table.column(name)) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def time_texts(ms: Sequence[int | None]) -> list[str | None]:
    """RFC 3339 UTC of epoch milliseconds, as `model.time.format_time` writes it; None stays None."""
    known = np.array([0 if m is None else m for m in ms], np.int64).view("datetime64[ms]")
    texts = np.datetime_as_string(known).tolist()
    return [
        None if m is None else text[:19] + "Z" if text.endswith(".000") else text + "Z"
        for m, text in zip(ms, texts, strict=True)
    ]


def _row_values(name: str, column: pa.ChunkedArray) -> Sequence[Any]:
    values = column.to_pylist()
    if name in TIME_COLUMNS:
        return time_texts(values)
    if name in _JSON_TEXT_COLUMNS:
        return [msgspec.Raw(text.encode()) if text else None for text in values]
    return values  # the encoder writes NaN and infinities as null


def _write_rows(answer: Answer) -> bytes:
    document: dict[str, Any] = {"data": rows_of(answer.table), "next_cursor": answer.next_cursor, **freshness(answer)}
    if answer.meta:
        document["meta"] = answer.meta
    return msgspec.json.encode(document)


def _write_columns(answer: Answer) -> bytes:
    table = answer.table
    document: dict[str, Any] = {
        "columns": {name: table.column(name).to_pylist() for name in table.column_names},
        "next_cursor": answer.next_cursor,
        **freshness(answer),
    }
    document["as_of"] = answer.as_of
    if answer.meta:
        document["meta"] = answer.meta
    return msgspec.json.encode(document)


def _write_csv(answer: Answer) -> bytes:
    """CSV as exports write it: RFC 4180 with a header, safe against formulas."""
    return csv_header(answer.table) + csv_lines(answer.table, TIME_COLUMNS)


def _write_arrow(answer: Answer) -> bytes:
    """An Arrow IPC stream; times are `timestamp[ms, UTC]`, the freshness is in the schema's metadata."""
    table = answer.table
    stamp = pa.timestamp("ms", tz="UTC")
    arrays = [
        table.column(name).cast(stamp) if name in TIME_COLUMNS else table.column(name) for name in table.column_names
    ]
    said = freshness(answer) | {"next_cursor": answer.next_cursor}
    timed = pa.table(arrays, names=table.column_names, metadata={"penstock": msgspec.json.encode(said)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, timed.schema) as writer:
        writer.write_table(timed)
    return sink.getvalue().to_pybytes()


_WRITERS: Final[Mapping[str, Callable[[Answer], bytes]]] = {
    JSON: _write_rows,
    COLUMNS: _write_columns,
    CSV: _write_csv,
    ARROW: _write_arrow,
}


def _choose(accept: str) -> str:
    """The best of what can be written for an Accept header; rows as JSON when the client does not mind."""
    if not accept or accept in {"*/*", JSON}:
        return JSON
    ranges = preferences(accept)
    best, best_quality = None, 0.0
    for media in _WRITERS:
        fitting = max((r for r in ranges if r.matches(media)), key=lambda r: r.matches(media), default=None)
        if fitting is not None and fitting.quality > best_quality:
            best, best_quality = media, fitting.quality
    if best is None:
        raise InvalidInput(
            f"nothing in Accept {accept!r:.120} can be written",
            code="not_acceptable",
            hint=f"accept one of {', '.join(_WRITERS)}",
        )
    return best


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
