"""Time: int64 epoch milliseconds UTC everywhere inside; what is accepted at the door and why the rest is refused."""

from __future__ import annotations

import re
import time as _time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput

__all__ = [
    "DAY",
    "FUTURE_TOLERANCE",
    "HOUR",
    "MAX_TIME",
    "MINUTE",
    "SECOND",
    "TIME_CODES",
    "Clock",
    "Stamps",
    "WallClock",
    "check_times",
    "format_stamp",
    "format_time",
    "parse_duration",
    "parse_time",
]

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
FUTURE_TOLERANCE: Final = 5 * MINUTE
"""How far a device's clock may run ahead before its readings are refused."""

_INT64: Final = 1 << 63
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
_MS_2000: Final = 946_684_800_000
MAX_TIME: Final = 4_102_444_800_000
"""2100-01-01 in epoch ms: no timestamp lies behind it."""

# The ranges that 2000–2100 takes in s, ms, µs and ns do not overlap, so a wrong unit is detectable, never guessed.
TIME_CODES: Final[dict[int, tuple[str, str]]] = {
    1: ("looks_like_seconds", "ts is in the range of epoch seconds; send milliseconds (multiply by 1000)"),
    2: ("looks_like_microseconds", "ts is in the range of epoch microseconds; send milliseconds"),
    3: ("looks_like_nanoseconds", "ts is in the range of epoch nanoseconds; send milliseconds"),
    4: ("timestamp_out_of_range", "ts is not between 2000-01-01 and 2100-01-01 in epoch milliseconds"),
    5: ("timestamp_in_future", "ts is more than 5 minutes ahead of the server's clock"),
    6: ("timestamp_before_retention", "ts is older than what this server keeps"),
}
"""Verdict number of `check_times` → (code, what to do). 0 is good."""


class Clock(Protocol):
    """Where `now` comes from; passed in so that tests decide it."""

    def now(self) -> int:
        """Epoch milliseconds UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> int:
        return _time.time_ns() // 1_000_000


class Stamps:
    """Admission stamps: strictly increasing epoch microseconds, even when the wall clock steps back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        self._last = max(self._last + 1, self._clock.now() * 1_000)
        return self._last


def check_times(ts: npt.NDArray[np.int64], *, now: int, earliest: int) -> npt.NDArray[np.uint8]:
    """Verdict per timestamp: 0 good, else a key of `TIME_CODES`.

    `ts` is int64 [n] as sent; `now` and `earliest` (start of retention) are epoch ms.
    """
    low, high = max(earliest, _MS_2000), min(now + FUTURE_TOLERANCE, MAX_TIME)
    verdict = np.zeros(len(ts), dtype=np.uint8)
    if len(ts) == 0 or (int(ts.min()) >= low and int(ts.max()) <= high):
        return verdict
    verdict[(ts < _MS_2000) | (ts > MAX_TIME)] = 4
    for code, scale in ((1, 0.001), (2, 1_000.0), (3, 1_000_000.0)):
        verdict[(ts >= _MS_2000 * scale) & (ts <= MAX_TIME * scale)] = code
    in_range = verdict == 0
    verdict[in_range & (ts > high)] = 5
    verdict[in_range & (ts < earliest)] = 6
    return verdict


def parse_time(text: str | float) -> int:
    """Epoch ms from RFC 3339 text (an offset or Z is required) or from a number that is already epoch ms.

    Raises InvalidInput. A number is passed on as it is: `check_times` judges its range.
    """
    if isinstance(text, int | float):
        if isinstance(text, bool) or not -_INT64 <= text < _INT64:
            raise InvalidInput(f"time {text!r:.40} is not a number of milliseconds", code="invalid_timestamp")
        return int(text)
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return int(stripped)
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        raise InvalidInput(
            f"time {text!r:.80} is neither RFC 3339 nor epoch milliseconds",
            code="invalid_timestamp",
            hint="write 2026-01-31T12:00:00Z or 1769860800000",
        ) from None
    if moment.tzinfo is None:
        raise InvalidInput(
            f"time {text!r} has no time zone",
            code="naive_timestamp",
            hint="append Z for UTC, or an offset such as +01:00",
        )
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def format_time(ms: int) -> str:
    """RFC 3339 UTC with Z; milliseconds only when there are any."""
    moment = datetime.fromtimestamp(ms // 1000, tz=UTC)
    fraction = f".{ms % 1000:03d}" if ms % 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def format_stamp(us: int) -> str:
    """RFC 3339 UTC of an admission stamp (epoch µs), always with microseconds: no two stamps of a gate look alike."""
    return f"{datetime.fromtimestamp(us // 1_000_000, tz=UTC):%Y-%m-%dT%H:%M:%S}.{us % 1_000_000:06d}Z"


_DURATION: Final = re.compile(r"([0-9]{1,12})(ms|[smhdw])")
_UNITS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def parse_duration(text: str) -> int:
    """Milliseconds of `500ms`, `30s`, `15m`, `1h`, `7d`, `2w`; raises InvalidInput."""
    stripped = text.strip()
    match = _DURATION.fullmatch(stripped)
    if match is None or int(match[1]) == 0:
        raise InvalidInput(
            f"duration {text!r:.80} is not understood",
            code="invalid_duration",
            hint="write a whole number and a unit: 500ms, 30s, 15m, 1h, 7d, 2w",
        )
    return int(match[1]) * _UNITS[match[2]]
