"""Doors of the catalog: its records, and series that it does not know yet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import accumulate
from typing import Annotated, Any, Final, cast

import msgspec
import pyarrow as pa
from fastapi import FastAPI, Path, Query, Request
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response

from penstock.api.auth import editor_of, identity_of
from penstock.api.catalog import examples, interchange
from penstock.api.catalog.documents import (
    PREFIX,
    answer,
    decoded,
    expected,
    known_kind,
    named,
    only,
    row_of,
    whole_body,
    without_version,
)
from penstock.api.catalog.params import ExportParams, ImportParams, RecordParams, UnassignedParams
from penstock.api.intake import Intake, media_type
from penstock.api.render import JSON, render
from penstock.api.services import Services
from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesKey
from penstock.query.places import Places
from penstock.query.port import Answer, Series
from penstock.query.select import decode_cursor, encode_cursor
from penstock.store.catalog import KINDS, Catalog, Merge, Put, Remove, record_from

__all__ = ["CatalogDoors"]

_PLACE: Final = ("building", "room", "equipment")
_PAGES: Final = 20
"""Pages of the series listing that one answer looks through; one that found too little goes on behind them."""
_LONGEST: Final = 5_000
"""Series of such a page at most."""


class _KindConvertor(StringConvertor):
    """Paths of kinds are those of records alone, so that another method on `/assign` is not taken for an unknown kind."""

    regex = "|".join(KINDS)


register_url_convertor("catalog_kind", _KindConvertor())

KindPath = Annotated[str, Path(max_length=32, json_schema_extra={"enum": list(KINDS)})]
KeyPath = Annotated[
    str,
    Path(max_length=4096, description="What names the record, such as `hq/101` of a room; each part percent-encoded"),
]


class CatalogDoors:
    """The routes; one instance per app. Changing something needs an admin key."""

    def __init__(self, services: Services, catalog: Catalog, intake: Intake) -> None:
        self._services = services
        self._catalog = catalog
        self._bodies = intake.bodies
        self._places = Places(catalog)

    def install(self, app: FastAPI) -> None:
        add = app.add_api_route
        add(f"{PREFIX}/unassigned", self.unassigned, **examples.UNASSIGNED)
        add(f"{PREFIX}/assign", self.assign, methods=["POST"], **examples.ASSIGN)
        add(f"{PREFIX}/export", self.export, **examples.EXPORT)
        add(f"{PREFIX}/import", self.take_in, methods=["POST"], **examples.IMPORT)
        some = f"{PREFIX}/{{kind:catalog_kind}}"
        add(some, self.listing, **examples.LIST)
        add(some, self.create, methods=["POST"], **examples.CREATE)
        one = f"{some}/{{key:path}}"
        add(one, self.show, **examples.SHOW)
        add(one, self.replace, methods=["PUT"], **examples.REPLACE)
        add(one, self.change, methods=["PATCH"], **examples.CHANGE)
        add(one, self.delete, methods=["DELETE"], **examples.DELETE)

    # -- records

    async def listing(self, request: Request, kind: KindPath, params: Annotated[RecordParams, Query()]) -> Response:
        """Records of a kind, in the order of their keys."""
        of = known_kind(kind)
        after = decode_cursor(params.cursor, tuple[str, ...])
        if after is not None and len(after) != len(of.key):
            raise InvalidInput(
                "the cursor is of another kind", code="invalid_cursor", hint="leave it out to begin anew"
            )
        found = await self._catalog.find(
            identity_of(request).tenant, of.name, params.where(of), after=after, limit=params.limit + 1
        )
        page = found[: params.limit]
        cursor = encode_cursor(of.key_of(page[-1].record)) if len(found) > len(page) else None
        return _json({"data": [row_of(stored) for stored in page], "next_cursor": cursor})

    async def create(self, request: Request, kind: KindPath) -> Response:
        """Create a record. The same again changes nothing (200); another one of the same key is refused (409)."""
        of, tenant = known_kind(kind), editor_of(request)
        record = record_from(of, without_version(decoded(request, await whole_body(self._bodies, request))))
        outcome = only(await self._catalog.write(tenant, [Put(record, "create")]))
        assert outcome.stored is not None
        return answer(of, outcome.stored, status=201 if outcome.action == "created" else 200)

    async def show(self, request: Request, kind: KindPath, key: KeyPath) -> Response:  # noqa: ARG002 - read from the raw path
        """One record, with its ETag."""
        of = known_kind(kind)
        stored = await self._catalog.get(identity_of(request).tenant, of.name, named(request, of))
        if request.headers.get("if-none-match", "").removeprefix("W/") == f'"{stored.version}"':
            return Response(status_code=304, headers={"etag": f'"{stored.version}"'})
        return answer(of, stored)

    async def replace(self, request: Request, kind: KindPath, key: KeyPath) -> Response:  # noqa: ARG002 - as above
        """Replace a record as a whole: what the body leaves out is put back to its default. Needs If-Match."""
        of, tenant = known_kind(kind), editor_of(request)
        name, version = named(request, of), expected(request)
        fields = without_version(decoded(request, await whole_body(self._bodies, request)))
        record = record_from(of, dict(zip(of.key, name, strict=True)) | fields)
        if of.key_of(record) != name:
            raise InvalidInput(
                f"the body is of {of.text(of.key_of(record))!r}, the path of {of.text(name)!r}",
                code="key_is_fixed",
                hint="leave the key out of the body",
                pointer=f"/{of.key[-1]}",
            )
        edit = Put(record, "replace", version)
        outcome = only(await self._catalog.write(tenant, [edit]))
        assert outcome.stored is not None
        return answer(of, outcome.stored)

    async def change(self, request: Request, kind: KindPath, key: KeyPath) -> Response:  # noqa: ARG002 - as above
        """Change some fields of a record by a JSON merge patch (RFC 7396): null puts a field back. Needs If-Match."""
        of, tenant = known_kind(kind), editor_of(request)
        name, version = named(request, of), expected(request)
        changes = without_version(decoded(request, await whole_body(self._bodies, request)))
        edit = Merge(of.name, name, changes, version=version)
        outcome = only(await self._catalog.write(tenant, [edit]))
        assert outcome.stored is not None
        return answer(of, outcome.stored)

    async def delete(self, request: Request, kind: KindPath, key: KeyPath) -> Response:  # noqa: ARG002 - as above
        """Delete a record to which nothing refers any more, and answer what it was. Needs If-Match."""
        of = known_kind(kind)
        tenant, name, version = editor_of(request), named(request, of), expected(request)
        was = await self._catalog.get(tenant, of.name, name)
        # Of the version that is answered, whatever the caller accepts.
        only(await self._catalog.write(tenant, [Remove(of.name, name, was.version if version is None else version)]))
        return _json(row_of(was))

    # -- series that no point places

    async def unassigned(self, request: Request, params: Annotated[UnassignedParams, Query()]) -> Response:
        """Series that the catalog places nowhere: new sensors appear here by themselves, with the place that they say."""
        tenant, cursor = identity_of(request).tenant, params.cursor
        await self._places.refresh()
        placing = self._places.of(tenant)
        tables: list[pa.Table] = []
        found, pages = 0, 0
        size = params.limit
        while True:
            question = Series(tenant=tenant, where=params.select(), limit=size, cursor=cursor)
            page = await self._services.reader.ask(question)
            rows = cast(list[dict[str, Any]], page.table.select(["site_id", "sensor_id", "metric", "unit"]).to_pylist())
            free = [placing is None or not placing.covers(SeriesKey(*row.values())) for row in rows]
            pages += 1
            if found + sum(free) > params.limit:  # its cursor must be that of the last one that is told
                size = list(accumulate(map(int, free))).index(params.limit - found) + 1
                continue
            tables.append(page.table.filter(pa.array(free, pa.bool_())))
            found, cursor = found + sum(free), page.next_cursor
            # Where most are placed, pages as short as what is wanted would find next to nothing.
            size = min(_LONGEST, max(2 * size, params.limit - found))
            if found >= params.limit or cursor is None or pages >= _PAGES:
                break
        merged = Answer(pa.concat_tables(tables), page.as_of, page.staleness_ms, page.complete, cursor)
        return await render(request, merged)

    async def assign(self, request: Request) -> Response:
        """Say where and by what sensors measure, one or many at once, all or none; points are created as needed.

        Of `building`, `room` and `equipment` those that are left out are emptied when another one is named; every other
        field that is left out stays as it was.
        """
        tenant = editor_of(request)
        given = decoded(request, await whole_body(self._bodies, request))
        listed: list[Any] = cast(list[Any], given) if isinstance(given, list) else [given]
        edits = [interchange.merge(_assignment(without_version(fields))) for fields in listed]
        outcomes = await self._catalog.write(tenant, edits)
        interchange.refuse(edits, outcomes)
        rows = [{"action": o.action, **row_of(o.stored)} for o in outcomes if o.stored is not None]
        return _json({"data": rows})

    # -- import and export

    async def export(self, request: Request, params: Annotated[ExportParams, Query()]) -> Response:
        """The whole catalog as JSON, Brick (JSON-LD) or Haystack (JSON), or one kind of record as CSV."""
        snapshot = await self._catalog.snapshot(identity_of(request).tenant)
        kind = known_kind(params.kind)
        document = await asyncio.to_thread(interchange.write, params.format, snapshot, kind)
        headers = {
            "content-disposition": f'attachment; filename="{document.name}"',
            "etag": f'"{snapshot.revision}"',
            "cache-control": "private, no-cache",
        }
        return Response(document.body, headers=headers, media_type=document.media_type)

    async def take_in(self, request: Request, params: Annotated[ImportParams, Query()]) -> Response:
        """Create and change records from a file as an export writes it: all of them, or none if one is refused (400).

        Fields that the file does not have stay as they were; nothing is deleted. `dry_run` answers the verdicts alone.
        """
        tenant = editor_of(request)
        body = await whole_body(self._bodies, request)
        kind = known_kind(params.kind)
        form = params.format or interchange.form_of(media_type(request))
        drafts = await asyncio.to_thread(interchange.read, form, body, kind, create_missing=params.create_missing)
        verdicts = await interchange.store(self._catalog, tenant, drafts, dry_run=params.dry_run)
        return _json(verdicts)


def _assignment(fields: Mapping[str, Any]) -> interchange.Draft:
    """What an assignment says of a point; a place is said as a whole."""
    if any(fields.get(name) is not None for name in _PLACE):
        fields = dict.fromkeys(_PLACE) | dict(fields)
    return interchange.Draft(KINDS["points"], fields)


def _json(document: Any) -> Response:
    return Response(msgspec.json.encode(document), media_type=JSON)
