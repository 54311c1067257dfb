"""What a role's process and its supervisor say to each other: JSON lines over a socket pair that only they hold.

The process says how far it is; the supervisor says nothing, but the end of the line means that it is gone, and then the
process drains and ends, so a killed supervisor leaves no orphans.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Final, Self

from penstock.model.errors import InvalidInput, Misconfigured

__all__ = ["Link"]

_LAST_RESORT: Final = 12.0
"""Seconds that a process whose supervisor is gone may take to drain before it ends the hard way."""


class Link:
    """The process's end; a context manager. `fd` None makes one without a supervisor, for a role started by hand."""

    def __init__(self, fd: int | None) -> None:
        self._socket = None if fd is None else socket.socket(fileno=fd)
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the supervisor may have closed it first
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def say(self, **message: Any) -> None:
        """Tell the supervisor; never fails, because a supervisor that is gone is noticed by `watch`."""
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        except OSError:
            return

    def ready(self, **facts: Any) -> None:
        """This process does its work now."""
        self.say(ready=facts)

    def failed(self, error: BaseException) -> None:
        """Tell a failure that starting again would not mend; every other one is left to the restart."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, Misconfigured | InvalidInput):
            self.say(failed={"detail": error.detail, "code": error.code, "hint": error.hint})

    def watch(self, gone: Callable[[], None]) -> None:
        """Call `gone` (from a thread) when the supervisor ends; if the process still lives long after that, end it.

        A thread, because an event loop that hangs would never notice.
        """
        link = self._socket
        if link is None:
            return

        def wait() -> None:
            with contextlib.suppress(OSError):
                while link.recv(4096):
                    pass
            if self._closed.is_set():
                return
            gone()
            if not self._closed.wait(_LAST_RESORT):
                os._exit(1)

        threading.Thread(target=wait, name="supervisor-watch", daemon=True).start()
