"""What the load sends, as a pure function of a seed: fresh readings, and among them late, repeated and corrected ones.

Every reading's value names its tenant (the canary) and its number, so a stored value tells where it came from. Keys are
unique by construction except where a repetition or a correction is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

CANARY: Final = 1_000_000_000.0
"""Values of the n-th tenant lie in [n * CANARY, (n + 1) * CANARY), n from 1; exact in float64 with its eighths."""
DOORS: Final = ("json", "ndjson", "line", "arrow")
METRIC: Final = "canary"
SITE: Final = "faults"
_STEP: Final = 10
"""Fresh readings have whole tens of ms; the last digit of a late one tells by how much it is late."""
_LATE_BY: Final = 600_000


@dataclass(frozen=True)
class Recipe:
    """What to send.

    seed                          of everything random
    base                          epoch ms of the first reading
    rate                          readings a second, all tenants together; fresh readings' times advance with it
    size                          fresh readings per batch
    sensors                       per tenant; the tenants' sensors have equal names
    tenants                       names; batches take turns
    duplicates, late, corrections shares of the fresh readings (late ones by 10 minutes to an hour)
    """

    seed: int
    base: int
    rate: int = 2_000
    size: int = 100
    sensors: int = 20
    tenants: tuple[str, ...] = ("default", "other")
    duplicates: float = 0.01
    late: float = 0.03
    corrections: float = 0.005

    def due(self, number: int) -> float:
        """Seconds after the start at which batch `number` is due."""
        return number * self.size / self.rate


class Rows(NamedTuple):
    """Readings of one batch, all arrays [n]: sensor int64 index, ts int64 ms, value float64, seq int64 (0 = none)."""

    sensor: npt.NDArray[np.int64]
    ts: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    seq: npt.NDArray[np.int64]

    def take(self, index: npt.NDArray[np.intp]) -> Rows:
        return Rows(*(column[index] for column in self))


class Batch(NamedTuple):
    """One request: its number, tenant, door and rows."""

    number: int
    tenant: str
    door: str
    rows: Rows


def sensor_name(index: int) -> str:
    return f"s{index:03d}"


def batch(recipe: Recipe, number: int) -> Batch:
    """Batch `number` of the recipe: its fresh readings, then repetitions and corrections of near ones."""
    tenant = recipe.tenants[number % len(recipe.tenants)]
    rng = np.random.default_rng([recipe.seed, number, 1])
    door = DOORS[int(rng.integers(len(DOORS)))]
    pieces = [_fresh(recipe, number)]
    if count := int(rng.binomial(recipe.size, recipe.duplicates)):
        pieces.append(_pick(recipe, number, rng, count, reach=(-5, 0)))
    if door != "line" and (count := int(rng.binomial(recipe.size, recipe.corrections))):
        # A correction may come before what it corrects: reach into the next batch of the tenant as well.
        original = _pick(recipe, number, rng, count, reach=(-5, 1))
        seq = rng.integers(1, 4, count)
        pieces.append(original._replace(value=original.value + seq / 8, seq=seq))
    rows = Rows(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))
    return Batch(number, tenant, door, rows.take(rng.permutation(len(rows.ts))))


@lru_cache(maxsize=64)
def _fresh(recipe: Recipe, number: int) -> Rows:
    tenants = len(recipe.tenants)
    rng = np.random.default_rng([recipe.seed, number, 0])
    k = number // tenants * recipe.size + np.arange(recipe.size)
    sensor = k % recipe.sensors
    every = max(_STEP, 1_000 * recipe.sensors * tenants // recipe.rate // _STEP * _STEP)
    ts = recipe.base + k // recipe.sensors * every
    steps = rng.integers(1, 7, recipe.size) * (rng.random(recipe.size) < recipe.late)
    value = (number % tenants + 1) * CANARY + k
    return Rows(sensor, ts - steps * _LATE_BY + steps, value.astype(np.float64), np.zeros(recipe.size, np.int64))


def _pick(recipe: Recipe, number: int, rng: np.random.Generator, count: int, *, reach: tuple[int, int]) -> Rows:
    """`count` fresh readings of one batch of the same tenant, at most so many batches away."""
    tenants = len(recipe.tenants)
    turn = max(0, number // tenants + int(rng.integers(reach[0], reach[1] + 1)))
    return _fresh(recipe, turn * tenants + number % tenants).take(rng.integers(0, recipe.size, count))
