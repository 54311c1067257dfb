"""A fleet of stationary batteries: state of charge, voltage, current, temperature, cycles and health.

State of charge is given by the day's plan and current is its derivative times the capacity at hand, so the two agree
at any sampling. A day runs rest, first move, rest, second move, rest between two random levels, by the clock of the
site without daylight saving. Its extremes are a mean plus a *difference* of noise of adjacent days; so charge moved
since commissioning telescopes to a closed form, and cycles and ageing need no history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from penstock.model.errors import InvalidInput
from penstock.model.event import Event
from penstock.model.series import Attributes
from penstock.model.time import MINUTE
from penstock.sources.simulate.battery_model import BatteryModel
from penstock.sources.simulate.fleet import I32, Process, Sensors, check_positive
from penstock.sources.simulate.noise import F64, I64
from penstock.sources.simulate.places import DEMO_SITES, Site

__all__ = ["HEALTH_METRICS", "METRICS", "Batteries", "BatteryHealth", "BatteryTelemetry"]

METRICS: Final = (("soc", "1"), ("voltage_v", "V"), ("current_a", "A"), ("temperature", "degC"))
HEALTH_METRICS: Final = (("cycles", "1"), ("soh", "1"))


@dataclass(frozen=True, slots=True)
class Batteries:
    """`count` batteries `bat-0001`, … spread over the sites in turn; a share of them is faulty. Steps are ms.

    Cycles and health change slowly and are sent every `health_step`, a multiple of `step`, at the instant of a
    telemetry row. A positive current charges.
    """

    sites: tuple[Site, ...] = DEMO_SITES
    count: int = 1000
    step: int = MINUTE
    health_step: int = 10 * MINUTE
    faulty: float = 0.006
    tenant: str = "default"

    def __post_init__(self) -> None:
        check_positive(self, "count", "step", "health_step")
        if self.health_step % self.step:
            raise InvalidInput(
                f"Batteries.health_step {self.health_step} is not a multiple of step {self.step}", code="invalid_fleet"
            )
        if not 0.0 <= self.faulty <= 1.0:
            raise InvalidInput(f"Batteries.faulty {self.faulty} is not a share from 0 to 1", code="invalid_fleet")

    def model(self, seed: int) -> BatteryModel:
        """The physics of every battery, by its index."""
        names = [f"bat-{i + 1:04d}" for i in range(self.count)]
        return BatteryModel(seed, names, self.sites, self.faulty)

    def processes(self, seed: int) -> Sequence[Process]:
        """Telemetry and health, of the same batteries."""
        model = self.model(seed)
        return (BatteryTelemetry(model, self.step), BatteryHealth(model, self.step, self.health_step))

    def faults(self, seed: int) -> dict[str, str]:
        """Ground truth: sensor → `weak_cell` or `hot_unit`, for the faulty ones."""
        return self.model(seed).faults()

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        """None: batteries only measure."""
        del seed, start, end
        return ()


def _sensors(model: BatteryModel, metrics: tuple[tuple[str, str], ...]) -> Sensors:
    attributes = tuple(
        Attributes(tags={"chemistry": "LFP", "capacity_ah": f"{ah:g}", "duty": duty})
        for ah, duty in zip(model.capacity_ah.tolist(), model.duty, strict=True)
    )
    return Sensors(model.site_names, model.names, metrics, attributes)


class BatteryTelemetry:
    """State of charge, voltage, current and temperature as a `Process`; metrics as in METRICS."""

    def __init__(self, model: BatteryModel, step: int) -> None:
        self.sensors = _sensors(model, METRICS)
        self.step = step
        self.phase = model.phase(step)
        self._model = model

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 4]: soc 1e-6, voltage 1 mV, current 1 mA, temperature 0.1 degC resolution."""
        return self._model.telemetry(unit, ts)


class BatteryHealth:
    """Equivalent full cycles and state of health as a `Process`; metrics as in HEALTH_METRICS."""

    def __init__(self, model: BatteryModel, step: int, health_step: int) -> None:
        self.sensors = _sensors(model, HEALTH_METRICS)
        self.step = health_step
        slot = model.phase(health_step // step)  # which of its telemetry rows carries a battery's health
        self.phase = slot * step + model.phase(step)
        self._model = model

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 2]: cycles 1e-4 (never falls), soh 1e-6 resolution."""
        cycles, soh = self._model.health(unit, ts)
        return np.stack((np.round(cycles, 4), np.round(soh, 6)), axis=1)
