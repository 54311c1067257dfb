import pytest

from penstock.pipeline.pulse import Pulse


def _beating(count, took, pause, rows):
    """A pulse after so many commits, and the end of the last one."""
    pulse, now = Pulse(), 100.0
    for _ in range(count):
        pulse.beat(now, now + took, rows)
        now += took + pause
    return pulse, now - pause


@pytest.mark.parametrize(
    ("took", "pause", "rows", "busy"),
    [
        (0.02, 0.0, 5_000, True),
        (0.02, 0.03, 12_500, True),
        (0.02, 0.2, 12_500, False),
        (0.01, 0.0, 20, False),
        (5.0, 0.0, 160_000, True),
    ],
)
def test_busy_is_when_commits_of_many_rows_follow_one_another(took, pause, rows, busy):
    pulse, now = _beating(30, took, pause, rows)
    assert pulse.is_busy(now) is busy


def test_a_few_commits_make_nothing_busy():
    pulse, now = _beating(7, 0.02, 0.0, 50_000)
    assert not pulse.is_busy(now)


def test_what_was_busy_is_quiet_soon_after_the_last_commit():
    pulse, now = _beating(30, 0.02, 0.0, 12_500)
    assert pulse.is_busy(now + 0.1)
    assert not pulse.is_busy(now + 1.0)


def test_nothing_committed_yet_is_quiet():
    assert not Pulse().is_busy(0.0)
