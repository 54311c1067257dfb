"""The daemon of security events: random messages at random times, mostly harmless.

Arrivals are a Poisson process: per minute a Poisson count, then uniform instants. Each minute is a pure function of
seed and minute, so any cut gives the same events. Events are few; they are objects, not columns.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np

from penstock.model.errors import InvalidInput
from penstock.model.event import Event, make_event
from penstock.model.time import MINUTE, format_time
from penstock.sources.simulate.fleet import Process, check_positive
from penstock.sources.simulate.messages import DOORS, MESSAGES
from penstock.sources.simulate.noise import bits, keys, poisson, uniform
from penstock.sources.simulate.places import DEMO_SITES, Site

__all__ = ["SecurityEvents", "to_s1"]

_WEIGHTS: Final = list(accumulate(weight for _, weight, _ in MESSAGES))
_MAX_PER_MINUTE: Final = 256
_MAX_PER_HOUR: Final = 6_000


@dataclass(frozen=True, slots=True)
class SecurityEvents:
    """Doors, badges, cameras and alarms of the sites: `per_hour` events on average, 6,000 at most."""

    sites: tuple[Site, ...] = DEMO_SITES
    per_hour: float = 40.0
    tenant: str = "default"

    def __post_init__(self) -> None:
        check_positive(self, "per_hour")
        if self.per_hour > _MAX_PER_HOUR:
            raise InvalidInput(
                f"SecurityEvents.per_hour is {self.per_hour:g}, but at most {_MAX_PER_HOUR} are simulated",
                code="invalid_fleet",
                hint="run several daemons with different seeds",
            )

    def processes(self, seed: int) -> Sequence[Process]:
        """None: the daemon has no sensors."""
        del seed
        return ()

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        """Events of [start, end), epoch ms, in order of time; ids are digests of their content."""
        if end <= start:
            return ()
        key = keys(seed, "events", ("count", "time", "content"))
        minutes = np.arange(start // MINUTE, (end - 1) // MINUTE + 1, dtype=np.int64)
        counts = np.minimum(poisson(bits(key[0], minutes), self.per_hour / 60.0), _MAX_PER_MINUTE - 1)
        minute = np.repeat(minutes, counts)
        number = np.arange(len(minute)) - np.repeat(np.cumsum(counts) - counts, counts)
        serial = minute * _MAX_PER_MINUTE + number
        ts = minute * MINUTE + (uniform(bits(key[1], serial)) * MINUTE).astype(np.int64)
        order = np.lexsort((serial, ts))
        order = order[(ts[order] >= start) & (ts[order] < end)]
        content = bits(key[2], serial[order])
        return tuple(self._event(t, int(b)) for t, b in zip(ts[order].tolist(), content.tolist(), strict=True))

    def _event(self, ts: int, drawn: int) -> Event:
        ticket, rest = drawn % _WEIGHTS[-1], drawn // _WEIGHTS[-1]
        criticality, _, text = MESSAGES[bisect_right(_WEIGHTS, ticket)]
        rest, door = divmod(rest, len(DOORS))
        rest, site = divmod(rest, len(self.sites))
        rest, camera = divmod(rest, 24)
        message = text.format(
            door=f"{self.sites[site].name}, {DOORS[door]}", badge=10_000 + rest % 90_000, camera=camera + 1
        )
        return make_event(criticality, format_time(ts), message)


def to_s1(event: Event) -> dict[str, Any]:
    """The event as it is published on the subject `events`: exactly criticality, timestamp, eventMessage."""
    return {"criticality": event.criticality, "timestamp": event.timestamp, "eventMessage": event.message}
