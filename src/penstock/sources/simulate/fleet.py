"""What a fleet is: sensors that report in steps, and the pure function that gives their values at any instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from penstock.model.batch import DraftKey, SensorKey
from penstock.model.errors import InvalidInput
from penstock.model.event import Event
from penstock.model.series import Attributes
from penstock.model.time import SECOND
from penstock.sources.simulate.noise import F64, I64, U64, bits

__all__ = ["I32", "Fleet", "Process", "Sensors", "Sheets", "check_positive", "instants", "phases"]

I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sensors:
    """The sensors of a process. Each row that one of them sends holds one value per metric.

    sites, names  per sensor
    metrics       (metric, unit as declared on the wire)
    attributes    per sensor
    tenant        named in every row when rows name their tenant, else None
    """

    sites: tuple[str, ...]
    names: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]
    attributes: tuple[Attributes, ...]
    tenant: str | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def keys(self) -> tuple[DraftKey, ...]:
        """Sensor-major: the key of (sensor i, metric j) is `keys[i * len(metrics) + j]`."""
        return tuple(
            DraftKey(site, name, metric, unit, self.tenant)
            for site, name in zip(self.sites, self.names, strict=True)
            for metric, unit in self.metrics
        )

    @cached_property
    def described(self) -> dict[SensorKey, Attributes]:
        """Attributes by (site, sensor)."""
        return dict(zip(zip(self.sites, self.names, strict=True), self.attributes, strict=True))


class Process(Protocol):
    """One kind of sensor. `values` is a pure function of its arguments, the seed and the configuration."""

    @property
    def sensors(self) -> Sensors: ...
    @property
    def step(self) -> int:
        """Time between two rows of a sensor, ms."""
        ...

    @property
    def phase(self) -> I64:
        """int64 [sensors]: when within its step a sensor reports, ms in [0, step)."""
        ...

    def values(self, unit: I32, ts: I64) -> F64:
        """float64 [n, metrics]: what sensors `unit` (int32 [n]) measure at `ts` (int64 [n], epoch ms)."""
        ...


class Fleet(Protocol):
    """A configuration from which sensors or an event daemon can be made, again and again the same."""

    @property
    def tenant(self) -> str: ...

    def processes(self, seed: int) -> Sequence[Process]: ...

    def events(self, seed: int, start: int, end: int) -> Sequence[Event]:
        """Events of [start, end), epoch ms, in order of time."""
        ...


def check_positive(fleet: object, *names: str) -> None:
    """Raises InvalidInput unless these fields of a configuration are greater than zero."""
    for name in names:
        if getattr(fleet, name) <= 0:
            raise InvalidInput(
                f"{type(fleet).__name__}.{name} is {getattr(fleet, name)}, but must be greater than 0",
                code="invalid_fleet",
                hint=f"give {name} a positive value",
            )


def phases(key: U64, step: int) -> I64:
    """Spreads sensors evenly over their step, in whole seconds (whole ms below 10 s), so that load is smooth."""
    grain = SECOND if step >= 10 * SECOND else 1
    return (bits(key, np.zeros(1, np.int64)) % np.uint64(max(step // grain, 1))).astype(np.int64) * grain


def instants(process: Process, start: int, end: int) -> tuple[I32, I64]:
    """The rows due in [start, end): sensor int32 [n] and time int64 [n], sorted by time."""
    order = np.argsort(process.phase, kind="stable")
    phase = process.phase[order]
    cycles = np.arange(start // process.step - 1, end // process.step + 1, dtype=np.int64) * process.step
    # Phases ascend and stay below one step, so the matrix read row by row is sorted already.
    ts = (cycles[:, None] + phase).ravel()
    unit = np.tile(order.astype(np.int32), len(cycles))
    low, high = np.searchsorted(ts, (start, end))
    return unit[low:high], ts[low:high]


class Sheets:
    """A slow process as tables of knots, joined by straight lines.

    A sheet covers `length` ms from a multiple of it with a knot every `knot` ms, both ends included, and is made by a
    pure function of its start. The sheets that the latest calls touched are kept.
    """

    def __init__(self, length: int, knot: int, make: Callable[[int], F64]) -> None:
        """`make(start)` gives float64 [length // knot + 1, sensors, metrics] for the sheet at `start` (epoch ms)."""
        self._length, self._knot, self._make = length, knot, make
        self._kept: dict[int, F64] = {}
        self._joined: tuple[int, int, F64] = (0, -1, np.empty((0, 0)))

    def at(self, unit: I32, ts: I64) -> F64:
        """float64 [n, metrics] of sensors `unit` (int32 [n]) at `ts` (int64 [n], epoch ms)."""
        first, last = int(ts.min()) // self._length, int(ts.max()) // self._length
        if self._joined[:2] != (first, last):
            sheets = [self._sheet(number) for number in range(first, last + 1)]
            self._sensors = sheets[0].shape[1]
            rows = np.concatenate(sheets) if len(sheets) > 1 else sheets[0]
            self._joined = (first, last, rows.reshape(-1, rows.shape[2]))
            self._kept = {n: s for n, s in self._kept.items() if n >= first - 1}
        table = self._joined[2]
        sheet = ts // self._length
        within = ts - sheet * self._length
        knot = within // self._knot
        row = (sheet - first) * (self._length // self._knot + 1) + knot
        left = row * self._sensors + unit
        low = table.take(left, axis=0)
        high = table.take(left + self._sensors, axis=0)
        high -= low
        high *= ((within - knot * self._knot) / self._knot)[:, None]
        high += low
        return high

    def _sheet(self, number: int) -> F64:
        if number not in self._kept:
            self._kept[number] = self._make(number * self._length)
        return self._kept[number]
