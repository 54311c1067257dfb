"""One-time tickets: how a page opens a WebSocket without its key in a URL or in a script's reach."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import Final

from penstock.accounts.keys import Identity
from penstock.model.errors import NotAllowed
from penstock.model.time import Clock

__all__ = ["TICKET_TTL", "Tickets"]

TICKET_TTL: Final = 30_000
"""Milliseconds."""
_MOST: Final = 10_000


class Tickets:
    """Tickets of one process, kept as digests in its memory; the oldest give way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: OrderedDict[bytes, tuple[Identity, int]] = OrderedDict()

    def give(self, identity: Identity) -> tuple[str, int]:
        """A ticket for `identity`, and when it expires (epoch ms)."""
        ticket, expires = f"pt_{secrets.token_hex(20)}", self._clock.now() + TICKET_TTL
        self._given[_digest(ticket)] = identity, expires
        while len(self._given) > _MOST:
            self._given.popitem(last=False)
        return ticket, expires

    def redeem(self, ticket: str) -> Identity:
        """Whose ticket it is; it is good no more. Raises NotAllowed."""
        identity, expires = self._given.pop(_digest(ticket), (None, 0))
        if identity is None or expires <= self._clock.now():
            raise NotAllowed(
                "this ticket was used already, has expired, or was given by another process",
                authenticated=False,
                hint=f"ask for a new one with POST /v1/live/ticket; it is good for {TICKET_TTL // 1_000} s",
            )
        return identity


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="surrogatepass")).digest()
