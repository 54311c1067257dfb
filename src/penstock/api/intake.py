"""The way every write takes: bounded bytes → draft → admission → durable on the bus → verdicts. No door differs in it.

`prepare` and `publish` are that way for any door; `readings` and `events` walk it for an HTTP request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from starlette.requests import Request

from penstock.api.auth import identity_of
from penstock.api.bodies import Body, BodyReader
from penstock.api.counts import DoorCounts
from penstock.api.problems import rows_as_json
from penstock.api.services import Services
from penstock.bus import Lane
from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput, RowError
from penstock.model.event import Event
from penstock.model.findings import NOTHING_FOUND, Findings
from penstock.pipeline.admit import Admission, admit

__all__ = [
    "INLINE",
    "JSON_TYPES",
    "NDJSON_TYPES",
    "SOURCE_NAME",
    "Decoder",
    "Intake",
    "Outcome",
    "Prepared",
    "Sender",
    "media_type",
    "shape_of",
    "timeless",
]

Decoder = Callable[[bytes, int], Draft]
"""Bytes of a request → readings; rows that say no time have that of the second argument, epoch ms.

Raises InvalidInput or TooLarge. May run in a worker thread.
"""

JSON_TYPES: Final = ("application/json",)
NDJSON_TYPES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")

INLINE: Final = 256 << 10
"""Bodies up to here are decoded in the event loop (≤ 2 ms): a worker thread would cost a small one more than it saves."""
INLINE_CODED: Final = 16 << 10
"""The same for compressed bodies, which unfold."""

SOURCE_NAME: Final = re.compile(r"[a-z0-9_.-]{1,32}")
"""What a client may call itself in the ledger."""
_MAX_KEY: Final = 256


class Sender(NamedTuple):
    """For whom rows come in: the credential's tenant, the source under which the ledger counts them, and the door."""

    tenant: str
    source: str
    door: str


class Prepared(NamedTuple):
    """Rows that were decoded and judged by `moment` (epoch ms), but are not durable yet."""

    draft: Draft
    admission: Admission
    moment: int

    @property
    def refused(self) -> int:
        """Rows that did not decode or were not admitted."""
        return self.draft.rows - self.admission.rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: `rows` were accepted as `readings`, `refused` were not, and `rejected` says why."""

    draft: Draft
    rows: int
    readings: int
    refused: int
    rejected: Sequence[RowError]
    receipt: str

    def verdicts(self) -> dict[str, Any]:
        """The members that every write answer has."""
        return {
            "accepted": self.rows,
            "readings": self.readings,
            "rejected": rows_as_json(self.rejected),
            "rejected_total": self.refused,
            "receipt": self.receipt,
        }


class Intake:
    """Shared by all doors of one process, so that their bodies share one bound."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.bodies = BodyReader(services.config)
        self.counts = DoorCounts()

    async def prepare(self, decode: Callable[[int], Draft], tenant: str, key: str | None, *, inline: bool) -> Prepared:
        """Decode and admit `tenant`'s rows: in the event loop with `inline`, else in a worker thread.

        A repetition by its idempotency key is judged by the moment of its first try, so that it comes to the same.
        Raises InvalidInput (nothing could be decoded) or TooLarge.
        """
        now, earliest = self._bounds(Lane.READINGS, tenant, key)

        def run() -> Prepared:
            draft = decode(now)
            return Prepared(draft, admit(draft, tenant=tenant, now=now, earliest=earliest), now)

        return run() if inline else await asyncio.to_thread(run)

    async def publish(self, prepared: Prepared, sender: Sender, key: str | None) -> Outcome:
        """Make the admitted readings durable. `key` is the sender's idempotency key.

        Raises TooLarge, Conflict (the key was used for other content), Backpressure, Unavailable.
        """
        admission, refused = prepared.admission, prepared.refused
        with self.counts.taking(sender.door, admission.rows, refused):
            receipt = await self._services.gate.offer(
                admission.batch,
                source=sender.source,
                rejected=refused,
                key=key,
                seen=prepared.moment,
                findings=admission.findings,
            )
        return Outcome(prepared.draft, admission.rows, len(admission.batch), refused, admission.rejected, receipt)

    async def readings(self, request: Request, decode: Decoder, door: str) -> Outcome:
        """Admit the request's readings and make them durable. `door` is the source unless the client names one.

        Raises InvalidInput (nothing could be decoded, no rows), TooLarge, Conflict, Backpressure, Unavailable.
        """
        sender, key = _sender(request, door), _idempotency_key(request)
        body = await self.bodies.read(request)
        try:
            prepared = await self.prepare(
                lambda now: decode(body.decoded(), now), sender.tenant, key, inline=_is_small(body)
            )
            if prepared.draft.rows == 0:
                raise InvalidInput("the request holds no rows", code="empty_request", hint="send at least one row")
            return await self.publish(prepared, sender, key)
        finally:
            body.release()

    async def events(
        self,
        request: Request,
        decode: Callable[[bytes, int, int], tuple[list[Event], list[RowError]]],
        door: str,
    ) -> tuple[list[Event], list[RowError], str]:
        """Make the request's events durable; returns them, the refused rows and the receipt. Errors as `readings`.

        `decode` is given the content, the moment that it is judged by, and the start of retention then, epoch ms.
        """
        sender, key = _sender(request, door), _idempotency_key(request)
        body = await self.bodies.read(request)
        try:
            now, earliest = self._bounds(Lane.EVENTS, sender.tenant, key)

            def read() -> tuple[list[Event], list[RowError]]:
                return decode(body.decoded(), now, earliest)

            events, rejected = read() if _is_small(body) else await asyncio.to_thread(read)
            if not events and not rejected:
                raise InvalidInput("the request holds no events", code="empty_request", hint="send at least one event")
            findings = Findings.of_rows(rejected) if rejected else NOTHING_FOUND
            with self.counts.taking(door, len(events), len(rejected)):
                receipt = await self._services.gate.offer_events(
                    sender.tenant,
                    events,
                    source=sender.source,
                    rejected=len(rejected),
                    key=key,
                    seen=now,
                    findings=findings,
                )
        finally:
            body.release()
        return events, rejected, receipt

    def _bounds(self, lane: Lane, tenant: str, key: str | None) -> tuple[int, int]:
        """The moment that a request is judged by, and the start of retention at that moment."""
        moment = self._services.gate.moment(lane, tenant, key)
        return moment, self._services.config.earliest(self._services.clock.now() - moment)


def _is_small(body: Body) -> bool:
    return body.size <= (INLINE if body.encoding == "identity" else INLINE_CODED)


def timeless(decode: Callable[[bytes], Draft]) -> Decoder:
    """A decoder of rows that each say their time."""
    return lambda content, _: decode(content)


def media_type(request: Request) -> str:
    """The Content-Type without its parameters, in lower case; empty if there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def shape_of(request: Request) -> Literal["json", "ndjson"]:
    """`json` or `ndjson` by Content-Type. Raises InvalidInput (`unsupported_media_type`)."""
    kind = media_type(request)
    if kind in JSON_TYPES:
        return "json"
    if kind in NDJSON_TYPES:
        return "ndjson"
    raise InvalidInput(
        f"Content-Type {kind or '(none)'} is not accepted here",
        code="unsupported_media_type",
        hint="send application/json, or application/x-ndjson for one object per line",
    )


def _sender(request: Request, door: str) -> Sender:
    return Sender(identity_of(request).tenant, _source(request, door), door)


def _source(request: Request, door: str) -> str:
    """The name under which the ledger counts the request."""
    name = request.headers.get("x-penstock-source")
    if name is None:
        return door
    if not SOURCE_NAME.fullmatch(name):
        raise InvalidInput(
            f"X-Penstock-Source {name!r:.60} is not a valid name",
            code="invalid_source",
            hint="1 to 32 of a-z, 0-9, _, . and -",
        )
    return name


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= _MAX_KEY and key.isprintable()):
        raise InvalidInput(f"an Idempotency-Key has 1 to {_MAX_KEY} printable characters", code="invalid_key")
    return key
