"""All assets with their state and the value that stands for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.model.pace import NEVER
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.states import States, reason, states
from penstock.query.overview import KINDS, STATES, Assets
from penstock.query.select import check_limit, decode_cursor, encode_cursor, floats, spread
from penstock.store.series import Newest, SeriesView

__all__ = ["assets", "known", "times"]

I64 = npt.NDArray[np.int64]

_MOST: Final = 10_000


async def assets(
    view: SeriesView, index: FleetIndex, question: Assets, now: int
) -> tuple[pa.Table, str | None, dict[str, Any]]:
    """The answer of `Assets`; the cursor is the site and id of the last one."""
    check_limit(question.limit, _MOST)
    known(question.kind, KINDS, "kind")
    known(question.state, STATES, "state")
    position = decode_cursor(question.cursor, tuple[str, str, bool])
    newest = await view.newest(question.tenant, index.ids)
    found = states(index, newest, now)
    chosen = np.flatnonzero(_wanted(index, found, question))
    counts = np.bincount(found.state[chosen], minlength=len(STATES))
    meta = {"total": len(chosen), "states": dict(zip(STATES, counts.tolist(), strict=True))}
    rest = chosen if position is None else chosen[_behind(index, chosen, position) :]
    page = rest[: question.limit]
    cursor = encode_cursor(index.names[int(page[-1])]) if len(rest) > len(page) else None
    return _table(index, newest, found, page), cursor, meta


def known(value: str | None, values: tuple[str, ...], what: str) -> None:
    """Raises InvalidInput unless `value` is None or one of `values`."""
    if value is not None and value not in values:
        raise InvalidInput(
            f"{what} {value!r:.40} is not known", code=f"unknown_{what}", hint=f"one of {', '.join(values)}"
        )


def times(ts: I64) -> pa.Array:
    """int64 [n] as a column; NEVER is null."""
    return pa.array(ts, pa.int64(), mask=ts == NEVER)


def _wanted(index: FleetIndex, found: States, question: Assets) -> npt.NDArray[np.bool_]:
    wanted = np.ones(len(index), np.bool_)
    if question.site is not None:
        wanted &= index.site == index.number(question.site)
    if question.kind is not None:
        wanted &= index.kind == question.kind
    if question.state is not None:
        wanted &= found.state == STATES.index(question.state)
    if question.text:
        text = question.text.casefold()
        for i in np.flatnonzero(wanted).tolist():
            asset = index.assets[i]
            wanted[i] = any(text in part.casefold() for part in (asset.id, asset.name, asset.building, asset.room))
    return wanted


def _behind(index: FleetIndex, chosen: I64, position: tuple[str, str, bool]) -> int:
    """How many of `chosen` are not behind `position`."""
    low, high = 0, len(chosen)
    while low < high:
        middle = (low + high) // 2
        if index.names[int(chosen[middle])] <= position:
            low = middle + 1
        else:
            high = middle
    return low


def _table(index: FleetIndex, newest: Newest, found: States, page: I64) -> pa.Table:
    rows = pa.array(page)
    headline = index.headline[page]
    keys = [index.infos[i].key for i in headline.tolist()]
    interval = found.interval[page]
    return pa.table(
        {
            **{name: index.columns[name].take(rows) for name in _NAMES},
            "state": spread(STATES, found.state[page]),
            "reason": pa.array([reason(index, newest, found, i) for i in page.tolist()], pa.string()),
            "metric": pa.array([key.metric for key in keys], pa.string()),
            "value": floats(newest.value[headline]),
            "unit": pa.array([key.unit for key in keys], pa.string()),
            "ts": times(found.ts[page]),
            "interval_ms": pa.array(interval, pa.int64(), mask=interval == 0),
        }
    )


_NAMES: Final = ("id", "site_id", "name", "building", "room", "kind", "role")
