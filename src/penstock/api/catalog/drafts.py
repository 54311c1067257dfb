"""What a file says of one record, before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock.model.errors import InvalidInput
from penstock.store.catalog import KINDS, Key, Kind, Merge, Put, record_from

__all__ = ["Draft", "draft", "edit", "merge", "missing"]


@dataclass(frozen=True, slots=True)
class Draft:
    """`fields` of a record of `kind`, as a file has them: any of its fields, with None for "put back".

    One that is `bare` is only named by others: it is created where it is not there, and else left as it is. `line` is where a file of lines
    says it, from 1; None for other files.
    """

    kind: Kind
    fields: Mapping[str, Any]
    bare: bool = False
    line: int | None = None


def draft(kind: str, **fields: Any) -> Draft:
    """A draft of the kind of that name."""
    return Draft(KINDS[kind], fields)


def missing(kind: str, line: int, **fields: Any) -> Draft:
    """A bare draft of the kind of that name, of what a file names in that line."""
    return Draft(KINDS[kind], fields, bare=True, line=line)


def edit(given: Draft) -> Put | Merge:
    """The edit that makes it so. Raises InvalidInput where it cannot be a record."""
    return Put(record_from(given.kind, given.fields), "create") if given.bare else merge(given)


def merge(given: Draft) -> Merge:
    """The edit that makes it so, whether the record is there or not. Raises InvalidInput where its key is not whole."""
    kind, parts = given.kind, list[str]()
    for field in kind.key:
        value = given.fields.get(field, "" if field == "metric" else None)
        if not isinstance(value, str):
            raise InvalidInput(f"a {kind.singular} needs {field}, as text", code="missing_field", pointer=f"/{field}")
        parts.append(value)
    key: Key = tuple(parts)
    changes = {name: value for name, value in given.fields.items() if name not in kind.key}
    return Merge(kind.name, key, changes, create=True)
