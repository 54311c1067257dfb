"""Single readings: the newest over all selected series, the latest of each, and the listing of series."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.series import SeriesInfo
from penstock.query.newest import newest_rows
from penstock.query.port import Latest, Recent, Series
from penstock.query.select import (
    Instant,
    Units,
    by_name,
    check_limit,
    check_range,
    decode_cursor,
    encode_cursor,
    find,
    floats,
    ids_of,
    matches,
    spread,
    texts,
)
from penstock.store.series import Filter, Readable

__all__ = ["NO_BOUND", "latest", "recent", "series_listing"]

I64 = npt.NDArray[np.int64]

NO_BOUND = np.iinfo(np.int64).max
"""`before` of a question without an end."""

Page = tuple[pa.Table, str | None]
"""Rows, and the cursor to continue behind them."""


async def recent(store: Readable, question: Recent) -> Page:
    """Newest first, readings of one instant by store id; the cursor is the (ts, id) of the last row, so what arrives
    meanwhile moves no page.
    """
    check_limit(question.limit)
    check_range(question.start, question.end)
    position = decode_cursor(question.cursor, tuple[Instant, Instant])
    found = await find(store, question.tenant, question.where)
    units = Units(found, question.unit)
    ids = ids_of(found)
    before = np.full(len(ids), NO_BOUND if question.end is None else question.end, np.int64)
    if position:
        ts, last = position
        before = np.minimum(before, np.where(ids > last, ts + 1, ts))
    rows = await newest_rows(store, question.tenant, ids, ids.astype(np.int64), question.limit, before, question.start)
    cursor = encode_cursor((int(rows.ts[-1]), int(rows.group[-1]))) if rows.more else None
    return _rows(found, units, rows.series, rows.ts, rows.value), cursor


async def latest(store: Readable, question: Latest) -> Page:
    """The newest reading of each series; the cursor is the name of the last series."""
    check_limit(question.limit)
    position = decode_cursor(question.cursor, tuple[str, str, str, str])
    found = [info for info in await find(store, question.tenant, question.where) if info.last_ts is not None]
    units = Units(found, question.unit)
    rest = [i for i, info in enumerate(found) if position is None or by_name(info) > position]
    page = rest[: question.limit]
    ids = ids_of([found[i] for i in page])
    newest = await store.recent(question.tenant, ids, 1)
    order = np.argsort(ids)
    slot = order[np.searchsorted(ids[order], newest.series)]
    ranked = np.argsort(slot)
    index = np.array(page, np.int64)[slot[ranked]]
    cursor = encode_cursor(by_name(found[page[-1]])) if len(rest) > len(page) else None
    return _rows(found, units, index, newest.ts[ranked], newest.value[ranked]), cursor


def _rows(series: list[SeriesInfo], units: Units, index: I64, ts: I64, value: npt.NDArray[np.float64]) -> pa.Table:
    return pa.table(
        {
            "ts": ts,
            "sensor_id": texts(series, index, lambda info: info.key.sensor),
            "site_id": texts(series, index, lambda info: info.key.site),
            "metric": texts(series, index, lambda info: info.key.metric),
            "value": floats(units.out(value, index)),
            "unit": spread(units.names, index),
        }
    )


async def series_listing(store: Readable, question: Series) -> Page:
    """Series by store id, which is the cursor: series that appear meanwhile come last."""
    check_limit(question.limit)
    position = decode_cursor(question.cursor, tuple[Instant])
    where = question.where
    # The store knows nothing of equipment and tags, so a page of those is picked from all that the rest selects.
    picks = where.equipment is not None or bool(where.tags)
    wanted = Filter(
        site=where.site,
        sensor=where.sensor,
        metric=where.metric,
        building=where.building,
        room=where.room,
        after=position[0] if position else -1,
        limit=None if picks else question.limit + 1,
    )
    found = await store.find(question.tenant, wanted)
    if picks:
        found = [info for info in found if matches(info, where)]
    page = found[: question.limit]
    table = pa.table(
        {
            "sensor_id": pa.array([i.key.sensor for i in page], pa.string()),
            "site_id": pa.array([i.key.site for i in page], pa.string()),
            "metric": pa.array([i.key.metric for i in page], pa.string()),
            "unit": pa.array([i.key.unit for i in page], pa.string()),
            "building": pa.array([i.attributes.building for i in page], pa.string()),
            "room": pa.array([i.attributes.room for i in page], pa.string()),
            "equipment": pa.array([i.attributes.equipment for i in page], pa.string()),
            "tags": pa.array([json.dumps(dict(i.attributes.tags), ensure_ascii=False) for i in page], pa.string()),
            "first_ts": pa.array([i.first_ts for i in page], pa.int64()),
            "last_ts": pa.array([i.last_ts for i in page], pa.int64()),
        }
    )
    return table, encode_cursor((page[-1].id,)) if len(found) > len(page) else None
