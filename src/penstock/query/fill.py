"""Windows without a value: left out, null, or filled from the windows beside them. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penstock.query.ast import Fill

__all__ = ["filled"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


def filled(value: F64, starts: I64, fill: Fill, now: int) -> F64:
    """`value` float64 [lines, windows] with what was NaN filled by the rule; `starts` int64 [windows], epoch ms.

    previous  the value of the window before that has one, up to `now` (epoch ms): what is to come is not known
    linear    on the straight line between the starts of the windows around it; unknown before the first and behind the last
    """
    if fill in {"none", "null"} or not value.size:
        return value
    known = np.isfinite(value)
    number = np.arange(value.shape[1])
    before = np.maximum.accumulate(np.where(known, number, -1), axis=1)
    left = np.take_along_axis(value, np.maximum(before, 0), axis=1)
    if fill == "previous":
        return np.where(known, value, np.where((before >= 0) & (starts <= now), left, np.nan))
    after = np.minimum.accumulate(np.where(known, number, len(number))[:, ::-1], axis=1)[:, ::-1]
    right = np.take_along_axis(value, np.minimum(after, len(number) - 1), axis=1)
    between = ~known & (before >= 0) & (after < len(number))
    since = starts[np.maximum(before, 0)]
    span = np.where(between, starts[np.minimum(after, len(number) - 1)] - since, 1)
    share = (starts - since) / span
    with np.errstate(over="ignore", invalid="ignore"):
        # Weighted ends stay between them; the difference of two large values could overflow.
        line = left * (1.0 - share) + right * share
    return np.where(known, value, np.where(between, line, np.nan))
