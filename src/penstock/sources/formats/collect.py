"""Gathers what a decoder reads (columns on the fast path, single readings on the slow one) into one Draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Draft, DraftKey, SensorKey
from penstock.model.errors import InvalidInput, RowError, TooLarge
from penstock.model.series import Attributes
from penstock.sources.formats.names import current_names

__all__ = [
    "INT64",
    "MAX_REFUSED",
    "MAX_ROWS",
    "Collector",
    "Float64s",
    "Int32s",
    "Int64s",
    "check_refused",
    "check_rows",
]

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

INT64: Final = range(-(2**63), 2**63)

MAX_ROWS: Final = 2_000_000
"""Lines of a body, or values of a piece of JSON that has to be taken apart: bounds what a hostile body may cost."""

MAX_REFUSED: Final = 50_000
"""Rows of one body that may be refused one by one: each costs up to 15 µs and a sentence in memory. A body of which more is
faulty is not what it says it is, and is refused whole, within a second."""

_FLUSH: Final = 65_536  # single readings become columns now and then: tuples take eight times the memory


def check_rows(separators: int, what: str) -> None:
    """Raises TooLarge when there are more than MAX_ROWS of `what`, between so many separators."""
    if separators >= MAX_ROWS:
        raise TooLarge(f"the body holds more than {MAX_ROWS} {what}", hint="send it in smaller pieces")


def check_refused(count: int) -> None:
    """Raises TooLarge when more rows of a body are refused than there may be reasons for."""
    if count > MAX_REFUSED:
        raise TooLarge(
            f"more than {MAX_REFUSED} rows of the body are faulty",
            hint="check that it is of the declared type, or send it in smaller pieces",
        )


class _Block(NamedTuple):
    """Columns of readings; `seq` is None where no row said any."""

    key: Int32s
    ts: Int64s
    value: Float64s
    row: Int32s
    seq: Int64s | None


class Collector:
    """Builds one Draft. Blocks and readings may come in any order of rows; `draft` puts them in row order.

    Codes are the numbers of keys in `names`: they hold for every body that is decoded with the same names.
    """

    def __init__(self) -> None:
        self.names = current_names()
        self._blocks: list[_Block] = []
        self._readings: list[tuple[int, int, float, int, int]] = []
        self._rejected: list[RowError] = []
        self._attributes: dict[SensorKey, Attributes] = {}

    def code(self, key: DraftKey) -> int:
        """The code of `key`."""
        return self.names.number(key)

    def codes(self, keys: Iterable[DraftKey]) -> Int32s:
        """int32 [k]: `code` of each key."""
        return self.names.numbers(None, lambda: keys)

    def codes_of(self, name: bytes | None, keys: Callable[[], Iterable[DraftKey]]) -> Int32s:
        """As `codes`, without asking for the keys when `name`, which stands for them, has been met before; None never was."""
        return self.names.numbers(name, keys)

    def block(self, key: Int32s, ts: Int64s, value: Float64s, row: Int32s, seq: Int64s | None = None) -> None:
        """Add columns of equal length; `key` holds codes."""
        self._blocks.append(_Block(key, ts, value, row, seq))

    def reading(self, key: DraftKey, ts: int, value: float, row: int, seq: int = 0) -> None:
        """Add one reading; `ts` and `seq` must fit int64."""
        self._readings.append((self.code(key), ts, value, row, seq))
        if len(self._readings) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._readings:
            key, ts, value, row, seq = zip(*self._readings, strict=True)
            self.block(
                np.array(key, np.int32),
                np.array(ts, np.int64),
                np.array(value, np.float64),
                np.array(row, np.int32),
                np.array(seq, np.int64),
            )
            self._readings.clear()

    def refuse(self, row: int, error: InvalidInput) -> None:
        """Refuse one row for the reason that `error` carries."""
        self.reject(row, error.code, f"{error.detail} ({error.hint})" if error.hint else error.detail)

    def reject(self, row: int, code: str, detail: str) -> None:
        """Refuse one row; raises TooLarge when there are too many of them."""
        self._rejected.append(RowError(row, code, detail))
        check_refused(len(self._rejected))

    def describe(self, site: str | None, sensor: str, said: Attributes) -> None:
        """Remember what a row said about its sensor: later rows win field by field and tag by tag."""
        if not (said.building or said.room or said.tags):
            return
        at = (site or "", sensor)
        known = self._attributes.get(at)
        if known is not None and known is not said:
            said = Attributes(
                said.building or known.building, said.room or known.room, tags={**known.tags, **said.tags}
            )
        self._attributes[at] = said

    def draft(self, rows: int) -> Draft:
        """The Draft of a body of `rows` rows, readings and refusals sorted by row."""
        self._flush()
        block = _concat(self._blocks)
        if len(block.row) > 1 and bool((block.row[1:] < block.row[:-1]).any()):
            order = np.argsort(block.row, kind="stable")
            block = _Block(*(None if column is None else column[order] for column in block))  # pyright: ignore[reportArgumentType] - only seq may be None
        self._rejected.sort(key=lambda error: error.row)
        keys, key = self.names.select(block.key)
        return Draft(
            keys=keys,
            key=key,
            ts=block.ts,
            value=block.value,
            row=block.row,
            rows=rows,
            seq=block.seq if block.seq is not None and bool(block.seq.any()) else None,
            rejected=self._rejected,
            attributes=self._attributes,
        )


def _concat(blocks: list[_Block]) -> _Block:
    if len(blocks) == 1:
        return blocks[0]
    if not blocks:
        none = np.empty(0, np.int32)
        return _Block(none, np.empty(0, np.int64), np.empty(0, np.float64), none, None)
    seq = None
    if any(b.seq is not None for b in blocks):
        seq = np.concatenate([np.zeros(len(b.ts), np.int64) if b.seq is None else b.seq for b in blocks])
    return _Block(
        np.concatenate([b.key for b in blocks]),
        np.concatenate([b.ts for b in blocks]),
        np.concatenate([b.value for b in blocks]),
        np.concatenate([b.row for b in blocks]),
        seq,
    )
