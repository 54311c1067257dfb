"""Single values of untrusted rows: what each field may hold, and what is said when it holds something else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.model.time import parse_time
from penstock.sources.formats.collect import INT64, Int64s

__all__ = ["read_name", "read_number", "read_seq", "read_tags", "read_text", "read_time", "read_times", "shown"]

_MAX_SHOWN: Final = 60
_MAX_DIGITS: Final = 64


def shown(value: object) -> str:
    """`value` as it may stand in a message: short, and on one line."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'an array'}"
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def read_text(field: str, value: object) -> str | None:
    """Text of an optional field, None for null; raises InvalidInput."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(f"{field} must be text, not {shown(value)}", code="invalid_field")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidInput(f"{field} holds half a surrogate pair", code="invalid_field") from None
    return value


def read_name(field: str, value: object) -> str | None:
    """Text of an optional field that names something; an integer stands for its decimal text."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 10**_MAX_DIGITS:
            raise InvalidInput(f"{field} has more than {_MAX_DIGITS} digits", code="invalid_field")
        return str(value)
    return read_text(field, value)


def read_number(field: str, value: object) -> float:
    """A JSON number as float; raises InvalidInput (`invalid_value`) naming the field and the value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{field} must be a number, not {shown(value)}", code="invalid_value")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidInput(f"{field} is beyond the range of a 64-bit float", code="invalid_value")
    return number


def read_time(field: str, value: object) -> int:
    """Epoch ms that fit int64, from a whole number or RFC 3339 text; raises InvalidInput."""
    if value is None:
        raise InvalidInput(f"{field} is missing", code="missing_field", hint="epoch milliseconds or RFC 3339 text")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidInput(f"{field} must be epoch ms or RFC 3339 text, not {shown(value)}", code="invalid_timestamp")
    if isinstance(value, float) and not value.is_integer():
        raise InvalidInput(f"{field} {shown(value)} is not a whole number of ms", code="invalid_timestamp")
    if isinstance(value, str) and len(value) > _MAX_DIGITS:
        raise InvalidInput(f"{field} {shown(value)} is too long for a time", code="invalid_timestamp")
    try:
        ts = parse_time(value)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{field} {shown(value)} is not a time", code="invalid_timestamp") from None
    if ts not in INT64:
        raise InvalidInput(f"{field} {shown(value)} does not fit 64 bits", code="invalid_timestamp")
    return ts


def read_times(field: str, values: Sequence[Any]) -> Int64s:
    """`read_time` of each value, int64 [n]; raises InvalidInput. Usual RFC 3339 text is parsed by Arrow."""
    try:
        texts = pa.array(values, pa.string())
        moments: Any = texts.cast(pa.timestamp("ns", "UTC")).view(pa.int64())
        return moments.to_numpy(zero_copy_only=False) // 1_000_000
    except (pa.ArrowException, TypeError):
        return np.array([read_time(field, value) for value in values], np.int64)


def read_seq(field: str, value: object) -> int:
    """A version ≥ 0 that fits int64; 0 for null. Raises InvalidInput (`invalid_seq`)."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0 or value not in INT64:
        raise InvalidInput(f"{field} must be a whole number from 0 to 2^63-1, not {shown(value)}", code="invalid_seq")
    return value


def read_tags(field: str, value: object) -> dict[str, str]:
    """Tags from an object of scalars, a list of texts, or one comma-separated text.

    A text `k=v` is tag k; any other text is a tag that is `true`. Null values say nothing. Raises InvalidInput.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {str(key): text for key, item in value.items() if (text := _tag_text(field, key, item)) is not None}
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise InvalidInput(
            f"{field} must be an object, not {shown(value)}", code="invalid_field", hint='send {"phase": "L1"}'
        )
    tags: dict[str, str] = {}
    for part in parts:
        text = read_text(f"an item of {field}", part)
        if text and text.strip():
            key, _, tag = text.strip().partition("=")
            tags[key] = tag if "=" in text else "true"
    return tags


def _tag_text(field: str, key: object, value: object) -> str | None:
    read_text(f"a name in {field}", key)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict | list):
        raise InvalidInput(f"{field}.{key} must be text, a number or a boolean", code="invalid_field")
    return read_name(f"{field}.{key}", value)
