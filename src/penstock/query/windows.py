"""Windows of time: fixed widths within a day, and calendar days, weeks, months and years in an IANA zone.

Windows are half-open and tile the time line: one ends where the next begins. A day begins at the first instant whose
local date is that day (RFC 5545 and tzdata leave midnight undefined where a clock jumps over it), so a day has 23, 24
or 25 hours, or whatever the zone decreed. Shorter windows are counted from the beginning of the local day, so that an
hour begins on the local hour also at +05:45; the last one of a day is shorter where its width does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, SECOND, format_time

__all__ = [
    "EARLIEST",
    "LATEST",
    "Window",
    "Windows",
    "find_zone",
    "finest",
    "first_instant",
    "parse_window",
    "read_window",
    "tile",
]

I64 = npt.NDArray[np.int64]
Unit = Literal["ms", "day", "week", "month", "year"]

_FIXED: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR}
_CALENDAR: Final[dict[str, Unit]] = {"d": "day", "w": "week", "mo": "month", "y": "year"}
_WINDOW: Final = re.compile(r"([0-9]{1,9})(ms|mo|[smhdwy])")
_MOST: Final[dict[Unit, int]] = {"day": 366, "week": 52, "month": 12, "year": 100}
_LENGTH: Final[dict[Unit, int]] = {"ms": 1, "day": DAY, "week": 7 * DAY, "month": 28 * DAY, "year": 365 * DAY}
"""The shortest that one may be, near enough to estimate how many fit a range."""
_NICE: Final = (
    "1s", "2s", "5s", "10s", "15s", "30s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "12h",
    "1d", "1w", "1mo", "3mo", "1y", "10y", "100y",
)  # fmt: skip
EARLIEST: Final = -2_208_988_800_000  # 1900
LATEST: Final = 7_258_118_400_000  # 2200
"""Epoch ms between which calendars are known here."""


@dataclass(frozen=True, slots=True)
class Window:
    """`count` times a unit: milliseconds (a divisor of a day), or calendar days, weeks, months, years."""

    count: int
    unit: Unit

    @property
    def text(self) -> str:
        """As a person writes it: `15m`, `1d`, `1mo`."""
        if self.unit != "ms":
            return f"{self.count}{next(name for name, unit in _CALENDAR.items() if unit == self.unit)}"
        name = next(name for name in reversed(_FIXED) if self.count % _FIXED[name] == 0)
        return f"{self.count // _FIXED[name]}{name}"


@dataclass(frozen=True, slots=True)
class Windows:
    """Consecutive windows: window i is [edges[i], edges[i + 1]).

    edges  int64 [windows + 1], epoch ms, strictly rising
    zone   what their labels are written in
    """

    edges: I64
    zone: ZoneInfo

    def __len__(self) -> int:
        return len(self.edges) - 1

    def labels(self) -> list[str]:
        """Local start of each window with its offset, RFC 3339: `2026-03-29T00:00:00+01:00`."""
        # Floor division keeps whole seconds exact; a window that starts within one says its milliseconds.
        return [
            datetime.fromtimestamp(ms // SECOND, UTC)
            .replace(microsecond=ms % SECOND * 1000)
            .astimezone(self.zone)
            .isoformat(timespec="milliseconds" if ms % SECOND else "seconds")
            for ms in self.edges[:-1].tolist()
        ]


def find_zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises InvalidInput (`unknown_zone`)."""
    try:
        return ZoneInfo(name)
    # Names that are paths, folders or not names at all fail in as many ways.
    except (KeyError, ValueError, OSError):
        raise InvalidInput(
            f"{name!r:.60} is not a time zone",
            code="unknown_zone",
            hint="write an IANA name such as Europe/Berlin, America/Sao_Paulo or UTC",
        ) from None


def parse_window(text: str) -> Window:
    """`500ms`, `30s`, `15m`, `1h` (divisors of a day), `1d`, `1w` (from Monday), `1mo`, `3mo`, `1y`.

    Raises InvalidInput (`invalid_window`).
    """
    window = read_window(text)
    if window is None:
        raise InvalidInput(
            f"window {text!r:.40} is not understood",
            code="invalid_window",
            hint="write a whole number and a unit: 30s, 15m, 1h, 1d, 1w, 1mo, 1y",
        )
    if window.unit == "ms":
        fits = DAY % window.count == 0 and window.count < DAY
    else:
        fits = window.count <= _MOST[window.unit] and (window.unit != "month" or 12 % window.count == 0)
    if not fits:
        raise InvalidInput(
            f"windows of {text.strip()} do not divide a day, or a year, or are too long",
            code="invalid_window",
            hint="15m, 1h, 6h divide a day; for whole days write 1d to 366d, for months 1mo, 2mo, 3mo, 4mo, 6mo or 12mo",
        )
    return window


def read_window(text: str) -> Window | None:
    """A whole number and a unit, however many; None for any other text."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None or not int(match[1]):
        return None
    if match[2] in _FIXED:
        return Window(int(match[1]) * _FIXED[match[2]], "ms")
    return Window(int(match[1]), _CALENDAR[match[2]])


def tile(window: Window, zone: ZoneInfo, start: int, end: int, most: int, groups: int = 1) -> Windows:
    """The windows that [start, end) (epoch ms, start < end) touches, whole: the first may begin before `start`.

    Raises InvalidInput: `too_many_points` for more than `most` of them in `groups` groups, with a coarser one that fits;
    `invalid_timestamp` outside the years 1900 to 2200, where calendars are not Penstock's business.
    """
    if not EARLIEST <= start < end <= LATEST:
        raise InvalidInput(
            f"calendar windows from {start} to {end} (epoch ms) are not between 1900 and 2200",
            code="invalid_timestamp",
            hint="2026 is about 1.77e12",
        )
    if (count := _estimate(window, end - start)) > most // groups:
        fits = finest(start, end, most // groups)
        raise InvalidInput(
            f"windows of {window.text} from {format_time(start)} to {format_time(end)} are up to {count}, "
            f"in {groups} groups {count * groups} points; at most {most} are possible",
            code="too_many_points",
            hint=f"a window of {fits} fits" if fits else "select or group less",
        )
    edges = _edges(window, zone, start, end)
    first = int(np.searchsorted(edges, start, side="right")) - 1
    last = int(np.searchsorted(edges, end, side="left"))
    return Windows(edges[first : last + 1], zone)


def finest(start: int, end: int, most: int) -> str | None:
    """The finest usual window of which [start, end) touches at most `most` in any zone; None if even a century is too fine."""
    return next((text for text in _NICE if _estimate(parse_window(text), end - start) <= most), None)


def _estimate(window: Window, length: int) -> int:
    """An upper bound of how many windows a range of `length` ms touches."""
    return -(-length // (window.count * _LENGTH[window.unit])) + 2


def _edges(window: Window, zone: ZoneInfo, start: int, end: int) -> I64:
    """Edges around the range, with one day or calendar unit to spare at either side."""
    # An instant may bear yesterday's date when clocks went back over midnight: hence the spare days.
    low, high = _local_date(start, zone) - timedelta(days=1), _local_date(end, zone) + timedelta(days=1)
    calendar = Window(1, "day") if window.unit == "ms" else window
    days = np.unique(np.array([_begin(day, zone) for day in _firsts(calendar, low, high)], np.int64))
    if window.unit != "ms":
        return days
    counts = -(-np.diff(days) // window.count)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.append(np.repeat(days[:-1], counts) + within * window.count, days[-1:])


def _firsts(window: Window, low: date, high: date) -> Iterator[date]:
    """First day of each window from the one that holds `low` to the first that begins after `high`."""
    day = _first(window, low)
    while day <= high:
        yield day
        day = _next(window, day)
    yield day


def _first(window: Window, day: date) -> date:
    """The first day of the window that holds `day`; several days or weeks are counted from 1970, months from January."""
    match window.unit:
        case "month":
            return date(day.year, (day.month - 1) // window.count * window.count + 1, 1)
        case "year":
            return date(day.year - day.year % window.count, 1, 1)
        case _:
            days = window.count * (7 if window.unit == "week" else 1)
            # 1970-01-05 was a Monday.
            origin = date(1970, 1, 5 if window.unit == "week" else 1)
            return day - timedelta(days=(day - origin).days % days)


def _next(window: Window, day: date) -> date:
    match window.unit:
        case "month":
            months = day.year * 12 + day.month - 1 + window.count
            return date(months // 12, months % 12 + 1, 1)
        case "year":
            return date(day.year + window.count, 1, 1)
        case _:
            return day + timedelta(days=window.count * (7 if window.unit == "week" else 1))


def _local_date(ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(ms // SECOND, zone).date()


def _begin(day: date, zone: ZoneInfo) -> int:
    """Epoch ms of the first instant whose local date is `day` or later."""
    return first_instant(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001 - a local time, made an instant there


def first_instant(local: datetime, zone: ZoneInfo) -> int:
    """Epoch ms of the first instant at which clocks in `zone` show `local` (whole seconds, naive) or later.

    Later where it was skipped; the first time where it is shown twice.
    """
    earlier, later = sorted(int(local.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if _local(earlier, zone) >= local:
        return earlier * SECOND
    # It was skipped: somewhere between its two readings the clock jumped over it.
    while later - earlier > 1:
        middle = (earlier + later) // 2
        earlier, later = (earlier, middle) if _local(middle, zone) >= local else (middle, later)
    return later * SECOND


def _local(second: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(second, zone).replace(tzinfo=None)
