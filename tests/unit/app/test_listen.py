"""Ports: taken, next, free."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from penstock.app.listen import bind_socket, free_bind
from penstock.app.values import Bind
from penstock.model.errors import Misconfigured


@pytest.fixture
def taken():
    with closing(bind_socket("http", Bind("127.0.0.1", 0), explicit=True)) as listener:
        yield Bind("127.0.0.1", listener.getsockname()[1])


def test_port_0_is_a_free_one_and_accepts_at_once():
    listener = bind_socket("http", Bind("127.0.0.1", 0), explicit=True)
    with closing(listener), closing(socket.create_connection(listener.getsockname(), timeout=2)):
        assert listener.getblocking() is False


def test_a_taken_port_that_was_asked_for_is_refused_with_the_fix(taken):
    with pytest.raises(Misconfigured, match="in use") as refused:
        bind_socket("http", taken, explicit=True)
    assert "--http 127.0.0.1:0" in (refused.value.hint or "")


def test_a_taken_default_port_gives_way_to_a_later_one(taken):
    found = free_bind("nats", taken, explicit=False)
    assert taken.port < found.port <= taken.port + 50


def test_0_is_left_to_the_server():
    assert free_bind("nats", Bind("127.0.0.1", 0), explicit=True).port == 0


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(Misconfigured, match="cannot be listened on"):
        bind_socket("http", Bind("192.0.2.1", 8080), explicit=False)
