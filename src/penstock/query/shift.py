"""Comparison with an earlier period: instants moved back by a fixed time, or by calendar days, weeks, months or years of a zone.

By the calendar an instant keeps its local time: 14:00 stays 14:00 over a change of clocks. A local time that does not exist
then (skipped by a clock, or the 30th of February) is the first instant after it, so a window of it is empty; of one that
exists twice it is the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.time import HOUR, SECOND
from penstock.query.windows import EARLIEST, LATEST, find_zone, first_instant, read_window

__all__ = ["Shift", "parse_shift"]

I64 = npt.NDArray[np.int64]

_MOST_MONTHS: Final = 1_200
_MOST_DAYS: Final = 36_600


@dataclass(frozen=True, slots=True)
class Shift:
    """How much earlier: `fixed` ms, or calendar `days` and `months` of `zone`."""

    zone: ZoneInfo
    fixed: int = 0
    days: int = 0
    months: int = 0

    def earlier(self, instant: int) -> int:
        """The instant (epoch ms) that much before."""
        if not self.days and not self.months:
            return instant - self.fixed
        if not EARLIEST <= instant <= LATEST:
            raise InvalidInput(
                f"{instant} (epoch ms) is not between 1900 and 2200, so a calendar cannot shift it",
                code="invalid_timestamp",
                hint="2026 is about 1.77e12",
            )
        local = datetime.fromtimestamp(instant // SECOND, UTC).astimezone(self.zone).replace(tzinfo=None)
        months = local.year * 12 + local.month - 1 - self.months
        first = local.replace(year=months // 12, month=months % 12 + 1, day=1)
        there = first + timedelta(days=local.day - 1)
        if there.month != first.month:  # no such day in that month: what begins after it
            there = there.replace(day=1, hour=0, minute=0, second=0)
        moved = first_instant(there - timedelta(days=self.days), self.zone)
        return moved + instant % SECOND

    def edges(self, edges: I64) -> I64:
        """Window edges (epoch ms, rising) that much before; where local time repeats itself, two may fall on one."""
        if not self.days and not self.months:
            return edges - self.fixed
        moved = np.fromiter((self.earlier(edge) for edge in edges.tolist()), np.int64, len(edges))
        return np.maximum.accumulate(moved)

    def later(self, ts: I64, start: int, end: int) -> I64:
        """What instants of the earlier period are now: the inverse of `earlier` for `ts`, int64 [n], of [start, end) now."""
        if not self.days and not self.months:
            return ts + self.fixed
        now = np.append(np.arange(start, end, HOUR), end)
        then = self.edges(now)
        hour = np.clip(np.searchsorted(then, ts, side="right") - 1, 0, len(now) - 2)
        return np.minimum(now[hour] + ts - then[hour], now[hour + 1] - 1)


def parse_shift(text: str, zone: str) -> Shift:
    """`15m`, `36h`: fixed; `1d`, `2w`, `1mo`, `1y`: of the calendar in `zone`. Raises InvalidInput."""
    window = read_window(text)
    found = find_zone(zone)
    if window is None:
        raise InvalidInput(
            f"shift {text!r:.40} is not understood",
            code="invalid_shift",
            hint="write a whole number and a unit: 15m, 1h, 1d, 1w, 1mo, 1y",
        )
    match window.unit:
        case "ms":
            shift = Shift(found, fixed=window.count)
        case "day" | "week":
            shift = Shift(found, days=window.count * (7 if window.unit == "week" else 1))
        case "month" | "year":
            shift = Shift(found, months=window.count * (12 if window.unit == "year" else 1))
    if shift.months > _MOST_MONTHS or shift.days > _MOST_DAYS or shift.fixed > _MOST_DAYS * 24 * HOUR:
        raise InvalidInput(f"shift {text!r:.40} is longer than a century", code="invalid_shift")
    return shift
