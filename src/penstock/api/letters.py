"""Doors for dead letters: what could never be stored is listed, shown, mended and replayed, or given up."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
import structlog
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from penstock.api import letter_examples as examples
from penstock.api.auth import identity_of
from penstock.api.events import decode_events
from penstock.api.intake import INLINE, JSON_TYPES, NDJSON_TYPES, Intake, media_type
from penstock.api.params import DeadLetterParams
from penstock.api.problems import rows_as_json
from penstock.api.render import JSON, freshness, render, rows_of
from penstock.api.services import Services
from penstock.bus import Lane
from penstock.bus.wire import MEDIA_TYPE
from penstock.model.batch import Batch
from penstock.model.errors import InvalidInput, NotFound, TooLarge
from penstock.model.ledger import DeadLetter, LetterState
from penstock.pipeline.admit import admit
from penstock.pipeline.letters import LETTER_ROWS
from penstock.pipeline.replay import Content, discard_frame, message_content, replay_frame
from penstock.query.port import Answer, DeadLetterQuestion, DeadLetters
from penstock.sources.formats import decode_rows

__all__ = ["LetterDoors"]

_SHAPES: Final[Mapping[str, Literal["json", "ndjson"]]] = {
    **dict.fromkeys(JSON_TYPES, "json"),
    **dict.fromkeys(NDJSON_TYPES, "ndjson"),
}
_MAX_REASON: Final = 1_000
_log: Final = structlog.get_logger(__name__)

LetterPath = Annotated[str, Path(max_length=256, description="Id of the letter")]


class LetterDoors:
    """The routes; one instance per app. Settling needs `writes` and `reads` in one process, and an admin key."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._services = services
        self._intake = intake

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/v1/dead-letters", self.listing, **examples.DEAD_LETTERS)
        app.add_api_route("/v1/dead-letters/{letter}", self.show, **examples.DEAD_LETTER)
        if self._services.config.writes:
            add = app.add_api_route
            add("/v1/dead-letters/{letter}/replay", self.replay, methods=["POST"], **examples.REPLAY)
            add("/v1/dead-letters/{letter}/discard", self.discard, methods=["POST"], **examples.DISCARD)

    async def listing(self, request: Request, params: Annotated[DeadLetterParams, Query()]) -> Response:
        """What was acknowledged but can never be stored, newest first; `payload` shows how each begins."""
        question = DeadLetters(
            tenant=identity_of(request).tenant,
            state=params.state,
            code=params.code,
            source=params.source,
            limit=params.limit,
            cursor=params.cursor,
        )
        return await render(request, await self._services.reader.ask(question))

    async def show(self, request: Request, letter: LetterPath) -> Response:
        """One letter, whole. `errors` says what a replay of it as it is would be refused for."""
        found, answer = await self._find(request, letter)
        row = rows_of(answer.table.drop_columns(["payload", "stamp"]))[0]
        text = _text(found.payload)
        document = row | {
            "payload": base64.b64encode(found.payload).decode() if text is None else text,
            "encoding": "base64" if text is None else "text",
            "errors": await self._faults(found, identity_of(request).tenant) if found.state == "open" else [],
        }
        return Response(msgspec.json.encode(document | freshness(answer)), media_type=JSON)

    async def replay(self, request: Request, letter: LetterPath) -> Response:
        """Send what a letter holds through admission again: as it is, or as the body says it should have been.

        Its rows keep the moment at which they were first admitted, so they never beat what was corrected since. If any
        row is still refused, nothing is sent (400 with `errors`). The same replay again changes nothing; another one, of
        a letter that is settled, is refused (409).
        """
        found, _ = await self._find(request, letter)
        identity = identity_of(request)
        body = await self._intake.bodies.read(request)
        try:
            mended = await asyncio.to_thread(body.decoded) if body.size > INLINE else body.decoded()
            if mended.strip():
                shape = _SHAPES.get(media_type(request))
                if shape is None:
                    raise InvalidInput(
                        f"Content-Type {media_type(request) or '(none)'} is not accepted here",
                        code="unsupported_media_type",
                        hint="send the mended rows as application/x-ndjson or application/json, or no body at all",
                    )
                content = await self._content(found, identity.tenant, mended, shape)
            else:
                content = await self._stored_content(found, identity.tenant)
        finally:
            body.release()
        _check(content)
        frame = replay_frame(found, identity.tenant, content)
        if found.state == "open":
            await self._services.gate.put(_lane(found), frame)
            _log.info(
                "dead letter replayed",
                tenant=identity.tenant,
                letter=letter,
                key=identity.key_id,
                rows=content.rows,
                mended=bool(mended.strip()),
                receipt=frame.id,
            )
        return _settled(letter, "replayed", frame.id, accepted=content.rows)

    async def discard(self, request: Request, letter: LetterPath) -> Response:
        """Give a letter up, with the reason. It stays readable, and stays counted in the ledger."""
        found, _ = await self._find(request, letter)
        identity = identity_of(request)
        body = await self._intake.bodies.read(request)
        try:
            reason = _reason(body.decoded())
        finally:
            body.release()
        frame = discard_frame(found, identity.tenant, reason)
        if found.state == "open":
            await self._services.gate.put(_lane(found), frame)
            _log.info(
                "dead letter discarded",
                tenant=identity.tenant,
                letter=letter,
                key=identity.key_id,
                reason=reason,
                receipt=frame.id,
            )
        return _settled(letter, "discarded", frame.id)

    async def _find(self, request: Request, letter: str) -> tuple[DeadLetter, Answer]:
        """The letter with all of its payload, fetched in as many pieces as it takes. Raises NotFound."""
        tenant, pieces, size = identity_of(request).tenant, list[bytes](), 0
        while True:
            answer = await self._services.reader.ask(DeadLetterQuestion(tenant=tenant, letter=letter, offset=size))
            if not answer.table.num_rows:
                raise NotFound(
                    f"there is no dead letter {letter!r:.80}, or it is no longer kept",
                    code="dead_letter_unknown",
                    hint="GET /v1/dead-letters lists them",
                )
            row: dict[str, Any] = answer.table.to_pylist()[0]
            pieces.append(row["payload"])
            size += len(row["payload"])
            if size >= row.pop("payload_bytes") or not row["payload"]:
                row["payload"] = b"".join(pieces)
                return DeadLetter(**row), answer

    # -- what a letter holds

    async def _content(self, letter: DeadLetter, tenant: str, body: bytes, shape: Literal["json", "ndjson"]) -> Content:
        now, earliest = self._services.clock.now(), self._services.config.earliest()

        def read() -> Content:
            if letter.holds == "events":
                events, rejected = decode_events(body, shape=shape, tenant=tenant, now=now, earliest=earliest)
                return Content(Batch.empty(tenant), tuple(events), rejected)
            admission = admit(decode_rows(body, shape), tenant=tenant, now=now, earliest=earliest)
            return Content(admission.batch, (), admission.rejected)

        return read() if len(body) <= INLINE else await asyncio.to_thread(read)

    async def _stored_content(self, letter: DeadLetter, tenant: str) -> Content:
        if letter.media_type == MEDIA_TYPE:
            return await asyncio.to_thread(message_content, letter, tenant)
        return await self._content(letter, tenant, letter.payload, _SHAPES.get(letter.media_type, "json"))

    async def _faults(self, letter: DeadLetter, tenant: str) -> list[dict[str, Any]]:
        try:
            return rows_as_json((await self._stored_content(letter, tenant)).rejected)
        except InvalidInput as error:
            return [{"row": 0, "code": error.code, "detail": error.detail}]


def _check(content: Content) -> None:
    """Raises InvalidInput for rows that are still refused, or none; TooLarge for more than one frame."""
    if content.rejected:
        first = content.rejected[0]
        raise InvalidInput(
            f"{len(content.rejected)} rows are still refused, so nothing was sent; row {first.row}: {first.detail}",
            code="still_refused",
            hint="mend or leave out the rows in `errors`, and send the others as the body",
            rows=content.rejected,
        )
    if not content.rows:
        raise InvalidInput("there are no rows to replay", code="empty_request", hint="discard the letter to give it up")
    if content.rows > LETTER_ROWS:
        raise TooLarge(
            f"{content.rows} readings are more than the {LETTER_ROWS} that one replay may bring",
            hint="replay some, and send the rest as ordinary rows",
        )


def _reason(body: bytes) -> str:
    try:
        reason = msgspec.json.decode(body, type=dict[str, str]).get("reason", "").strip()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the body is not understood: {error}", code="malformed_json", hint=_REASON_HINT) from error
    if not 0 < len(reason) <= _MAX_REASON:
        raise InvalidInput(f"a reason has 1 to {_MAX_REASON} characters", code="missing_field", hint=_REASON_HINT)
    return reason


_REASON_HINT: Final = 'send {"reason": "test device, no data of ours"}'


def _lane(letter: DeadLetter) -> Lane:
    return Lane.EVENTS if letter.holds == "events" else Lane.READINGS


def _settled(letter: str, state: LetterState, receipt: str, **members: Any) -> Response:
    document = {"id": letter, "state": state, **members, "receipt": receipt}
    return Response(msgspec.json.encode(document), media_type=JSON)


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
