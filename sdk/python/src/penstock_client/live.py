"""Live rows: server-sent events taken apart, and when to connect again. No I/O here."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from penstock_client.asks import Ask
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
    """One connection's bytes → rows. A message ends with an empty line; comments only say that the connection lives.

    `last_id` is the id of the last whole message, behind which another connection can go on.
    """

    def __init__(self, last_id: str | None = None) -> None:
        self.last_id = last_id
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[LiveRow]:
        """The rows that are complete with this piece, cut anywhere. Raises ServerFailed."""
        text = self._rest + piece.replace(b"\r", b"")
        *messages, self._rest = text.split(b"\n\n")
        if len(self._rest) > _LONGEST:
            raise ServerFailed(f"a live message is longer than {_LONGEST} bytes")
        for message in messages:
            fields = _fields(message)
            if place := fields.get(b"id"):
                self.last_id = place.decode()
            yield from _rows(fields.get(b"event", b"").decode(), fields.get(b"data", b""))


def _fields(message: bytes) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in message.split(b"\n"):
        name, _, value = line.partition(b":")
        fields[name] = fields.get(name, b"") + value.strip()
    return fields


def _rows(kind: str, data: bytes) -> list[LiveRow]:
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

    Until it has been connected once it gives up like any request; from then on it connects again for ever, going on behind the
    last message. The platform says with a gap what it can no longer give.
    """

    def __init__(self, retry: Retry, rng: random.Random) -> None:
        self._retry = retry
        self._rng = rng
        self._tries = 0
        self._was_open = False
        self.parser = Parser()

    def resume(self, ask: Ask[bytes]) -> Ask[bytes]:
        """What to send for the next connection."""
        if self.parser.last_id is None:
            return ask
        return replace(ask, headers=(*ask.headers, ("last-event-id", self.parser.last_id)))

    def opened(self) -> Iterator[LiveRow]:
        """A connection stands: what to yield first, a Gap where nothing is known to go on behind."""
        place = self.parser.last_id
        self.parser = Parser(place)
        self._tries = 0
        if self._was_open and place is None:
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
