"""Listening sockets and free ports. Standard library only: the supervisor loads it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from penstock.app.values import Bind
from penstock.model.errors import Misconfigured

__all__ = ["bind_socket", "free_bind"]

_TRIES: Final = 50
_BACKLOG: Final = 2048


def bind_socket(name: str, bind: Bind, *, explicit: bool) -> socket.socket:
    """A listening socket on `bind`; on a port after it when that is taken and nobody asked for it explicitly.

    Whoever holds the socket keeps the port while the server behind it is replaced: clients wait, they are not refused.
    Raises Misconfigured with the fix; `name` is the setting.
    """
    taken: OSError | None = None
    for candidate in _candidates(bind, explicit=explicit):
        try:
            return _bind(candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Misconfigured(
                    f"{name} = {bind} cannot be listened on: {error.strerror}",
                    hint="use an address of this machine, and a port from 1024 up (or 0 for a free one)",
                ) from None
            taken = error
    raise Misconfigured(
        f"{name} = {bind}: the port is in use by another program",
        hint=f"stop it (`ss -ltnp 'sport = :{bind.port}'` shows which), or choose another port, or 0 for a free one: "
        f"--{name} {bind._replace(port=0)}",
    ) from taken


def free_bind(name: str, bind: Bind, *, explicit: bool) -> Bind:
    """An address that is free now, chosen like `bind_socket` does, for a server that binds by itself. 0 stays 0."""
    if bind.port == 0:
        return bind
    with closing(bind_socket(name, bind, explicit=explicit)) as probe:
        return bind._replace(port=probe.getsockname()[1])


def _candidates(bind: Bind, *, explicit: bool) -> Iterator[Bind]:
    last = bind.port if explicit or bind.port == 0 else min(bind.port + _TRIES, 65_535)
    return (bind._replace(port=port) for port in range(bind.port, last + 1))


def _bind(bind: Bind) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        bind.host, bind.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound
