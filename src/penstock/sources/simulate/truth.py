"""Ground truth of a stream: what a store must hold once everything sent has arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import DraftKey
from penstock.model.event import Event
from penstock.sources.simulate.noise import F64, I64

__all__ = ["Tally", "Truth"]


class Tally(NamedTuple):
    """Counts of readings (and events) delivered so far: sent = unique + duplicates + corrections.

    late counts readings whose first copy was held back 5–300 s.
    """

    sent: int = 0
    unique: int = 0
    duplicates: int = 0
    corrections: int = 0
    late: int = 0
    events: int = 0

    def __add__(self, other: object) -> Tally:  # tuple concatenation is never meant here
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Truth:
    """One row per key that was delivered, sorted by (series, ts), with the value that must win.

    keys    distinct series, tenant filled in; values are in the key's unit, as sent
    series  int32 [n], index into `keys`
    ts      int64 [n], epoch ms
    value   float64 [n]
    seq     int64 [n]: the winning version as sent, 0 where rows carry none
    events  (tenant, event) in order of time
    """

    keys: tuple[DraftKey, ...]
    series: npt.NDArray[np.int32]
    ts: I64
    value: F64
    seq: I64
    tally: Tally
    events: tuple[tuple[str, Event], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.ts)
