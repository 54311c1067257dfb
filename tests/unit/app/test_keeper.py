"""Keeping a process running."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.app.keeper import Backoff


def test_pauses_double_up_to_half_a_minute_and_start_again_after_a_minute_of_health():
    backoff = Backoff(draw=lambda _, high: high)
    assert [backoff.after(1.0) for _ in range(12)] == pytest.approx(
        [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    )
    assert backoff.after(59.9) == 30.0
    assert backoff.after(60.0) == 0.05


@given(st.lists(st.floats(0, 1_000), max_size=40))
def test_a_pause_is_never_zero_and_never_longer_than_half_a_minute(runs):
    backoff = Backoff()
    assert all(0.02 < backoff.after(ran_for) <= 30.0 for ran_for in runs)
