"""Tracing: which request brought each version of a reading, kept apart from the readings and only where they cannot tell.

A reading that was stamped at admission carries its stamp as version, and the receipt of that request carries it too: so
the first arrival of a key, which is nearly every reading, needs no row of its own. What gets one is what a raw row does
not show: duplicates, superseded readings, what was replaced, and versions that senders chose themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from penstock.model.batch import SEQ_BASE
from penstock.model.findings import Converted, Findings, Refused
from penstock.store.series.duckdb.judge import DUPLICATE, I32, STORED, SUPERSEDED, Rows, Verdict
from penstock.store.series.port import Arrival, Passage, Refusal, Trace

__all__ = ["read_findings", "read_refusals", "read_trace", "traced"]

_RAISED: Final = 3
"""A duplicate that raised its key's version."""
_PRIOR: Final = 4
"""What a key held until this commit, where its own arrival left no row; leads on by its version."""

_FATES: Final = {STORED: "stored", DUPLICATE: "duplicate", SUPERSEDED: "superseded", _RAISED: "duplicate"}


def traced(rows: Rows, part_of: I32, verdict: Verdict, number: int) -> Mapping[str, Any] | None:
    """Columns of the rows for the table `trace`; None for a commit of nothing but stamped first arrivals.

    `part_of` int32 [n] is the part of each of `rows`, `number` that of the commit's first part in `receipts`.
    """
    chosen = len(rows.version) > 0 and int(rows.version.max()) >= SEQ_BASE
    if not chosen and len(verdict.append.ts) == len(rows.ts):
        return None
    told = verdict.fate != STORED
    if chosen:
        told |= rows.version >= SEQ_BASE
    told[verdict.passed] = True
    fate = verdict.fate.astype(np.int8)
    fate[verdict.raised] = _RAISED
    index = np.flatnonzero(told)
    arrived = rows.take(index)
    prior = verdict.before.take(verdict.before.version < SEQ_BASE)
    pairs = zip(arrived, prior, strict=True)
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.concatenate(pair) for name, pair in zip(Rows._fields, pairs, strict=True)
    }
    columns["fate"] = np.append(fate[index], np.full(len(prior.ts), _PRIOR, np.int8))
    columns["number"] = number + np.append(part_of[index].astype(np.int64), np.zeros(len(prior.ts), np.int64))
    return columns


class _Told(NamedTuple):
    value: float
    version: int
    fate: int
    number: int


class _Receipt(NamedTuple):
    number: int
    frame: str
    receipt: str
    source: str
    stamp: int
    committed_ts: int
    first_ts: int
    last_ts: int
    stored: int


def read_trace(db: duckdb.DuckDBPyConnection, tenant: str, series: int, ts: int) -> Trace:
    """See `SeriesStore.trace`."""
    held = db.execute("SELECT value, version FROM raw WHERE series = ? AND ts = ?", [series, ts]).fetchall()
    told = [
        _Told(*row)
        for row in db.execute(
            "SELECT value, version, fate, number FROM trace WHERE series = ? AND ts = ?", [series, ts]
        ).fetchall()
    ]
    states = [(value, version) for value, version in held]
    states += [(row.value, row.version) for row in told if row.fate == _PRIOR]
    arrived = [row for row in told if row.fate != _PRIOR]
    known = {(row.value, row.version) for row in arrived if row.fate in {STORED, _RAISED}}
    silent = [state for state in states if state not in known and state[1] < SEQ_BASE]
    receipts = _receipts(db, tenant, [row.number for row in arrived], [version for _, version in silent])
    conversions = _conversions(db, tenant, {r.receipt for r in receipts})
    found: list[tuple[int, Arrival]] = []
    for row in arrived:
        own = [r for r in receipts if r.number == row.number]
        found.append((row.number, Arrival(row.value, row.version, _FATES[row.fate], _passage(own, conversions))))
    for value, version in silent:
        others = {row.number for row in arrived if (row.value, row.version) == (value, version)}
        own = _bringers(receipts, version, ts, others)
        number = own[0].number if own else -1
        found.append((number, Arrival(value, version, "stored", _passage(own, conversions))))
    found.sort(key=lambda entry: (entry[0], entry[1].version, entry[1].value, entry[1].fate))
    value, version = held[0] if held else (None, None)
    return Trace(value, version, tuple(arrival for _, arrival in found))


def _receipts(
    db: duckdb.DuckDBPyConnection, tenant: str, numbers: Sequence[int], stamps: Sequence[int]
) -> list[_Receipt]:
    """Receipts of these numbers, and those of requests with these stamps, in order of commit."""
    if not numbers and not stamps:
        return []
    rows = db.execute(
        """SELECT number, frame, receipt, source, stamp, committed_ts, first_ts, last_ts, stored FROM receipts
           WHERE tenant = ? AND (list_contains(?::BIGINT[], number) OR list_contains(?::BIGINT[], stamp))
           ORDER BY number""",
        [tenant, list(numbers), list(stamps)],
    ).fetchall()
    return [_Receipt(*row) for row in rows]


def _bringers(receipts: Sequence[_Receipt], stamp: int, ts: int, others: set[int]) -> list[_Receipt]:
    """The frames of the request that stored a reading of this stamp, by its time only those that may have held it.

    A repetition of a request has the same stamp; its readings are `others`, which are told already.
    """
    fitting = [r for r in receipts if r.stamp == stamp and r.stored and r.first_ts <= ts <= r.last_ts]
    own = [r for r in fitting if r.number not in others] or fitting
    return [r for r in own if r.receipt == own[0].receipt]


def _passage(receipts: Sequence[_Receipt], conversions: Mapping[str, tuple[Converted, ...]]) -> Passage | None:
    if not receipts:
        return None
    first = receipts[0]
    return Passage(
        first.receipt,
        first.source,
        first.stamp,
        max(r.committed_ts for r in receipts),
        tuple(r.frame for r in receipts),
        conversions.get(first.receipt, ()),
    )


def _conversions(db: duckdb.DuckDBPyConnection, tenant: str, receipts: set[str]) -> dict[str, tuple[Converted, ...]]:
    return {name: read_findings(db, tenant, name).conversions for name in receipts}


def read_findings(db: duckdb.DuckDBPyConnection, tenant: str, receipt: str) -> Findings:
    """See `SeriesStore.findings`."""
    rows = db.execute(
        "SELECT number, findings FROM receipts WHERE tenant = ? AND receipt = ? AND findings <> ''", [tenant, receipt]
    ).fetchall()
    if not rows:
        return Findings()
    number, text = rows[0]
    refused = db.execute(
        """SELECT row, site, sensor, metric, ts, code, detail FROM refusals WHERE tenant = ? AND number = ?
           ORDER BY row, rowid""",
        [tenant, number],
    ).fetchall()
    found = msgspec.json.decode(text, type=Findings)
    return Findings(found.conversions, found.reasons, tuple(Refused(*row) for row in refused))


def read_refusals(
    db: duckdb.DuckDBPyConnection, tenant: str, sensor: str, metric: str, ts: int, limit: int
) -> list[Refusal]:
    """See `SeriesStore.refusals`."""
    rows = db.execute(
        """SELECT f.row, f.site, f.sensor, f.metric, f.ts, f.code, f.detail, r.receipt, r.source, r.stamp
           FROM refusals f JOIN receipts r ON r.number = f.number
           WHERE f.tenant = ? AND f.sensor = ? AND f.metric = ? AND f.ts = ?
           ORDER BY f.number DESC, f.row LIMIT ?""",
        [tenant, sensor, metric, ts, limit],
    ).fetchall()
    return [Refusal(Refused(*row[:7]), *row[7:]) for row in rows]
