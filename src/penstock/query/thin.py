"""Fewer points of a line, with its extremes kept exactly. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["thinned"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


def thinned(line: I64, value: F64, most: int) -> npt.NDArray[np.intp]:
    """Which rows stay, ascending: of a line with more than `most` (≥ 2), the least and the greatest of each stretch.

    line   int64 [n], rising: the line of each row; its rows are in the order of time
    value  float64 [n]; what is not finite is neither least nor greatest; a stretch of nothing else keeps its first row

    A line is cut into `most` // 2 stretches of equally many rows. Of equal values the earliest stays.
    """
    everything = np.arange(len(line))
    if not len(line):
        return everything
    heads = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    sizes = np.diff(np.append(heads, len(line)))
    if sizes.max() <= most:
        return everything
    size, place = np.repeat(sizes, sizes), everything - np.repeat(heads, sizes)
    stretches = most // 2
    stretch = place * stretches // size + np.repeat(np.arange(len(sizes)), sizes) * stretches
    starts = np.flatnonzero(np.append(True, stretch[1:] != stretch[:-1]))
    lengths = np.diff(np.append(starts, len(line)))
    keep = size <= most
    for worst, extreme in ((np.inf, np.minimum), (-np.inf, np.maximum)):
        known = np.where(np.isfinite(value), value, worst)
        hits = np.flatnonzero(known == np.repeat(extreme.reduceat(known, starts), lengths))
        keep[hits[np.append(True, stretch[hits][1:] != stretch[hits][:-1])]] = True
    return np.flatnonzero(keep)
