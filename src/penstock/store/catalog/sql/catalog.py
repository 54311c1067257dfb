"""The catalog on SQLAlchemy Core. Transactions of one tenant take turns on its row, so what was judged still holds at COMMIT."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, Table, and_, bindparam, delete, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from penstock.model.errors import InvalidInput, NotFound
from penstock.store.catalog.port import MAX_EDITS, Edit, Outcome, Snapshot, Stored
from penstock.store.catalog.records import KINDS, Key, Kind, Record, kind_named, referred
from penstock.store.catalog.sql.judge import Name, judge
from penstock.store.catalog.sql.schema import connect, translated, upgrade, writing
from penstock.store.catalog.sql.tables import TABLES
from penstock.store.catalog.sql.tables import tenant as tenants

__all__ = ["SqlCatalog", "SqlConfig"]

_WHOLE: Final = 200
"""Edits from which a tenant is read as a whole: one query per kind instead of several per edit."""


@dataclass(frozen=True, slots=True)
class SqlConfig:
    """`url`: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`."""

    url: str


class SqlCatalog:
    """A `Catalog`. Every call runs in a worker thread on a connection of its own."""

    def __init__(self, config: SqlConfig) -> None:
        self._engine: Engine = connect(config.url)

    async def open(self) -> None:
        """See `Catalog.open`."""
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        with translated():
            upgrade(self._engine)

    async def close(self) -> None:
        """See `Catalog.close`."""
        await asyncio.to_thread(self._engine.dispose)

    async def revisions(self) -> Mapping[str, int]:
        """See `Catalog.revisions`."""
        return await asyncio.to_thread(self._revisions)

    def _revisions(self) -> Mapping[str, int]:
        with translated(), self._engine.connect() as connection:
            return {row.tenant: row.revision for row in connection.execute(select(tenants))}

    async def snapshot(self, tenant: str) -> Snapshot:
        """See `Catalog.snapshot`."""
        return await asyncio.to_thread(self._snapshot, tenant)

    def _snapshot(self, tenant: str) -> Snapshot:
        # SQLite reads one moment in any transaction, PostgreSQL in one of this level.
        level = {"isolation_level": "REPEATABLE READ"} if self._engine.dialect.name == "postgresql" else {}
        with translated(), self._engine.connect() as plain:
            connection = plain.execution_options(**level)
            with connection.begin():
                revision = connection.execute(select(tenants.c.revision).where(tenants.c.tenant == tenant)).scalar()
                return Snapshot(revision or 0, _everything(connection, tenant))

    async def find(
        self, tenant: str, kind: str, where: Mapping[str, str], *, after: Key | None = None, limit: int
    ) -> Sequence[Stored]:
        """See `Catalog.find`."""
        return await asyncio.to_thread(self._find, tenant, kind_named(kind), where, after, limit)

    def _find(
        self, tenant: str, kind: Kind, where: Mapping[str, str], after: Key | None, limit: int
    ) -> Sequence[Stored]:
        table = TABLES[kind.name]
        key = [table.c[field] for field in kind.key]
        wanted = select(table).where(table.c.tenant == tenant).order_by(*key).limit(limit)
        for field, text in where.items():
            column = table.c[field]
            wanted = wanted.where(column.like(_like(text), escape="\\") if "*" in text else column == text)
        if after is not None:
            wanted = wanted.where(tuple_(*key) > tuple_(*after) if len(key) > 1 else key[0] > after[0])
        with translated(), self._engine.connect() as connection:
            return [_stored(kind, row) for row in connection.execute(wanted).mappings()]

    async def get(self, tenant: str, kind: str, key: Key) -> Stored:
        """See `Catalog.get`."""
        return await asyncio.to_thread(self._get, tenant, kind_named(kind), key)

    def _get(self, tenant: str, kind: Kind, key: Key) -> Stored:
        with translated(), self._engine.connect() as connection:
            found = _Shelf(connection, tenant).get(kind.name, key)
        if found is None:
            raise NotFound(
                f"there is no {kind.singular} {kind.text(key)!r}",
                hint=f"GET /v1/catalog/{kind.name} lists what there is",
            )
        return found

    async def write(self, tenant: str, edits: Sequence[Edit], *, dry_run: bool = False) -> Sequence[Outcome]:
        """See `Catalog.write`."""
        if len(edits) > MAX_EDITS:
            raise InvalidInput(
                f"{len(edits)} changes at once are more than {MAX_EDITS}", code="too_many", hint="send them in parts"
            )
        return await asyncio.to_thread(self._write, tenant, edits, dry_run)

    def _write(self, tenant: str, edits: Sequence[Edit], dry_run: bool) -> Sequence[Outcome]:
        with translated(), writing(self._engine) as connection:
            revision = _lock(connection, tenant) + 1
            shelf = _Shelf(connection, tenant, whole=len(edits) >= _WHOLE)
            outcomes, changed = judge(shelf, edits, revision)
            if dry_run or any(outcome.error for outcome in outcomes):
                connection.rollback()
            elif changed:
                _save(connection, tenant, shelf, changed, revision)
            return outcomes


class _Shelf:
    """A `Shelf` of one transaction; `whole` reads the tenant at once and answers from memory."""

    def __init__(self, connection: Connection, tenant: str, *, whole: bool = False) -> None:
        self._connection = connection
        self._tenant = tenant
        self._whole = whole
        self._known: dict[Name, Stored | None] = {}
        self._referring: dict[Name, list[Name]] = defaultdict(list)
        if whole:
            for kind, rows in _everything(connection, tenant).items():
                for stored in rows:
                    self._take(KINDS[kind], stored)

    def _take(self, kind: Kind, stored: Stored) -> None:
        name = (kind.name, kind.key_of(stored.record))
        self._known[name] = stored
        for reference, other in referred(kind, stored.record):
            self._referring[reference.kind, other].append(name)

    def get(self, kind: str, key: Key) -> Stored | None:
        """The stored record, or None."""
        name = (kind, key)
        if name not in self._known:
            self._known[name] = None if self._whole else self._read(KINDS[kind], key)
        return self._known[name]

    def _read(self, kind: Kind, key: Key) -> Stored | None:
        table = TABLES[kind.name]
        wanted = select(table).where(table.c.tenant == self._tenant, *_equal(table, kind.key, key))
        row = self._connection.execute(wanted).mappings().one_or_none()
        return None if row is None else _stored(kind, row)

    def referring(self, kind: str, key: Key) -> Iterator[Name]:
        """Names of stored records that refer to this one."""
        if self._whole:
            yield from self._referring[kind, key]
            return
        for other in KINDS.values():
            table = TABLES[other.name]
            for reference in other.references:
                if reference.kind == kind:
                    names = select(*(table.c[field] for field in other.key))
                    wanted = names.where(table.c.tenant == self._tenant, *_equal(table, reference.fields, key))
                    yield from ((other.name, tuple(row)) for row in self._connection.execute(wanted))


def _lock(connection: Connection, tenant: str) -> int:
    """The tenant's revision; its row is ours until the transaction ends."""
    new = {"tenant": tenant, "revision": 0}
    if connection.dialect.name == "postgresql":
        connection.execute(insert_postgresql(tenants).values(**new).on_conflict_do_nothing())
    else:
        connection.execute(insert_sqlite(tenants).values(**new).on_conflict_do_nothing())
    wanted = select(tenants.c.revision).where(tenants.c.tenant == tenant).with_for_update()
    return int(connection.execute(wanted).scalar_one())


def _save(
    connection: Connection, tenant: str, shelf: _Shelf, changed: Mapping[Name, Record | None], revision: int
) -> None:
    """Write what has changed, kind by kind; references are looked at when the transaction commits."""
    for kind in KINDS.values():
        table = TABLES[kind.name]
        new: list[dict[str, Any]] = []
        old: list[dict[str, Any]] = []
        gone: list[dict[str, Any]] = []
        for (name, key), record in changed.items():
            if name != kind.name:
                continue
            named = {f"key_{field}": text for field, text in zip(kind.key, key, strict=True)}
            there = shelf.get(name, key) is not None
            if record is None:
                gone += [named] if there else []
                continue
            row = msgspec.structs.asdict(record) | {"tenant": tenant, "version": revision}
            if there:
                old.append({f: v for f, v in row.items() if f not in {*kind.key, "tenant"}} | named)
            else:
                new.append(row)
        here = and_(table.c.tenant == tenant, *(table.c[field] == bindparam(f"key_{field}") for field in kind.key))
        if new:
            connection.execute(insert(table), new)
        if old:
            connection.execute(update(table).where(here), old)
        if gone:
            connection.execute(delete(table).where(here), gone)
    connection.execute(update(tenants).where(tenants.c.tenant == tenant).values(revision=revision))


def _everything(connection: Connection, tenant: str) -> Mapping[str, Sequence[Stored]]:
    found: dict[str, Sequence[Stored]] = {}
    for kind in KINDS.values():
        table = TABLES[kind.name]
        wanted = select(table).where(table.c.tenant == tenant).order_by(*(table.c[field] for field in kind.key))
        found[kind.name] = [_stored(kind, row) for row in connection.execute(wanted).mappings()]
    return found


def _stored(kind: Kind, row: RowMapping) -> Stored:
    return Stored(kind.record(**{field: row[field] for field in kind.fields}), row["version"])


def _equal(table: Table, fields: Sequence[str], key: Key) -> list[Any]:
    return [table.c[field] == text for field, text in zip(fields, key, strict=True)]


def _like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")
