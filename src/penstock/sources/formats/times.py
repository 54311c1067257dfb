"""Columns of times into epoch ms: whole numbers, Arrow timestamps, ISO 8601 and other text, local times of a zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute

from penstock.model.errors import InvalidInput
from penstock.sources.formats.collect import Int64s, check_refused
from penstock.sources.formats.fields import shown

__all__ = ["Times", "check_timezone", "parse_times", "read_timestamps"]

pc: Any = pyarrow.compute  # its functions are made at run time, unseen by type checkers

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local times are counted from a local epoch
_MS: Final = timedelta(milliseconds=1)
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# Directives that C's and Python's strptime read alike; what they make of a text is compared with the text itself.
_COMMON: Final = re.compile(r"(?:%[YmdHMS]|[^%])*")
_YEAR_1000: Final = -30_610_224_000  # C reads shorter years than Python does
_WHOLE: Final = r"^-?[0-9]{1,18}$"


class Times(NamedTuple):
    """Epoch ms int64 [n], and row → (code, detail) of those that are no time (their ms mean nothing)."""

    ms: Int64s
    errors: dict[int, tuple[str, str]]


def check_timezone(name: str) -> None:
    """Raises InvalidInput if there is no such IANA zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidInput(
            f"time zone {name!r} is not known", code="unknown_timezone", hint="use an IANA name such as Europe/Paris"
        ) from None


def read_timestamps(column: Any, timezone: str | None) -> Times:
    """Times of an array of Arrow timestamps, floored to ms. `timezone` is where those without a zone were written.

    Nulls are not looked at: their ms are 0.
    """
    kind = column.type
    counts = column.cast(pa.timestamp(kind.unit)).view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    errors: dict[int, tuple[str, str]] = {}
    per_ms = _PER_SECOND[kind.unit] // 1_000
    if per_ms == 0:
        fits = np.abs(counts) < 2**63 // 1_000
        errors = {int(i): ("invalid_timestamp", "ts does not fit 64 bits in ms") for i in np.flatnonzero(~fits)}
        ms = np.where(fits, counts, 0) * 1_000
    else:
        ms = counts // per_ms if per_ms > 1 else counts
    return Times(ms, errors) if kind.tz is not None else _localise(Times(ms, errors), None, timezone)


def parse_times(texts: Any, form: str | None, timezone: str | None) -> Times:
    """Times of an array of text (no nulls), written as `form` says (None: ISO 8601 or epoch ms)."""
    if len(texts) == 0:
        return Times(np.empty(0, np.int64), {})
    if form is not None:
        return _parse_format(texts, form, timezone)
    if pc.all(pc.match_substring_regex(texts, _WHOLE)).as_py():
        return Times(texts.cast(pa.int64()).to_numpy(), {})
    for zone in ("UTC", None):
        try:
            ns = texts.cast(pa.timestamp("ns", zone)).view(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            continue
        times = Times(ns // 1_000_000, {})
        return times if zone else _localise(times, None, timezone)
    return _parse_each(texts, None, timezone)


def _parse_format(texts: Any, form: str, timezone: str | None) -> Times:
    def parse(text: str) -> datetime:
        return datetime.strptime(text, form)  # noqa: DTZ007 - a time without an offset is localised after

    if not _COMMON.fullmatch(form):
        return _parse_each(texts, parse, timezone)
    seconds = pc.strptime(texts, format=form, unit="s", error_is_null=True)
    # C's strptime takes 31 February for 3 March: what it read must be what is written, but for leading zeros.
    same = pc.equal(_unpadded(pc.strftime(seconds, format=form)), _unpadded(texts)).fill_null(False)
    counts = seconds.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    good = same.to_numpy(zero_copy_only=False) & (counts >= _YEAR_1000)
    times = _localise(Times(counts * 1_000, {}), good, timezone)
    if good.all():
        return times
    rest = np.flatnonzero(~good)
    others = _parse_each(texts.take(pa.array(rest)), parse, timezone)
    ms = times.ms.copy()
    ms[rest] = others.ms
    return Times(ms, times.errors | {int(rest[at]): error for at, error in others.errors.items()})


def _unpadded(texts: Any) -> Any:
    return pc.replace_substring_regex(texts, r"\b0+([0-9])", r"\1")


def _parse_each(texts: Any, parse: Callable[[str], datetime] | None, timezone: str | None) -> Times:
    """Text by text; without `parse`, ISO 8601 or epoch ms."""
    ms = np.zeros(len(texts), np.int64)
    naive = np.zeros(len(texts), bool)
    errors: dict[int, tuple[str, str]] = {}
    for row, text in enumerate(texts.to_pylist()):
        stripped = text.strip()
        try:
            if parse is None and re.fullmatch(_WHOLE, stripped):
                ms[row] = int(stripped)
                continue
            moment = (parse or datetime.fromisoformat)(stripped)
            naive[row] = moment.tzinfo is None
            ms[row] = ((moment if naive[row] else moment.astimezone(UTC).replace(tzinfo=None)) - _EPOCH) // _MS
        except (ValueError, OverflowError):
            errors[row] = ("invalid_timestamp", f"time {shown(text)} is not written as expected")
            check_refused(len(errors))
    return _localise(Times(ms, errors), naive, timezone)


def _localise(times: Times, naive: Any, timezone: str | None) -> Times:
    """Turn the local times among `times` (`naive` bool [n]; None: all) into UTC."""
    rows = np.arange(len(times.ms)) if naive is None else np.flatnonzero(naive)
    if timezone is None:
        check_refused(len(rows))
        detail = "the time has no offset and no time zone was named"
        return Times(times.ms, times.errors | {int(row): ("naive_timestamp", detail) for row in rows})
    if timezone == "UTC" or len(rows) == 0:
        return times
    check_timezone(timezone)
    local = pa.array(times.ms[rows]).view(pa.timestamp("ms"))
    first, second = (
        pc.assume_timezone(local, timezone, ambiguous=which, nonexistent=which).view(pa.int64()).to_numpy()
        for which in ("earliest", "latest")
    )
    errors = dict(times.errors)
    check_refused(int(np.count_nonzero(first != second)))
    for at in np.flatnonzero(first != second).tolist():
        # A time that did not exist lies between two instants that touch; one that came twice between two far apart.
        code, what = (
            ("nonexistent_time", "does not exist") if second[at] - first[at] <= 1 else ("ambiguous_time", "came twice")
        )
        wall = (_EPOCH + int(times.ms[rows[at]]) * _MS).isoformat(" ")
        errors.setdefault(int(rows[at]), (code, f"{wall} {what} in {timezone}: the clocks were changed"))
    ms = times.ms.copy()
    ms[rows] = first
    return Times(ms, errors)
