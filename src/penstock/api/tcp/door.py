"""What the connections of one TCP door share: bounds in number and bytes, keys, and the way that every write takes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from penstock.accounts.keys import Identity
from penstock.api.intake import Intake
from penstock.api.observe import TCP_CONNECTIONS
from penstock.api.services import Services
from penstock.model.errors import NotAllowed, Unavailable

__all__ = ["Door", "Member", "TcpConfig"]


@dataclass(frozen=True, slots=True)
class TcpConfig:
    """Bounds of the door; durations in seconds. Those of a frame or line are the HTTP body's (`ApiConfig`).

    connections    at once
    per_key        of these, with one key
    window         frames (or pieces of lines) on their way to disk per connection
    handshake      for the opening line to arrive, and for TLS
    idle           of silence after which a client is asked whether it lives
    grace          for its answer
    tick           between two looks at the clock
    recheck        between two looks at whether a key still holds
    retry_cap      between two attempts while the bus cannot take more
    linger         for a client to read the last line before the connection is closed
    drain          for what is on its way when the connection or the door closes
    publishing     bytes of readings on their way to disk, all connections together; less than the gate's bound, so that
                   a busy door waits its turn instead of being refused
    """

    connections: int = 256
    per_key: int = 64
    window: int = 64
    handshake: float = 5.0
    idle: float = 60.0
    grace: float = 20.0
    tick: float = 0.5
    recheck: float = 1.5
    retry_cap: float = 2.0
    linger: float = 1.0
    drain: float = 3.0
    publishing: int = 16 << 20


class Member(Protocol):
    """A connection, as the door sees it."""

    def tick(self) -> None:
        """Look at the clock."""
        ...

    def recheck(self) -> None:
        """Look whether the key still holds."""
        ...

    def poke(self) -> None:
        """There is room again."""
        ...

    def drain(self) -> None:
        """Take no more; acknowledge what is on its way, say goodbye."""
        ...

    async def ended(self, seconds: float) -> None:
        """Wait for the end, and make one after `seconds`."""
        ...


class Door:
    """One door of one process. `now` is monotonic seconds."""

    def __init__(
        self, services: Services, intake: Intake, config: TcpConfig, now: Callable[[], float] | None = None
    ) -> None:
        self.services = services
        self.intake = intake
        self.config = config
        self.now = now or asyncio.get_running_loop().time
        self.draining = False
        self.members: set[Member] = set()
        self._keys: Counter[tuple[str, str]] = Counter()
        self._held = 0
        self._publishing = 0
        self._bound = services.config.max_held // 2

    @property
    def is_full(self) -> bool:
        """Whether connections hold as many bytes as they may: half of what all bodies of the process may, or all of it."""
        return self._held > self._bound or self.intake.bodies.held > self.services.config.max_held

    def hold(self, size: int) -> None:
        """Count `size` more bytes (or fewer) as in memory; connections stop reading while the door `is_full`."""
        was_full = self.is_full
        self._held += size
        self.intake.bodies.account(size)
        if was_full and not self.is_full:
            self._poke()

    @property
    def is_busy(self) -> bool:
        """Whether as much is on its way to disk as makes sense."""
        return self._publishing >= self.config.publishing

    def publishing(self, size: int) -> None:
        """Count `size` more bytes (or fewer) as on their way to disk."""
        was_busy = self.is_busy
        self._publishing += size
        if was_busy and not self.is_busy:
            self._poke()

    async def close(self) -> None:
        """Take nothing more, let every connection finish, end those that do not."""
        self.draining = True
        members = tuple(self.members)
        for member in members:
            member.drain()
        await asyncio.gather(*(member.ended(self.config.drain) for member in members))

    def _poke(self) -> None:
        for member in tuple(self.members):
            member.poke()

    def join(self, member: Member) -> None:
        """Let a connection in. Raises Unavailable (draining, too many)."""
        if self.draining:
            raise Unavailable("the server is stopping", code="stopping", hint="connect again in a few seconds")
        bound = self.config.connections
        if len(self.members) >= bound:
            raise Unavailable(f"{bound} connections are open, which is the bound", code="too_many_connections")
        self.members.add(member)
        TCP_CONNECTIONS.set(len(self.members))

    def leave(self, member: Member, identity: Identity | None) -> None:
        """Forget a connection and, if it had got so far, that it used a key."""
        self.members.discard(member)
        TCP_CONNECTIONS.set(len(self.members))
        if identity is not None:
            at = (identity.tenant, identity.key_id)
            self._keys[at] -= 1
            if not self._keys[at]:
                del self._keys[at]

    def enter(self, secret: str) -> Identity:
        """Who holds `secret`, counted as one more connection of that key. Raises NotAllowed, Unavailable, Misconfigured."""
        identity = self.authorise(secret)
        at, bound = (identity.tenant, identity.key_id), self.config.per_key
        if self._keys[at] >= bound:
            raise Unavailable(f"{bound} connections use this key, which is the bound", code="too_many_connections")
        self._keys[at] += 1
        return identity

    def authorise(self, secret: str) -> Identity:
        """Who holds `secret` and may write. Raises NotAllowed, Misconfigured."""
        identity = self.services.keys.authenticate(secret)
        if not identity.may("write"):
            raise NotAllowed(
                f"this key may {', '.join(sorted(identity.scopes))}; sending needs write",
                authenticated=True,
                hint="use a key with the scope write",
            )
        return identity
