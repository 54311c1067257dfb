"""Intervals of settled sequences against a plain set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.bus.nats.settled import Settled


@given(st.integers(1, 20), st.lists(st.integers(0, 60)), st.integers(0, 70))
def test_it_is_a_set_of_whole_numbers(below, others, end):
    settled = Settled(below, others)
    members = set(range(below)) | set(others)
    assert {n for n in range(70) if n in settled} == members
    assert {n for gap in settled.gaps(end) for n in gap} == set(range(end)) - members


def test_memory_grows_with_gaps_only():
    settled = Settled(1)
    for sequence in [*range(2, 1_000, 2), *range(1, 1_000, 2)]:
        settled.add(sequence)
    assert len(settled._starts) == 1
