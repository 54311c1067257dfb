"""What a process tells its supervisor, and noticing that it is gone."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from penstock.app.link import Link
from penstock.model.errors import InvalidInput, Misconfigured, Unavailable


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(2)
    with ours, Link(theirs.detach()) as link:
        yield ours, link


def test_a_process_says_that_it_is_ready(pair):
    supervisor, link = pair
    link.ready(port=8080)
    assert json.loads(supervisor.recv(1000)) == {"ready": {"port": 8080}}


@pytest.mark.parametrize("error", [Misconfigured("x", hint="y"), ExceptionGroup("", [InvalidInput("x", hint="y")])])
def test_only_a_failure_that_stays_is_told(pair, error):
    supervisor, link = pair
    link.failed(Unavailable("comes back"))
    link.failed(RuntimeError("a defect"))
    link.failed(error)
    told = json.loads(supervisor.recv(1000))["failed"]
    assert (told["detail"], told["hint"]) == ("x", "y")


def test_the_end_of_the_supervisor_is_noticed(pair):
    supervisor, link = pair
    gone = threading.Event()
    link.watch(gone.set)
    assert not gone.is_set()
    supervisor.close()
    assert gone.wait(2)
    link.say(anything=1)


def test_without_a_supervisor_nothing_is_said_or_watched():
    with Link(None) as link:
        link.ready()
        link.watch(lambda: pytest.fail("nobody can be gone"))
