"""A month of fifty series, and the question of the explore screen about it: fifty lines over thirty days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.embedded import walks
from bench.history import BATCH, F64, I64
from bench.questions import DAY, HOUR, MINUTE, Question, Seen

__all__ = ["DAYS", "SERIES", "SITE", "Month"]

SERIES = 50
DAYS = 30
SITE = "month"
STEP_MS = MINUTE


@dataclass(frozen=True, slots=True)
class Month:
    """One reading a minute of each of SERIES sensors, for DAYS days before `end` (epoch ms, a whole hour).

    value  float64 [steps, SERIES]
    """

    end: int
    value: F64

    @classmethod
    def make(cls, end: int) -> Month:
        """The month that ends with the last whole hour before `end` (epoch ms)."""
        return cls(end - end % HOUR, walks(DAYS * DAY // STEP_MS, SERIES))

    @property
    def start(self) -> int:
        return self.end - DAYS * DAY

    def columns(self) -> Iterator[tuple[I64, I64, F64]]:
        """Sensor, ts and value of the readings, in the order of time, some 10,000 at once."""
        steps = max(1, BATCH // SERIES)
        for at in range(0, len(self.value), steps):
            part = self.value[at : at + steps]
            ts = self.start + (at + np.arange(len(part))) * STEP_MS
            yield np.tile(np.arange(SERIES), len(part)), np.repeat(ts, SERIES), part.ravel()

    def lines(self) -> Iterator[bytes]:
        """Bodies of line protocol, ms."""
        for who, ts, value in self.columns():
            rows = zip(who.tolist(), ts.tolist(), value.tolist(), strict=True)
            yield "".join(f"power,sensor_id=e{i:02d},site_id={SITE} value={v} {t}\n" for i, t, v in rows).encode()

    def question(self) -> Question:
        """Hourly means, a line each: 36,000 points."""
        name = f"explore: {SERIES} series, {DAYS} days, hourly means"
        return Question("explore", name, site=SITE, start=self.start, end=self.end, window=HOUR)

    def answer(self) -> Seen:
        """The truth."""
        hourly = self.value.reshape(-1, HOUR // STEP_MS, SERIES).mean(axis=1)
        return Seen.of(hourly.ravel().tolist())
