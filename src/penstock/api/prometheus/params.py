"""Parameters of Prometheus's API, from the query string and from a form in the body alike."""

from __future__ import annotations

import math
import re
from typing import Final
from urllib.parse import parse_qs

import numpy as np
from starlette.requests import Request

from penstock.api.bodies import BodyReader
from penstock.api.intake import media_type
from penstock.api.prometheus.matrix import Ints
from penstock.api.prometheus.parse import bad_data
from penstock.model.errors import InvalidInput
from penstock.model.time import parse_time

__all__ = ["LOOKBACK", "Form", "read_form"]

LOOKBACK: Final = 300_000
"""How far back an instant looks for a reading, ms, unless `lookback_delta` says otherwise."""
_MAX_STEPS: Final = 11_000
_MAX_FIELDS: Final = 1_000
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST: Final = 1e12
_LARGEST_TIMEOUT: Final = 2.0**63 / 1e6
"""Milliseconds: Prometheus counts nanoseconds in 64 bits."""
_UNITS: Final = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
_DURATION: Final = re.compile(r"(?:[0-9]{1,12}(?:ms|[smhdwy]))+")
_PART: Final = re.compile(r"([0-9]+)(ms|[smhdwy])")


class Form:
    """The parameters of one request. Ones that are not known are ignored: clients send many that only Prometheus needs."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return self._fields.get(name, [])

    def text(self, name: str) -> str:
        """The parameter's value; empty when it is not there."""
        return next(iter(self.all(name)), "")

    def needed(self, name: str) -> str:
        """The parameter's value. Raises InvalidInput (`bad_data`) when it is not there."""
        if not (value := self.text(name)):
            raise bad_data(f"the parameter {name!r} is missing")
        return value

    def instant(self, name: str, default: int) -> int:
        """Epoch ms of epoch seconds (with decimals) or RFC 3339. Raises InvalidInput (`bad_data`)."""
        text = self.text(name)
        if not text:
            return default
        try:
            seconds = float(text)
        except ValueError:
            try:
                return parse_time(text)
            except InvalidInput as error:
                naive = error.code == "naive_timestamp"
                said = error.detail if naive else f"{text!r:.80} is neither epoch seconds nor RFC 3339"
                raise bad_data(
                    f"invalid parameter {name!r}: {said}", "write 1769860800 or 2026-01-31T12:00:00Z"
                ) from None
        if not abs(seconds) < _LARGEST:
            raise bad_data(f"invalid parameter {name!r}: {text:.40} is no time in epoch seconds")
        return round(seconds * 1_000)

    def duration(self, name: str, default: int) -> int:
        """Milliseconds of seconds (with decimals) or of a duration such as 1m30s. Raises InvalidInput (`bad_data`)."""
        text = self.text(name)
        if not text:
            return default
        ms = _milliseconds(text)
        if not 1 <= ms < _LARGEST * 1_000:
            raise bad_data(f"invalid parameter {name!r}: {text:.40} is no positive duration", "write 15, 15s or 1m30s")
        return round(ms)

    def timeout(self, most: float) -> float:
        """Seconds, `most` at most; 0 or less, as Prometheus takes it, for a query that is too late already. Raises InvalidInput (`bad_data`)."""
        text = self.text("timeout")
        if not text:
            return most
        ms = _milliseconds(text)
        if not abs(ms) < _LARGEST_TIMEOUT:
            raise bad_data(f"invalid parameter 'timeout': {text:.40} is no duration", "write 30, 30s or 1m30s")
        return min(most, ms / 1_000)

    def limit(self) -> int | None:
        """The most entries of a listing or a result; None (and 0) for all. Raises InvalidInput (`bad_data`)."""
        text = self.text("limit")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise bad_data(f"invalid parameter 'limit': {text:.40} is no whole number")
        return int(text) or None

    def steps(self) -> Ints:
        """int64 [T], epoch ms: start, start + step, … up to end. Raises InvalidInput (`bad_data`)."""
        for name in ("start", "end", "step"):
            self.needed(name)
        start, end, step = self.instant("start", 0), self.instant("end", 0), self.duration("step", 0)
        if end < start:
            raise bad_data("invalid parameter 'end': end timestamp must not be before start timestamp")
        if (end - start) // step >= _MAX_STEPS:
            raise bad_data(
                f"exceeded maximum resolution of {_MAX_STEPS} points per timeseries",
                "try decreasing the query resolution (?step=XX)",
            )
        return np.arange(start, end + 1, step, dtype=np.int64)


def _milliseconds(text: str) -> float:
    """Of seconds, or of a duration such as 1m30s; NaN for anything else."""
    if _DURATION.fullmatch(text):
        return float(sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
    try:
        return float(text) * 1_000
    except ValueError:
        return math.nan


async def read_form(request: Request, bodies: BodyReader) -> Form:
    """The request's parameters. Raises InvalidInput (`bad_data`, and as `BodyReader.read`), TooLarge, Backpressure."""
    fields = _parsed(request.scope["query_string"])
    if request.method == "POST" and media_type(request) == _FORM:
        body = await bodies.read(request)
        try:
            sent = _parsed(body.decoded())
        finally:
            body.release()
        for name, values in sent.items():
            fields.setdefault(name, []).extend(values)
    return Form(fields)


def _parsed(text: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise bad_data(f"the parameters cannot be read: {error}") from None
