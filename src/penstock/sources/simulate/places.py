"""Sites and their clocks: what time, weekday and season it is there, and how the sun and the weather stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from penstock.model.time import DAY, HOUR, MINUTE
from penstock.sources.simulate.noise import F64, I64

__all__ = ["DEMO_SITES", "LocalTime", "Site", "knots", "local_time", "outdoor", "standard_offset", "sun"]


@dataclass(frozen=True, slots=True)
class Site:
    """A place: its name, its IANA time zone and its latitude in degrees."""

    name: str
    zone: str = "Europe/Berlin"
    latitude: float = 50.0


DEMO_SITES: Final = (
    Site("hq", "Europe/Berlin", 52.5),
    Site("lab", "Europe/Lisbon", 38.7),
    Site("depot", "America/New_York", 40.7),
)


class LocalTime(NamedTuple):
    """The wall clock of a site: hour of day as float64 [n], days since 1970 as int64 [n], weekend as bool [n]."""

    hour: F64
    day: I64
    weekend: npt.NDArray[np.bool_]


@lru_cache(maxsize=16_384)
def _offset(zone: str, hour: int) -> int:
    moment = datetime.fromtimestamp(hour * 3600, UTC).astimezone(ZoneInfo(zone))
    delta = moment.utcoffset()
    return 0 if delta is None else int(delta.total_seconds()) * 1000


def local_time(zone: str, times: I64) -> LocalTime:
    """The wall clock of `zone` at `times` (epoch ms, sorted), daylight saving included.

    Looked up once per day, and once per UTC hour on the days on which the offset changes.
    """
    hours = times // HOUR
    first, last = int(hours[0]) // 24 * 24, int(hours[-1])
    offsets = np.empty(last - first + 25, np.int64)
    for start in range(first, last + 1, 24):
        before, after = _offset(zone, start), _offset(zone, start + 24)
        part = offsets[start - first : start - first + 24]
        part[:] = before if before == after else [_offset(zone, hour) for hour in range(start, start + 24)]
    local = times + offsets[hours - first]
    day = local // DAY
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    return LocalTime((local - day * DAY) / HOUR, day, weekday >= 5)


def standard_offset(site: Site) -> int:
    """The site's offset from UTC outside daylight saving, ms: the clock that unattended controllers keep."""
    year = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
    return min(_offset(site.zone, int(moment.timestamp()) // 3600) for moment in year)


def sun(site: Site, times: I64) -> F64:
    """Sine of the sun's elevation at `times` (epoch ms), 0 at night; the zone's standard time is taken as solar."""
    declination = np.radians(23.44) * np.sin(2 * np.pi * (times / DAY - 79.0) / 365.25)
    latitude = np.radians(site.latitude)
    hour_angle = 2 * np.pi * ((times + standard_offset(site)) % DAY / DAY - 0.5)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.maximum(height, 0.0)


def outdoor(site: Site, times: I64) -> F64:
    """Outdoor temperature in degC: season and time of day, without weather noise. float64 [n]."""
    season = np.cos(2 * np.pi * (times / DAY - 200.0) / 365.25)
    daily = np.cos(2 * np.pi * ((times + standard_offset(site) - 15 * HOUR) % DAY) / DAY)
    return 11.0 + (45.0 - site.latitude) * 0.3 + 8.5 * season + 4.0 * daily


def knots(start: int, end: int, step: int = 5 * MINUTE) -> I64:
    """Instants of [start, end] every `step` ms, both ends included."""
    return np.arange(start, end + 1, step, dtype=np.int64)
