"""Edits judged in memory against what is stored: what each one does, or why it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from penstock.model.errors import Conflict, InvalidInput, NotFound, PenstockError
from penstock.store.catalog.port import Edit, Merge, Outcome, Put, Remove, Stored
from penstock.store.catalog.records import KINDS, Equipment, Key, Kind, Record, kind_of, referred
from penstock.store.catalog.rules import check, merged

__all__ = ["Name", "Shelf", "judge"]

_SHOWN: Final = 5

Name = tuple[str, Key]
"""Kind and key of a record."""


class Shelf(Protocol):
    """What one transaction reads of a tenant."""

    def get(self, kind: str, key: Key) -> Stored | None: ...

    def referring(self, kind: str, key: Key) -> Iterator[Name]:
        """Names of stored records that refer to this one."""
        ...


class _View:
    """What is stored, with the edits so far on top; `changed` holds these: name → record, None where it is removed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.changed: dict[Name, Record | None] = {}

    def get(self, kind: str, key: Key) -> Record | None:
        name = (kind, key)
        if name in self.changed:
            return self.changed[name]
        stored = self._shelf.get(kind, key)
        return stored.record if stored else None

    def referring(self, kind: str, key: Key) -> list[Name]:
        stored = (name for name in self._shelf.referring(kind, key) if name not in self.changed)
        edited = (name for name, record in self.changed.items() if record is not None and _refers(record, kind, key))
        return sorted({*stored, *edited})


def judge(shelf: Shelf, edits: Sequence[Edit], revision: int) -> tuple[list[Outcome], Mapping[Name, Record | None]]:
    """An outcome for each edit, and what is to be written if none of them is refused; it gets the version `revision`."""
    view = _View(shelf)
    outcomes = [_apply(shelf, view, edit, revision) for edit in edits]
    for i, edit in enumerate(edits):
        if outcomes[i].action != "refused" and (error := _broken(view, edit)):
            outcomes[i] = Outcome("refused", error=error)
    return outcomes, view.changed


def _apply(shelf: Shelf, view: _View, edit: Edit, revision: int) -> Outcome:
    kind, key = _named(edit)
    before = shelf.get(kind.name, key)
    current = view.get(kind.name, key)
    try:
        if edit.version is not None:
            _check_version(kind, key, before if current is not None else None, edit.version)
        record = _record(kind, key, current, edit)
    except PenstockError as error:
        return Outcome("refused", error=error)
    if record is None:
        view.changed[kind.name, key] = None
        return Outcome("removed")
    if before is not None and record == current == before.record:
        return Outcome("unchanged", before)
    view.changed[kind.name, key] = record
    return Outcome("updated" if current is not None else "created", Stored(record, revision))


def _record(kind: Kind, key: Key, current: Record | None, edit: Edit) -> Record | None:
    """What the edit makes of `current`: the record, or None to remove it. Raises what refuses it."""
    match edit:
        case Remove():
            if current is None:
                raise _unknown(kind, key)
            return None
        case Merge(changes=changes, create=create):
            if current is None and not create:
                raise _unknown(kind, key)
            return merged(kind, key, current, changes)
        case Put(record=record, how=how):
            check(record)
            if current is None and how == "replace":
                raise _unknown(kind, key)
            if current is not None and how == "create" and current != record:
                raise Conflict(
                    f"there is a {kind.singular} {kind.text(key)!r} already, and it is another one",
                    code="already_exists",
                    hint="PUT replaces it",
                )
            return record


def _named(edit: Edit) -> tuple[Kind, Key]:
    if isinstance(edit, Put):
        kind = kind_of(edit.record)
        return kind, kind.key_of(edit.record)
    return KINDS[edit.kind], edit.key


def _check_version(kind: Kind, key: Key, stored: Stored | None, version: int) -> None:
    if stored is None:
        raise _unknown(kind, key)
    if stored.version != version:
        expected = f"{version}" if version >= 0 else "the one that was named"
        raise Conflict(
            f"the {kind.singular} {kind.text(key)!r} has version {stored.version}, not {expected}: it was changed meanwhile",
            code="precondition_failed",
            hint="read it again, and repeat the change on what it is now",
        )


def _broken(view: _View, edit: Edit) -> PenstockError | None:
    """Why the edit cannot be, now that all of them are made: what it refers to, or what refers to it."""
    kind, key = _named(edit)
    record = view.get(kind.name, key)
    if record is None:
        return _in_use(view, kind, key)
    for reference, other in referred(kind, record):
        if view.get(reference.kind, other) is None:
            there = KINDS[reference.kind]
            return InvalidInput(
                f"there is no {there.singular} {there.text(other)!r}",
                code="unknown_reference",
                hint=f"create it first: POST /v1/catalog/{reference.kind}",
                pointer=f"/{reference.fields[-1]}",
            )
    if isinstance(record, Equipment) and record.part_of is not None:
        return _cycle(view, record)
    return None


def _in_use(view: _View, kind: Kind, key: Key) -> Conflict | None:
    names = view.referring(kind.name, key)
    if not names:
        return None
    shown = ", ".join(f"{KINDS[k].singular} {KINDS[k].text(other)!r}" for k, other in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Conflict(
        f"the {kind.singular} {kind.text(key)!r} is referred to by {shown}{more}",
        code="in_use",
        hint="delete or move these first",
    )


def _cycle(view: _View, record: Equipment) -> InvalidInput | None:
    seen, part_of = {record.id}, record.part_of
    while part_of is not None:
        if part_of in seen:
            return InvalidInput(
                f"{record.id!r} would be part of itself, by way of {record.part_of!r}", code="cycle", pointer="/part_of"
            )
        seen.add(part_of)
        above = view.get("equipment", (part_of,))
        part_of = above.part_of if isinstance(above, Equipment) else None
    return None


def _unknown(kind: Kind, key: Key) -> NotFound:
    return NotFound(
        f"there is no {kind.singular} {kind.text(key)!r}", hint=f"GET /v1/catalog/{kind.name} lists what there is"
    )


def _refers(record: Record, kind: str, key: Key) -> bool:
    return any(reference.kind == kind and other == key for reference, other in referred(kind_of(record), record))
