"""Exports made in the background: bounded in number, bytes and life, each seen by its own tenant only.

A result is a file without a name in the exports directory: it is gone with the process, however that ends.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Final, Literal

import structlog

from penstock.api.exports.request import ExportRequest, open_pages
from penstock.api.services import JobsConfig
from penstock.model.errors import Backpressure, Conflict, NotFound, PenstockError, TooLarge, Unavailable
from penstock.model.time import Clock, format_time
from penstock.query.port import Reader

__all__ = ["Job", "Jobs"]

_log: Final = structlog.get_logger(__name__)
_PIECE: Final = 1 << 20
_SWEEP_SECONDS: Final = 30.0

State = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(slots=True)
class Job:
    """One export. `rows_expected` as counted at its beginning, None before; `ended` epoch ms, None before."""

    id: str
    tenant: str
    request: ExportRequest
    created: int
    file: IO[bytes]
    state: State = "queued"
    rows: int = 0
    rows_expected: int | None = None
    bytes: int = 0
    as_of: int | None = None
    complete: bool = False
    ended: int | None = None
    error: PenstockError | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What the file is called when it is saved."""
        moment = format_time(self.created - self.created % 1_000).replace("-", "").replace(":", "")
        return f"penstock-{moment}.{self.request.kind.suffix}"


class Jobs:
    """The jobs of one process. `close` ends what runs and forgets everything."""

    def __init__(self, reader: Reader, clock: Clock, config: JobsConfig) -> None:
        self.config = config
        self._reader = reader
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._slots = asyncio.Semaphore(config.running)
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, tenant: str, request: ExportRequest) -> Job:
        """A new job. Raises Backpressure when the tenant, or all of them, have as many as may be; Unavailable without disk."""
        self._sweep()
        mine = self.of(tenant)
        for held, most, code, whose in (
            (len(mine), self.config.per_tenant, "tenant_backpressure", "this tenant"),
            (len(self._jobs), self.config.total, "backpressure", "this server"),
        ):
            if held >= most:
                raise Backpressure(
                    f"{whose} has {held} of {most} exports",
                    code=code,
                    hint="DELETE /v1/jobs/{id} of one that is not needed any more",
                    retry_after=60.0,
                )
        try:
            file = await asyncio.to_thread(self._nameless)
        except OSError as error:
            raise _no_disk(error) from error
        job = Job(secrets.token_urlsafe(16), tenant, request, self._clock.now(), file)
        self._jobs[job.id] = job
        job.task = asyncio.create_task(self._run(job), name=f"export:{job.id}")
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep_now_and_then(), name="export:sweep")
        return job

    def of(self, tenant: str) -> list[Job]:
        """The jobs of a tenant, oldest first."""
        return [job for job in self._jobs.values() if job.tenant == tenant]

    def find(self, tenant: str, name: str) -> Job:
        """One of its jobs. Raises NotFound for one that is another's, has expired or never was."""
        self._sweep()
        job = self._jobs.get(name)
        if job is None or job.tenant != tenant:
            raise NotFound(
                f"there is no job {name!r:.60}",
                hint=f"a job can be asked for until {self.config.keep // 60_000} minutes after its end",
            )
        return job

    async def remove(self, tenant: str, name: str) -> None:
        """End it if it runs, and give its disk back. Raises NotFound."""
        job = self.find(tenant, name)
        del self._jobs[job.id]
        await _end(job)

    @contextmanager
    def result(self, job: Job) -> Generator[AsyncGenerator[bytes]]:
        """The finished file, piece by piece; it stays readable when the job goes meanwhile. Raises Conflict before its end."""
        if job.state != "done":
            why = "" if job.error is None else f": {job.error.detail}"
            raise Conflict(
                f"the export is {job.state}{why}",
                code="job_not_done",
                hint="ask GET /v1/jobs/{id} until its state is done" if job.ended is None else "ask for a new export",
            )
        descriptor = os.dup(job.file.fileno())
        try:
            yield _read(descriptor, job.bytes)
        finally:
            os.close(descriptor)

    async def close(self) -> None:
        """End everything; idempotent."""
        jobs = list(self._jobs.values())
        self._jobs.clear()
        await asyncio.gather(*(_end(job) for job in jobs))
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None

    def _nameless(self) -> IO[bytes]:
        directory = self.config.directory
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.TemporaryFile(dir=directory, prefix="export-")

    async def _run(self, job: Job) -> None:
        try:
            async with self._slots:
                job.state = "running"
                await self._make(job)
            job.state = "done"
        except asyncio.CancelledError:
            job.state = "cancelled"
            raise
        except PenstockError as error:
            job.state, job.error = "failed", error
        except OSError as error:
            job.state, job.error = "failed", _no_disk(error)
        except Exception:  # noqa: BLE001 - whoever asks for the job is told, and the log has the cause
            _log.exception("an export failed", job=job.id)
            job.state, job.error = "failed", PenstockError("the export failed; the server's log has the cause")
        finally:
            job.ended = self._clock.now()

    async def _make(self, job: Job) -> None:
        async with open_pages(self._reader, job.request.question) as (first, pages):
            job.rows_expected = first.meta.get("rows", first.table.num_rows)
            job.as_of, job.complete = first.as_of, first.complete
            file = job.request.open(first, self._clock.now())
            async for page in pages:
                await self._put(job, await asyncio.to_thread(file.write, page.table))
                job.rows += page.table.num_rows
            await self._put(job, await asyncio.to_thread(file.finish, job.rows))
        await asyncio.to_thread(job.file.flush)

    async def _put(self, job: Job, data: bytes) -> None:
        held = sum(other.bytes for other in self._jobs.values())
        if held + len(data) > self.config.max_bytes:
            raise TooLarge(
                f"all exports may take {self.config.max_bytes} bytes, and this one would make it more",
                code="exports_full",
                hint="delete exports that are not needed, choose a shorter range, or parquet, which is the smallest",
            )
        job.bytes += len(data)
        await asyncio.to_thread(job.file.write, data)

    async def _sweep_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._sweep()

    def _sweep(self) -> None:
        """Forget what ended long enough ago."""
        before = self._clock.now() - self.config.keep
        for job in [job for job in self._jobs.values() if job.ended is not None and job.ended <= before]:
            del self._jobs[job.id]
            job.file.close()


async def _end(job: Job) -> None:
    if job.task is not None:
        job.task.cancel()
        await asyncio.gather(job.task, return_exceptions=True)
    job.file.close()


async def _read(descriptor: int, size: int) -> AsyncGenerator[bytes]:
    position = 0
    while position < size:
        piece = await asyncio.to_thread(os.pread, descriptor, min(_PIECE, size - position), position)
        if not piece:
            raise Unavailable("the export's file is shorter than it was written")
        position += len(piece)
        yield piece


def _no_disk(error: OSError) -> Unavailable:
    return Unavailable(
        f"the export's file cannot be written: {error.strerror}",
        code="no_disk",
        hint="the operator must make room on the disk of the data directory",
        retry_after=60.0,
    )
