"""Messages of the WebSocket `/v1/live`, as JSON objects told apart by `op`. The AsyncAPI document is made of these types."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from penstock.api.live.wanted import Pattern, Wanted
from penstock.model.errors import InvalidInput

__all__ = [
    "MAX_MESSAGE",
    "Auth",
    "Backfill",
    "Data",
    "Failure",
    "FromClient",
    "FromServer",
    "Gap",
    "Heartbeat",
    "Hello",
    "LiveEvents",
    "NewSeries",
    "Ping",
    "Pong",
    "Resume",
    "SeriesName",
    "Sub",
    "Subscribed",
    "Ticket",
    "Unsub",
    "Unsubscribed",
    "decode",
]

MAX_MESSAGE: Final = 64 << 10
"""Bytes of one message from a client."""

Id = Annotated[str, Meta(min_length=1, max_length=64, description="The subscription, named by the client")]
Token = Annotated[
    str, Meta(max_length=64, description="Where to go on after this message: `resume` takes the last one that came")
]
Millis = Annotated[int, Meta(description="Epoch ms")]
Numbers = Annotated[list[int], Meta(description="Series by the number that `series` announced")]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", tag=str.lower):
    """A message; `op` tells which."""


class Auth(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first message of a client that sent no Authorization header: an API key, or a ticket of `POST /v1/live/ticket`."""

    key: Annotated[str, Meta(max_length=256)] | None = None
    ticket: Annotated[str, Meta(max_length=128)] | None = None


class Sub(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hear readings of series that match any of `patterns`, and with `events` security events above a criticality."""

    id: Id
    patterns: Annotated[
        list[Annotated[str, Meta(max_length=1_024)]],
        Meta(max_length=64, description="`site/sensor/metric`, each may hold `*`", examples=[["hq/*/power_*"]]),
    ] = []
    hz: Annotated[float, Meta(ge=0.1, le=10, description="Batches per second at most")] = 10.0
    events: bool = False
    criticality_above: int | None = None

    @property
    def wanted(self) -> Wanted:
        """What is asked for. Raises InvalidInput."""
        if not self.patterns and not self.events:
            raise InvalidInput(
                f"subscription {self.id!r} asks for nothing",
                code="empty_subscription",
                hint='give `patterns`, such as ["*/*/*"], or `"events": true`',
            )
        return Wanted(tuple(Pattern.parse(text) for text in self.patterns), self.events, self.criticality_above)


class Resume(Sub, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sub`, going on behind `token`: what was missed comes first, as `backfill`."""

    token: Token


class Unsub(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End a subscription."""

    id: Id


class Ping(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answered by `pong` with the same `id`."""

    id: Annotated[str, Meta(max_length=64)] | None = None


class Hello(_Message, frozen=True, kw_only=True):
    """The first message of the server: the client is known."""

    version: Annotated[str, Meta(description="Of Penstock")]
    heartbeat_ms: Annotated[int, Meta(description="After so much silence the server says that it is alive")]


class Subscribed(_Message, frozen=True, kw_only=True):
    """A subscription stands. `exact` false: what follows as `backfill` may repeat what came within ten seconds of `token`."""

    id: Id
    token: Token
    exact: bool = True


class SeriesName(msgspec.Struct, frozen=True, kw_only=True):
    """A series and its number within a subscription."""

    number: int
    site_id: str
    sensor_id: str
    metric: str
    unit: str


class NewSeries(_Message, frozen=True, kw_only=True, tag="series"):
    """Series that are mentioned from now on, each announced once."""

    id: Id
    series: list[SeriesName]


class Data(_Message, frozen=True, kw_only=True):
    """Columns of equal length: the newest reading of each series since the last `data`.

    `count`, `min` and `max` are there when a row stands for more than one reading: how many, and between what they ran.
    """

    id: Id
    token: Token
    series: Numbers
    ts: list[Millis]
    value: list[float]
    count: list[int] | UnsetType = UNSET
    min: list[float] | UnsetType = UNSET
    max: list[float] | UnsetType = UNSET


class Backfill(_Message, frozen=True, kw_only=True):
    """Columns of equal length: single readings that were missed, oldest first."""

    id: Id
    token: Token
    series: Numbers
    ts: list[Millis]
    value: list[float]


class LiveEvents(_Message, frozen=True, kw_only=True, tag="events"):
    """Security events, as `GET /v1/events` shows them."""

    id: Id
    token: Token
    data: list[dict[str, Any]]


class Gap(_Message, frozen=True, kw_only=True):
    """Not everything of [from, to) came: `merged` readings came only as part of others, or older ones are left out."""

    id: Id
    start: Annotated[int, Meta(description="Epoch ms")] = msgspec.field(name="from")
    end: Annotated[int, Meta(description="Epoch ms")] = msgspec.field(name="to")
    merged: int = 0
    events: Annotated[int, Meta(description="Events that are left out")] = 0


class Unsubscribed(_Message, frozen=True, kw_only=True):
    """A subscription has ended."""

    id: Id


class Pong(_Message, frozen=True, kw_only=True):
    """The answer to `ping`. `ts` is the server's time, epoch ms."""

    ts: Millis
    id: str | None = None


class Heartbeat(_Message, frozen=True, kw_only=True):
    """The server is alive and had nothing to say. `ts` is its time, epoch ms."""

    ts: Millis


class Failure(_Message, frozen=True, kw_only=True, tag="error"):
    """A message was refused; the connection goes on."""

    code: str
    detail: str
    id: str | None = None
    hint: str | None = None


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What `POST /v1/live/ticket` answers: good once, until `expires` (RFC 3339), at the process that gave it."""

    ticket: str
    expires: str


FromClient = Auth | Sub | Resume | Unsub | Ping
FromServer = (
    Hello | Subscribed | NewSeries | Data | Backfill | LiveEvents | Gap | Unsubscribed | Pong | Heartbeat | Failure
)

_decoder: Final = msgspec.json.Decoder(FromClient)


def decode(text: str | bytes) -> FromClient:
    """A client's message. Raises InvalidInput."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInput(
            f"the message is not understood: {error}",
            code="invalid_message",
            hint='such as {"op":"sub","id":"1","patterns":["hq/*/power_*"]}; /v1/asyncapi.json describes all',
        ) from error
