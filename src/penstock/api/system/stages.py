"""The pipeline as a list of stages, each in the same shape: how much passes, how long it takes, how full its queue is.

What this process does it knows itself; what happens beside the store comes with the answer to a `Pipeline` question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from penstock.api.counts import DoorCounts
from penstock.bus import Lane
from penstock.model.recent import Spans, Tally
from penstock.pipeline.gate import Gate
from penstock.query.cached import CachedReader
from penstock.query.measured import MeasuredReader

__all__ = ["Depth", "cache_told", "doors", "gate", "lanes", "live", "query", "rollups", "store"]

Stage = dict[str, Any]

_SETTLED: Final = ("received", "stored", "duplicate", "superseded", "rejected", "dead_lettered")
_ROWS: Final = "rows"
_RATES: Final = ("rate_10s", "rate_60s")
_LAGS: Final = ("lag_p50_ms", "lag_p95_ms")
_FLOW: Final = _RATES + _LAGS


class Depth(NamedTuple):
    """What waits in a stage, what may, and of what that is so many."""

    value: int | None
    bound: int | None
    unit: str


_NOTHING: Final = Depth(None, None, "")


def doors(counts: DoorCounts, held: int, bound: int) -> Stage:
    """Rows in, by door; `held` of `bound` bytes of request bodies are in memory."""
    found = counts.doors

    def counted(door: str) -> dict[str, float]:
        count = found[door]
        fates = {"accepted": count.accepted, "rejected": count.rejected, "turned_away": count.turned_away}
        return {fate: tally.total for fate, tally in fates.items()}

    parts = [_part(n, _ROWS, _flow(found[n].accepted, found[n].waits), counters=counted(n)) for n in sorted(found)]
    whole = _rates(parts) | _lags(counts.waits)
    totals = {fate: sum(counted(door)[fate] for door in found) for fate in ("accepted", "rejected", "turned_away")}
    return _stage("doors", _ROWS, whole, depth=Depth(held, bound, "bytes"), counters=totals, parts=parts)


def gate(passage: Gate) -> Stage:
    """From a decoded request to the broker's confirmation, which follows its fsync."""
    depth = Depth(passage.held_bytes, passage.max_bytes, "bytes")
    return _stage(
        "gate", _ROWS, _flow(passage.passed, passage.waits), depth=depth, counters={"rows": passage.passed.total}
    )


def lanes(told: Mapping[str, Mapping[str, Any]]) -> Stage:
    """What is durable and not yet stored, lane by lane."""
    parts = [
        _part(
            lane,
            _ROWS,
            {name: said[name] for name in _RATES},
            depth=Depth(said["bytes"], said["max_bytes"], "bytes"),
            counters={"messages": said["messages"], "redelivered": said["redelivered"]},
        )
        for lane, said in told.items()
    ]
    depth = Depth(_total(told, "bytes"), _total(told, "max_bytes"), "bytes")
    counters = {name: _total(told, name) for name in ("messages", "redelivered")}
    return _stage("lanes", _ROWS, _rates(parts), depth=depth, counters=counters, parts=parts)


def store(told: Mapping[str, Mapping[str, Any]], ledger: Mapping[str, int], state: Mapping[str, Any]) -> Stage:
    """What is committed. The lag is from the door to the commit; fates are those of all tenants since the store was created.

    `late` (out of order: older than the newest of its series), `commits` and `failures` count since the process started.
    """
    parts = [
        _part(
            lane,
            _ROWS,
            {name: said[name] for name in _FLOW},
            counters={name: said[name] for name in ("rows", "frames", "commits", "failures", "dead_letters")},
        )
        for lane, said in told.items()
    ]
    counters = {fate: ledger[fate] for fate in _SETTLED} | {"late": state["late"]}
    counters |= {name: _total(told, name) for name in ("commits", "failures")}
    timely = [said for lane, said in told.items() if lane != Lane.BACKLOG]
    slowest = {name: max((said[name] for said in timely if said[name] is not None), default=None) for name in _LAGS}
    return _stage("store", _ROWS, _rates(parts) | slowest, counters=counters, parts=parts)


def rollups(state: Mapping[str, Any]) -> Stage:
    """Hours of series that wait to be rolled up (again)."""
    return _stage("rollups", "hours", {}, depth=Depth(state["dirty"], None, "hours"))


def query(reader: MeasuredReader, cache: CachedReader | None) -> Stage:
    """Questions of all doors out of this process, and how the cache answered those that it may answer."""
    counters: dict[str, float] = {"asked": reader.asked.total, "failed": reader.failed.total}
    if cache is not None:
        counters |= {outcome: tally.total for outcome, tally in cache.outcomes.items()}
    return _stage("query", "questions", _flow(reader.asked, reader.waits), counters=counters)


def live(clients: int, bound: int, skipped: float) -> Stage:
    """Open live views, and rows that were left out for those that are too slow."""
    depth = Depth(clients, bound, "clients")
    return _stage("live", _ROWS, {}, depth=depth, counters={"skipped": skipped})


def cache_told(cache: CachedReader | None) -> dict[str, Any] | None:
    """What the cache saves, of the questions that it may answer, and the bound that it keeps; None where it is off."""
    if cache is None:
        return None
    outcomes = {outcome: tally.total for outcome, tally in cache.outcomes.items()}
    asked = sum(outcomes.values())
    return {
        "questions": asked,
        "saved_share": (asked - outcomes["miss"]) / asked if asked else None,
        "staleness_bound_ms": round(cache.rules.fresh * 1_000),
        "held_bytes": cache.held_bytes,
        **outcomes,
    }


def _flow(tally: Tally, spans: Spans) -> dict[str, float | None]:
    return {"rate_10s": tally.rate(10), "rate_60s": tally.rate(60), **_lags(spans)}


def _lags(spans: Spans) -> dict[str, float | None]:
    return {"lag_p50_ms": spans.quantile(0.5), "lag_p95_ms": spans.quantile(0.95)}


def _rates(parts: Sequence[Stage]) -> dict[str, float | None]:
    """Of all parts together."""
    return {name: sum(part[name] for part in parts) for name in _RATES}


def _total(told: Mapping[str, Mapping[str, Any]], name: str) -> int:
    return sum(said[name] for said in told.values())


def _part(
    name: str,
    unit: str,
    flow: Mapping[str, float | None],
    *,
    depth: Depth = _NOTHING,
    counters: Mapping[str, float] | None = None,
) -> Stage:
    """A part of a stage. What it has no word about is null."""
    rounded = {key: None if (value := flow.get(key)) is None else round(value, 2) for key in _FLOW}
    return {
        "stage": name,
        "unit": unit,
        **rounded,
        "depth": depth.value,
        "bound": depth.bound,
        "depth_unit": depth.unit or None,
        "counters": [{"name": key, "value": value} for key, value in (counters or {}).items()],
    }


def _stage(
    name: str,
    unit: str,
    flow: Mapping[str, float | None],
    *,
    depth: Depth = _NOTHING,
    counters: Mapping[str, float] | None = None,
    parts: Sequence[Stage] = (),
) -> Stage:
    return _part(name, unit, flow, depth=depth, counters=counters) | {"parts": list(parts)}
