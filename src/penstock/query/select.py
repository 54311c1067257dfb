"""From a question's selection to series: which they are, in what order, in what unit, and where to continue."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import SeriesInfo, like
from penstock.model.time import format_time
from penstock.model.units import conversion, find_unit
from penstock.query.port import MAX_POINTS, Select
from penstock.store.series import Filter, Readable

__all__ = [
    "Instant",
    "Units",
    "by_name",
    "check_limit",
    "check_range",
    "decode_cursor",
    "encode_cursor",
    "find",
    "floats",
    "ids_of",
    "matches",
    "overlaps",
    "positions",
    "spread",
    "texts",
]

F64 = npt.NDArray[np.float64]
T = TypeVar("T")

_INSTANTS: Final = 1 << 53
Instant = Annotated[int, msgspec.Meta(ge=-_INSTANTS, le=_INSTANTS)]
"""Epoch ms in a cursor: whoever made one up gets a refusal, not an overflow."""

_DECIMALS: Final = 10
"""Finer than any sensor resolves, coarser than the error of a conversion there and back."""

_FEW_ROWS: Final = 400
"""Below it a call of Arrow's compute functions takes longer than the rows do."""


def by_name(info: SeriesInfo) -> tuple[str, str, str, str]:
    """Sort key of series wherever order can show: names, because store ids depend on who arrived first."""
    return info.key.site, info.key.sensor, info.key.metric, info.key.unit


async def find(store: Readable, tenant: str, where: Select) -> list[SeriesInfo]:
    """Series of `where`, sorted by name.

    Raises NotFound when a sensor, site, building or room that was named exactly holds none of them.
    """
    asked = {name: getattr(where, name) for name in ("site", "sensor", "metric", "building", "room")}
    found: Sequence[SeriesInfo] = await store.find(tenant, Filter(**asked))
    if where.equipment is not None or where.tags:
        found = [info for info in found if matches(info, where)]
    if not found and any(text and "*" not in text for name, text in asked.items() if name != "metric"):
        named = ", ".join(f"{name} {text!r}" for name, text in asked.items() if text is not None)
        raise NotFound(f"no series of {named}", hint="the series listing shows what there is")
    return sorted(found, key=by_name)


def matches(info: SeriesInfo, where: Select) -> bool:
    """Whether equipment and tags are those asked for; patterns as in `Select`."""
    said = info.attributes
    wanted = [(where.equipment, said.equipment), *((text, said.tags.get(key, "")) for key, text in where.tags.items())]
    return all(pattern is None or like(pattern, text) for pattern, text in wanted)


def overlaps(info: SeriesInfo, start: int, end: int) -> bool:
    """Whether a series' first and last reading leave room for one in [start, end)."""
    return info.first_ts is not None and info.last_ts is not None and info.first_ts < end and info.last_ts >= start


def ids_of(series: Sequence[SeriesInfo]) -> npt.NDArray[np.int32]:
    """Store ids in the order of `series`, int32 [n]."""
    return np.array([info.id for info in series], np.int32)


def positions(ids: npt.NDArray[np.int32], series: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Position in `ids` of each of `series`, int64 [n]: by table, as there are many rows of few series."""
    table = np.zeros(int(ids.max()) + 1, np.int64)
    table[ids] = np.arange(len(ids))
    return table[series]


def check_limit(limit: int, most: int = MAX_POINTS) -> None:
    """Raises InvalidInput unless 1 ≤ `limit` ≤ `most`."""
    if not 1 <= limit <= most:
        raise InvalidInput(
            f"limit {limit} is not between 1 and {most}", code="invalid_limit", hint=f"ask for at most {most} rows"
        )


def check_range(start: int | None, end: int | None) -> None:
    """Raises InvalidInput when the half-open range cannot hold anything: its ends are swapped, equal or no times."""
    for bound in (start, end):
        if bound is not None and abs(bound) > _INSTANTS:
            raise InvalidInput(
                f"{bound} is not a time in epoch milliseconds", code="invalid_timestamp", hint="2026 is about 1.77e12"
            )
    if start is not None and end is not None and start >= end:
        raise InvalidInput(
            f"the range starts at {_written(start)} and ends at {_written(end)}, so it holds nothing",
            code="empty_range",
            hint="`from` is included, `to` is not: `to` must be later",
        )


def _written(ms: int) -> str:
    """A time as people write it; epoch ms where calendars end."""
    try:
        return format_time(ms)
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"


def encode_cursor(position: object) -> str:
    """Opaque text for `position` (a tuple of numbers and texts): base64url of its JSON."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None, kind: type[T]) -> T | None:
    """The position in a cursor, as `kind`; None for none. Raises InvalidInput for text that is no cursor of this kind."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidInput(
            f"cursor {cursor!r:.80} is not one of this question",
            code="invalid_cursor",
            hint="send `next_cursor` of the earlier answer, with the same question",
        ) from None


class Units:
    """Conversion on the way out: per series the factor and offset by which its canonical values were made.

    `unit` None leaves values canonical; with `is_plain` nothing is converted. Raises InvalidInput when a selected series cannot be said in `unit`.
    """

    def __init__(self, series: Sequence[SeriesInfo], unit: str | None) -> None:
        self.names = [info.key.unit for info in series]
        self._factor = np.ones(len(series))
        self._offset = np.zeros(len(series))
        self.is_plain = True
        if unit is None:
            return
        for i, info in enumerate(series):
            to = conversion(info.key.metric, unit)
            if to.unit != info.key.unit:
                raise InvalidInput(
                    f"{info.key.metric} of {info.key.sensor} is in {info.key.unit or 'no unit'}, not convertible to {unit!r}",
                    code="unit_mismatch",
                    hint=f"leave `unit` out, or name one that converts to {info.key.unit or 'a plain number'}",
                )
            self._factor[i], self._offset[i] = to.factor, to.offset
        self.is_plain = bool(np.all(self._factor == 1.0) and np.all(self._offset == 0.0))
        self.names = [find_unit(unit) or unit.strip()] * len(series)

    def out(self, value: F64, index: npt.NDArray[np.integer[Any]], *, weight: F64 | float = 1.0) -> F64:
        """Canonical `value` [n] in the unit asked for; `index` [n] numbers the series that each is of.

        `weight` counts how many readings a value sums up: the offset was added to each. Of the numbers that are the
        stored one exactly, the roundest is given, so that 21.5 °C comes back as 21.5, not 21.50000000000003.
        """
        if self.is_plain:
            return value
        factor, offset = self._factor[index], self._offset[index] * weight
        with np.errstate(over="ignore", invalid="ignore"):
            exact = (value - offset) / factor
            rounded = np.round(exact, _DECIMALS)
            return np.where(rounded * factor + offset == value, rounded, exact)


def texts(
    series: Sequence[SeriesInfo], index: npt.NDArray[np.integer[Any]], of: Callable[[SeriesInfo], str]
) -> pa.Array:
    """A string column: `of(series[i])` for each i of `index` [n]."""
    return spread([of(info) for info in series], index)


def spread(names: Sequence[str | None], index: npt.NDArray[np.integer[Any]]) -> pa.Array:
    """A string column: `names[i]` for each i of `index` [n]."""
    if len(index) < _FEW_ROWS:
        return pa.array([names[i] for i in index.tolist()], pa.string())
    return pa.array(names, pa.string()).take(pa.array(index))


def floats(values: F64) -> pa.Array:
    """A float64 column; what is not finite (a sum that overflowed, a mean of nothing) is null, never a made-up number."""
    finite = np.isfinite(values)
    return pa.array(values) if finite.all() else pa.array(values, mask=~finite)
