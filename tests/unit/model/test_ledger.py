from hypothesis import given
from hypothesis import strategies as st

from penstock.model.ledger import Counts, Part

COUNTS = st.builds(Counts, *[st.integers(0, 10**12)] * 6)


@given(COUNTS, COUNTS, COUNTS)
def test_counts_add_field_by_field_in_any_order(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Counts() == a
    assert isinstance(a + b, Counts)
    assert (a + b).stored == a.stored + b.stored


@given(COUNTS, COUNTS)
def test_the_balance_of_a_sum_is_the_sum_of_balances(a, b):
    assert (a + b).balance == a.balance + b.balance


@given(*[st.integers(0, 100)] * 5)
def test_what_was_received_and_settled_balances_to_zero(stored, duplicate, superseded, rejected, dead):
    settled = (stored, duplicate, superseded, rejected, dead)
    assert Counts(sum(settled), *settled).balance == 0
    assert Counts(sum(settled) + 3, *settled).balance == 3


def test_counts_add_to_counts_only():
    assert Counts().__add__((1, 2)) is NotImplemented


def test_a_part_can_be_cut_without_losing_who_sent_it():
    part = Part("r", "http", 10, 2)
    assert part.only(4, 0) == Part("r", "http", 4, 0)
    assert part == Part("r", "http", 10, 2)
