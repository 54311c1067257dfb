"""An energy management system: electricity meters whose rows hold power, voltage and current.

P = V · I · pf holds in every row to the rounding of P (1 mW), with pf between 0.9 and 1. Generators export: their
current and power are negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from penstock.model.event import Event
from penstock.model.series import Attributes
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.sources.simulate.fleet import I32, Process, Sensors, Sheets, check_positive, phases
from penstock.sources.simulate.noise import F64, I64, bits, keys, normal, uniform, wander
from penstock.sources.simulate.places import DEMO_SITES, LocalTime, Site, knots, local_time, sun

__all__ = ["KINDS", "METRICS", "Ems", "EmsMeters"]

METRICS: Final = (("power_w", "W"), ("voltage_v", "V"), ("current_a", "A"))
KINDS: Final = ("hvac", "pv", "lighting", "servers", "ev", "production", "kitchen")
"""What the meters of a site measure, in turn; `pv` generates."""

_PF: Final = {
    "hvac": 0.92,
    "pv": 0.99,
    "lighting": 0.96,
    "servers": 0.98,
    "ev": 0.985,
    "production": 0.91,
    "kitchen": 0.97,
}
_AMPERE: Final = {"hvac": 48, "pv": 120, "lighting": 22, "servers": 40, "ev": 64, "production": 90, "kitchen": 30}
_NIGHT: Final = {"hvac": 0.25, "lighting": 0.08, "servers": 0.82, "ev": 0.05, "production": 0.15, "kitchen": 0.10}
_STANDBY_A: Final = 0.15
_KNOT: Final = MINUTE
_FEW: Final = 200


@dataclass(frozen=True, slots=True)
class Ems:
    """`meters` spread evenly over the sites; sensors `ems-<site>-001`, …, tagged with kind and phase. Step in ms."""

    sites: tuple[Site, ...] = DEMO_SITES
    meters: int = 21
    step: int = 10 * SECOND
    tenant: str = "default"

    def __post_init__(self) -> None:
        check_positive(self, "meters", "step")

    def processes(self, seed: int) -> Sequence[Process]:
        """One process per site."""
        edges = [i * self.meters // len(self.sites) for i in range(len(self.sites) + 1)]
        return [
            EmsMeters(seed, site, stop - start, self.step, self.tenant)
            for site, (start, stop) in zip(self.sites, pairwise(edges), strict=True)
            if stop > start
        ]

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        """None: meters only measure."""
        del seed, start, end
        return ()


class EmsMeters:
    """The meters of one site as a `Process`; metrics as in METRICS. Rows name their tenant."""

    def __init__(self, seed: int, site: Site, count: int, step: int, tenant: str) -> None:
        kinds = [KINDS[i % len(KINDS)] for i in range(count)]
        names = tuple(f"ems-{site.name}-{i + 1:03d}" for i in range(count))
        tags = [{"kind": kind, "phase": f"L{i % 3 + 1}"} for i, kind in enumerate(kinds)]
        self.sensors = Sensors((site.name,) * count, names, METRICS, tuple(Attributes(tags=t) for t in tags), tenant)
        self.step = step
        self._site = site
        self._key = keys(seed, "ems", names)
        self._feeder = keys(seed, "feeder", (site.name,))
        self._sky = keys(seed, "sky", (site.name,))
        self.phase = phases(self._key, step)
        self._kinds = {kind: np.flatnonzero(np.array(kinds) == kind) for kind in dict.fromkeys(kinds)}
        drawn = bits(self._key, np.zeros(1, np.int64))
        self._ampere = np.array([_AMPERE[kind] for kind in kinds]) * (0.7 + 0.6 * uniform(drawn))
        self._pf = np.array([_PF[kind] for kind in kinds])
        # Nothing carries over between sheets, so their length is only a matter of memory and calls.
        self._length = DAY if count <= _FEW else HOUR
        self._sheets = Sheets(self._length, _KNOT, self._sheet)

    def _sheet(self, start: int) -> F64:
        """Current, voltage and power factor at knots: float64 [knots, meters, 3]."""
        times = knots(start, start + self._length, _KNOT)
        when = local_time(self._site.zone, times)
        current = np.empty((len(times), len(self._key)))
        clear = np.clip(0.72 + 0.3 * wander(self._sky, times, 6 * HOUR), 0.15, 1.0)
        light = sun(self._site, times)[:, None] * clear
        for kind, members in self._kinds.items():
            key = self._key[members]
            if kind == "pv":
                clouds = np.clip(1.0 - 0.25 * np.maximum(wander(key, times, 8 * MINUTE), 0.0), 0.2, 1.0)
                share = -light * clouds
            else:
                share = _load(kind, when)[:, None] * (1.0 + 0.10 * wander(key, times, 20 * MINUTE))
                if kind == "ev":  # cars come and go: a charger is on or off
                    share = share * (wander(key, times, 45 * MINUTE) > -0.2)
            current[:, members] = share * self._ampere[members] + _STANDBY_A
        loading = current / self._ampere
        # The feeder's voltage wanders for all; a load pulls it down where it is, a generator pushes it up.
        voltage = 231.0 + 1.6 * wander(self._feeder, times, HOUR // 2) - 2.5 * loading
        pf = self._pf + 0.008 * wander(self._key, times, HOUR)
        return np.stack((current, voltage, np.clip(pf, 0.9, 1.0)), axis=2)

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, 3]: power 1 mW, voltage 10 mV, current 1 mA resolution."""
        out, _ = self.values_and_pf(unit, ts)
        return out

    def values_and_pf(self, unit: I32, ts: I64) -> tuple[F64, F64]:
        """`values`, and the power factor of each row, float64 [n]."""
        sheet = self._sheets.at(unit, ts)
        drawn = bits(self._key[unit], ts)
        out = np.empty((len(ts), 3))
        np.round(sheet[:, 1] + 0.25 * normal(drawn), 2, out=out[:, 1])
        np.round(sheet[:, 0] * (1.0 + 0.012 * normal(drawn, 1)), 3, out=out[:, 2])
        pf = sheet[:, 2]
        np.round(out[:, 1] * out[:, 2] * pf, 3, out=out[:, 0])
        return out, pf


def _load(kind: str, when: LocalTime) -> F64:
    """How much of its rated current a kind of load draws: float64 [times], from the night's share to 1."""
    hour = when.hour
    work = np.clip((hour - 6.0) / 2.0, 0, 1) * np.clip((19.0 - hour) / 2.5, 0, 1)
    if kind == "kitchen":
        work = np.exp(-(((hour - 12.0) / 1.3) ** 2))
    elif kind == "servers":
        work = 0.5 + 0.5 * work
    elif kind == "production":  # two shifts with a break
        work = (
            np.clip((hour - 5.5) * 2, 0, 1)
            * np.clip((22.0 - hour) * 2, 0, 1)
            * (1 - 0.3 * (np.abs(hour - 13.75) < 0.4))
        )
    night = _NIGHT[kind]
    return night + (1.0 - night) * work * np.where(when.weekend, 0.15, 1.0)
