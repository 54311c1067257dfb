"""How a fleet's transport misbehaves: late, repeated and corrected rows, bursts. Each row's fate is a pure function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from penstock.model.errors import InvalidInput
from penstock.model.time import SECOND
from penstock.sources.simulate.fleet import I32, Process, instants
from penstock.sources.simulate.noise import I64, U64, bits, keys, uniform

__all__ = ["CORRECTION", "DUPLICATE", "NO_FAULTS", "ORIGINAL", "Copies", "Faults", "FaultyLine"]

ORIGINAL: Final = 0
DUPLICATE: Final = 1
CORRECTION: Final = 2

_LATE_MS: Final = (5 * SECOND, 300 * SECOND)
_REPEAT_MS: Final = (0, 30 * SECOND)
_CORRECT_MS: Final = (10 * SECOND, 120 * SECOND)


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares are of rows (a wide row fails as a whole), independent of each other; 0 disables.

    out_of_order   delayed by 5–300 s
    duplicates     delivered a second time, unchanged, up to 30 s after the first
    corrections    delivered with a stale value, then again with the right one and a higher seq, 10–120 s later
    burst_factor   rows per step while a burst lasts: the same process, sampled more often; 1 disables
    burst_length_s seconds of a burst, at the start of every `burst_every_s` since the epoch; 0 disables
    """

    out_of_order: float = 0.02
    duplicates: float = 0.0075
    corrections: float = 0.0
    burst_factor: int = 10
    burst_length_s: float = 10.0
    burst_every_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("out_of_order", "duplicates", "corrections"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise InvalidInput(f"Faults.{name} is {share}, but a share is from 0 to 1", code="invalid_faults")
        if self.burst_factor < 0 or self.burst_length_s < 0 or self.burst_every_s < 0.001:
            raise InvalidInput(
                f"bursts of {self.burst_factor}× for {self.burst_length_s} s every {self.burst_every_s} s do not exist",
                code="invalid_faults",
                hint="factor and length are at least 0, every is at least 1 ms",
            )

    @property
    def bursts(self) -> bool:
        return self.burst_factor > 1 and self.burst_length_s > 0

    @property
    def held_back(self) -> bool:
        """Whether any row can arrive later than it was measured."""
        return self.out_of_order > 0 or self.duplicates > 0 or self.corrections > 0

    def rate_factor(self) -> float:
        """Readings that are sent per reading of an untroubled fleet, on average."""
        share = min(self.burst_length_s / self.burst_every_s, 1.0) if self.bursts else 0.0
        return (1.0 + share * (self.burst_factor - 1)) * (1.0 + self.duplicates + self.corrections)


NO_FAULTS: Final = Faults(out_of_order=0, duplicates=0, corrections=0, burst_factor=1)


@dataclass(frozen=True, slots=True)
class Copies:
    """Rows on their way, without their values, which follow from sensor and time. All [n].

    arrival int64 epoch ms; ts int64 epoch ms; unit int32; kind uint8 (ORIGINAL, DUPLICATE, CORRECTION);
    stale bool: the value is that of one step before, a correction will follow (or is copied)
    """

    arrival: I64
    ts: I64
    unit: I32
    kind: np.ndarray[tuple[int], np.dtype[np.uint8]]
    stale: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, which: np.ndarray) -> Copies:
        """The rows that `which` (a mask or indices) selects, in its order."""
        return Copies(self.arrival[which], self.ts[which], self.unit[which], self.kind[which], self.stale[which])

    @classmethod
    def of(cls, arrival: I64, ts: I64, unit: I32, kind: int, stale: np.ndarray) -> Copies:
        return cls(arrival, ts, unit, np.full(len(ts), kind, np.uint8), stale)

    @classmethod
    def empty(cls) -> Copies:
        none = np.empty(0, np.int64)
        return cls(none, none, none.astype(np.int32), none.astype(np.uint8), none.astype(np.bool_))

    @classmethod
    def join(cls, *parts: Copies) -> Copies:
        columns = ("arrival", "ts", "unit", "kind", "stale")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))

    def in_order(self) -> Copies:
        """By arrival; what arrives together by time, sensor, original first: the order does not depend on the calls."""
        return self.take(np.lexsort((self.kind, self.unit, self.ts, self.arrival)))


class FaultyLine:
    """What a process sends through a faulty transport, as rows by the time they were measured."""

    def __init__(self, seed: int, process: Process, faults: Faults) -> None:
        self._process = process
        self._faults = faults
        names = [f"{site}\x1f{name}" for site, name in zip(process.sensors.sites, process.sensors.names, strict=True)]
        metrics = ",".join(metric for metric, _ in process.sensors.metrics)
        self._lanes = {
            lane: keys(seed, f"fault {metrics} {lane}", names) for lane in ("late", "twice", "wrong", "wait")
        }

    def rows(self, start: int, end: int) -> Copies:
        """Everything measured in [start, end), and its copies, in no particular order of arrival."""
        unit, ts = self._instants(start, end)
        faults = self._faults
        arrival, stale = ts, np.zeros(len(ts), np.bool_)
        if not faults.held_back:
            return Copies.of(arrival, ts, unit, ORIGINAL, stale)
        wait = bits(self._lanes["wait"][unit], ts)
        late = self._struck("late", faults.out_of_order, unit, ts)
        arrival = ts + np.where(late, _between(_LATE_MS, wait), 0)
        stale = self._struck("wrong", faults.corrections, unit, ts)
        rows = Copies.of(arrival, ts, unit, ORIGINAL, stale)
        again = np.flatnonzero(self._struck("twice", faults.duplicates, unit, ts))
        wrong = np.flatnonzero(stale)
        return Copies.join(
            rows,
            Copies.of(
                arrival[again] + _between(_REPEAT_MS, wait[again] * np.uint64(3)),
                ts[again], unit[again], DUPLICATE, stale[again],
            ),
            Copies.of(
                arrival[wrong] + _between(_CORRECT_MS, wait[wrong] * np.uint64(5)),
                ts[wrong], unit[wrong], CORRECTION, np.zeros(len(wrong), np.bool_),
            ),
        )  # fmt: skip

    def _struck(self, lane: str, share: float, unit: I32, ts: I64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        if share == 0:
            return np.zeros(len(ts), np.bool_)
        return uniform(bits(self._lanes[lane][unit], ts)) < share

    def _instants(self, start: int, end: int) -> tuple[I32, I64]:
        unit, ts = instants(self._process, start, end)
        faults, step = self._faults, self._process.step
        every, length = int(faults.burst_every_s * SECOND), int(faults.burst_length_s * SECOND)
        touched = start % every < length or start // every != (end - 1) // every
        if not (faults.bursts and touched):
            return unit, ts
        factor = min(faults.burst_factor, step)
        units, times = [unit], [ts]
        for extra in range(1, factor):
            offset = extra * step // factor
            more_unit, more_ts = instants(self._process, start - offset, end - offset)
            more_ts = more_ts + offset
            within = more_ts % every < length
            units.append(more_unit[within])
            times.append(more_ts[within])
        unit, ts = np.concatenate(units), np.concatenate(times)
        order = np.lexsort((unit, ts))
        return unit[order], ts[order]


def _between(bounds: tuple[int, int], drawn: U64) -> I64:
    low, high = bounds
    return low + (uniform(drawn) * (high - low)).astype(np.int64)
