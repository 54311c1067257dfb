"""The frontier: what is committed without a gap, whatever the order of commits and redeliveries."""

from hypothesis import given
from hypothesis import strategies as st

from penstock.pipeline.frontier import Frontier

MS = 1_000  # stamps are µs, as_of is ms


def _known(last: int = 0) -> Frontier:
    """A frontier that knows that everything up to `last` is settled, at as_of 1."""
    frontier = Frontier(20.0)
    if last:
        frontier.fetched(last, 0.0)
        frontier.committed(last, 0, 0.0)
    frontier.emptied(1, 0.0)
    return frontier


def test_an_empty_lane_is_fresh_up_to_the_moment_it_was_seen_empty():
    frontier = Frontier(20.0)
    assert frontier.as_of == 0
    frontier.emptied(77, 1.0)
    assert frontier.as_of == 77


def test_commits_in_order_advance_to_their_stamps():
    frontier = _known(5)
    for position in (6, 7, 8):
        frontier.fetched(position, 1.0)
        frontier.committed(position, position * 10 * MS, 1.0)
    assert frontier.as_of == 80


def test_a_message_that_was_never_delivered_holds_the_frontier_until_it_comes():
    frontier = _known(5)
    for position in (7, 8):
        frontier.fetched(position, 1.0)
        frontier.committed(position, position * 10 * MS, 1.0)
    assert frontier.as_of == 1
    frontier.fetched(6, 7.0)
    frontier.committed(6, 60 * MS, 7.0)
    assert frontier.as_of == 80


def test_after_a_restart_nothing_is_claimed_until_what_an_earlier_run_held_must_have_come():
    frontier = Frontier(20.0)
    for second in range(19):
        frontier.fetched(100 + second, float(second))
        frontier.committed(100 + second, (100 + second) * MS, float(second))
    assert frontier.as_of == 0
    frontier.fetched(42, 19.0)  # held by the earlier run
    frontier.fetched(150, 20.0)
    frontier.committed(150, 150 * MS, 20.5)
    assert frontier.as_of == 0
    frontier.committed(42, 42 * MS, 20.6)
    assert frontier.as_of == 42


def test_under_steady_load_the_frontier_moves_again_though_a_message_vanished():
    frontier = _known(5)
    for tick in range(30):
        frontier.fetched(7 + tick, float(tick))
        frontier.committed(7 + tick, (7 + tick) * MS, float(tick))
    assert frontier.as_of == 36


def test_what_no_door_stamped_proves_nothing_but_is_no_gap():
    frontier = _known(5)
    for position, stamp in ((6, 0), (7, 70 * MS)):
        frontier.fetched(position, 1.0)
        frontier.committed(position, stamp, 1.0)
    assert frontier.as_of == 70


def test_a_redelivery_of_what_is_committed_changes_nothing():
    frontier = _known(5)
    for _ in range(2):
        frontier.fetched(6, 1.0)
        frontier.committed(6, 60 * MS, 1.0)
    assert frontier.as_of == 60
    frontier.fetched(7, 1.0)
    frontier.committed(7, 70 * MS, 1.0)
    assert frontier.as_of == 70


@given(st.permutations(range(6, 20)), st.integers(0, 14))
def test_in_any_order_the_frontier_is_the_run_without_a_gap(order, upto):
    frontier = _known(5)
    for position in order[:upto]:
        frontier.fetched(position, 1.0)
        frontier.committed(position, position * MS, 1.0)
    done = set(order[:upto])
    first_gap = next(p for p in range(6, 30) if p not in done)
    assert frontier.as_of == (first_gap - 1 if first_gap > 6 else 1)
