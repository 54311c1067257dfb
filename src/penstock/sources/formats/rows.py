"""JSON and NDJSON bodies of rows: split them, decode like rows together, and judge the rest one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput
from penstock.sources.formats.alike import Alike
from penstock.sources.formats.collect import Collector, check_rows
from penstock.sources.formats.judge import BATTERY, READINGS, TEMPERATURE, Dialect, judge

__all__ = ["Shape", "decode_battery_rows", "decode_rows", "decode_temperature"]

Shape = Literal["json", "ndjson"]

_PIECE: Final = 1 << 19  # bytes that are decoded together
_ROW_END: Final = re.compile(rb"\}\s*,\s*\{")
_CHUNK: Final = 64  # rows that are tried together after the body as a whole has failed
_BOM: Final = b"\xef\xbb\xbf"
_POSITION: Final = re.compile(r"(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?")


def decode_rows(body: bytes, shape: Shape) -> Draft:
    """Rows of `POST /v1/readings`: long (`metric`, `value`) or wide (each numeric field is a metric).

    `json` is one object or an array of objects, `ndjson` one object per line (blank lines do not count as rows). Each
    bad row is a RowError; raises InvalidInput (`malformed_json`) only for a body that is not JSON at all.
    """
    return _decode(body, shape, READINGS)


def decode_battery_rows(body: bytes, shape: Shape) -> Draft:
    """Wide rows of `POST /v1/battery-readings`: `battery_id` is the sensor. Otherwise as `decode_rows`."""
    return _decode(body, shape, BATTERY)


def decode_temperature(body: bytes, building: str, room: str) -> Draft:
    """The temperature of one room, from one object or an array of them: `value` or `temperature`, `ts`, optional `unit`.

    The sensor is `building/room` unless `sensor_id` says otherwise. Otherwise as `decode_rows`.
    """
    return _decode(body, "json", TEMPERATURE(building, room))


def _decode(body: bytes, shape: Shape, dialect: Dialect) -> Draft:
    body = body.removeprefix(_BOM).strip()
    if shape == "ndjson":
        return _decode_lines(body.replace(b"\r\n", b"\n") if b"\r" in body else body, dialect)
    if body.startswith(b"["):
        draft = _decode_array(body, dialect)
        return _decode_whole(body, dialect) if draft is None else draft
    out = Collector()
    _judge_all([_whole(body)], 0, dialect, out)
    return out.draft(1)


def _decode_array(body: bytes, dialect: Dialect) -> Draft | None:
    """Decode an array piece by piece; None if a piece is not JSON.

    Pieces are cut between what looks like two rows. A cut inside of a text or of a nested value leaves a piece that is
    not JSON, so when all pieces decode, all were cut between rows.
    """
    out = Collector()
    alike = Alike(dialect, out)
    start, stop, row = 1, len(body) - 1, 0
    if body[stop:] != b"]":
        return None
    while start < stop:
        cut = _ROW_END.search(body, min(start + _PIECE, stop), stop)
        piece = b"[" + body[start : cut.start() + 1 if cut else stop] + b"]"
        added = alike.decode(piece, row)
        if added is None:
            check_rows(piece.count(b","), "values")
            try:
                rows = msgspec.json.decode(piece, type=list[msgspec.Raw])
            except (ValueError, RecursionError):
                return None
            _decode_chunks([bytes(raw) for raw in rows], row, alike, dialect, out)
            added = len(rows)
        row += added
        start = cut.end() - 1 if cut else stop
    return out.draft(row)


def _decode_whole(body: bytes, dialect: Dialect) -> Draft:
    """Decode an array that cannot be cut into pieces: odd texts in it, numbers that JSON does not have, or no JSON."""
    check_rows(body.count(b","), "values")
    out = Collector()
    try:
        rows = msgspec.json.decode(body, type=list[msgspec.Raw])
        _decode_chunks([bytes(raw) for raw in rows], 0, Alike(dialect, out), dialect, out)
    except (ValueError, RecursionError) as error:
        rows = _lenient(body)
        if not isinstance(rows, list):
            raise _malformed(body, error) from None
        _judge_all(rows, 0, dialect, out)
    return out.draft(len(rows))


def _decode_lines(body: bytes, dialect: Dialect) -> Draft:
    out = Collector()
    alike = Alike(dialect, out)
    start, row = 0, 0
    while start < len(body):
        end = body.find(b"\n", start + _PIECE)
        piece = body[start : end if end >= 0 else len(body)]
        start += len(piece) + 1
        rows = piece.count(b"\n") + 1
        added = None
        # With a row from brace to brace on every line, lines become an array by turning breaks into commas.
        if piece.count(b"}\n{") + 1 == rows and piece[:1] == b"{" and piece[-1:] == b"}":
            added = alike.decode(b"[" + piece.replace(b"\n", b",") + b"]", row, rows)
        if added is None:
            lines = [stripped for line in piece.split(b"\n") if (stripped := line.strip())]
            _decode_chunks(lines, row, alike, dialect, out)
            added = len(lines)
        row += added
    return out.draft(row)


def _decode_chunks(rows: Sequence[bytes], first: int, alike: Alike, dialect: Dialect, out: Collector) -> None:
    """Decode rows of which some are bad or unlike the others: those are judged one by one.

    When nearly all are alike they are sifted out together; else a bad row costs the rows of its own chunk.
    """
    objects = all(row[:1] == b"{" and row[-1:] == b"}" for row in rows)
    if objects and len(rows) > _CHUNK and (others := alike.sift(rows, first)) is not None:
        for at in others:
            _judge_text(rows[at], first + at, dialect, out)
        return
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        like = objects or all(row[:1] == b"{" and row[-1:] == b"}" for row in chunk)
        if (
            len(chunk) > 1
            and like
            and alike.decode(b"[" + b",".join(chunk) + b"]", first + start, len(chunk)) is not None
        ):
            continue
        for at, text in enumerate(chunk, first + start):
            _judge_text(text, at, dialect, out)


def _judge_text(text: bytes, at: int, dialect: Dialect, out: Collector) -> None:
    try:
        judge(_whole(text), at, dialect, out)
    except InvalidInput as error:
        out.refuse(at, error)


def _judge_all(rows: Sequence[object], first: int, dialect: Dialect, out: Collector) -> None:
    for at, row in enumerate(rows, first):
        try:
            judge(row, at, dialect, out)
        except InvalidInput as error:
            out.refuse(at, error)


class _NotJson:
    """NaN, Infinity or -Infinity, where JSON has no such number."""

    def __init__(self, literal: str) -> None:
        self._literal = literal

    def __repr__(self) -> str:
        return f"{self._literal} (JSON has no such number)"


def _whole(text: bytes) -> object:
    """The value of one JSON text; raises InvalidInput (`malformed_json`)."""
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        value = _lenient(text)
        if value is None:
            raise _malformed(text, error) from None
        return value


def _lenient(text: bytes) -> Any:
    """The value of a text that is JSON but for NaN and infinities, which become `_NotJson`; None if it is not even that."""
    if b"NaN" not in text and b"Infinity" not in text:
        return None
    try:
        return json.loads(text, parse_constant=_NotJson)
    except (ValueError, RecursionError):
        return None


def _malformed(text: bytes, error: Exception) -> InvalidInput:
    if isinstance(error, UnicodeDecodeError):
        try:
            text.decode()
            at, reason = 0, "not UTF-8"
        except UnicodeDecodeError as first:
            at, reason = first.start, "not UTF-8"
    elif isinstance(error, RecursionError):
        at, reason = 0, "nested too deeply"
    else:
        match = _POSITION.fullmatch(str(error))
        reason = match[1] if match else str(error)
        at = int(match[2]) if match and match[2] else len(text)
    return InvalidInput(
        f"not JSON at byte {at}: {reason}",
        code="malformed_json",
        hint="send one JSON object, an array of objects, or one object per line as application/x-ndjson",
    )
