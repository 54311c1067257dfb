"""What a record may hold, besides its types: checked by every adapter before it is stored."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from penstock.model.errors import InvalidInput
from penstock.model.series import MAX_NAME, check_name
from penstock.store.catalog.records import Equipment, Key, Kind, Point, Record, SensorType, Site, kind_of

__all__ = ["MAX_ATTRIBUTES", "MAX_TEXT", "check", "merged", "record_from"]

MAX_TEXT: Final = 4_000
MAX_ATTRIBUTES: Final = 64
_SAFE_INTEGER: Final = 1 << 53
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_PLACE: Final = re.compile(r" - at `\$(.*)`$")
_LONG_TEXTS: Final = frozenset({"description", "preprocessing"})


def record_from(kind: Kind, fields: Any) -> Record:
    """`fields` (as from JSON) as a record of `kind`, checked. Raises InvalidInput with a pointer to the field at fault."""
    try:
        record = msgspec.convert(fields, kind.record)
    except msgspec.ValidationError as error:
        raise _refusal(kind, str(error)) from None
    check(record)
    return record


def merged(kind: Kind, key: Key, current: Record | None, changes: Mapping[str, Any]) -> Record:
    """`current` (None: a record with nothing but its key) with `changes` on top, where None puts a field back to its default:
    a JSON merge patch (RFC 7396). Raises InvalidInput, also when the key would change.
    """
    given = dict(zip(kind.key, key, strict=True))
    fields: dict[str, Any] = given if current is None else msgspec.structs.asdict(current)
    for name, value in changes.items():
        if name in given:
            if value != given[name]:
                raise InvalidInput(
                    f"{name} names the {kind.singular} and cannot change",
                    code="key_is_fixed",
                    hint="create another one, and delete this one",
                    pointer=f"/{name}",
                )
        elif name == "attributes" and isinstance(value, Mapping):
            kept: dict[str, Any] = {**fields.get("attributes", {}), **value}
            fields["attributes"] = {k: v for k, v in kept.items() if v is not None}
        elif value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return record_from(kind, fields)


def check(record: Record) -> None:
    """Raises InvalidInput with a pointer to the field that cannot be as it is."""
    kind = kind_of(record)
    for field in kind.fields:
        value = getattr(record, field)
        if field in kind.key:
            if field == "metric" and not value:
                continue
            if reason := check_name(field, value):
                raise InvalidInput(reason, code="invalid_name", pointer=f"/{field}")
        elif isinstance(value, str):
            _check_text(f"/{field}", value, MAX_TEXT if field in _LONG_TEXTS else MAX_NAME)
    _check_attributes(record.attributes)
    match record:
        case Site(zone=zone) if zone:
            _check_zone(zone)
        case SensorType(accuracy=accuracy) if accuracy is not None and not 0 <= accuracy < math.inf:
            raise InvalidInput(f"accuracy {accuracy} is not 0 or more", code="invalid_accuracy", pointer="/accuracy")
        case Equipment() | Point():
            _check_place(record)
        case _:
            pass


def _check_place(record: Equipment | Point) -> None:
    if record.room is not None and record.building is None:
        raise InvalidInput(
            "a room is named with its building", code="missing_field", hint="add `building`", pointer="/building"
        )
    if isinstance(record, Equipment) and record.site is not None and record.building is not None:
        raise InvalidInput(
            "the site follows from the building, so only one of them can be said",
            code="redundant_field",
            hint="leave `site` out",
            pointer="/site",
        )


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"zone {zone!r:.60} is no IANA time zone",
            code="invalid_zone",
            hint="such as Europe/Berlin",
            pointer="/zone",
        ) from None


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    if len(attributes) > MAX_ATTRIBUTES:
        raise InvalidInput(
            f"{len(attributes)} attributes are more than {MAX_ATTRIBUTES}", code="too_many", pointer="/attributes"
        )
    for name, value in attributes.items():
        pointer = f"/attributes/{name.replace('~', '~0').replace('/', '~1')}"
        if reason := check_name("the name of an attribute", name):
            raise InvalidInput(reason, code="invalid_name", pointer="/attributes")
        if isinstance(value, str):
            _check_text(pointer, value, MAX_TEXT)
        elif not math.isfinite(value) or (isinstance(value, int) and abs(value) > _SAFE_INTEGER):
            raise InvalidInput(
                f"{value!r:.40} is not a number that JSON carries", code="invalid_number", pointer=pointer
            )


def _check_text(pointer: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidInput(f"{len(text)} characters are more than {most}", code="too_long", pointer=pointer)
    if _UNPRINTABLE.search(text):
        raise InvalidInput("the text holds a control character", code="invalid_text", pointer=pointer)


def _refusal(kind: Kind, said: str) -> InvalidInput:
    """The words of a type error, with its place as a JSON pointer."""
    place = _PLACE.search(said)
    # Which one of a mapping it was is not said.
    pointer = re.sub(r"[.\[]", "/", place[1].partition("[...]")[0].replace("]", "")) if place else ""
    detail = said[: place.start()] if place else said
    hint = f"a {kind.singular} has {', '.join(kind.fields)}"
    return InvalidInput(detail, code="invalid_field", hint=hint, pointer=pointer)
