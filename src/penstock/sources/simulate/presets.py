"""Fleets by name, for the command line, and the demonstration: three sites with a week of history."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, get_type_hints

from penstock.model.errors import InvalidInput
from penstock.model.event import Event
from penstock.model.series import check_tenant
from penstock.model.time import DAY, HOUR, MINUTE, SECOND, parse_duration
from penstock.sources.simulate.batteries import Batteries
from penstock.sources.simulate.buildings import Buildings
from penstock.sources.simulate.ems import Ems
from penstock.sources.simulate.fleet import Fleet, Process
from penstock.sources.simulate.grid import Grid
from penstock.sources.simulate.security import SecurityEvents
from penstock.sources.simulate.stream import Delivery, Stream

__all__ = ["PRESETS", "demo_history", "parse_fleet"]

_Known = Buildings | Ems | Batteries | Grid | SecurityEvents
_FLEETS: Final[dict[str, type[_Known]]] = {
    "buildings": Buildings,
    "ems": Ems,
    "batteries": Batteries,
    "grid": Grid,
    "events": SecurityEvents,
}
_DEMO: Final = "demo"

PRESETS: Final = (*_FLEETS, _DEMO)
"""The names that `parse_fleet` knows."""

_CHUNK: Final = 40_000
_HISTORY: Final[tuple[Fleet, ...]] = (
    Buildings(step=5 * MINUTE, meter_step=5 * MINUTE),
    Ems(step=MINUTE),
    Batteries(step=30 * MINUTE, health_step=6 * HOUR),
    Grid(step=5 * MINUTE),
    SecurityEvents(),
)


def parse_fleet(spec: str) -> tuple[Fleet, ...]:
    """Fleets from text: names of PRESETS joined by `+`, each with settings, as in `ems:meters=500,step=1s+events`.

    A setting is a field of the fleet's class that holds a number, a duration (steps) or the tenant; `demo` takes none
    and stands for all of them. Raises InvalidInput naming what is not known and what is.
    """
    fleets: list[Fleet] = []
    for part in spec.split("+"):
        name, _, settings = part.strip().partition(":")
        if name == _DEMO and not settings:
            fleets.extend(fleet() for fleet in _FLEETS.values())
        elif name in _FLEETS:
            fleets.append(_configured(_FLEETS[name], settings))
        else:
            raise InvalidInput(
                f"fleet {part.strip()!r} is not known",
                code="unknown_fleet",
                hint=f"use {', '.join(PRESETS)}, joined by +; settings as in batteries:count=10000,step=30s",
            )
    return tuple(fleets)


def _configured(fleet: type[_Known], settings: str) -> _Known:
    hints = get_type_hints(fleet)
    fields = [f.name for f in dataclasses.fields(fleet) if hints[f.name] in {int, float, str}]
    values: dict[str, object] = {}
    for setting in filter(None, settings.split(",")):
        name, _, text = (s.strip() for s in setting.partition("="))
        if name not in fields:
            raise InvalidInput(
                f"{fleet.__name__} has no setting {name!r}",
                code="unknown_setting",
                hint=f"settings are {', '.join(fields)}",
            )
        values[name] = _setting(name, text, hints[name])
    return fleet(**values)  # pyright: ignore[reportArgumentType]: values follow the fields' own types


def _setting(name: str, text: str, kind: type) -> object:
    if name == "tenant":
        return check_tenant(text)
    if name.endswith("step"):
        return parse_duration(text)
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput(f"{name}={text!r} is not a number", code="invalid_setting") from None


def demo_history(seed: int, start: int, end: int) -> Iterator[Delivery]:
    """What the fleets of `demo` would have sent in [start, end), epoch ms: about 330,000 readings a day, without faults.

    The physics are those of the live stream, sampled less often (rooms, building and grid meters every 5 min, EMS meters
    every minute, batteries every 30 min). Live data taken from `end` on continues it without gap or overlap; what is taken
    twice is the same twice. Drafts hold up to about 40,000 readings and come roughly in order of time.
    """
    streams = [
        Stream(_Part(fleet.tenant, process), seed=seed) for fleet in _HISTORY for process in fleet.processes(seed)
    ]
    spans = [int(_CHUNK / stream.rate * SECOND) for stream in streams]
    streams.append(Stream([fleet for fleet in _HISTORY if not fleet.processes(seed)], seed=seed))
    spans.append(DAY)
    pieces = [
        (begin, index, min(begin + span, end)) for index, span in enumerate(spans) for begin in range(start, end, span)
    ]
    for begin, index, until in sorted(pieces):
        yield from streams[index].take(begin, until)


@dataclass(frozen=True)
class _Part:
    """One process of a fleet as a fleet: each is cut into drafts at its own rate."""

    tenant: str
    process: Process

    def processes(self, seed: int) -> Sequence[Process]:
        del seed
        return (self.process,)

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        del seed, start, end
        return ()
