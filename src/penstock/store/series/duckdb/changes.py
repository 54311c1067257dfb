"""Which revision last changed what: per hour, and where memory allows per series of an hour.

What is kept of an answer about some series outlives commits of others only if those can be told apart. So each of the hours that are
written to now has a column over all series; an hour without one knows its newest revision alone, which is never too old.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.time import HOUR

__all__ = ["Changes"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_BUDGET: Final = 32 << 20
"""Bytes of columns."""
_SPREAD: Final = 8
"""Hours of one commit that are told apart by series; a commit over more is a backlog, and changes all series of its hours."""


class Changes:
    """Revisions by hour (from the epoch) and series, since the store was opened. The store's guard is held around each call."""

    def __init__(self, budget: int = _BUDGET) -> None:
        self._budget = budget
        self._hours: dict[int, int] = {}
        self._columns: OrderedDict[int, tuple[int, I64]] = OrderedDict()
        self._shared: set[int] = set()
        self._expired: tuple[int, int] = (0, 0)

    def note(self, series: I32, ts: I64, revision: int) -> None:
        """`revision` wrote readings: of `series` int32 [n] at `ts` int64 [n], epoch ms."""
        if len(ts) == 0:
            return
        first, last = int(ts.min()) // HOUR, int(ts.max()) // HOUR
        if first == last:
            self._write(first, series, revision)
            return
        hour = ts // HOUR
        hours = np.unique(hour).tolist()
        for each in hours:
            if len(hours) <= _SPREAD:
                self._write(each, series[hour == each], revision)
            else:
                self._columns.pop(each, None)
                self._hours[each] = revision

    def expire(self, hour: int, revision: int) -> None:
        """`revision` removed readings: of any series, before `hour`."""
        self._expired = hour, revision

    def past(self) -> Changes:
        """What is known now, for good."""
        past = Changes(self._budget)
        past._hours, past._columns, past._expired = dict(self._hours), self._columns.copy(), self._expired
        self._shared = set(self._columns)
        return past

    def newest(self, start: int, end: int, ids: I32 | None = None) -> I64:
        """int64 [hours]: see `SeriesStore.changed`."""
        first, behind = start // HOUR, -(-end // HOUR)
        changed = np.fromiter((self._of(hour, ids) for hour in range(first, behind)), np.int64, max(0, behind - first))
        expired, revision = self._expired
        return np.where(np.arange(first, first + len(changed)) < expired, np.maximum(changed, revision), changed)

    def _of(self, hour: int, ids: I32 | None) -> int:
        if ids is None or (column := self._columns.get(hour)) is None:
            return self._hours.get(hour, 0)
        base, revisions = column
        known = ids[ids < len(revisions)]
        return max(base, int(revisions[known].max(initial=0)))

    def _write(self, hour: int, series: I32, revision: int) -> None:
        base, revisions = self._columns.pop(hour, None) or (self._hours.get(hour, 0), np.zeros(0, np.int64))
        size = int(series.max()) + 1
        if size > len(revisions):
            revisions = np.concatenate(
                (revisions, np.zeros(max(size, len(revisions) * 5 // 4) - len(revisions), np.int64))
            )
        elif hour in self._shared:
            revisions = revisions.copy()
        self._shared.discard(hour)
        revisions[series] = revision
        self._hours[hour] = revision
        self._columns[hour] = base, revisions
        while len(self._columns) > 1 and sum(kept.nbytes for _, kept in self._columns.values()) > self._budget:
            self._columns.popitem(last=False)
