"""The door of exports: a file at once, or a job that makes one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, ExitStack, aclosing
from typing import Annotated, Any, Final

import msgspec
import structlog
from fastapi import FastAPI, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from penstock.api.auth import identity_of
from penstock.api.exports import examples
from penstock.api.exports.jobs import Job, Jobs
from penstock.api.exports.request import ExportRequest, open_pages, parse_request
from penstock.api.intake import Intake
from penstock.api.render import JSON, freshness
from penstock.api.services import Services
from penstock.model.errors import Backpressure
from penstock.model.time import format_time
from penstock.query.port import Answer

__all__ = ["ExportDoors"]

_log: Final = structlog.get_logger(__name__)
_STREAMS: Final = 4
"""Exports streamed at once; each holds two pages."""

JobId = Annotated[str, Path(max_length=64)]


class JobParams(BaseModel):
    """How a job is asked for."""

    model_config = ConfigDict(extra="forbid")

    wait: float = Field(0.0, ge=0.0, le=30.0, description="Seconds to wait for its end")


class ExportDoors:
    """The routes; one instance per app."""

    def __init__(self, services: Services, intake: Intake, jobs: Jobs) -> None:
        self._reader = services.reader
        self._clock = services.clock
        self._stream_rows = services.config.export_stream_rows
        self._bodies = intake.bodies
        self._jobs = jobs
        self._streams = 0

    def install(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/v1/exports", self.export, methods=["POST"], **examples.EXPORT)
        app.add_api_route("/v1/jobs", self.jobs, **examples.JOBS)
        app.add_api_route("/v1/jobs/{job}", self.job, **examples.JOB)
        app.add_api_route("/v1/jobs/{job}", self.remove, methods=["DELETE"], **examples.REMOVE)
        app.add_api_route("/v1/jobs/{job}/result", self.result, **examples.RESULT)

    async def export(self, request: Request) -> Response:
        """Readings, or the answer of a query, as a file: at once if it is small, else by a job (202 and `Location`).

        `Prefer: respond-async` asks for a job in any case.
        """
        tenant = identity_of(request).tenant
        body = await self._bodies.read(request)
        try:
            asked = parse_request(body.decoded(), tenant, self._clock.now())
        finally:
            body.release()
        if _prefers_job(request):
            return await self._by_job(tenant, asked)
        async with AsyncExitStack() as stack:
            self._begin_stream(stack)
            first, pages = await stack.enter_async_context(open_pages(self._reader, asked.question))
            rows = first.meta.get("rows", first.table.num_rows)
            if first.next_cursor is not None and rows > self._stream_rows:
                return await self._by_job(tenant, asked)
            headers = _headers(asked, first) | _named(f"penstock-{_compact(self._clock.now())}.{asked.kind.suffix}")
            if first.next_cursor is None:
                headers["x-row-count"] = str(first.table.num_rows)
            content = self._content(asked, first, pages)
            return _Transfer(content, stack.pop_all(), media_type=asked.kind.media, headers=headers)

    async def jobs(self, request: Request) -> Response:
        """The tenant's jobs that have not expired, oldest first."""
        return _json({"data": [self._shown(job) for job in self._jobs.of(identity_of(request).tenant)]})

    async def job(self, request: Request, job: JobId, params: Annotated[JobParams, Query()]) -> Response:
        """How far a job is; with `wait`, as soon as it has ended, or after so many seconds."""
        found = self._jobs.find(identity_of(request).tenant, job)
        if params.wait and found.task is not None:
            await asyncio.wait({found.task}, timeout=params.wait)
        headers = {"retry-after": "1"} if found.ended is None else {}
        return _json(self._shown(found), headers=headers)

    async def remove(self, request: Request, job: JobId) -> Response:
        """Cancel a job, or give up its file."""
        await self._jobs.remove(identity_of(request).tenant, job)
        return Response(status_code=204)

    async def result(self, request: Request, job: JobId) -> Response:
        """The file that a job has made."""
        found = self._jobs.find(identity_of(request).tenant, job)
        headers = {"content-length": str(found.bytes), "x-row-count": str(found.rows), **_named(found.name)}
        with ExitStack() as stack:
            content = stack.enter_context(self._jobs.result(found))
            held = AsyncExitStack()
            held.push(stack.pop_all())
            return _Transfer(content, held, media_type=found.request.kind.media, headers=headers)

    async def _by_job(self, tenant: str, asked: ExportRequest) -> Response:
        job = await self._jobs.start(tenant, asked)
        return _json(self._shown(job), 202, {"location": f"/v1/jobs/{job.id}", "retry-after": "1"})

    def _begin_stream(self, stack: AsyncExitStack) -> None:
        if self._streams >= _STREAMS:
            raise Backpressure(
                f"{self._streams} of {_STREAMS} exports are being streamed",
                hint="repeat the request after Retry-After seconds, or send `Prefer: respond-async`",
            )
        self._streams += 1
        stack.callback(self._end_stream)

    def _end_stream(self) -> None:
        self._streams -= 1

    async def _content(
        self, asked: ExportRequest, first: Answer, pages: AsyncGenerator[Answer]
    ) -> AsyncGenerator[bytes]:
        """The file's bytes."""
        file, rows = asked.open(first, self._clock.now()), 0
        async for page in pages:
            yield await asyncio.to_thread(file.write, page.table)
            rows += page.table.num_rows
        yield await asyncio.to_thread(file.finish, rows)

    def _shown(self, job: Job) -> dict[str, Any]:
        keep = self._jobs.config.keep
        shown: dict[str, Any] = {
            "id": job.id,
            "kind": "export",
            "state": job.state,
            "format": job.request.format,
            "rows": job.rows,
            "rows_expected": job.rows_expected,
            "bytes": job.bytes,
            "created": format_time(job.created),
            "expires": None if job.ended is None else format_time(job.ended + keep),
            "as_of": None if job.as_of is None else format_time(job.as_of),
            "complete": job.complete,
            "result": f"/v1/jobs/{job.id}/result" if job.state == "done" else None,
            "file": job.name,
        }
        if job.error is not None:
            shown["error"] = {"code": job.error.code, "detail": job.error.detail, "hint": job.error.hint}
        return shown


class _Transfer(StreamingResponse):
    """A streamed body, and what it holds until it has ended, however it ends."""

    def __init__(self, content: AsyncGenerator[bytes], held: AsyncExitStack, **more: Any) -> None:
        super().__init__(content, **more)
        self._content = content
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held, aclosing(self._content):
            try:
                await super().__call__(scope, receive, send)
            except (ClientDisconnect, OSError):
                _log.info("nobody fetches an export any more", request_id=scope.get("penstock.request_id", ""))
            except Exception as error:  # noqa: BLE001 - too late for a problem document
                # A body that is never ended makes the server close the connection, so that no client takes it for whole.
                _log.warning(
                    "an export broke off", request_id=scope.get("penstock.request_id", ""), reason=f"{error!r:.500}"
                )


def _prefers_job(request: Request) -> bool:
    """Whether the client asks for a job, RFC 7240."""
    return any(part.strip().lower() == "respond-async" for part in request.headers.get("prefer", "").split(","))


def _headers(asked: ExportRequest, first: Answer) -> dict[str, str]:
    said = {f"x-penstock-{name.replace('_', '-')}": str(value).lower() for name, value in freshness(first).items()}
    said["x-penstock-as-of"] = format_time(first.as_of)
    return {"x-penstock-format": asked.format, **said}


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "x-content-type-options": "nosniff"}


def _compact(ms: int) -> str:
    return format_time(ms - ms % 1_000).replace("-", "").replace(":", "")


def _json(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(document), status, headers=headers, media_type=JSON)
