"""Rooms of a building: temperature, humidity and CO2 that follow the people in them.

Each quantity obeys a first-order law towards a target that occupancy, heating, sun and weather set, solved exactly
from knot to knot. A sheet starts a day early from the target itself: by its first knot what was unknown has decayed
below the sensors' resolution, so a sheet is a pure function of its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from penstock.model.time import DAY, MINUTE
from penstock.sources.simulate.fleet import I32, Sensors, Sheets, phases
from penstock.sources.simulate.noise import F64, I64, U64, bits, keys, normal, uniform, wander
from penstock.sources.simulate.places import Site, knots, local_time, outdoor, sun
from penstock.sources.simulate.presence import attendance, persons

__all__ = ["METRICS", "OUTDOOR_CO2", "Rooms"]

METRICS: Final = (("temperature", "degC"), ("humidity", "%RH"), ("co2", "ppm"))
OUTDOOR_CO2: Final = 420.0

_KNOT: Final = 5 * MINUTE
_TAU_AIR_MIN: Final = 48.0
"""Time constant of the air: about 10 m² per person, 3 m high, 8 L/s of fresh air per seat."""
_CO2_PER_FULL: Final = 640.0
"""ppm above outdoors that a full room settles at: 5.2 mL/s per person into 8 L/s of fresh air."""
_TAU_HEAT_MIN: Final = 165.0


@dataclass(frozen=True)
class _Traits:
    """What differs between rooms, float64 [rooms] each; keys are uint64 [rooms]."""

    key: U64
    seats: F64
    bias: F64
    glass: F64


def _settle(target: F64, tau_min: F64) -> F64:
    """dx/dt = (target − x)/tau, from x = target at the first knot; the target is held between knots.

    target  float64 [knots, n];  tau_min  float64 [n], minutes
    """
    keep = np.exp(-_KNOT / MINUTE / tau_min)
    pull = target * (1.0 - keep)
    out = np.empty_like(target)
    out[0] = target[0]
    for i in range(1, len(target)):
        np.multiply(out[i - 1], keep, out=out[i])
        out[i] += pull[i - 1]
    return out


class Rooms:
    """The rooms of one site's buildings as a `Process`; metrics as in METRICS."""

    def __init__(self, seed: int, site: Site, buildings: tuple[str, ...], sensors: Sensors, step: int) -> None:
        """`sensors` lists the rooms building by building, equally many each."""
        self.sensors = sensors
        self.step = step
        self._site = site
        self._per_building = len(sensors) // len(buildings)
        self._buildings = keys(seed, "attendance", buildings)
        self._weather = keys(seed, "weather", (site.name,))
        key = keys(seed, "room", sensors.names)
        self.phase = phases(key, step)
        drawn = bits(key, np.zeros(1, np.int64))
        self._traits = _Traits(
            key, np.floor(2 + 10 * uniform(drawn)), 0.35 * normal(drawn, 1), np.clip(1.0 + 0.4 * normal(drawn, 2), 0, 2)
        )
        self._sheets = Sheets(DAY, _KNOT, self._sheet)

    def _sheet(self, start: int) -> F64:
        times = knots(start - DAY, start + DAY, _KNOT)
        when = local_time(self._site.zone, times)
        traits = self._traits
        present = np.repeat(attendance(self._buildings, when), self._per_building, axis=1)
        people = persons(traits.key, traits.seats, present, when)
        full = people / traits.seats
        outside = (outdoor(self._site, times)[:, None]) + 2.0 * wander(self._weather, times, DAY)
        working = ~when.weekend & (when.hour > 5.5) & (when.hour < 18.5)
        target = (
            np.where(working, 21.4, 19.8)[:, None]
            + traits.bias
            + 1.3 * full
            + 2.2 * sun(self._site, times)[:, None] * traits.glass
            + 0.05 * (outside - 12.0)
        )
        rooms = full.shape[1]
        settled = _settle(
            np.concatenate((np.clip(target, 18.6, 25.4), _CO2_PER_FULL * full), axis=1),
            np.repeat((_TAU_HEAT_MIN, _TAU_AIR_MIN), rooms),
        )
        temperature, co2 = settled[:, :rooms], settled[:, rooms:]
        co2 += OUTDOOR_CO2 + 5.0 * wander(self._weather, times, DAY // 4)
        # Breath adds water as it adds CO2; the same water in warmer air is a lower relative humidity.
        humidity = (
            41.0 + 0.35 * (outside - 10.0) + 0.011 * (co2 - OUTDOOR_CO2) - 2.1 * (temperature - 21.0)
        ) + 2.5 * wander(traits.key, times, DAY // 3)
        return np.stack((temperature, humidity, co2), axis=2)[DAY // _KNOT :]

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 3]: temperature 0.01 degC, humidity 0.1 %RH, CO2 1 ppm resolution."""
        out = self._sheets.at(unit, ts)
        drawn = bits(self._traits.key[unit], ts)
        out[:, 0] = np.round(out[:, 0] + 0.03 * normal(drawn), 2)
        out[:, 1] = np.round(np.clip(out[:, 1] + 0.25 * normal(drawn, 1), 12.0, 88.0), 1)
        out[:, 2] = np.maximum(np.rint(out[:, 2] + 4.0 * normal(drawn, 2)), 400.0)
        return out
