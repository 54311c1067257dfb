"""What a commit records besides readings: receipts with their counts and findings, events, dead letters.

Runs inside the writer's transaction, on its connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.event import Event
from penstock.model.findings import Findings, Refused
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, Receipt
from penstock.model.pace import NEVER
from penstock.store.series.duckdb.judge import I32, I64
from penstock.store.series.duckdb.recent_events import StoredEvent
from penstock.store.series.duckdb.schema import insert
from penstock.store.series.port import EventRow

__all__ = ["Entry", "entries", "newest_events", "read_events", "write_entries", "write_events"]


class Entry(NamedTuple):
    """A row of `receipts`: what became of one part of one frame.

    `receipt` counts and names this part alone, `span` is the first and last ts of its readings, None without any.
    """

    receipt: Receipt
    frame: str
    span: tuple[int, int] | None
    findings: Findings


def entries(
    frames: Sequence[Frame],
    fate: npt.NDArray[np.uint8],
    part_of: I32,
    ts: I64,
    event_fates: Mapping[str, int],
    now: int,
) -> list[Entry]:
    """One entry for each part of `frames`, in order.

    fate         uint8 [n] fate of each reading, see `judge`
    part_of      int32 [n] number of the part that a reading is of, counted over all frames, ascending
    ts           int64 [n] epoch ms
    event_fates  frame id → how many of its events were stored before
    now          epoch ms
    """
    parts = sum(len(frame.parts) for frame in frames)
    fates = np.bincount(part_of * 3 + fate, minlength=parts * 3).reshape(parts, 3).tolist()
    spans = _spans(part_of, ts)
    found: list[Entry] = []
    for frame in frames:
        duplicates = event_fates.get(frame.id, 0)
        for part in frame.parts:
            stored, duplicate, superseded = fates[len(found)]
            if frame.events:
                # Events of one frame are of one part in practice; with more, duplicates go to the first ones.
                duplicate = min(duplicates, part.accepted)
                duplicates -= duplicate
                stored = part.accepted - duplicate
            dead = part.dead_lettered
            received = part.accepted + part.rejected + dead
            counts = Counts(received, stored, duplicate, superseded, part.rejected, dead)
            stamp = part.stamp or frame.stamp
            receipt = Receipt(part.receipt, frame.tenant, part.source, counts, now, stamp, (frame.id,))
            found.append(Entry(receipt, frame.id, spans.get(len(found)), part.findings))
    return found


def _spans(part_of: I32, ts: I64) -> dict[int, tuple[int, int]]:
    if len(ts) == 0:
        return {}
    starts = np.flatnonzero(np.append(True, part_of[1:] != part_of[:-1]))
    low, high = np.minimum.reduceat(ts, starts).tolist(), np.maximum.reduceat(ts, starts).tolist()
    return dict(zip(part_of[starts].tolist(), zip(low, high, strict=True), strict=True))


def write_entries(db: duckdb.DuckDBPyConnection, entries: Sequence[Entry], number: int) -> None:
    """Record frame ids, receipts (numbered from `number`), what was found in the requests and, in them, the ledger."""
    rows: list[tuple[Any, ...]] = []
    refused: list[tuple[Any, ...]] = []
    for n, (r, frame, span, found) in enumerate(entries, number):
        text = msgspec.json.encode(replace(found, refused=())).decode() if found else ""
        low, high = span or (None, None)
        rows.append((frame, r.id, r.tenant, r.source, *r.counts, r.committed_ts, n, r.stamp, low, high, text))
        refused += [(n, r.tenant, *reading) for reading in found.refused]
    names = ("frame", "receipt", "tenant", "source", *Counts._fields, "committed_ts")
    names += ("number", "stamp", "first_ts", "last_ts", "findings")
    if rows:
        _insert_rows(db, "receipts", names, rows)
    if refused:
        _insert_rows(db, "refusals", ("number", "tenant", *Refused._fields), refused)


def _insert_rows(
    db: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    insert(db, table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def write_events(
    db: duckdb.DuckDBPyConnection, frames: Sequence[Frame]
) -> tuple[dict[str, int], Sequence[StoredEvent]]:
    """Insert events that are not there yet; returns frame id → how many of its events were, and those that were not."""
    offered = [(frame, event) for frame in frames for event in frame.events]
    if not offered:
        return {}, ()
    stored = _stored_events(db, offered)
    duplicates: dict[str, int] = {}
    new: list[StoredEvent] = []
    for frame, e in offered:
        identity = (frame.tenant, e.id, e.ts, e.criticality, e.message)
        if identity in stored:
            duplicates[frame.id] = duplicates.get(frame.id, 0) + 1
            continue
        stored.add(identity)
        new.append(StoredEvent(frame.tenant, EventRow(e, frame.stamp)))
    names = ("tenant", "id", "ts", "timestamp", "criticality", "message", "source", "stamp")
    if new:
        rows = [
            (tenant, e.id, e.ts, e.timestamp, e.criticality, e.message, e.source, stamp) for tenant, (e, stamp) in new
        ]
        _insert_rows(db, "events", names, rows)
    return duplicates, new


def newest_events(db: duckdb.DuckDBPyConnection, count: int) -> list[StoredEvent]:
    """The newest `count` events of all tenants."""
    columns = "tenant, stamp, id, ts, timestamp, criticality, message, source"
    rows = db.execute(f"SELECT {columns} FROM events ORDER BY ts DESC, id DESC LIMIT ?", [count]).fetchall()
    return [StoredEvent(tenant, EventRow(Event(*event), stamp)) for tenant, stamp, *event in rows]


def read_events(
    cursor: duckdb.DuckDBPyConnection,
    tenant: str,
    criticality_above: int | None,
    start: int | None,
    end: int | None,
    limit: int,
) -> list[EventRow]:
    """See `SeriesStore.events`."""
    rows = cursor.execute(
        """SELECT id, ts, timestamp, criticality, message, source, stamp FROM events
           WHERE tenant = ? AND criticality > ? AND ts >= ? AND ts < ? ORDER BY ts DESC, id DESC LIMIT ?""",
        [
            tenant,
            -(2**31) - 1 if criticality_above is None else criticality_above,
            NEVER if start is None else start,
            np.iinfo(np.int64).max if end is None else end,
            limit,
        ],
    ).fetchall()
    return [EventRow(Event(*row[:6]), row[6]) for row in rows]


def _stored_events(
    db: duckdb.DuckDBPyConnection, offered: Sequence[tuple[Frame, Event]]
) -> set[tuple[str, str, int, int, str]]:
    times = [event.ts for _, event in offered]
    names = {"tenant": [f.tenant for f, _ in offered], "id": [e.id for _, e in offered], "ts": times}
    db.register("asked", pa.table(names))
    found = db.execute(
        """SELECT DISTINCT e.tenant, e.id, e.ts, e.criticality, e.message FROM events e
           JOIN asked a ON e.tenant = a.tenant AND e.id = a.id AND e.ts = a.ts WHERE e.ts BETWEEN ? AND ?""",
        [min(times), max(times)],
    ).fetchall()
    db.unregister("asked")
    return set(found)
