"""Where sites are joined to the grid: a meter each, that measures exactly what everything behind it takes and gives.

Rule. At every instant the meter's power is the sum of the powers that the site's other meters measure, plus voltage times current of
its batteries: positive is taken from the grid, negative given to it. Whoever reads them all at one instant finds a balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from penstock.model.event import Event
from penstock.model.series import Attributes
from penstock.model.time import SECOND
from penstock.sources.simulate.batteries import METRICS as CELL_METRICS
from penstock.sources.simulate.batteries import Batteries
from penstock.sources.simulate.buildings import Buildings
from penstock.sources.simulate.ems import Ems
from penstock.sources.simulate.fleet import I32, Process, Sensors, check_positive, phases
from penstock.sources.simulate.noise import F64, I64, keys

__all__ = ["METRICS", "Grid", "GridMeter"]

METRICS: Final = (("power_w", "W"),)
_INSTANTS: Final = 256
"""Instants that are added up at once: a thousand batteries at each of them are some MB."""
_VOLTAGE, _CURRENT = (
    [name for name, _ in CELL_METRICS].index("voltage_v"),
    [name for name, _ in CELL_METRICS].index("current_a"),
)


@dataclass(frozen=True, slots=True)
class Grid:
    """One meter `grid-<site>` for each site of `ems`, tagged with its kind; what it joins to the grid are these fleets. Step in ms."""

    step: int = 10 * SECOND
    tenant: str = "default"
    buildings: Buildings = field(default_factory=Buildings)
    ems: Ems = field(default_factory=Ems)
    batteries: Batteries = field(default_factory=Batteries)

    def __post_init__(self) -> None:
        check_positive(self, "step")

    def processes(self, seed: int) -> Sequence[Process]:
        """One process per site."""
        behind = [
            *_powers(self.buildings.processes(seed)),
            *_powers(self.ems.processes(seed)),
            _Part(self.batteries.processes(seed)[0], _VOLTAGE, _CURRENT),
        ]
        return [GridMeter(seed, site.name, behind, self.step) for site in self.ems.sites]

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        """None: meters only measure."""
        del seed, start, end
        return ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A process with power among its metrics: the number of the metric, or of the two whose product it is."""

    process: Process
    metric: int
    times: int | None = None

    def at(self, site: str) -> I32:
        """Its sensors at a site."""
        return np.flatnonzero(np.array(self.process.sensors.sites) == site).astype(np.int32)

    def power(self, unit: I32, ts: I64) -> F64:
        """W that sensors `unit` together take at each of `ts`: float64 [n]."""
        values = self.process.values(np.tile(unit, len(ts)), np.repeat(ts, len(unit)))
        power = values[:, self.metric]
        if self.times is not None:
            power = power * values[:, self.times]
        return power.reshape(len(ts), len(unit)).sum(axis=1)


def _powers(processes: Sequence[Process]) -> list[_Part]:
    """Those that measure power."""
    metrics = [[name for name, _ in process.sensors.metrics] for process in processes]
    return [_Part(p, names.index("power_w")) for p, names in zip(processes, metrics, strict=True) if "power_w" in names]


class GridMeter:
    """The grid meter of one site as a `Process`; metrics as in METRICS."""

    def __init__(self, seed: int, site: str, behind: Sequence[_Part], step: int) -> None:
        name = f"grid-{site}"
        self.sensors = Sensors((site,), (name,), METRICS, (Attributes(tags={"kind": "grid"}),))
        self.step = step
        self.phase = phases(keys(seed, "grid", (name,)), step)
        self._behind = [(part, unit) for part in behind if len(unit := part.at(site))]

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 1]: power, 0.1 W resolution."""
        del unit  # there is one
        power = np.zeros(len(ts))
        for start in range(0, len(ts), _INSTANTS):
            some = ts[start : start + _INSTANTS]
            power[start : start + _INSTANTS] = sum(part.power(units, some) for part, units in self._behind)
        return np.round(power, 1)[:, None]
