"""Events: something happened, at a time, with an integer criticality (S1's shape)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from penstock.model.errors import InvalidInput
from penstock.model.time import parse_time

__all__ = ["MAX_MESSAGE", "Event", "make_event"]

MAX_MESSAGE: Final = 16_384
_INT32: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a tenant.

    `id` makes it idempotent: the sender's own, or a digest of its content. `ts` is epoch ms, used for order and
    filters; `timestamp` is the sender's text, given back as it was said.
    """

    id: str
    ts: int
    timestamp: str
    criticality: int
    message: str
    source: str = ""


def make_event(
    criticality: object, timestamp: object, message: object, *, source: object = "", event_id: object = None
) -> Event:
    """An Event from untrusted values; raises InvalidInput naming the field at fault."""
    if isinstance(criticality, bool) or not isinstance(criticality, int):
        raise InvalidInput(f"criticality must be an integer, not {criticality!r:.60}", code="invalid_criticality")
    if criticality not in _INT32:
        raise InvalidInput(f"criticality {criticality} does not fit 32 bits", code="invalid_criticality")
    if not isinstance(timestamp, str):
        raise InvalidInput(f"timestamp must be ISO 8601 text, not {timestamp!r:.60}", code="invalid_timestamp")
    if not isinstance(message, str):
        raise InvalidInput(f"eventMessage must be text, not {message!r:.60}", code="invalid_message")
    if len(message) > MAX_MESSAGE:
        raise InvalidInput(f"eventMessage is longer than {MAX_MESSAGE} characters", code="invalid_message")
    if not isinstance(source, str) or not (event_id is None or isinstance(event_id, str)):
        raise InvalidInput("source and id must be text", code="invalid_event")
    if timestamp.strip().lstrip("-").isdigit():
        raise InvalidInput(f"timestamp {timestamp!r} is a number, not ISO 8601 text", code="invalid_timestamp")
    ts = parse_time(timestamp)
    digest = (
        event_id
        or hashlib.blake2b(
            "\x1f".join((str(ts), timestamp, str(criticality), source, message)).encode(errors="surrogatepass"),
            digest_size=16,
        ).hexdigest()
    )
    return Event(digest, ts, timestamp, criticality, message, source)
