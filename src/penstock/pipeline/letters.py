"""Dead letters out of a frame's faulty rows: the good rows stay, the bad ones are written as their sender could send them.

A letter holds rows of one request with one fault, as NDJSON that the doors in accept, so that it can be read, mended and
sent again. It is small enough for one frame, so that its replay and its new state are one transaction.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from penstock.model.batch import SEQ_BASE, Batch
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part
from penstock.pipeline.check import MAX_STAMP, Fault

__all__ = ["LETTER_ROWS", "NDJSON", "split"]

NDJSON: Final = "application/x-ndjson"
LETTER_ROWS: Final = 16_384
"""Rows of one letter; that many fit one frame."""
_LETTER_BYTES: Final = 1 << 20
_DETAIL: Final = 1_000

Index = npt.NDArray[np.intp]


def split(frame: Frame, faults: Sequence[Fault], now: int) -> Frame:
    """The frame without the rows of `faults`, which are in dead letters instead; its id stays, its counts add up.

    `now` is epoch ms. The letters' ids follow from the frame's id and the rows, so a redelivery makes the same ones.
    """
    rows = len(frame.batch) + len(frame.events)
    part_of = np.repeat(np.arange(len(frame.parts)), [part.accepted for part in frame.parts])
    bad = np.zeros(rows, np.bool_)
    letters: list[DeadLetter] = []
    for fault in faults:
        bad[fault.rows] = True
        for part in np.unique(part_of[fault.rows]).tolist():
            mine = fault.rows[part_of[fault.rows] == part]
            letters.extend(_letters(frame, frame.parts[part], f"{frame.id}\x1f{part}", fault, mine, now))
    lost = np.bincount(part_of[bad], minlength=len(frame.parts)).tolist()
    parts = tuple(_without(part, n) for part, n in zip(frame.parts, lost, strict=True))
    letters = [*frame.dead_letters, *letters]
    if frame.events:
        events = tuple(event for event, out in zip(frame.events, bad.tolist(), strict=True) if not out)
        return replace(frame, parts=parts, events=events, dead_letters=tuple(letters))
    return replace(frame, parts=parts, batch=without(frame.batch, bad), dead_letters=tuple(letters))


def without(batch: Batch, bad: npt.NDArray[np.bool_]) -> Batch:
    """The readings that are not `bad` (bool [n]), and of the keys and attributes only theirs: others make no series."""
    keep = ~bad
    used, series = np.unique(batch.series[keep], return_inverse=True)
    keys = tuple(batch.keys[i] for i in used.tolist())
    sensors = {(key.site, key.sensor) for key in keys}
    attributes = batch.attributes
    if len(keys) < len(batch.keys):
        attributes = {sensor: said for sensor, said in attributes.items() if sensor in sensors}
    return Batch(
        batch.tenant,
        keys,
        series.astype(np.int32),
        batch.ts[keep],
        batch.value[keep],
        batch.version[keep],
        attributes,
    )


def _without(part: Part, lost: int) -> Part:
    return replace(part, accepted=part.accepted - lost, dead_lettered=part.dead_lettered + lost) if lost else part


def _letters(frame: Frame, part: Part, name: str, fault: Fault, rows: Index, now: int) -> Iterator[DeadLetter]:
    """Letters of some rows of one part with one fault; more than one only when they are very many."""
    if frame.events:
        lines, stamp = _event_lines(frame.events, rows), 0
    else:
        lines, stamp = _reading_lines(frame.batch, rows), _stamp(frame.batch.version[rows])
    for number, (payload, count) in enumerate(_pages(lines)):
        identity = hashlib.blake2b(f"{name}\x1f{fault.code}\x1f{number}".encode(), digest_size=12).hexdigest()
        yield DeadLetter(
            id=identity,
            source=part.source,
            received_ts=now,
            code=fault.code,
            detail=(f"{fault.detail} (the first of {count} rows)" if count > 1 else fault.detail)[:_DETAIL],
            payload=payload,
            media_type=NDJSON,
            holds="events" if frame.events else "readings",
            rows=count,
            stamp=stamp or frame.stamp,
        )


def _stamp(version: npt.NDArray[np.int64]) -> int:
    """The admission stamp among versions; 0 if there is none. A door gives all rows of a request the same."""
    stamps = version[(version > 0) & (version <= MAX_STAMP)]
    return int(stamps.min()) if len(stamps) else 0


def _reading_lines(batch: Batch, rows: Index) -> Iterator[bytes]:
    columns = (batch.series[rows], batch.ts[rows], batch.value[rows], batch.version[rows])
    for code, ts, value, version in zip(*(column.tolist() for column in columns), strict=True):
        key = batch.keys[code]
        row: dict[str, Any] = {"sensor_id": key.sensor, "site_id": key.site, "metric": key.metric, "ts": ts}
        # JSON has no NaN and no infinities; as text they are shown, and refused until somebody mends them.
        row["value"] = value if math.isfinite(value) else str(value)
        if key.unit:
            row["unit"] = key.unit
        if version >= SEQ_BASE:
            row["seq"] = version - SEQ_BASE
        yield msgspec.json.encode(row)


def _event_lines(events: Sequence[Event], rows: Index) -> Iterator[bytes]:
    for event in (events[i] for i in rows.tolist()):
        yield msgspec.json.encode(
            {
                "criticality": event.criticality,
                "timestamp": event.timestamp,
                "eventMessage": event.message,
                "source": event.source,
                "id": event.id,
            }
        )


def _pages(lines: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """(NDJSON, rows) of at most LETTER_ROWS rows and about a megabyte."""
    page: list[bytes] = []
    size = 0
    for line in lines:
        if page and (len(page) >= LETTER_ROWS or size + len(line) > _LETTER_BYTES):
            yield b"\n".join(page), len(page)
            page, size = [], 0
        page.append(line)
        size += len(line) + 1
    if page:
        yield b"\n".join(page), len(page)
