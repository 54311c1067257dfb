"""What admission finds in a draft besides its readings, as it is kept with the receipt (`model.findings`). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import RowError
from penstock.model.findings import MAX_CONVERSIONS, MAX_REFUSED, Converted, Refused
from penstock.model.series import NO_SITE
from penstock.model.units import resolve_metric

__all__ = ["conversions", "first_refused", "reasons"]

_TO_MS: Final = {
    "looks_like_seconds": (1_000, 1),
    "looks_like_microseconds": (1, 1_000),
    "looks_like_nanoseconds": (1, 1_000_000),
}
"""Code of a refused time → multiplier and divisor to the epoch milliseconds that were meant."""


def conversions(keys: Sequence[DraftKey], converted: Sequence[Converted | None]) -> tuple[Converted, ...]:
    """The distinct conversions of a request; what it holds in several ways is told per sensor.

    `converted` is how each key is converted, None where it is not; equal ones are one object.
    """
    distinct = {id(form): form for form in converted if form is not None}
    if not distinct:
        return ()
    forms = list(distinct.values())
    units = {form.metric: form.unit for form in forms}
    plain = {key.metric for key, form in zip(keys, converted, strict=True) if form is None}
    targets = Counter((form.metric, form.unit) for form in forms)
    several = {target for target, ways in targets.items() if ways > 1 or target[0] in plain}
    alike = [form for form in forms if (form.metric, form.unit) not in several]
    return tuple((alike + _mixed(keys, converted, several, units) if several else alike)[:MAX_CONVERSIONS])


def _mixed(
    keys: Sequence[DraftKey],
    converted: Sequence[Converted | None],
    several: set[tuple[str, str]],
    units: Mapping[str, str],
) -> list[Converted]:
    """Per sensor, how it sent the metrics of `several`, also where that was canonical already."""
    ways: dict[Converted, None] = {}
    for key, form in zip(keys, converted, strict=True):
        unit = units.get(key.metric, "") if form is None else form.unit
        way = form or Converted(key.metric, key.unit or "", key.metric, unit, 1.0, 0.0)
        if (way.metric, way.unit) in several:
            ways[way._replace(site=key.site or NO_SITE, sensor=key.sensor)] = None
    return list(ways)


def reasons(rejected: Sequence[RowError]) -> dict[str, int]:
    """Code → rows refused for it; a row that was refused twice counts under its first reason."""
    first = {error.row: error for error in reversed(rejected)}
    return dict(sorted(Counter(error.code for error in first.values()).items()))


def first_refused(draft: Draft, rejected: Sequence[RowError]) -> tuple[Refused, ...]:
    """The first readings of refused rows (`rejected`, by row); a row that did not decode is told without names."""
    errors = {error.row: error for error in reversed(rejected)}
    first = sorted(errors)[:MAX_REFUSED]
    told: list[Refused] = []
    lows = np.searchsorted(draft.row, first, "left").tolist()
    highs = np.searchsorted(draft.row, first, "right").tolist()
    for row, low, high in zip(first, lows, highs, strict=True):
        error = errors[row]
        for i in range(low, min(high, low + MAX_REFUSED)):
            key, sent = draft.keys[int(draft.key[i])], int(draft.ts[i])
            times, by = _TO_MS.get(error.code, (1, 1))
            metric = resolve_metric(key.metric)[0]
            told.append(
                Refused(row, key.site or NO_SITE, key.sensor, metric, sent * times // by, error.code, error.detail)
            )
        if low == high:
            told.append(Refused(row, "", "", "", None, error.code, error.detail))
    return tuple(told[:MAX_REFUSED])
