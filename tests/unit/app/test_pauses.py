"""How long a request is repeated, and how the waits grow."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.app.pauses import Pauses
from penstock.model.errors import Unavailable


@given(st.integers(), st.floats(0.0, 20.0), st.floats(1.0, 400.0))
def test_waits_are_what_was_asked_for_and_more_and_end_within_the_patience(seed, asked, patience):
    clock, failure = [50.0], Unavailable("away", retry_after=asked)
    pauses, waits = Pauses(patience, random.Random(seed), lambda: clock[0]), []

    def for_ever():
        while len(waits) < 10_000:
            waits.append(pauses.after(failure))
            clock[0] += waits[-1] + 0.01

    with pytest.raises(Unavailable) as raised:
        for_ever()
    assert raised.value is failure
    assert all(asked <= wait <= asked + min(15.0, 0.2 * 2**i) for i, wait in enumerate(waits))
    assert sum(waits) <= patience


def test_what_asks_for_a_longer_wait_than_there_is_patience_is_not_waited_for():
    failure = Unavailable("full", retry_after=60.0)
    with pytest.raises(Unavailable) as raised:
        Pauses(30.0).after(failure)
    assert raised.value is failure
