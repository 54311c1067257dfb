"""How often a series reports: the median of what lies between its newest readings."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["NEVER", "PACE", "usual_interval"]

I64 = npt.NDArray[np.int64]

NEVER: Final = int(np.iinfo(np.int64).min)
"""A ts before all readings, for a reading that is not there."""

PACE: Final = 9
"""Readings from which the usual interval of a series is taken."""


def usual_interval(ts: I64) -> I64:
    """int64 [n], ms: the lower median of what lies between the readings of each row of `ts`, 0 with less than two of them.

    `ts` is int64 [n, k], epoch ms in any order, NEVER where there is none. The lower median, so that one gap among few readings
    is not taken for the usual.
    """
    ordered = np.sort(ts, axis=1)
    known = ordered[:, :-1] != NEVER
    gaps = np.where(known, ordered[:, 1:] - np.where(known, ordered[:, :-1], 0), np.iinfo(np.int64).max)
    gaps.sort(axis=1)
    count = known.sum(axis=1)
    middle = np.maximum(count - 1, 0) // 2
    found = np.take_along_axis(gaps, middle[:, None], axis=1)[:, 0] if gaps.shape[1] else np.zeros(len(ts), np.int64)
    return np.where(count > 0, found, 0)
