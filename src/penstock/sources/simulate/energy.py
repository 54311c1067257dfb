"""A building's energy meter: power, and the counter that is exactly its integral.

Rule. At every five-minute mark power is a whole number of watts, P(k). Between two marks power is the straight line
joining them plus harmonics of the interval with random amplitudes. Harmonics vanish at the marks and integrate to zero
over the interval, so the energy of an interval is (P(k) + P(k+1)) / 2 · 1/12 h: counted in units of 1/24 Wh it is an
integer, and the counter is exact at every mark, for ever. Within an interval the integral is closed-form. Power is
positive, so the counter rises strictly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, format_time
from penstock.sources.simulate.fleet import I32, Sensors
from penstock.sources.simulate.noise import F64, I64, bits, keys, normal, uniform, wander
from penstock.sources.simulate.places import Site, knots, local_time, outdoor
from penstock.sources.simulate.presence import attendance

__all__ = ["INSTALLED", "MARK", "METRICS", "EnergyMeters"]

METRICS: Final = (("energy_wh", "Wh"), ("power_w", "W"))
MARK: Final = 5 * MINUTE
INSTALLED: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z: the counters stood at zero."""

_PER_WH: Final = 2 * HOUR // MARK
_CHUNK: Final = 16 * DAY
_KEPT_CHUNKS: Final = 3
_HARMONICS: Final = ((1, 0.030), (3, 0.018), (8, 0.010))


class EnergyMeters:
    """The meters of one site's buildings as a `Process`; metrics as in METRICS. All report at the same instants."""

    def __init__(
        self, seed: int, site: Site, buildings: tuple[str, ...], sensors: Sensors, step: int, seats: int
    ) -> None:
        """`sensors` holds one meter per building; `seats` is about how many people a building holds."""
        self.sensors = sensors
        self.step = step
        self.phase = np.zeros(len(sensors), np.int64)
        self._site = site
        self._buildings = keys(seed, "attendance", buildings)
        self._weather = keys(seed, "weather", (site.name,))
        self._key = keys(seed, "meter", sensors.names)
        self._size = (0.85 + 0.3 * uniform(bits(self._key, np.zeros(1, np.int64)))) * seats
        self._counted = [np.zeros(len(sensors), np.int64)]
        self._chunks: dict[int, I64] = {}

    def _watts(self, times: I64) -> I64:
        """Power at marks: int64 [times, meters], ≥ 1."""
        when = local_time(self._site.zone, times)
        present = attendance(self._buildings, when)
        outside = outdoor(self._site, times)[:, None] + 2.0 * wander(self._weather, times, DAY)
        plant = (~when.weekend & (when.hour > 5.5) & (when.hour < 18.5))[:, None]
        comfort = np.abs(outside - 17.0) * np.where(plant, 22.0, 6.0)
        flicker = normal(bits(self._key[None, :], (times // MARK)[:, None]))
        per_seat = 90.0 + 190.0 * present + np.where(plant, 60.0, 0.0) + comfort
        drift = 1.0 + 0.05 * wander(self._key, times, HOUR) + 0.015 * flicker
        return np.maximum(np.rint(self._size * per_seat * drift), 1.0).astype(np.int64)

    def _chunk(self, number: int) -> I64:
        """Counter (in 1/24 Wh since INSTALLED) and power at the marks of a chunk: int64 [marks + 1, meters, 2]."""
        if number not in self._chunks:
            while len(self._counted) <= number:
                self._counted.append(self._count(len(self._counted) - 1)[-1, :, 0])
            self._chunks[number] = self._count(number)
            while len(self._chunks) > _KEPT_CHUNKS:
                del self._chunks[next(iter(self._chunks))]
        return self._chunks[number]

    def _count(self, number: int) -> I64:
        start = INSTALLED + number * _CHUNK
        watts = self._watts(knots(start, start + _CHUNK, MARK))
        counter = np.zeros_like(watts)
        np.cumsum(watts[:-1] + watts[1:], axis=0, out=counter[1:])
        return np.stack((counter + self._counted[number], watts), axis=2)

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 2]: energy_wh and power_w. Raises InvalidInput for an instant before INSTALLED."""
        if len(ts) and int(ts.min()) < INSTALLED:
            raise InvalidInput(
                f"simulated energy meters count from {format_time(INSTALLED)}, not from {format_time(int(ts.min()))}",
                code="before_installation",
                hint="simulate a later time",
            )
        out = np.empty((len(ts), 2))
        chunk = (ts - INSTALLED) // _CHUNK
        for number in np.unique(chunk).tolist():
            rows = chunk == number
            out[rows] = self._within(number, unit[rows], ts[rows])
        return out

    def _within(self, number: int, unit: I32, ts: I64) -> F64:
        since = ts - (INSTALLED + number * _CHUNK)
        mark = since // MARK
        x = (since - mark * MARK) / MARK
        table = self._chunk(number)
        counter, before = table[mark, unit].T
        after = table[mark + 1, unit, 1]
        power = before + (after - before) * x
        partial = before * x + 0.5 * (after - before) * x * x
        drawn = bits(self._key[unit], -1 - ts // MARK)
        for lane, (harmonic, amplitude) in enumerate(_HARMONICS):
            height = np.clip(normal(drawn, lane), -3.0, 3.0) * amplitude * np.minimum(before, after)
            angle = 2 * np.pi * harmonic
            power += height * np.sin(angle * x)
            partial += height * (1.0 - np.cos(angle * x)) / angle
        return np.stack((counter / _PER_WH + partial * (MARK / HOUR), power), axis=1)
