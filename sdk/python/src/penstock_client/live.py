"""Live rows: server-sent events taken apart, and when to connect again. No I/O here."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from penstock_client.errors import PenstockError, ServerFailed, Unavailable
from penstock_client.exchange import Retry, backoff
from penstock_client.rows import Event, Gap, Reading

__all__ = ["LiveRow", "Parser", "Session"]

LiveRow = Reading | Event | Gap
"""What a live stream yields."""

_READINGS = msgspec.json.Decoder(list[Reading])
_EVENTS = msgspec.json.Decoder(list[Event])
_GAP = msgspec.json.Decoder(Gap)
_LONGEST = 16 << 20
"""Bytes of one message; the platform sends 500 rows at most."""


class Parser:
    """One connection's bytes → rows. A message ends with an empty line; comments only say that the connection lives."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[LiveRow]:
        """The rows that are complete with this piece, cut anywhere. Raises ServerFailed."""
        text = self._rest + piece.replace(b"\r", b"")
        *messages, self._rest = text.split(b"\n\n")
        if len(self._rest) > _LONGEST:
            raise ServerFailed(f"a live message is longer than {_LONGEST} bytes")
        for message in messages:
            yield from _rows(message)


def _rows(message: bytes) -> list[LiveRow]:
    kind, data = "", b""
    for line in message.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"event":
            kind = value.strip().decode()
        elif name == b"data":
            data += value.strip()
    try:
        if kind == "readings":
            return [*_READINGS.decode(data)]
        if kind == "events":
            return [*_EVENTS.decode(data)]
        if kind == "gap":
            return [_GAP.decode(data)]
    except msgspec.DecodeError as error:
        raise ServerFailed(f"a live message of kind {kind!r} cannot be read: {error}") from error
    return []


class Session:
    """The life of one live iterator over its connections.

    Until it has been connected once it gives up like any request; from then on it connects again for ever, and says with a
    Gap that rows may have been missed.
    """

    def __init__(self, retry: Retry, rng: random.Random) -> None:
        self._retry = retry
        self._rng = rng
        self._tries = 0
        self._was_open = False
        self.parser = Parser()

    def opened(self) -> Iterator[LiveRow]:
        """A connection stands: what to yield first."""
        self.parser = Parser()
        self._tries = 0
        if self._was_open:
            yield Gap()
        self._was_open = True

    def lost(self, error: PenstockError | None) -> float:
        """The connection ended, in good order (None) or not: seconds until the next. Raises `error` where that is useless."""
        self._tries += 1
        if error is not None and not isinstance(error, Unavailable):
            raise error
        if error is not None and not self._was_open and self._tries >= self._retry.attempts:
            raise error
        return backoff(self._retry, self._tries, error.retry_after if error is not None else None, self._rng)
