"""Import and export: a file becomes drafts, drafts become edits with a verdict each, and the catalog becomes a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, cast

import msgspec

from penstock.api.catalog import brick, haystack, sheet
from penstock.api.catalog.drafts import Draft, edit, merge
from penstock.api.problems import MAX_ROWS
from penstock.model.errors import InvalidInput, PenstockError, RowError
from penstock.store.catalog import KINDS, MAX_EDITS, Catalog, Edit, Kind, Merge, Outcome, Snapshot

__all__ = ["Document", "Draft", "Format", "form_of", "merge", "read", "refuse", "store", "write"]

Format = Literal["json", "csv", "brick", "haystack"]


class Document(NamedTuple):
    """A file that was written."""

    name: str
    media_type: str
    body: bytes


def form_of(media: str) -> Format:
    """The format of a media type. Raises InvalidInput (`unsupported_media_type`) where none follows."""
    found: Format | None = _BY_MEDIA.get(media)
    if found is None:
        raise InvalidInput(
            f"what format {media or 'a body without Content-Type'} is in is not known",
            code="unsupported_media_type",
            hint=f"send one of {', '.join(_BY_MEDIA)}, or say format=",
        )
    return found


def write(form: Format, snapshot: Snapshot, kind: Kind) -> Document:
    """The catalog as a file; `kind` tells which records CSV holds."""
    if form == "csv":
        return Document(f"{kind.name}.csv", "text/csv", sheet.write(snapshot, kind))
    name, media_type, encode = _WRITERS[form]
    return Document(name, media_type, msgspec.json.format(msgspec.json.encode(encode(snapshot)), indent=1) + b"\n")


def read(form: Format, body: bytes, kind: Kind, *, create_missing: bool) -> Sequence[Draft]:
    """What a file says. Raises InvalidInput where it cannot be read, or would be more than one import."""
    if form == "csv":
        drafts = sheet.read(body, kind, create_missing=create_missing)
    else:
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the body is not JSON: {error}", code="malformed_json") from None
        drafts = _READERS[form](document)
    if not drafts:
        raise InvalidInput("nothing in it is of the catalog", code="empty_request", hint="docs/catalog.md has examples")
    if len(drafts) > MAX_EDITS:
        raise InvalidInput(
            f"{len(drafts)} records are more than {MAX_EDITS}", code="too_many", hint="send them in parts"
        )
    return drafts


async def store(catalog: Catalog, tenant: str, drafts: Sequence[Draft], *, dry_run: bool) -> Mapping[str, Any]:
    """Import them all, or none; the verdicts as JSON. Raises InvalidInput with a row error for each that is refused."""
    if any(given.bare for given in drafts):
        there = (await catalog.snapshot(tenant)).records
        names = {(kind, KINDS[kind].key_of(row.record)) for kind, rows in there.items() for row in rows}
        drafts = [given for given in drafts if not (given.bare and merge(given)[:2] in names)]
    edits: list[Edit] = []
    outcomes: list[Outcome | None] = []
    for given in drafts:
        try:
            edits.append(edit(given))
            outcomes.append(None)
        except InvalidInput as error:
            outcomes.append(Outcome("refused", error=error))
    broken = len(edits) < len(drafts)
    judged = iter(await catalog.write(tenant, edits, dry_run=dry_run or broken))
    verdicts = [outcome or next(judged) for outcome in outcomes]
    if not dry_run:
        refuse(drafts, verdicts)
    rows = [_verdict(i, given, outcome) for i, (given, outcome) in enumerate(zip(drafts, verdicts, strict=True))]
    told = Counter(row["action"] for row in rows)
    counts = {action: told[action] for action in ("created", "updated", "unchanged", "refused")}
    return {"dry_run": dry_run, "records": len(rows), **counts, "data": rows[:MAX_ROWS]}


def refuse(given: Sequence[Draft | Edit], outcomes: Sequence[Outcome]) -> None:
    """Raises InvalidInput, telling each edit that was refused and why, if there is one."""
    rows = [
        RowError(i, outcome.error.code, f"{_name(what)}: {outcome.error.detail}")
        for i, (what, outcome) in enumerate(zip(given, outcomes, strict=True))
        if outcome.error is not None
    ]
    if rows:
        raise InvalidInput(
            f"{len(rows)} of {len(outcomes)} are refused, so nothing was changed; row {rows[0].row}: {rows[0].detail}",
            code="refused",
            hint="mend or leave out the rows in `errors`",
            rows=rows,
        )


def _verdict(row: int, given: Draft, outcome: Outcome) -> dict[str, Any]:
    verdict: dict[str, Any] = {"row": row, "kind": given.kind.name, "key": _key(given), "action": outcome.action}
    error: PenstockError | None = outcome.error
    if given.line is not None:
        verdict["line"] = given.line
    return verdict | ({"code": error.code, "detail": error.detail} if error else {})


def _key(given: Draft) -> str:
    return given.kind.text(tuple(str(given.fields.get(field, "")) for field in given.kind.key))


def _name(what: Draft | Edit) -> str:
    if isinstance(what, Draft):
        return f"{what.kind.singular} {_key(what)!r}"
    if isinstance(what, Merge):
        return f"{KINDS[what.kind].singular} {KINDS[what.kind].text(what.key)!r}"
    return what.__class__.__name__


def _plain(snapshot: Snapshot) -> dict[str, Any]:
    """Kind → its records."""
    return {kind: [msgspec.structs.asdict(row.record) for row in rows] for kind, rows in snapshot.records.items()}


def _from_plain(document: Any) -> Sequence[Draft]:
    if not isinstance(document, dict) or not all(isinstance(rows, list) for rows in document.values()):
        raise InvalidInput(
            'the body is not an object such as {"rooms": [{…}]}', code="malformed_json", hint=f"with {', '.join(KINDS)}"
        )
    drafts: list[Draft] = []
    for name, rows in cast(dict[str, list[Any]], document).items():
        if name not in KINDS:
            raise InvalidInput(f"{name!r:.60} is no kind of the catalog", code="unknown_kind", hint=", ".join(KINDS))
        for n, fields in enumerate(rows):
            if not isinstance(fields, dict):
                raise InvalidInput("a record is an object", code="malformed_json", pointer=f"/{name}/{n}")
            known = cast(dict[str, Any], fields)
            drafts.append(Draft(KINDS[name], {k: v for k, v in known.items() if k != "version"}))
    return drafts


_WRITERS: Final[Mapping[str, tuple[str, str, Callable[[Snapshot], Any]]]] = {
    "json": ("catalog.json", "application/json", _plain),
    "brick": ("catalog.jsonld", "application/ld+json", brick.document),
    "haystack": ("catalog.hayson.json", "application/json", haystack.grid),
}
_READERS: Final[Mapping[str, Callable[[Any], Sequence[Draft]]]] = {
    "json": _from_plain,
    "brick": brick.drafts,
    "haystack": haystack.drafts,
}
_BY_MEDIA: Final[Mapping[str, Format]] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/ld+json": "brick",
}
