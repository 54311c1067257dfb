"""Counter-based randomness: a random number is a pure function of (key, counter), never of what was drawn before.

That is what makes a simulated value independent of how time is cut into calls. The generator is SplitMix64: a Weyl
sequence through a 64-bit finaliser. The key comes from seed and names by BLAKE2b, so that a sensor keeps its numbers
when its fleet grows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["F64", "I64", "U64", "bits", "keys", "normal", "poisson", "uniform", "wander"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_WEYL: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
# An odd multiplier and a fold spread one draw over lanes whose bit counts are uncorrelated (|r| ≈ 0.001).
_LANES: Final = tuple(np.uint64(x) for x in (1, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB))


def keys(seed: int, kind: str, names: Iterable[str]) -> U64:
    """One key per name, uint64 [n], for the purpose `kind`; different purposes are independent."""
    prefix = f"{seed}\x1f{kind}\x1f"
    digests = b"".join(hashlib.blake2b((prefix + name).encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, np.uint64).copy()


def bits(key: U64 | np.uint64, counter: I64) -> U64:
    """64 random bits per (key, counter); the two broadcast."""
    z = counter.astype(np.uint64) * _WEYL + key
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z


def uniform(drawn: U64) -> F64:
    """Bits as float64 in [0, 1), multiples of 2⁻⁵³."""
    return (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(drawn: U64, lane: int = 0) -> F64:
    """Bits as a standard normal in steps of ¼: Binomial(64, ½) by bit count, far cheaper than Box–Muller.

    `lane` 0–3 gives uncorrelated numbers from the same bits.
    """
    if lane:
        drawn = drawn * _LANES[lane]
        drawn ^= drawn >> np.uint64(32)
    return (np.bitwise_count(drawn).astype(np.float64) - 32.0) * 0.25


def poisson(drawn: U64, mean: float) -> npt.NDArray[np.int64]:
    """Bits as Poisson counts by inversion of the distribution; `mean` is expected events, below 500."""
    terms = np.arange(int(mean + 12 * mean**0.5 + 12))
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.maximum(mean, 1e-300) / terms[1:]))))
    return np.searchsorted(np.cumsum(np.exp(logs - mean)), uniform(drawn), side="right").astype(np.int64)


def wander(key: U64, times: I64, scale: int) -> F64:
    """Smooth noise over time: unit normals every `scale` ms, joined by a cubic. float64 [len(times), len(key)].

    `times` (epoch ms) must be sorted.
    """
    cell = times // scale
    first = int(cell[0])
    knots = normal(bits(key[None, :], np.arange(first, int(cell[-1]) + 2)[:, None]))
    x = (times - cell * scale) / scale
    weight = (x * x * (3.0 - 2.0 * x))[:, None]
    left = cell - first
    return knots[left] * (1.0 - weight) + knots[left + 1] * weight
