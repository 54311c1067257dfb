"""The physics of batteries as closed forms of (battery, instant): plan of the day, voltage, heat, ageing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.time import DAY, HOUR
from penstock.sources.simulate.fleet import I32, phases
from penstock.sources.simulate.noise import F64, I64, U64, bits, keys, normal, uniform
from penstock.sources.simulate.places import Site, standard_offset

__all__ = ["CELLS", "BatteryModel", "ocv"]

CELLS: Final = 16
"""LFP cells in series: 51.2 V nominal."""

_SOC: Final = np.linspace(0.0, 1.0, 21)
_OCV: Final = np.array(
    [2.80, 3.04, 3.14, 3.18, 3.205, 3.225, 3.245, 3.26, 3.27, 3.277, 3.284, 3.29, 3.296, 3.302, 3.31, 3.32, 3.327,
     3.331, 3.336, 3.345, 3.42]
)  # fmt: skip
_DUTIES: Final = ("solar", "tariff", "backup")
# Per duty: mean level at midnight, mean extreme of the day, and hours of start and end of the two moves.
_PLANS: Final = np.array(
    [
        [0.22, 0.88, 8.5, 14.0, 17.5, 22.5],
        [0.30, 0.92, 0.7, 5.2, 16.5, 20.5],
        [0.93, 0.78, 9.5, 11.0, 13.0, 16.5],
    ]
)
_SEGMENTS: Final = 5
_TAU_HEAT: Final = 1.2 * HOUR
_RIPPLE: Final = ((2, 0.22), (9, 0.14), (31, 0.08))
_DISCHARGE_SQUARE: Final = 1.0 + sum(depth**2 for _, depth in _RIPPLE) / 2
_TAPER: Final = 6
"""A charge runs at full current and tapers at the end: its pace is (p + 1) / p · (1 − xᵖ)."""
_CHARGE_SQUARE: Final = ((_TAPER + 1) / _TAPER) ** 2 * (1 - 2 / (_TAPER + 1) + 1 / (2 * _TAPER + 1))
"""Mean of the squared pace: what a move heats beyond a steady current."""
_SPREAD: Final = 0.012
_COMMISSIONED: Final = 1_577_836_800_000 // DAY
"""2020-01-01: batteries were put to work on some day of the four years that follow."""
_FADE_PER_CYCLE: Final = 2.2e-5
_FADE_PER_DAY: Final = 2.0e-5


def ocv(soc: F64) -> F64:
    """Open-circuit voltage of one LFP cell, V."""
    return np.interp(soc, _SOC, _OCV)


class _Day(NamedTuple):
    """Tables of a day of every battery, float64 [batteries, 5] or flat: one entry per segment of its plan.

    start    ms since midnight                  length   ms
    soc      at its start                       rise     of SoC until its end
    moved    charge moved since commissioning until its start, in capacities
    excess   kelvin above ambient at its start  settled  kelvin above ambient that it tends to
    soh      state of health at midnight
    """

    start: F64
    length: F64
    soc: F64
    rise: F64
    moved: F64
    excess: F64
    settled: F64
    soh: F64


class _Place(NamedTuple):
    """Where rows stand in their plans: index into the tables, progress in the segment (0–1) and what has been done.

    `done` and `pace` are the share of the rise behind, and the rate of it relative to the segment's mean.
    """

    tables: _Day
    entry: I64
    x: F64
    rise: F64
    done: F64
    pace: F64


class BatteryModel:
    """Every battery of a fleet; sensors are given by index. Constant arrays are [batteries]."""

    def __init__(self, seed: int, names: Sequence[str], sites: Sequence[Site], faulty: float) -> None:
        self.names = tuple(names)
        where = np.arange(len(names)) % len(sites)
        self.site_names = tuple(sites[i].name for i in where.tolist())
        self._offset = np.array([standard_offset(site) for site in sites], np.int64)[where]
        self._key = keys(seed, "battery", names)
        once = uniform(bits(self._key[:, None], np.arange(-8, 0)))
        kind = np.searchsorted([0.5, 0.85], once[:, 0], side="right")
        self.duty = tuple(_DUTIES[k] for k in kind)
        self.capacity_ah: F64 = np.array([100.0, 150.0, 200.0])[(once[:, 1] * 3).astype(int)]
        self._base, self._peak = _PLANS[kind, 0], _PLANS[kind, 1]
        self._hours = _PLANS[kind, 2:] + (0.8 * (once[:, 2] - 0.5))[:, None]
        self._begun = _COMMISSIONED + (once[:, 3] * 4 * 365).astype(np.int64)
        self.weak = once[:, 4] < faulty / 2
        self.hot = ~self.weak & (once[:, 4] < faulty)
        self._resistance = 0.022 * (100.0 / self.capacity_ah) * (0.9 + 0.2 * once[:, 5]) * np.where(self.weak, 2.6, 1.0)
        self._kelvin_per_watt = (0.6 + 0.3 * once[:, 6]) * np.where(self.hot, 4.5, 1.0)
        self._ambient = 21.0 + 3.0 * (once[:, 7] - 0.5) + np.where(self.hot, 5.0, 0.0)
        self._days: dict[int, _Day] = {}
        self._joined: tuple[int, int, _Day] | None = None

    def phase(self, step: int) -> I64:
        """When within `step` each battery reports; see `fleet.phases`."""
        return phases(self._key, step)

    def faults(self) -> dict[str, str]:
        """Sensor → `weak_cell` (more resistance, faster fade) or `hot_unit` (cooling blocked)."""
        named = {"weak_cell": self.weak, "hot_unit": self.hot}
        return {self.names[i]: fault for fault, mask in named.items() for i in np.flatnonzero(mask)}

    def _noise(self, day: I64, lane: int) -> F64:
        return np.clip(normal(bits(self._key, day), lane), -2.0, 2.0)

    def _levels(self, day: int) -> tuple[F64, F64]:
        """Charge at midnight and at the day's extreme; both are means plus differences of noise."""
        today, tomorrow = np.array([day]), np.array([day + 1])
        night = self._base + _SPREAD * (self._noise(tomorrow, 0) - self._noise(today, 0))
        peak = self._peak + _SPREAD * (self._noise(tomorrow, 1) - self._noise(today, 1))
        return night, peak

    def _moved_before(self, day: int) -> F64:
        """Charge moved, in capacities, from commissioning to the midnight of `day`: the sum of all days in closed form.

        A day moves |peak − night| + |peak − next night|; with `_levels` all noise cancels but that of the ends.
        """
        begun, today = self._begun, np.array([day])
        swing = self._peak - self._base
        peaks = self._noise(today, 1) - self._noise(begun, 1)
        nights = self._noise(today, 0) - self._noise(begun, 0) + self._noise(today + 1, 0) - self._noise(begun + 1, 0)
        moved = np.sign(swing) * (2 * swing * (day - begun) + _SPREAD * (2 * peaks - nights))
        return np.maximum(moved, 0.0)

    def _soh(self, cycles: F64, age_days: F64, weak: npt.NDArray[np.bool_]) -> F64:
        faster = np.where(weak, 3.0, 1.0)
        return np.maximum(1.0 - faster * (_FADE_PER_CYCLE * cycles + _FADE_PER_DAY * np.maximum(age_days, 0.0)), 0.5)

    def _plan(self, day: int) -> _Day:
        night, peak = self._levels(day)
        next_night, _ = self._levels(day + 1)
        none = np.zeros_like(night)
        edges = np.concatenate((none[:, None], self._hours * HOUR, np.full((len(night), 1), float(DAY))), axis=1)
        length = np.diff(edges, axis=1)
        rise = np.stack((none, peak - night, none, next_night - peak, none), axis=1)
        soc = np.stack((night, night, peak, peak, next_night), axis=1)
        moved = self._moved_before(day)[:, None] + np.cumsum(np.abs(rise), axis=1) - np.abs(rise)
        soh = self._soh(moved[:, 0] / 2, day - self._begun.astype(np.float64), self.weak)
        ampere = rise * (self.capacity_ah * soh)[:, None] / (length / HOUR)
        spiky = np.where(rise > 0, _CHARGE_SQUARE, _DISCHARGE_SQUARE)
        settled = ampere**2 * spiky * (self._resistance * self._kelvin_per_watt)[:, None]
        by_segment = np.repeat(soh[:, None], _SEGMENTS, axis=1)
        return _Day(edges[:, :-1], length, soc, rise, moved, np.zeros_like(settled), settled, by_segment)

    def _warmed(self, day: int) -> _Day:
        """The plan of `day` with the heat of the day before in it; what is older has decayed by e⁻²⁰."""
        before, today = self._plan(day - 1), self._plan(day)
        excess = np.zeros(len(self._key))
        for plan in (before, today):
            fading = np.exp(-plan.length / _TAU_HEAT)
            for segment in range(_SEGMENTS):
                plan.excess[:, segment] = excess
                goal = plan.settled[:, segment]
                excess = goal + (excess - goal) * fading[:, segment]
        return _Day(*(table.ravel() for table in today))

    def _tables(self, first: int, last: int) -> _Day:
        if self._joined is None or self._joined[:2] != (first, last):
            self._days = {n: d for n, d in self._days.items() if n >= first - 1}
            for day in range(first, last + 1):
                if day not in self._days:
                    self._days[day] = self._warmed(day)
            parts = [self._days[day] for day in range(first, last + 1)]
            self._joined = (first, last, _Day(*(np.concatenate(columns) for columns in zip(*parts, strict=True))))
        return self._joined[2]

    def _place(self, unit: I32, ts: I64) -> _Place:
        local = ts + self._offset[unit]
        day = local // DAY
        first = int(day.min())
        tables = self._tables(first, int(day.max()))
        since = local - day * DAY
        base = ((day - first) * len(self._key) + unit) * _SEGMENTS
        segment = np.zeros(len(ts), np.int64)
        for later in range(1, _SEGMENTS):
            segment += since >= tables.start[base + later]
        entry = base + segment
        x = (since - tables.start[entry]) / tables.length[entry]
        rise = tables.rise[entry]
        power = x**_TAPER
        done = (_TAPER + 1) / _TAPER * (x - power * x / (_TAPER + 1))
        pace = (_TAPER + 1) / _TAPER * (1.0 - power)
        drains = np.flatnonzero(rise < 0)
        if len(drains):
            done[drains], pace[drains] = _load_following(x[drains], self._key[unit[drains]], day[drains])
        return _Place(tables, entry, x, rise, done, pace)

    def telemetry(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 4]: soc, voltage (V), current (A, > 0 charges), temperature (degC)."""
        at = self._place(unit, ts)
        tables, entry = at.tables, at.entry
        hours = tables.length[entry] / HOUR
        out = np.empty((len(ts), 4))
        soc = tables.soc[entry] + at.rise * at.done
        current = at.rise * at.pace * self.capacity_ah[unit] * tables.soh[entry] / hours
        drawn = bits(self._key[unit], ts)
        voltage = CELLS * ocv(soc) + current * self._resistance[unit] + 0.004 * normal(drawn)
        settled = tables.settled[entry]
        fading = np.exp(at.x * hours * (-HOUR / _TAU_HEAT))
        daily = 2.5 * np.cos((2 * np.pi / DAY) * ((ts + self._offset[unit]) % DAY - 16 * HOUR))
        warm = self._ambient[unit] + daily + settled + (tables.excess[entry] - settled) * fading
        np.round(soc, 6, out=out[:, 0])
        np.round(voltage, 3, out=out[:, 1])
        np.round(current, 3, out=out[:, 2])
        np.round(warm + 0.06 * normal(drawn, 1), 1, out=out[:, 3])
        return out

    def health(self, unit: I32, ts: I64) -> tuple[F64, F64]:
        """Equivalent full cycles since commissioning and state of health (1 = new): float64 [n] each."""
        at = self._place(unit, ts)
        cycles = (at.tables.moved[at.entry] + np.abs(at.rise) * at.done) / 2
        age = (ts + self._offset[unit]) / DAY - self._begun[unit]
        return cycles, self._soh(cycles, age, self.weak[unit])


def _load_following(x: F64, key: U64, day: I64) -> tuple[F64, F64]:
    """A discharge follows the load: share done and relative pace at progress `x`; pace is positive, so done rises."""
    done, pace = x.copy(), np.ones_like(x)
    start = uniform(bits(key, ~day))
    for harmonic, depth in _RIPPLE:
        turn = 2 * np.pi * harmonic
        angle = turn * (x + start)
        done += depth / turn * (np.sin(angle) - np.sin(turn * start))
        pace += depth * np.cos(angle)
    return done, pace
