"""SenML packs in JSON (RFC 8428) into Drafts: base fields resolved, times made absolute, units of the SenML registry.

A reading depends on the resolved record alone, so a pack and its resolved form yield the same Draft. A base field that
cannot be read costs the records that need it, until another one replaces it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import InvalidInput
from penstock.sources.formats.collect import INT64, Collector, check_rows
from penstock.sources.formats.fields import read_number, read_text, shown
from penstock.sources.formats.senml_units import senml_unit

__all__ = ["decode_senml"]

_VERSION: Final = 10
_ABSOLUTE: Final = 2.0**28
"""Seconds from which a time counts from 1970; below, it is relative to now."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")
_DEVICE: Final = re.compile(r"urn:dev:[a-z]+:[^:_/]+")
_BASES: Final = ("bn", "bt", "bu", "bv", "bs", "bver")
_LONGEST: Final = 256
_OTHER_VALUES: Final = {"vs": "text", "vb": "a boolean", "vd": "binary data"}


def decode_senml(body: bytes, *, now: int) -> Draft:
    """Readings of a SenML pack; a row is a record, and `now` (epoch ms) what relative times are relative to.

    A record's value is one reading, its sum another, of the metric with `_sum` added. A record of base fields only is not a
    row. Raises InvalidInput (`malformed_json`, `malformed_senml`), TooLarge.
    """
    check_rows(body.count(b"{"), "records")
    try:
        pack = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"not JSON: {str(error)[:200]}", code="malformed_json", hint="send a SenML pack: an array of records"
        ) from None
    if not isinstance(pack, list):
        raise InvalidInput(
            f"a SenML pack is an array of records, not {shown(pack)}",
            code="malformed_senml",
            hint='send [{"n": "urn:dev:ow:10e2073a01080063:temperature", "u": "Cel", "v": 23.1}]',
        )
    out, base, rows = Collector(), _Base(), 0
    records: list[object] = pack
    for at, record in enumerate(records):
        try:
            if not isinstance(record, dict):
                raise InvalidInput(f"a record must be a JSON object, not {shown(record)}", code="not_an_object")
            fields: dict[str, Any] = record
            base.take(fields)
            if fields and all(name in _BASES for name in fields):
                continue
            _read(fields, base, at, now, out)
        except InvalidInput as error:
            out.refuse(at, error)
        rows += 1
    return out.draft(rows)


class _Base:
    """The base fields in force. One that cannot be read is kept as its error, raised to every record that needs it."""

    def __init__(self) -> None:
        self._said: dict[str, Any] = {}

    def take(self, fields: Mapping[str, Any]) -> None:
        for name in _BASES:
            if name in fields:
                try:
                    self._said[name] = _READERS[name](name, fields[name])
                except InvalidInput as error:
                    self._said[name] = error

    def get(self, name: str) -> Any:
        """The value; None if there is none. Raises InvalidInput."""
        value = self._said.get(name)
        if isinstance(value, InvalidInput):
            raise InvalidInput(value.detail, code=value.code, hint=value.hint)
        return value


def _read(fields: Mapping[str, Any], base: _Base, at: int, now: int, out: Collector) -> None:
    """Add the readings of one record; raises InvalidInput, having added nothing."""
    for name in fields:
        if name.endswith("_"):
            raise InvalidInput(f"field {name!r:.40} must be understood, and is not", code="unknown_field")
    base.get("bver")
    name = (base.get("bn") or "") + (_read_name("n", fields.get("n")) or "")
    code = read_text("u", fields.get("u")) or base.get("bu")
    ts = _time(base.get("bt"), fields.get("t"), now)
    value, total = _sum_of("v", fields, base), _sum_of("s", fields, base)
    for other, kind in _OTHER_VALUES.items():
        if other in fields:
            raise InvalidInput(f"{other} holds {kind}; readings are numbers", code="invalid_value", hint="send v")
    if value is None and total is None:
        raise InvalidInput("the record has no value", code="no_value", hint="send v, or s for a sum")
    unit = senml_unit(code) if code else None
    sensor, metric = _split(name, unit.metric if unit else "value")
    if value is not None:
        out.reading(_key(sensor, metric, unit.unit if unit else None), ts, value * (unit.factor if unit else 1.0), at)
    if total is not None:
        key = _key(sensor, f"{metric}_sum", unit.sum_unit if unit else None)
        out.reading(key, ts, total * (unit.sum_factor if unit else 1.0), at)


def _key(sensor: str, metric: str, unit: str | None) -> DraftKey:
    return DraftKey(None, sensor, metric, unit)


def _sum_of(name: str, fields: Mapping[str, Any], base: _Base) -> float | None:
    """Base value (or sum) and value; None if neither is there. A base value is none of a record with another kind of value."""
    if name == "v" and any(other in fields for other in _OTHER_VALUES):
        return None
    start = base.get(f"b{name}")
    if fields.get(name) is None:
        return start
    return read_number(name, read_number(name, fields[name]) + (start or 0.0))


def _time(base: float | None, time: object, now: int) -> int:
    """Epoch ms, to the nearest; raises InvalidInput."""
    seconds = (base or 0.0) + (0.0 if time is None else read_number("t", time))
    if not math.isfinite(seconds) or (ms := round(seconds * 1_000)) not in INT64:
        raise InvalidInput(f"t {shown(seconds)} does not fit 64 bits in ms", code="invalid_timestamp")
    return ms if seconds >= _ABSOLUTE else now + ms


@lru_cache(maxsize=65_536)
def _split(name: str, measured: str) -> tuple[str, str]:
    """(sensor, metric) of a resolved name; `measured` is the metric where it names the device only. Raises InvalidInput."""
    if not _NAME.fullmatch(name):
        what = f"the name {name!r:.80} is not a SenML name" if name else "the record has no name"
        code = "invalid_name" if name else "missing_field"
        raise InvalidInput(what, code=code, hint="bn and n make a name of letters, digits, and - : . / _ inside")
    device = _DEVICE.match(name)
    start = device.end() if device else 1
    cut = max(name.rfind(":", start), name.rfind("/", start))
    if device and cut < 0:
        cut = name.rfind("_", start)  # RFC 9039: a component of the device
    metric = name[cut + 1 :]
    return (name[:cut], metric) if cut > 0 and metric[:1].isalpha() else (name, measured)


def _read_name(field: str, value: object) -> str | None:
    """A name, or part of one: what is too long to be one is not added up record by record."""
    name = read_text(field, value)
    if name is not None and len(name) > _LONGEST:
        raise InvalidInput(f"{field} is longer than {_LONGEST} characters", code="invalid_name")
    return name


def _version(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _VERSION:
        raise InvalidInput(
            f"{name} is {shown(value)}; versions up to {_VERSION} are understood", code="unsupported_version"
        )
    return value


_READERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "bn": _read_name,
    "bu": read_text,
    "bt": read_number,
    "bv": read_number,
    "bs": read_number,
    "bver": _version,
}
