"""InfluxDB line protocol, as Telegraf writes it, into a Draft.

The columns' way (`influx_columns`) takes what is plain; comments, escapes in fields, quoted text, unusual groups of fields
and everything faulty go line by line through a parser in C, which gives the reason when it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from penstock.model.batch import Draft
from penstock.model.series import Attributes
from penstock.sources.formats.collect import INT64, Collector, Int32s, Int64s, check_rows
from penstock.sources.formats.influx_columns import Fields, Split, read_fields, split
from penstock.sources.formats.influx_series import Roster, Series, parse, roster_of, series_of

__all__ = ["Precision", "decode_lines"]

Precision = Literal["ns", "us", "ms", "s"]

_DIVISOR: Final = {"ns": 1_000_000, "us": 1_000, "ms": 1, "s": 1}
_FACTOR: Final = {"ns": 1, "us": 1, "ms": 1, "s": 1_000}
_BOM: Final = b"\xef\xbb\xbf"
# What Arrow would read differently from the line parser: cells trimmed of tabs, +1, hexadecimal.
_SIGNS: Final = (b"\t", b"\r", b"+")
_ODD: Final = re.compile(rb"[\t\r]|=\+| 0[xX]")


def decode_lines(body: bytes, *, precision: Precision, now: int) -> Draft:
    """Readings from the numeric and boolean fields of lines; fields of text are not readings.

    `now` (epoch ms) is the time of a line without one; other times are floored to ms. A row is a line's 0-based index in
    the body, where comments and blank lines have a number but are not rows. A line that cannot be read, or holds no
    numeric field, is a RowError; raises TooLarge for a body of too many lines.
    """
    body = body.removeprefix(_BOM)
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    reader = _Reader(precision, now)
    return reader.read(body)


class _Reader:
    """Reads one body. `_told` is, per series that tells something, the last line that named it: later lines say it last."""

    def __init__(self, precision: Precision, now: int) -> None:
        self._divisor, self._factor = _DIVISOR[precision], _FACTOR[precision]
        self._now = now
        self._out = Collector()
        self._told: dict[Series, int] = {}
        self._rows = 0

    def read(self, body: bytes) -> Draft:
        lines = int(np.count_nonzero(np.frombuffer(body, np.uint8) == 10)) + (not body.endswith(b"\n"))
        check_rows(lines, "lines")
        plain = body and _is_utf8(body) and not any(sign in body for sign in _SIGNS) and not _may_be_hexadecimal(body)
        if not (plain and self._read_plain(body, None, lines)):
            self._read_mixed(body)
        self._describe()
        return self._out.draft(self._rows)

    def _describe(self) -> None:
        """Say what the lines told of their sensors, in the order of the last lines that did."""
        for series in sorted(self._told, key=self._told.__getitem__):
            said = Attributes(series.building, series.room, tags=dict(series.tags))
            self._out.describe(series.site, series.sensor, said)

    def _read_mixed(self, body: bytes) -> None:
        """Sort lines into plain and odd ones, numbering them by their place in the body."""
        plain: list[bytes] = []
        rows: list[int] = []
        for row, line in enumerate(body.split(b"\n")):
            if not line.strip() or line[:1] == b"#" or _ODD.search(line) or not _is_utf8(line):
                self._read_line(line, row)
            else:
                plain.append(line)
                rows.append(row)
        if not self._read_plain(b"\n".join(plain), np.array(rows, np.int32), len(plain)):
            for line, row in zip(plain, rows, strict=True):
                self._read_line(line, row)

    def _read_plain(self, body: bytes, rows: Int32s | None, lines: int) -> bool:
        """Read lines (numbered by `rows`, or from 0); False, having done nothing, if they are not `lines` many."""
        try:
            part = split(body, times=True)
        except pa.ArrowInvalid:
            return False
        if len(part.at) + len(part.odd) != lines:
            return False  # blank lines, which have a number, were passed over
        rows = np.arange(lines, dtype=np.int32) if rows is None else rows
        self._read_split(part, rows, body)
        if part.odd:
            every = body.split(b"\n")
            self._read_odd([every[at] for at in part.odd], rows[part.odd])
        return True

    def _read_odd(self, lines: Sequence[bytes], rows: Int32s) -> None:
        """Lines that do not have three columns: try two, for lines without a time, then read them one by one."""
        try:
            part = split(b"\n".join(lines), times=False)
        except pa.ArrowInvalid:
            part = None
        if part is None or len(part.at) + len(part.odd) != len(lines):
            odd: Sequence[int] = range(len(lines))
        else:
            self._read_split(part, rows, lines)
            odd = part.odd
        for at in odd:
            self._read_line(lines[at], int(rows[at]))

    def _read_split(self, part: Split, rows: Int32s, source: bytes | Sequence[bytes]) -> None:
        """Add the readings of lines in columns; `rows` numbers the lines of `source`."""
        roster = roster_of(part.series.dictionary, self._out.names)
        series = part.series.indices.to_numpy()
        ts = np.full(len(series), self._now, np.int64) if part.ts is None else part.ts
        good = roster.valid[series]
        if part.ts is not None:
            low, high = -(2**63) // self._factor + 1, (2**63 - 1) // self._factor - 1
            good &= (ts >= low) & (ts <= high)
            ts = ts * self._factor if self._factor > 1 else ts // self._divisor
        one_by_one = [np.flatnonzero(~good)]
        taken = np.zeros(len(good), bool)
        for group in read_fields(part.fields, np.flatnonzero(good)):
            if isinstance(group, Fields):
                self._add(group, roster, series[group.at], ts[group.at], rows[part.at[group.at]])
                taken[group.at] = True
            else:
                one_by_one.append(group)
        self._rows += int(taken.sum())
        rest = np.concatenate(one_by_one)
        if len(rest):
            lines = source.split(b"\n") if isinstance(source, bytes) else source
            for at in part.at[rest].tolist():
                self._read_line(lines[at], int(rows[at]))

    def _add(self, group: Fields, roster: Roster, series: Int32s, ts: Int64s, row: Int32s) -> None:
        if roster.tells.any():
            last = np.full(len(roster.series), -1, np.int64)
            last[series] = row  # rows ascend, and the last of equal indices wins
            for at in np.flatnonzero((last >= 0) & roster.tells).tolist():
                self._tell(roster.series[at], int(last[at]))
        m = len(group.names)
        if m > 1:
            ts, row = np.repeat(ts, m), np.repeat(row, m)
        self._out.block(roster.numbers(group.names)[series].ravel(), ts, group.value.ravel(), row)

    def _tell(self, series: Series | None, row: int) -> None:
        if series is not None and series.tells:
            self._told[series] = max(self._told.get(series, -1), row)

    def _read_line(self, line: bytes, row: int) -> None:
        """One line, the slow way; a blank line or a comment is not a row."""
        if not line.strip():
            return
        try:
            parsed = parse(line.decode())
            ts = self._time(parsed["time"]) if parsed else 0
        except ValueError as error:  # UnicodeDecodeError included
            self._rows += 1
            self._out.reject(row, "malformed_line", f"{error}: {line[:80].decode(errors='backslashreplace')!r}")
            return
        if parsed is None:
            return
        self._rows += 1
        # The parser gives fields last first.
        numbers = [(name, float(v)) for name, v in reversed(parsed["fields"].items()) if not isinstance(v, str)]
        if not numbers:
            self._out.reject(row, "no_value", "the line holds no numeric or boolean field")
            return
        series = series_of(parsed["measurement"], parsed["tags"])
        self._tell(series, row)
        for name, value in numbers:
            self._out.reading(series.key(name), ts, value, row)

    def _time(self, time: Any) -> int:
        if time is None:
            return self._now
        ts = time * self._factor // self._divisor
        if ts not in INT64:
            raise ValueError("The time does not fit 64 bits in milliseconds")
        return ts


def _may_be_hexadecimal(body: bytes) -> bool:
    # A single character is found 20 times faster than two: most bodies without x are done at once.
    return any(x in body and b" 0" + x in body for x in (b"x", b"X"))


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
