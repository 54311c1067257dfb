"""What is said of a process by when it ended."""

import pytest

from penstock.api.processes import Process, troubles
from penstock.model.time import MINUTE

NOW = 1_769_860_800_000


@pytest.mark.parametrize(
    ("pid", "ended", "state"),
    [
        (7, (), "running"),
        (None, (), "starting"),
        (None, (0,), "restarting"),
        (7, (0, 1), "running"),
        (7, (0, 1, 2), "crash_looping"),
        (None, (0, 1, 2), "crash_looping"),
        (7, (0, 1, 5), "running"),
    ],
    ids=str,
)
def test_a_process_is_judged_by_its_ends_within_five_minutes(pid, ended, state):
    process = Process("core", pid, len(ended), tuple(NOW - minutes * MINUTE for minutes in reversed(ended)))
    assert process.state(NOW) == process.told(NOW)["state"] == state


def test_only_what_does_not_run_is_trouble():
    processes = [Process("edge", 5, 0), Process("core", None, 1, (NOW,)), Process("nats", 6, 3, (NOW,) * 3)]
    assert troubles(processes, NOW) == [
        "core ended and is being started again",
        "nats ended 3 times within 5 minutes and is started again each time",
    ]
    assert processes[0].told(NOW)["last_end"] is None
