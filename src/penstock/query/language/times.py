"""Moments and spans as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, SECOND, parse_duration, parse_time

__all__ = ["format_span", "read_time"]

_AGO: Final = re.compile(r"-\d+[a-z]+")
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_DAYS: Final = {"today": 0, "yesterday": 1}
_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms"))


def read_time(text: str, now: int, zone: ZoneInfo | None = None) -> int:
    """Epoch ms of `now`, `-24h`, `today`, `yesterday`, a date or time of `zone`, RFC 3339 or epoch ms.

    Without a zone a time needs an offset and days are those of UTC. Raises InvalidInput.
    """
    said = text.strip()
    local = zone or ZoneInfo("UTC")
    if said == "now":
        return now
    if said in _DAYS:
        today = datetime.fromtimestamp(now // 1_000, local).date()
        said = (today - timedelta(days=_DAYS[said])).isoformat()
    if _AGO.fullmatch(said):
        return now - parse_duration(said[1:])
    if _LOCAL.fullmatch(said) and (zone is not None or len(said) == len("2026-01-31")):
        try:
            moment = datetime.fromisoformat(said).replace(tzinfo=local)
        except ValueError:
            raise InvalidInput(f"{text!r:.40} is no day or time of the calendar", code="invalid_timestamp") from None
        return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return parse_time(said)


def format_span(ms: int) -> str:
    """`15m`, `1h`, `90s`: the largest unit that it is a whole number of."""
    unit, name = next((unit, name) for unit, name in _UNITS if ms % unit == 0)
    return f"{ms // unit}{name}"
