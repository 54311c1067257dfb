"""Settings of the NATS adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from penstock.model.errors import Misconfigured

__all__ = ["NatsConfig"]


@dataclass(frozen=True, slots=True)
class NatsConfig:
    """Where the broker is and how its lanes are kept. Raises Misconfigured for values that cannot work.

    url               `nats://HOST:PORT`, `tls://…`; several separated by commas
    user, password    or `creds`, the path of a credentials file (needs `nkeys`)
    monitor_url       of the broker's monitoring port; without it durability cannot be checked
    name              this client's name in the broker's connection list
    inbox             prefix of the subjects on which this client gets answers; others must not be allowed to read it
    max_bytes         bound of each lane on disk; a full lane refuses
    max_messages      bound of each lane in messages, which bounds what it costs to count them
    replicas          copies of each lane in a cluster
    trust_durability  skip the check that the broker fsyncs: only for a broker that is known to
    ack_wait          seconds until an unacked delivery comes again
    max_ack_pending   deliveries that may be unacked at a time; the broker holds the rest back
    connect_timeout   seconds that `open` waits for the broker; later reconnects go on for ever
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    creds: Path | None = None
    monitor_url: str | None = None
    name: str = "penstock"
    inbox: str = "_INBOX_PENSTOCK"
    max_bytes: int = 1 << 30
    max_messages: int = 500_000
    replicas: int = 1
    trust_durability: bool = False
    ack_wait: float = 30.0
    max_ack_pending: int = 1_000
    connect_timeout: float = 10.0

    def __post_init__(self) -> None:
        if not all(server.startswith(("nats://", "tls://", "ws://", "wss://")) for server in self.servers):
            raise Misconfigured(f"NATS url {self.url!r} is not understood", hint="for example nats://127.0.0.1:4222")
        if min(self.max_bytes, self.max_messages, self.max_ack_pending) < 1 or self.ack_wait <= 0:
            raise Misconfigured("max_bytes, max_messages, max_ack_pending and ack_wait must be positive")
        if self.replicas not in range(1, 6):
            raise Misconfigured(f"a lane has 1 to 5 replicas, not {self.replicas}")

    @property
    def servers(self) -> list[str]:
        """The URLs one by one."""
        return [server.strip() for server in self.url.split(",")]
