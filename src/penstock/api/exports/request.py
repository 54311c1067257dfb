"""What an export is asked for, and the pages that answer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any, Final

import msgspec

import penstock
from penstock.api.exports.files import COMPRESSIONS, Compression, File, FileType, Format, file_type, open_file
from penstock.api.params import moment
from penstock.api.render import freshness
from penstock.model.errors import InvalidInput
from penstock.model.time import format_time
from penstock.query.document import read_query
from penstock.query.language import parse_query
from penstock.query.port import Answer, Export, Query, Reader, Select

__all__ = ["ExportRequest", "open_pages", "parse_request"]


_LONGEST: Final = 10_000
"""Letters of a query in words, as of `GET /v1/query`."""


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/exports`: either `select` with `from` and `to`, or `query`: a document, or the same in words."""

    format: Format
    compression: Compression | None = None
    comments: bool = False
    select: Select | None = None
    start: str | int | None = msgspec.field(name="from", default=None)
    end: str | int | None = msgspec.field(name="to", default=None)
    unit: str | None = None
    query: dict[str, Any] | Annotated[str, msgspec.Meta(max_length=_LONGEST)] | None = None


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One export: the question, and the file that its answer becomes.

    question     raw readings in pages, or a query with its one answer
    comments     CSV only: begin with # lines that say what the file holds
    """

    question: Export | Query
    format: Format
    compression: Compression
    comments: bool

    @property
    def kind(self) -> FileType:
        """Media type and suffix of the file."""
        return file_type(self.format, self.compression)

    def open(self, first: Answer, now: int) -> File:
        """The file, before its first row. `first` is the first page, `now` epoch ms.

        What was acknowledged before the first page's `as_of` was committed when it was read, so it is in all later pages.
        """
        question: dict[str, Any] = msgspec.to_builtins(self.question)
        about = {
            "tenant": question.pop("tenant"),
            "query": msgspec.json.encode(question).decode(),
            "created": format_time(now),
            "version": penstock.__version__,
            **{name: _text(value) for name, value in freshness(first).items()},
            **({"units": ", ".join(_units(first))} if "unit" in first.table.column_names else {}),
        }
        return open_file(self.format, self.compression, about, comments=self.comments)


def parse_request(body: bytes, tenant: str, now: int) -> ExportRequest:
    """The request in a body; `now` (epoch ms) ends a range that has no `to`. Raises InvalidInput naming what is wrong."""
    try:
        said = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"the export is not understood: {error}",
            code="invalid_export",
            hint='{"format": "csv", "select": {"metric": "power_w"}, "from": "2026-01-01T00:00:00Z", "to": …}, or "query": {…}',
        ) from None
    compression = said.compression or COMPRESSIONS[said.format][0]
    open_file(said.format, compression, {})
    if said.comments and said.format != "csv":
        raise InvalidInput(f"comments are for csv; {said.format} has none", code="invalid_export")
    question = _readings(said, tenant, now) if said.query is None else _query(said, said.query, tenant, now)
    return ExportRequest(question=question, format=said.format, compression=compression, comments=said.comments)


def _readings(said: _Body, tenant: str, now: int) -> Export:
    start = moment(str(said.start), "from") if said.start is not None else None
    end = moment(str(said.end), "to") if said.end is not None else now
    if start is None or end is None:
        raise InvalidInput(
            "an export of readings needs `from`",
            code="invalid_export",
            hint="name a time, RFC 3339 or epoch ms; `to` is now",
        )
    return Export(tenant=tenant, where=said.select or Select(), start=start, end=end, unit=said.unit)


def _query(said: _Body, query: Mapping[str, Any] | str, tenant: str, now: int) -> Export | Query:
    if said.select is not None or said.start is not None or said.end is not None or said.unit is not None:
        raise InvalidInput(
            "select, from, to and unit are for readings; a query says these itself", code="invalid_export"
        )
    if isinstance(query, str):
        asked = parse_query(query, tenant=tenant, now=now)
    else:
        asked = read_query(msgspec.json.encode(query), tenant, now)
    if [fetch.fn for fetch in asked.fetch.values()] != ["raw"] or asked.math:
        return asked
    # Readings by themselves need no plan, and have no bound.
    ((_, fetch),) = asked.fetch.items()
    return Export(tenant=tenant, where=fetch.where, start=asked.start, end=asked.end, unit=fetch.unit)


@asynccontextmanager
async def open_pages(reader: Reader, question: Export | Query) -> AsyncGenerator[tuple[Answer, AsyncGenerator[Answer]]]:
    """The first page, and all pages including it; while one is worked on the next is read. Raises as `Reader.ask`."""
    first = await reader.ask(question)
    async with aclosing(_pages(reader, question, first)) as pages:
        yield first, pages


async def _pages(reader: Reader, question: Export | Query, page: Answer) -> AsyncGenerator[Answer]:
    while page.next_cursor is not None and isinstance(question, Export):
        following = asyncio.create_task(reader.ask(msgspec.structs.replace(question, cursor=page.next_cursor)))
        try:
            yield page
            page = await following
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    yield page


def _units(answer: Answer) -> list[str]:
    return sorted({unit for unit in answer.table.column("unit").unique().to_pylist() if unit})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
