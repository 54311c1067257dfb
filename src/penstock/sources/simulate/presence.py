"""Who is in a building, and when: the shape of the day and week that drives rooms and meters alike."""

from __future__ import annotations

import numpy as np

from penstock.sources.simulate.noise import F64, I64, U64, bits, normal, uniform
from penstock.sources.simulate.places import LocalTime

__all__ = ["attendance", "persons"]

_MEETING_H = 0.5


def _ramp(hour: F64, at: F64, width: float) -> F64:
    """0 before `at`, 1 from `at + width` hours on, straight between."""
    return np.clip((hour - at) / width, 0.0, 1.0)


def attendance(key: U64, when: LocalTime) -> F64:
    """The share of its people that a building holds: float64 [times, buildings], 0–1.

    People arrive around half past eight, thin out at lunch and leave from five on; weekends are nearly empty. How
    full a day is, and how early, is drawn per building and day.
    """
    hour, day = when.hour[:, None], when.day[:, None]
    drawn = bits(key[None, :], day)
    shift = 0.35 * normal(drawn)
    turnout = np.clip(0.82 + 0.08 * normal(drawn, 1), 0.45, 1.0)
    inside = _ramp(hour, 7.4 + shift, 1.8) * (1.0 - _ramp(hour, 16.3 + 0.6 * shift, 2.6))
    lunch = 0.4 * np.maximum(0.0, 1.0 - np.abs(hour - 12.5) / 0.8)
    return np.where(when.weekend[:, None], 0.05, 1.0) * turnout * inside * (1.0 - lunch)


def persons(key: U64, seats: F64, present: F64, when: LocalTime) -> F64:
    """Whole persons per room, float64 [times, rooms]: present share of its building, redrawn every half hour.

    key, seats  per room;  present  float64 [times, rooms]
    """
    block: I64 = np.floor(when.hour / _MEETING_H).astype(np.int64)
    drawn = uniform(bits(key[None, :], (when.day * 64 + block)[:, None]))
    return np.rint(seats * np.minimum(present * (0.55 + 0.9 * drawn), 1.0))
