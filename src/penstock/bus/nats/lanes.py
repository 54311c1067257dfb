"""The lanes as JetStream streams, and the broker's management API over which they are made and read.

Work-queue retention: a message leaves the disk when it is acked. So `max_bytes` bounds the backlog and nothing else (the store is
the truth, replay comes from there), the stream's content *is* what is in flight, and, unlike under interest retention, a
message is kept even while no consumer exists. It costs one fsync per ack: on one machine 100 kB messages went through fetch
and ack at 2,600/s instead of 6,200/s under limits retention, either far above what a store commits.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from penstock.bus.nats.config import NatsConfig
from penstock.bus.nats.connection import Connection
from penstock.bus.port import EVENTS_SUBJECT, Lane
from penstock.model.errors import Backpressure, Misconfigured, PenstockError, TooLarge, Unavailable

__all__ = ["CONSUMER", "STREAMS", "api", "broker_error", "make_lanes", "renew_consumer", "take_over"]

STREAMS: Final[Mapping[Lane, str]] = {lane: f"PENSTOCK_{lane.name}" for lane in Lane}
CONSUMER: Final = "process"
DUPLICATE_WINDOW: Final = 120.0
_SUBJECTS: Final[Mapping[Lane, list[str]]] = {
    Lane.READINGS: ["penstock.v1.readings.*"],
    Lane.EVENTS: [EVENTS_SUBJECT, "penstock.v1.events.*"],
    Lane.BACKLOG: ["penstock.v1.backlog.*"],
}
_NOT_FOUND: Final = frozenset({10014, 10059})  # consumer, stream
_MAY_PASS: Final = frozenset({10012, 10104})  # a consumer, its files: could not be written, the disk may be full
_RESETS: Final = (2, 14)
"""The first nats-server that begins a consumer anew in its place."""
_FULL: Final = frozenset({10002, 10023, 10028, 10047})  # an account's, the server's, memory's, storage's limits
_FULL_TEXT: Final = ("maximum bytes", "maximum messages", "no space", "insufficient")
_TOO_LARGE: Final = frozenset({10054, 10097})  # message, headers


async def make_lanes(connection: Connection, config: NatsConfig) -> None:
    """Create what is missing and update what differs; settings that are not Penstock's stay as they are.

    Raises Misconfigured when the broker refuses (no JetStream, no room for `max_bytes`, no right), Unavailable.
    """
    for lane, stream in STREAMS.items():
        present = await _found(connection, f"STREAM.INFO.{stream}")
        wanted = {
            "name": stream,
            "subjects": _SUBJECTS[lane],
            "retention": "workqueue",
            "storage": "file",
            "discard": "new",
            "max_bytes": config.max_bytes,
            "max_msgs": config.max_messages,
            "num_replicas": config.replicas,
            "duplicate_window": _nanoseconds(DUPLICATE_WINDOW),
            "allow_direct": True,
        }
        if present is None:
            await _create(connection, stream, wanted)
        elif merged := _changed(present["config"], wanted):
            await _manage(connection, f"STREAM.UPDATE.{stream}", merged)
        await _make_consumer(connection, stream, config)


async def renew_consumer(connection: Connection, lane: Lane, config: NatsConfig) -> None:
    """Forget what was delivered and acked of a lane: everything that is in it is delivered again. Raises as `make_lanes`.

    The consumer stays where the broker can begin it anew: on a full disk another one could not be made, and a lane without any
    does not drain.
    """
    stream = STREAMS[lane]
    if connection.broker_version >= _RESETS:
        await api(connection, f"CONSUMER.RESET.{stream}.{CONSUMER}", {"seq": 1})
        return
    await api(connection, f"CONSUMER.DELETE.{stream}.{CONSUMER}")
    await _make_consumer(connection, stream, config)


async def take_over(connection: Connection, lane: Lane, config: NatsConfig) -> None:
    """What was delivered to a process that was killed, or is lost on its way there, comes again now, not after the ack wait.

    Called before the first fetch of the one process that consumes the lane. Raises as `make_lanes`.
    """
    consumer = await api(connection, f"CONSUMER.INFO.{STREAMS[lane]}.{CONSUMER}")
    if consumer["num_ack_pending"]:
        await renew_consumer(connection, lane, config)


async def _make_consumer(connection: Connection, stream: str, config: NatsConfig) -> None:
    present = await _found(connection, f"CONSUMER.INFO.{stream}.{CONSUMER}")
    wanted = {
        "durable_name": CONSUMER,
        "name": CONSUMER,
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": _nanoseconds(config.ack_wait),
        "max_deliver": -1,
        "max_ack_pending": config.max_ack_pending,
    }
    if merged := _changed(present["config"] if present else {}, wanted):
        body = {"stream_name": stream, "config": merged}
        await _manage(connection, f"CONSUMER.CREATE.{stream}.{CONSUMER}", body)


async def _create(connection: Connection, stream: str, wanted: Mapping[str, Any]) -> None:
    """Create a stream that other processes of the platform may be creating at the same moment.

    The broker reserves `max_bytes` for each of them until it sees that they mean the same stream, so it may have no room
    for a moment.
    """
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            await _manage(connection, f"STREAM.CREATE.{stream}", wanted)
        except Misconfigured:
            await asyncio.sleep(pause)
            if await _found(connection, f"STREAM.INFO.{stream}") is not None:
                return
        else:
            return
    await _manage(connection, f"STREAM.CREATE.{stream}", wanted)


def _changed(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    merged = {**present, **wanted}
    return None if merged == present else merged


async def _found(connection: Connection, call: str) -> dict[str, Any] | None:
    answer = await _answer(connection, call, None)
    if answer.get("error", {}).get("err_code") in _NOT_FOUND:
        return None
    return _checked(call, answer)


async def _manage(connection: Connection, call: str, body: Mapping[str, Any]) -> None:
    answer = await _answer(connection, call, body)
    error = answer.get("error")
    if error and error.get("code") != 503 and error.get("err_code") not in _MAY_PASS:
        raise Misconfigured(
            f"the broker refuses {call}: {error.get('description')}",
            hint="check JetStream's max_file_store against max_bytes of three lanes, and what is set on the stream",
        )
    _checked(call, answer)


async def api(connection: Connection, call: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One call of the management API (`STREAM.INFO.x`); raises Unavailable with the broker's words."""
    return _checked(call, await _answer(connection, call, body))


async def _answer(connection: Connection, call: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    payload = json.dumps(body).encode() if body is not None else b""
    try:
        message = await connection.request(f"$JS.API.{call}", payload, timeout=5.0)
    except Unavailable as error:
        if error.code != "no_responders":
            raise
        raise Unavailable(
            "the broker has no JetStream, or it is starting", hint="enable it with `jetstream {}` in nats.conf"
        ) from error
    return json.loads(message.data)


def _checked(call: str, answer: dict[str, Any]) -> dict[str, Any]:
    if error := answer.get("error"):
        raise Unavailable(f"the broker refused {call}: {error.get('description')}", code="broker_refused")
    return answer


def broker_error(lane: Lane, error: Mapping[str, Any], config: NatsConfig) -> PenstockError:
    """What a negative acknowledgement of a publish means."""
    said = str(error.get("description", error))
    code = error.get("err_code")
    if code in _TOO_LARGE:
        return TooLarge(f"the {lane} lane refuses the message: {said}")
    if code in _FULL or any(text in said.lower() for text in _FULL_TEXT):
        return Backpressure(
            f"the {lane} lane is full ({said}): at most {config.max_bytes} bytes in {config.max_messages} messages may wait"
            " to be stored; nothing was kept",
            hint="slow down; the lane drains as the store catches up, and the broker's disk must have room",
        )
    return Unavailable(f"the {lane} lane did not take the message: {said}", hint="retry the same bytes and id")


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1_000_000_000)
