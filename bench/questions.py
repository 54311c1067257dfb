"""The questions that every system is asked, and what an answer is worth: rows and the sum of their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["recent", "site", "room", "average", "events", "explore"]

MINUTE = 60_000
QUARTER = 15 * MINUTE
HOUR = 60 * MINUTE
DAY = 86_400_000
_RAGGED = 7 * MINUTE + 17_000


@dataclass(frozen=True, slots=True)
class Question:
    """One question about the history; `kind` says which of the fields it uses.

    recent   the newest `limit` readings of `sensor`
    site     mean, min and max per `window` over all sensors of `site` in [start, end)
    room     mean per `window` over the sensors of `room` in [start, end)
    average  the mean of `room` over the last quarter of an hour before now
    events   the newest `limit` events with a criticality above `above`
    explore  a line per sensor of `site`: its mean per `window` in [start, end)
    """

    kind: Kind
    name: str
    sensor: str = ""
    site: str = ""
    building: str = ""
    room: str = ""
    start: int = 0
    end: int = 0
    window: int = 0
    limit: int = 0
    above: int = 0


class Seen(NamedTuple):
    """What came back: how many rows, and the sum of their values (of their means where they are aggregates).

    at  `time.perf_counter()` when the answer was there; None: when it was returned
    """

    rows: int
    total: float
    at: float | None = None

    @classmethod
    def of(cls, values: list[float]) -> Seen:
        return cls(len(values), float(sum(values)))

    def equals(self, other: Seen) -> bool:
        return self.rows == other.rows and abs(self.total - other.total) <= 1e-9 * max(1.0, abs(other.total))


Asker = Callable[[Question], Seen | None]
"""Answers a question; None where the system has no such question."""


def standard(end: int, span: int) -> list[Question]:
    """The standard questions about a history of `span` ms before `end`: site 3, its room r030, one of its sensors.

    Windows are whole but for one question, whose range begins and ends within a window.
    """
    last = end - end % QUARTER
    length = min(DAY, (span - QUARTER) // QUARTER * QUARTER)
    hours = f"{length / 3_600_000:.3g} h"

    def place(kind: Kind, name: str, window: int = 0, until: int = last) -> Question:
        start = until - length
        return Question(kind, name, site="site03", building="b03", room="r030", start=start, end=until, window=window)

    return [
        Question("recent", "last 100 of a sensor", sensor="q00042", limit=100, start=end - 100 * MINUTE, end=end),
        place("site", f"1-minute aggregate of a site, 100 sensors, {hours}", MINUTE),
        place("site", f"1-minute aggregate of a site, ragged range, {hours}", MINUTE, last - _RAGGED),
        place("site", f"15-minute aggregate of a site, 100 sensors, {hours}", QUARTER),
        place("room", f"15-minute averages of a room, 10 sensors, {hours}", QUARTER),
        place("average", "average of a room, last 15 minutes", until=end),
        Question("events", "last 10 events above 7", above=7, limit=10),
    ]
