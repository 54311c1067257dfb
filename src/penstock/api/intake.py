"""The way every write takes: bounded body → draft → admission → durable on the bus → verdicts. No door differs in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from starlette.requests import Request

from penstock.api.auth import identity_of
from penstock.api.bodies import Body, BodyReader
from penstock.api.observe import ROWS
from penstock.api.problems import rows_as_json
from penstock.api.services import Services
from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput, RowError
from penstock.model.event import Event
from penstock.pipeline.admit import Admission, admit

__all__ = ["JSON_TYPES", "NDJSON_TYPES", "Decoder", "Intake", "Outcome", "media_type", "shape_of"]

Decoder = Callable[[bytes], Draft]
"""Bytes of a request → readings; raises InvalidInput or TooLarge. May run in a worker thread."""

JSON_TYPES: Final = ("application/json",)
NDJSON_TYPES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")

INLINE: Final = 256 << 10
"""Bodies up to here are decoded in the event loop (≤ 2 ms): a worker thread would cost a small one more than it saves."""
INLINE_CODED: Final = 16 << 10
"""The same for compressed bodies, which unfold."""

_SOURCE: Final = re.compile(r"[a-z0-9_.-]{1,32}")
_MAX_KEY: Final = 256
T = TypeVar("T")


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

    async def readings(self, request: Request, decode: Decoder, door: str) -> Outcome:
        """Admit the request's readings and make them durable. `door` is the source unless the client names one.

        Raises InvalidInput (nothing could be decoded, no rows), TooLarge, Conflict, Backpressure, Unavailable.
        """
        services = self._services
        tenant, source, key = identity_of(request).tenant, _source(request, door), _idempotency_key(request)
        now, earliest = services.clock.now(), services.config.earliest()

        def prepare(data: bytes) -> tuple[Draft, Admission]:
            draft = decode(data)
            if draft.rows == 0:
                raise InvalidInput("the request holds no rows", code="empty_request", hint="send at least one row")
            return draft, admit(draft, tenant=tenant, now=now, earliest=earliest)

        body = await self.bodies.read(request)
        try:
            draft, admission = await _in_right_place(body, prepare)
            refused = draft.rows - admission.rows
            receipt = await services.gate.offer(admission.batch, source=source, rejected=refused, key=key)
        finally:
            body.release()
        _count(door, admission.rows, refused)
        return Outcome(draft, admission.rows, len(admission.batch), refused, admission.rejected, receipt)

    async def events(
        self,
        request: Request,
        decode: Callable[[bytes], tuple[list[Event], list[RowError]]],
        door: str,
    ) -> tuple[list[Event], list[RowError], str]:
        """Make the request's events durable; returns them, the refused rows and the receipt. Errors as `readings`."""
        tenant, source, key = identity_of(request).tenant, _source(request, door), _idempotency_key(request)
        body = await self.bodies.read(request)
        try:
            events, rejected = await _in_right_place(body, decode)
            if not events and not rejected:
                raise InvalidInput("the request holds no events", code="empty_request", hint="send at least one event")
            receipt = await self._services.gate.offer_events(
                tenant, events, source=source, rejected=len(rejected), key=key
            )
        finally:
            body.release()
        _count(door, len(events), len(rejected))
        return events, rejected, receipt


async def _in_right_place(body: Body, work: Callable[[bytes], T]) -> T:
    """Run `work` on the decoded body: here if it is small, in a thread if the loop would feel it."""

    def run() -> T:
        return work(body.decoded())

    inline = INLINE if body.encoding == "identity" else INLINE_CODED
    return run() if body.size <= inline else await asyncio.to_thread(run)


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


def _source(request: Request, door: str) -> str:
    """The name under which the ledger counts the request."""
    name = request.headers.get("x-penstock-source")
    if name is None:
        return door
    if not _SOURCE.fullmatch(name):
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


def _count(door: str, accepted: int, refused: int) -> None:
    ROWS.labels(door, "accepted").inc(accepted)
    ROWS.labels(door, "rejected").inc(refused)
