"""Why there is no reading: every reason that holds, the most specific first.

refused              refused at the door, with the row's own code and the receipt
dead_lettered        acknowledged, but it can never be stored
in_flight            rows of the tenant are durable on the bus and not yet stored; it may be one of them
series_unknown       no such series; with names that are close
removed_by_retention older than what is kept
in_future            the instant has not come yet
before_first         older than the first reading of the series
after_last           newer than the last reading of the series
never_received       within the series' time, but nothing came for this instant
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from penstock.model.errors import InvalidInput, Unavailable
from penstock.model.ledger import DeadLetter
from penstock.model.series import SeriesInfo
from penstock.model.time import DAY, FUTURE_TOLERANCE, HOUR, MINUTE, format_time, parse_time
from penstock.model.units import resolve_metric
from penstock.store.series import Filter, SeriesStore

__all__ = ["Asked", "Pending", "missing", "refusals"]

_LETTERS: Final = 200
_REFUSALS: Final = 20
_NAMES: Final = 2_000
_ALIKE: Final = 0.5
"""How alike names must be (difflib's ratio): `t1` and `t2` still are."""

_REACH: Final = (MINUTE, HOUR, DAY, 7 * DAY, 35 * DAY, 400 * DAY)
"""Stretches in which the next reading is looked for, so that one close by never costs a scan of years."""


Pending = Callable[[str], Awaitable[Mapping[str, int]]]
"""Tenant → (source → rows that are durable on the bus and not stored); raises Unavailable."""


class Asked(NamedTuple):
    """The reading in question; `metric` is canonical, `ts` epoch ms."""

    tenant: str
    site: str | None
    sensor: str
    metric: str
    ts: int


async def refusals(store: SeriesStore, asked: Asked) -> list[dict[str, Any]]:
    """Refused readings of this name and instant, newest first."""
    found = await store.refusals(asked.tenant, asked.sensor, asked.metric, asked.ts, _REFUSALS)
    return [
        {
            "code": said.refused.code,
            "detail": said.refused.detail,
            "row": said.refused.row,
            "receipt": said.receipt,
            "source": said.source,
            "admitted_ts": said.stamp // 1000,
        }
        for said in found
        if asked.site in {None, said.refused.site}
    ]


async def missing(
    store: SeriesStore,
    asked: Asked,
    info: SeriesInfo | None,
    refused: Sequence[Mapping[str, Any]],
    pending: Pending,
    now: int,
) -> dict[str, Any]:
    """`reasons` and `nearest` of the answer.

    `info` is the series, None if unknown; `refused` what `refusals` found; `now` epoch ms.
    """
    reasons: list[dict[str, Any]] = []
    if refused:
        first = refused[0]
        detail = f"refused at the door, {first['code']}: {first['detail']}"
        reasons.append({"code": "refused", "detail": detail, "receipt": first["receipt"]})
    if letter := await _dead_letter(store, asked):
        detail = f"it is in dead letter {letter.id}, {letter.code}: {letter.detail}"
        reasons.append({"code": "dead_lettered", "detail": detail, "dead_letter": letter.id})
    reasons += await _in_flight(asked.tenant, pending)
    kept_from = (await store.state()).kept_from
    if asked.ts < kept_from:
        detail = f"readings before {format_time(kept_from)} are removed (retention)"
        reasons.append({"code": "removed_by_retention", "detail": detail})
    if info is None:
        return {"reasons": [*reasons, await _unknown(store, asked)], "nearest": {"before": None, "after": None}}
    before, after = await _before(store, asked, info), await _after(store, asked, info)
    reasons.append(_gap(asked, info, now))
    return {"reasons": reasons, "nearest": {"before": before, "after": after}}


async def _in_flight(tenant: str, pending: Pending) -> list[dict[str, Any]]:
    try:
        rows = sum((await pending(tenant)).values())
    except Unavailable:
        detail = "the bus is away, so it may be acknowledged and not yet stored"
        return [{"code": "in_flight", "detail": detail, "rows": None}]
    detail = f"{rows} rows of this tenant are acknowledged and not yet stored; it may be one of them"
    return [{"code": "in_flight", "detail": detail, "rows": rows}] if rows else []


def _gap(asked: Asked, info: SeriesInfo, now: int) -> dict[str, Any]:
    if asked.ts > now + FUTURE_TOLERANCE:
        return {"code": "in_future", "detail": "this instant has not come yet"}
    if info.first_ts is not None and asked.ts < info.first_ts:
        return {
            "code": "before_first",
            "detail": f"the first reading of this series is of {format_time(info.first_ts)}",
        }
    if info.last_ts is not None and asked.ts > info.last_ts:
        return {"code": "after_last", "detail": f"the last reading of this series is of {format_time(info.last_ts)}"}
    return {"code": "never_received", "detail": "the series is known, but no reading of exactly this instant came"}


async def _unknown(store: SeriesStore, asked: Asked) -> dict[str, Any]:
    """The series is not there: what of its name is, or what comes close to it."""
    same = await store.find(asked.tenant, Filter(sensors=(asked.sensor,), limit=_NAMES))
    if same:
        metrics = sorted({info.key.metric for info in same if asked.site in {None, info.key.site}})
        sites = sorted({info.key.site for info in same if info.key.metric == asked.metric})
        if sites:
            return _not_there(f"sensor {asked.sensor!r} has {asked.metric} at other sites", sites)
        close = difflib.get_close_matches(asked.metric, metrics, 5, _ALIKE) or metrics[:10]
        return _not_there(f"sensor {asked.sensor!r} is known, but not with {asked.metric}", close)
    start = asked.sensor[:3].replace("*", "")
    near = await store.find(asked.tenant, Filter(sensor=f"{start}*", limit=_NAMES))
    near = [*near, *await store.find(asked.tenant, Filter(limit=_NAMES))]
    names = list(dict.fromkeys(info.key.sensor for info in near))
    # Comparing thousands of names takes long enough for other questions to feel it.
    close = await asyncio.to_thread(difflib.get_close_matches, asked.sensor, names, 5, _ALIKE)
    return _not_there(f"no sensor {asked.sensor!r} ever sent anything", close)


def _not_there(detail: str, close: Sequence[str]) -> dict[str, Any]:
    return {"code": "series_unknown", "detail": detail, "close": list(close)}


async def _before(store: SeriesStore, asked: Asked, info: SeriesInfo) -> dict[str, Any] | None:
    found = await store.recent(asked.tenant, np.array([info.id], np.int32), 1, asked.ts)
    return {"ts": int(found.ts[0]), "value": float(found.value[0])} if len(found.ts) else None


async def _after(store: SeriesStore, asked: Asked, info: SeriesInfo) -> dict[str, Any] | None:
    ids = np.array([info.id], np.int32)
    if info.last_ts is None or info.last_ts <= asked.ts:
        return None
    start = max(asked.ts + 1, info.first_ts or 0)
    for reach in (*_REACH, info.last_ts + 1 - start):
        end = min(start + reach, info.last_ts + 1)
        found = await store.scan(asked.tenant, ids, start, end)
        if len(found.ts):
            return {"ts": int(found.ts[0]), "value": float(found.value[0])}
        start = end
    return None


async def _dead_letter(store: SeriesStore, asked: Asked) -> DeadLetter | None:
    """The newest dead letter whose rows hold the reading. Letters that cannot be read as rows tell nothing."""
    name = asked.sensor.encode()
    for letter in await store.dead_letters(asked.tenant, _LETTERS):
        if name in letter.payload and any(_is(row, asked) for row in _rows(letter.payload)):
            return letter
    return None


def _rows(payload: bytes) -> Iterator[Mapping[str, Any]]:
    for line in payload.splitlines():
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _is(row: Mapping[str, Any], asked: Asked) -> bool:
    metric, ts = row.get("metric"), row.get("ts")
    if row.get("sensor_id") != asked.sensor or not isinstance(metric, str) or not isinstance(ts, str | int | float):
        return False
    try:
        return resolve_metric(metric)[0] == asked.metric and parse_time(ts) == asked.ts
    except InvalidInput:
        return False
