"""The frontier: what is committed without a gap, whatever the order of commits and redeliveries."""

from hypothesis import given
from hypothesis import strategies as st

from penstock.pipeline.frontier import Frontier

MS = 1_000  # stamps are µs, as_of is ms


def test_an_empty_lane_is_fresh_up_to_the_moment_it_was_seen_empty():
    frontier = Frontier(1)
    assert frontier.as_of == 0
    frontier.emptied(77)
    assert frontier.as_of == 77


def test_commits_in_order_advance_to_their_stamps():
    frontier = Frontier(6)
    for position in (6, 7, 8):
        frontier.committed(position, position * 10 * MS)
        assert frontier.as_of == position * 10
        assert not frontier.has_gap


def test_a_message_that_was_never_delivered_holds_the_frontier_until_it_comes():
    frontier = Frontier(6)
    for position in (7, 8):
        frontier.committed(position, position * 10 * MS)
    assert (frontier.as_of, frontier.has_gap) == (0, True)
    frontier.committed(6, 60 * MS)
    assert (frontier.as_of, frontier.has_gap) == (80, False)


def test_what_an_earlier_run_held_is_not_claimed_until_it_has_come_again():
    frontier = Frontier(42)  # the broker knows that 42 is not settled
    for position in range(100, 120):
        frontier.committed(position, position * MS)
    assert frontier.as_of == 0
    frontier.committed(42, 42 * MS)
    assert frontier.as_of == 42
    frontier.pass_over(120)  # 43 to 99 were settled by the earlier run
    assert frontier.as_of == 119


def test_a_gap_that_the_broker_still_holds_stays_a_gap():
    frontier = Frontier(6)
    frontier.committed(9, 90 * MS)
    frontier.pass_over(7)
    assert (frontier.as_of, frontier.has_gap) == (0, True)


def test_what_is_gone_for_good_is_passed_over():
    frontier = Frontier(6)
    frontier.committed(8, 80 * MS)
    frontier.pass_over(9)
    assert (frontier.as_of, frontier.has_gap) == (80, False)


def test_after_the_lane_was_empty_a_swallowed_message_is_a_gap_again():
    frontier = Frontier(6)
    frontier.committed(6, 60 * MS)
    frontier.emptied(100)
    frontier.committed(8, 110 * MS)
    assert (frontier.as_of, frontier.has_gap) == (100, True)


def test_what_no_door_stamped_proves_nothing_but_is_no_gap():
    frontier = Frontier(6)
    for position, stamp in ((6, 0), (7, 70 * MS)):
        frontier.committed(position, stamp)
    assert frontier.as_of == 70


def test_a_redelivery_of_what_is_committed_changes_nothing():
    frontier = Frontier(6)
    for _ in range(2):
        frontier.committed(6, 60 * MS)
    assert (frontier.as_of, frontier.has_gap) == (60, False)
    frontier.committed(7, 70 * MS)
    assert frontier.as_of == 70


@given(st.permutations(range(6, 20)), st.integers(0, 14))
def test_in_any_order_the_frontier_is_the_run_without_a_gap(order, upto):
    frontier = Frontier(6)
    for position in order[:upto]:
        frontier.committed(position, position * MS)
    done = set(order[:upto])
    first_gap = next(p for p in range(6, 30) if p not in done)
    assert frontier.as_of == (first_gap - 1 if first_gap > 6 else 0)
