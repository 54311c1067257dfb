"""The catalog: what there is and where it stands, besides what it measured. The port, and the words of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from penstock.model.errors import PenstockError
from penstock.store.catalog.records import Key, Record

__all__ = ["MAX_EDITS", "Catalog", "Edit", "Merge", "Outcome", "Put", "Remove", "Snapshot", "Stored"]

MAX_EDITS = 50_000
"""Edits that one `write` may hold."""


class Stored(NamedTuple):
    """A record as it is stored. `version` is the tenant's revision that wrote it, so it never comes back."""

    record: Record
    version: int


class Put(NamedTuple):
    """Store a whole record; `how` tells what may be there.

    create   refused as Conflict (`already_exists`) when another one is there; an equal one is left as it is
    replace  NotFound unless it is there
    any      whatever is there
    """

    record: Record
    how: Literal["create", "replace", "any"] = "any"
    version: int | None = None


class Merge(NamedTuple):
    """Change some fields of a record, see `rules.merged`; with `create` of one that is not there yet."""

    kind: str
    key: Key
    changes: Mapping[str, Any]
    create: bool = False
    version: int | None = None


class Remove(NamedTuple):
    """Delete a record. Conflict (`in_use`) while others refer to it."""

    kind: str
    key: Key
    version: int | None = None


Edit = Put | Merge | Remove
"""One change. With `version`, Conflict (`precondition_failed`) when the record has another one."""


class Outcome(NamedTuple):
    """What an edit did, or would do. `stored` is None after a removal and with an error."""

    action: Literal["created", "updated", "unchanged", "removed", "refused"]
    stored: Stored | None = None
    error: PenstockError | None = None


class Snapshot(NamedTuple):
    """Everything of a tenant at one revision: kind → records in the order of their keys."""

    revision: int
    records: Mapping[str, Sequence[Stored]]


class Catalog(Protocol):
    """Contract of every adapter (`tests/contracts/test_catalog.py`). Several processes may have one catalog open.

    `open` comes first, `close` last; between them every method may be called concurrently. Texts are compared by code
    point. Errors: those named here, Unavailable (try again), Misconfigured (at `open`), nothing else.
    """

    async def open(self) -> None:
        """Connect, and bring the schema up to date; several processes may do so at once."""
        ...

    async def close(self) -> None: ...

    async def revisions(self) -> Mapping[str, int]:
        """Tenant → how often it has changed; cheap enough to be asked several times a second."""
        ...

    async def snapshot(self, tenant: str) -> Snapshot:
        """Everything of one moment."""
        ...

    async def find(
        self, tenant: str, kind: str, where: Mapping[str, str], *, after: Key | None = None, limit: int
    ) -> Sequence[Stored]:
        """Records in the order of their keys, behind `after`. `where`: field → exact text, or with `*` for any characters."""
        ...

    async def get(self, tenant: str, kind: str, key: Key) -> Stored:
        """Raises NotFound."""
        ...

    async def write(self, tenant: str, edits: Sequence[Edit], *, dry_run: bool = False) -> Sequence[Outcome]:
        """All edits in one transaction, or none where one is refused; an outcome for each, in order.

        References are judged after all of them, so edits may come in any order. An InvalidInput that names something which
        is not there has the code `unknown_reference`. Raises InvalidInput for more than MAX_EDITS.
        """
        ...
