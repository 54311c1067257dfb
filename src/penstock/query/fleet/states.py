"""How assets are: states by how long ago they reported, and what of their values should worry somebody. Pure.

late     older than 3 of its usual intervals, and 10 s at least
silent   older than 10 of them, and 15 min at least
bad      its newest value is physically impossible for its unit
unknown  it never reported
ok       otherwise; the first of unknown, silent, bad, late that holds is told
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.pace import NEVER
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.query.fleet.index import FleetIndex
from penstock.query.fleet.rules import POSSIBLE
from penstock.query.overview import STATES, State
from penstock.store.series import Newest

__all__ = [
    "BAD",
    "DEFAULT_INTERVAL",
    "LATE",
    "OK",
    "SILENT",
    "UNKNOWN",
    "Concern",
    "States",
    "concerns",
    "is_recent",
    "reason",
    "states",
    "words",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DEFAULT_INTERVAL: Final = 5 * MINUTE
"""The usual interval of a series of which less than two readings are known."""

_LATE: Final = 3
_LATE_AT_LEAST: Final = 10 * SECOND
_SILENT: Final = 10
_SILENT_AT_LEAST: Final = 15 * MINUTE

OK: Final = STATES.index("ok")
LATE: Final = STATES.index("late")
SILENT: Final = STATES.index("silent")
BAD: Final = STATES.index("bad")
UNKNOWN: Final = STATES.index("unknown")


@dataclass(frozen=True, slots=True)
class States:
    """Of every asset of an index; every array is [assets].

    state     int64, number in STATES
    ts        int64, epoch ms: the newest reading of any of its series, NEVER for none
    age       int64, ms since then, 0 for a reading of the future
    interval  int64, ms: the usual interval of its fastest series, 0 where that is not known yet
    bad       int64: position of a series whose newest value is impossible, -1 for none
    """

    state: I64
    ts: I64
    age: I64
    interval: I64
    bad: I64

    def name(self, asset: int) -> State:
        """The state of one asset."""
        return STATES[int(self.state[asset])]


def is_recent(age: I64, interval: I64) -> Bools:
    """Whether a reading of that age (ms) still says how things are: whoever sent it is not silent. bool [n]."""
    usual = np.where(interval > 0, interval, DEFAULT_INTERVAL)
    return age <= np.maximum(_SILENT * usual, _SILENT_AT_LEAST)


def states(index: FleetIndex, newest: Newest, now: int) -> States:
    """The state of every asset, from the newest reading of each of its series."""
    if not len(index):
        none = np.empty(0, np.int64)
        return States(none, none, none, none, none)
    ts = np.maximum.reduceat(newest.ts, index.first)
    paced = np.where(newest.interval > 0, newest.interval, np.iinfo(np.int64).max)
    interval = np.minimum.reduceat(paced, index.first)
    interval = np.where(interval == np.iinfo(np.int64).max, 0, interval)
    age = np.where(ts == NEVER, 0, np.maximum(now - np.where(ts == NEVER, now, ts), 0))
    usual = np.where(interval > 0, interval, DEFAULT_INTERVAL)
    bad = _impossible(index, newest)
    state = np.full(len(index), OK)
    state[age > np.maximum(_LATE * usual, _LATE_AT_LEAST)] = LATE
    state[bad >= 0] = BAD
    state[~is_recent(age, interval)] = SILENT
    state[ts == NEVER] = UNKNOWN
    return States(state, ts, age, interval, bad)


def _impossible(index: FleetIndex, newest: Newest) -> I64:
    """int64 [assets]: a series of each whose newest value cannot be, -1 for none."""
    found = np.full(len(index), -1)
    low, high = index.possible
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero((newest.value < low) | (newest.value > high))
    found[index.asset[wrong]] = wrong
    return found


def reason(index: FleetIndex, newest: Newest, found: States, asset: int) -> str:
    """Why an asset is in its state, in words; empty for ok."""
    state = int(found.state[asset])
    if state == OK:
        return ""
    if state == UNKNOWN:
        return "no reading yet"
    if state == BAD:
        series = int(found.bad[asset])
        key = index.infos[series].key
        low, high = POSSIBLE[key.unit]
        bounds = f"at least {low:g}" if high == float("inf") else f"between {low:g} and {high:g}"
        return f"{key.metric} says {newest.value[series]:g} {key.unit}, possible is {bounds}"
    interval, age = int(found.interval[asset]), words(int(found.age[asset]))
    usual = f"usually every {words(interval)}" if interval else "its usual interval is not known yet"
    return f"silent for {age}, {usual}" if state == SILENT else f"last reading {age} ago, {usual}"


def words(ms: int) -> str:
    """A span of time for people, with its two greatest units: `2 h 5 min`."""
    for unit, name, part, smaller in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", SECOND, "s")):
        if ms >= unit:
            rest = ms % unit // part
            return f"{ms // unit} {name} {rest} {smaller}" if rest else f"{ms // unit} {name}"
    return f"{ms / SECOND:g} s"


class Concern(NamedTuple):
    """A value that should worry somebody: asset, how far it is beyond its limit in shares of it, and in words."""

    asset: int
    excess: float
    reason: str


class _Limit(NamedTuple):
    """`metric` of assets of `kind` beyond `limit` (canonical unit): above it, or else below it."""

    kind: str
    metric: str
    limit: float
    above: bool
    text: str


_LIMITS: Final = (
    _Limit("battery", "temperature", 318.15, True, "cells at {celsius:.1f} °C, above 45 °C"),
    _Limit("battery", "soc", 0.05, False, "charged to {percent:.1f} %, below 5 %"),
    _Limit("battery", "soh", 0.8, False, "state of health {percent:.1f} %, below 80 %"),
    _Limit("room", "co2", 1_400.0, True, "CO2 at {value:.0f} ppm, above 1400 ppm"),
)
"""What batteries' makers and EN 13779 (class IDA 4: 1,000 ppm above outdoors) say; rules of one's own are alarms."""


def concerns(index: FleetIndex, newest: Newest, found: States, most: int) -> Sequence[Concern]:
    """Assets that report, and whose newest values are beyond the limits above; the `most` furthest beyond, each once, furthest first."""
    furthest: list[tuple[float, int, float, _Limit]] = []
    reporting = np.isin(found.state, (OK, LATE))
    for limit in _LIMITS:
        positions = index.metric.get(limit.metric, np.empty(0, np.int64))
        value, asset = newest.value[positions], index.asset[positions]
        with np.errstate(invalid="ignore"):
            beyond = (value > limit.limit) if limit.above else (value < limit.limit)
        rows = np.flatnonzero(beyond & reporting[asset] & (index.kind[asset] == limit.kind))
        excess = np.abs(value[rows] - limit.limit) / limit.limit
        top = np.argsort(-excess, kind="stable")[:most]
        columns = (-excess[top], asset[rows[top]], value[rows[top]])
        furthest += [(*each, limit) for each in zip(*(column.tolist() for column in columns), strict=True)]
    told: dict[int, Concern] = {}
    for less, of, seen, limit in sorted(furthest, key=lambda each: each[:2]):
        text = limit.text.format(value=seen, celsius=seen - 273.15, percent=100 * seen)
        told.setdefault(of, Concern(of, -less, text))
    return list(told.values())[:most]
