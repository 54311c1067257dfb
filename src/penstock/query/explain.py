"""Explain one reading: the versions that arrived for it and why this one won, or why there is none.

The answer's `meta`:

found        whether a reading is stored
sensor_id, site_id, metric, unit, ts    of the series; site and unit are missing where it is unknown
value        what is stored, with its version, `seq` or `stamp` (epoch µs; a later duplicate may have raised it)
decision     {code, detail}: why this version won
conversions  how the winner was converted: {sent_metric, sent_unit, sent_value, factor, offset}; empty where it was sent as
             it is stored, more than one where the request does not tell which, null where that is not known
latency      {device_to_door_ms, door_to_committed_ms} of the winner, where that is still kept
reasons      for a missing reading: [{code, detail, …}], the most specific first; see `query.missing`
nearest      for a missing reading: {before, after}, each {ts, value} or null
refused      readings of that name and instant that were refused at the door, newest first
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from penstock.model.batch import SEQ_BASE
from penstock.model.errors import InvalidInput
from penstock.model.findings import MAX_CONVERSIONS, Converted
from penstock.model.series import SeriesInfo
from penstock.model.time import format_stamp
from penstock.model.units import resolve_metric
from penstock.query.missing import Asked, Pending, missing, refusals
from penstock.query.port import Explain
from penstock.query.select import check_range
from penstock.store.series import Arrival, Filter, Passage, SeriesStore, Trace

__all__ = ["explain"]

_FIELDS: Final = (
    ("value", pa.float64()),
    ("seq", pa.int64()),
    ("stamp", pa.int64()),
    ("fate", pa.string()),
    ("wins", pa.bool_()),
    ("receipt", pa.string()),
    ("source", pa.string()),
    ("frames", pa.list_(pa.string())),
    ("admitted_ts", pa.int64()),
    ("committed_ts", pa.int64()),
)


async def explain(store: SeriesStore, question: Explain, pending: Pending, now: int) -> tuple[pa.Table, dict[str, Any]]:
    """See `port.Explain`. `pending` tells source → rows of a tenant that are in flight, `now` is epoch ms.

    Raises InvalidInput when several sites have such a series and none is named.
    """
    check_range(question.ts, None)
    metric = resolve_metric(question.metric)[0]
    asked = Asked(question.tenant, question.site, question.sensor, metric, question.ts)
    exact = Filter(sensors=(asked.sensor,), metrics=(metric,))
    series = [s for s in await store.find(asked.tenant, exact) if question.site in {None, s.key.site}]
    info, trace = await _choose(store, asked, series)
    meta: dict[str, Any] = {"found": trace.value is not None, "sensor_id": asked.sensor, "metric": metric}
    meta |= {"ts": asked.ts, "refused": await refusals(store, asked)}
    if info:
        meta |= {"site_id": info.key.site, "unit": info.key.unit}
    winner = _winner(trace)
    if trace.value is not None:
        meta |= {"value": trace.value, **_version(trace.version or 0), "decision": _decision(trace, winner)}
        if info and winner and winner.passage:
            meta |= {"conversions": _conversions(winner.value, winner.passage, info)}
            meta |= _latency(winner.passage, asked.ts)
    else:
        meta |= await missing(store, asked, info, meta["refused"], pending, now)
    return _table(trace, winner), meta


async def _choose(store: SeriesStore, asked: Asked, series: Sequence[SeriesInfo]) -> tuple[SeriesInfo | None, Trace]:
    """The series that is meant: the one that holds the reading. Series of one site differ in unit alone."""
    sites = sorted({info.key.site for info in series})
    if len(sites) > 1:
        raise InvalidInput(
            f"sensor {asked.sensor!r} has {asked.metric} at {len(sites)} sites: {', '.join(sites[:10])}",
            code="ambiguous_series",
            hint="say which with site_id",
        )
    told = [(info, await store.trace(asked.tenant, info.id, asked.ts)) for info in series]
    return max(told, key=lambda each: each[1].version or 0, default=(None, Trace(None, None, ())))


def _winner(trace: Trace) -> Arrival | None:
    """The arrival that last changed the value: later duplicates of it may have raised its version."""
    held = [a for a in trace.arrivals if a.fate == "stored" and a.value == trace.value]
    return held[-1] if held else None


def _decision(trace: Trace, winner: Arrival | None) -> dict[str, str]:
    losers = [a for a in trace.arrivals if a.value != trace.value]
    if winner is None or winner.passage is None:
        code, detail = "not_kept", "what arrived for this reading is kept as long as receipts are, and that is over"
    elif losers:
        code, detail = _rule(trace.version or 0, max(losers, key=lambda a: (a.version, a.value)))
    elif len(trace.arrivals) > 1:
        code, detail = "equal_values", "all that arrived for this series and instant has the same value"
    else:
        code, detail = "only_version", "nothing else arrived for this series and instant"
    return {"code": code, "detail": detail}


def _rule(version: int, rival: Arrival) -> tuple[str, str]:
    """By which rule `version` beat the strongest of the others."""
    if rival.version == version:
        return "greater_value", "two values came with the same version; then the greater value stays"
    if version < SEQ_BASE:
        return "later_admission", f"admitted later than {rival.value:g} ({format_stamp(rival.version)})"
    if rival.version < SEQ_BASE:
        return "seq_over_stamp", f"numbered by its sender (seq), which beats {rival.value:g} without a number"
    return "higher_seq", f"seq {version - SEQ_BASE} is above {rival.version - SEQ_BASE} of {rival.value:g}"


def _version(version: int) -> dict[str, int | None]:
    """A version as who chose it: the sender's `seq`, or the admission stamp."""
    return {"seq": version - SEQ_BASE, "stamp": None} if version >= SEQ_BASE else {"seq": None, "stamp": version}


def _conversions(value: float, passage: Passage, info: SeriesInfo) -> list[dict[str, Any]] | None:
    key = info.key
    fitting = [
        _conversion(c, value)
        for c in passage.conversions
        if (c.metric, c.unit) == (key.metric, key.unit) and (c.site, c.sensor) in {("", ""), (key.site, key.sensor)}
    ]
    return None if not fitting and len(passage.conversions) >= MAX_CONVERSIONS else fitting


def _latency(passage: Passage, ts: int) -> dict[str, Any]:
    admitted = passage.stamp // 1000
    waited = max(0, passage.committed_ts - admitted)
    return {"latency": {"device_to_door_ms": admitted - ts, "door_to_committed_ms": waited}}


def _conversion(converted: Converted, value: float) -> dict[str, Any]:
    """The value as it was sent: of the numbers that become the stored one, the roundest."""
    exact = (value - converted.offset) / converted.factor
    rounded = round(exact, 10)
    sent = rounded if rounded * converted.factor + converted.offset == value else exact
    return {
        "sent_metric": converted.sent_metric,
        "sent_unit": converted.sent_unit,
        "sent_value": sent,
        "factor": converted.factor,
        "offset": converted.offset,
    }


def _table(trace: Trace, winner: Arrival | None) -> pa.Table:
    rows = [_row(arrival, winner) for arrival in trace.arrivals]
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in _FIELDS})


def _row(arrival: Arrival, winner: Arrival | None) -> dict[str, Any]:
    passage = arrival.passage
    told: dict[str, Any] = {
        "value": arrival.value,
        **_version(arrival.version),
        "fate": "replaced" if arrival.fate == "stored" and arrival is not winner else arrival.fate,
        "wins": arrival is winner,
    }
    if passage:
        told |= {"receipt": passage.receipt, "source": passage.source, "frames": list(passage.frames)}
        told |= {"admitted_ts": passage.stamp // 1000, "committed_ts": passage.committed_ts}
    return told
