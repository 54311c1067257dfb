"""The bus: how roles talk. Durable lanes that are published to and consumed from, and request-reply.

A lane is a durable, bounded, fsynced log of messages. `publish` returns once the message is on disk; a consumer acks
once what the message held is committed. Everything else is delivered again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from penstock.model.errors import InvalidInput

__all__ = [
    "EVENTS_SUBJECT",
    "HEADER_ID",
    "HEADER_ROWS",
    "LIVE_LANES",
    "Bus",
    "Delivery",
    "Handler",
    "Held",
    "Lane",
    "LiveMessage",
    "Pending",
    "Responder",
    "check_subject",
    "tenant_subject",
]

EVENTS_SUBJECT: Final = "events"
"""S1's literal subject: anything may publish one JSON event here; it belongs to the configured events tenant."""

HEADER_ID: Final = "Nats-Msg-Id"
"""Header with the message's id; a broker may drop a repetition within its duplicate window."""

HEADER_ROWS: Final = "Penstock-Rows"
"""Header `<source>=<rows>,…` of what a frame adds to `received`, so that what is in flight can be counted unread."""


class Lane(StrEnum):
    """The durable logs. Separate, so that a flood of readings never delays a security event, nor old readings new ones."""

    READINGS = "readings"
    EVENTS = "events"
    BACKLOG = "backlog"


LIVE_LANES: Final = (Lane.READINGS, Lane.EVENTS)
"""Lanes of what happens now. The backlog holds readings that were old when they were sent."""


def tenant_subject(lane: Lane, tenant: str) -> str:
    """The subject on which a tenant's frames of a lane are published: `penstock.v1.readings.<tenant>`."""
    return f"penstock.v1.{lane}.{tenant}"


def check_subject(lane: Lane, subject: str) -> None:
    """Raises InvalidInput unless messages on `subject` belong to `lane`; adapters ask before they publish."""
    if lane is Lane.EVENTS and subject == EVENTS_SUBJECT:
        return
    prefix, _, tenant = subject.rpartition(".")
    if prefix != f"penstock.v1.{lane}" or not tenant or any(c in "*>" or c.isspace() for c in tenant):
        raise InvalidInput(f"subject {subject!r} is not one of the {lane} lane", code="invalid_subject")


class Pending(NamedTuple):
    """What a lane's consumer has still to settle.

    messages    not yet acked (waiting and in process)
    bytes       of the lane on disk, and `max_bytes` its bound
    rows        (tenant, source) → rows in messages not yet acked, from HEADER_ROWS; exact but for `unreadable` messages
    unreadable  messages that the lane holds and cannot show, because they are damaged on disk; they are never delivered
    vanished    messages that left the lane since this process consumes it and that it never acked: the broker lost them
    """

    messages: int
    bytes: int
    max_bytes: int
    rows: Mapping[tuple[str, str], int]
    unreadable: int = 0
    vanished: int = 0


class Held(NamedTuple):
    """How full a lane is: messages not yet acked, their bytes on disk, and the bound of these."""

    messages: int
    bytes: int
    max_bytes: int


class Delivery(Protocol):
    """One message handed to a consumer. `ack` ends it; without that it comes again."""

    @property
    def subject(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def sequence(self) -> int:
        """Position in the lane: the same for every redelivery of the message."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first delivery."""
        ...

    async def ack(self) -> None:
        """Settled: never deliver again. May be lost on a broken connection; the redelivery must then be harmless."""
        ...

    async def heartbeat(self) -> None:
        """Still working on it: restart the redelivery timer."""
        ...


Handler = Callable[[bytes], Awaitable[bytes]]
"""Answers one request; errors are the handler's business (it replies with an error document, it never raises)."""


class Responder(Protocol):
    """A running request handler."""

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """A copy of a message as it passes, for live views: not durable, may be missed."""

    subject: str
    payload: bytes


class Bus(Protocol):
    """Contract of every adapter (`tests/contracts/test_bus.py`).

    `open` connects and makes the lanes exist; it raises Misconfigured when the broker would acknowledge before fsync.
    All methods may be called concurrently from one event loop. Errors are Unavailable (the broker is away or slow),
    Backpressure (the lane is full: `max_bytes` reached, nothing was stored) and TooLarge (over the broker's payload
    bound). An adapter reconnects by itself, for ever, and never publishes twice on its own account.
    """

    @property
    def max_payload(self) -> int:
        """Bytes that one message may hold."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Flush and disconnect; idempotent."""
        ...

    async def publish(
        self, lane: Lane, subject: str, payload: bytes, headers: Mapping[str, str], *, timeout: float = 10.0
    ) -> None:
        """Returns once the message is durable. On Unavailable its fate is unknown: retry the same bytes and id."""
        ...

    async def fetch(self, lane: Lane, max_messages: int, wait: float) -> Sequence[Delivery]:
        """Up to `max_messages`, as soon as there is one; an empty sequence after `wait` seconds without any.

        Messages come in lane order, except redelivered ones. At most one process consumes a lane with the same bytes
        in flight: an unacked message is redelivered after the adapter's ack wait, at the latest; at once when another
        process consumes the lane from now on, where the adapter can tell.
        """
        ...

    async def pending(self, lane: Lane) -> Pending:
        """Counted by the broker, not by this process. May have to look at every message that is not settled."""
        ...

    async def depth(self, lane: Lane) -> int:
        """Messages of a lane that are not yet acked, counted by the broker; cheap enough for every question."""
        ...

    async def held(self, lane: Lane) -> Held:
        """How full a lane is, counted by the broker; as cheap as `depth`."""
        ...

    async def oldest(self, lane: Lane) -> int:
        """Sequence of the oldest message that is not yet acked; of the next one to come where all are."""
        ...

    async def request(self, subject: str, payload: bytes, *, timeout: float = 10.0) -> bytes:
        """Ask whoever responds on `subject`; Unavailable at once when nobody does."""
        ...

    async def respond(self, subject: str, handler: Handler, *, group: str) -> Responder:
        """Answer requests on `subject`; of the responders of one `group` exactly one gets each request."""
        ...

    async def listen(self, subject: str, callback: Callable[[LiveMessage], None]) -> Responder:
        """Copies of messages as they pass on `subject` (wildcards allowed), until stopped. Best effort, never blocks."""
        ...
