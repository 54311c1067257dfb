"""Records of one kind as CSV: a column for each field. Columns that are left out are left as they are.

Cells are separated by commas, and in what is read also by semicolons or tabs, as spreadsheets of some countries write it. Attributes are
JSON in their column. A cell that a spreadsheet would run as a formula gets a leading apostrophe when it is
written, which is taken off again when it is read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from penstock.api.catalog.drafts import Draft, missing
from penstock.model.errors import InvalidInput
from penstock.store.catalog import Kind, Snapshot

__all__ = ["read", "write"]

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_REFERENCES: Final = frozenset({"site", "building", "room", "equipment", "part_of", "device", "sensor_type"})
_SEPARATORS: Final = (",", ";", "\t")
_SITE: Final = "site"
"""A column that only a flat file of points has: the site of a building that is created for it."""


def write(snapshot: Snapshot, kind: Kind) -> bytes:
    """All records of `kind`, with a header; UTF-8, lines end as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(kind.fields)
    for row in snapshot.records.get(kind.name, ()):
        writer.writerow(_cell(getattr(row.record, field)) for field in kind.fields)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode() if value else ""
    if isinstance(value, str) and value.lstrip("'").startswith(_RISKY):
        return "'" + value
    return value


def read(body: bytes, kind: Kind, *, create_missing: bool) -> Sequence[Draft]:
    """A draft for each row, and with `create_missing` one for each record that rows of points name.

    Raises InvalidInput for what is no CSV, columns that the kind has not, and attributes that are no JSON.
    """
    if create_missing and kind.name != "points":
        raise InvalidInput("only a file of points names what could be missing", code="invalid_parameters")
    (_, header), *lines = _rows(body) or [(1, [])]
    names = [name.strip() for name in header]
    known = {*kind.fields, *({_SITE} if create_missing else ())}
    if unknown := [name for name in names if name not in known] or len(set(names)) < len(names):
        raise InvalidInput(
            f"the header {','.join(names)!r:.200} has columns that a {kind.singular} has not, or one twice: {unknown}",
            code="malformed_csv",
            hint=f"any of {', '.join(sorted(known))}",
        )
    drafts: list[Draft] = []
    for line, cells in lines:
        if len(cells) != len(names):
            raise InvalidInput(f"line {line} has {len(cells)} cells, the header {len(names)}", code="malformed_csv")
        fields = {name: _value(name, text, line) for name, text in zip(names, cells, strict=True)}
        site = fields.pop(_SITE, None) if kind.name == "points" else None
        if create_missing:
            drafts.extend(_named(fields, site, line))
        drafts.append(Draft(kind, fields, line=line))
    once: dict[tuple[str, bytes], Draft] = {}
    for one in drafts:
        once.setdefault((one.kind.name, msgspec.json.encode(one.fields)), one)
    return list(once.values())


def _rows(body: bytes) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line that it begins in, from 1."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise InvalidInput(
            f"line {line} is not UTF-8: {error.reason}", code="malformed_csv", hint="save the file as CSV in UTF-8"
        ) from None
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=max(_SEPARATORS, key=header.count))
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if cells:
                rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"the row that begins in line {line} is no CSV: {error}",
            code="malformed_csv",
            hint="a quote that opens a cell must be closed, and doubled where it is part of the text",
        ) from None
    return rows


def _value(name: str, text: str, line: int) -> Any:
    if name == "attributes":
        try:
            return msgspec.json.decode(text, type=dict[str, Any]) if text else {}
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput(f"attributes in line {line}: {error}", code="malformed_csv") from None
    if name == "accuracy":
        try:
            return float(text) if text else None
        except ValueError:
            raise InvalidInput(f"accuracy in line {line} is no number: {text!r:.40}", code="malformed_csv") from None
    if text.startswith("'") and text.lstrip("'").startswith(_RISKY):
        text = text[1:]
    return None if name in _REFERENCES and not text else text


def _named(fields: Mapping[str, Any], site: Any, line: int) -> Iterator[Draft]:
    """Bare records of what a point names, for those that are not there."""
    building, room = fields.get("building"), fields.get("room")
    place = site or fields.get("site_id")
    if building is not None:
        yield missing("sites", line, id=place)
        yield missing("buildings", line, id=building, site=place)
    if building is not None and room is not None:
        yield missing("rooms", line, building=building, id=room)
    for kind, name in (("equipment", "equipment"), ("devices", "device"), ("sensor-types", "sensor_type")):
        if fields.get(name) is not None:
            yield missing(kind, line, id=fields[name])
