"""Scalars of the schema: instants, windows, and whole columns that travel as one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NewType

import numpy as np
import pyarrow as pa
import strawberry
from strawberry.types.scalar import ScalarDefinition

from penstock.model.errors import InvalidInput
from penstock.model.time import format_time, parse_time

__all__ = ["SCALARS", "FloatColumn", "IntColumn", "Long", "TextColumn", "Time", "TimeColumn", "When", "Window"]

Time = NewType("Time", int)
When = NewType("When", object)
Window = NewType("Window", object)
Long = NewType("Long", int)
FloatColumn = NewType("FloatColumn", object)
IntColumn = NewType("IntColumn", object)
TextColumn = NewType("TextColumn", object)
TimeColumn = NewType("TimeColumn", object)


def _time(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidInput("a time is text of RFC 3339 or a number of epoch milliseconds", code="invalid_timestamp")
    return parse_time(value)


def _when(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidInput(
            "a time is text of RFC 3339, a number of epoch milliseconds, now, or before now: -24h",
            code="invalid_timestamp",
        )
    return value


def _window(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidInput(
            "a window is text such as 15m, a whole number of milliseconds, or auto", code="invalid_window"
        )
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput("a whole number was expected", code="invalid_number")
    return value


def _column(values: Any) -> list[Any]:
    """The column as a list; what is not finite is null."""
    if isinstance(values, np.ndarray):
        return pa.array(values, from_pandas=True).to_pylist()
    assert isinstance(values, pa.Array | pa.ChunkedArray)
    return values.to_pylist()


def _output_only(_: Any) -> Any:
    raise InvalidInput("a column cannot be sent, only received", code="invalid_column")


def _column_scalar(name: str, description: str) -> ScalarDefinition:
    return strawberry.scalar(name=name, description=description, serialize=_column, parse_value=_output_only)


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    Time: strawberry.scalar(
        name="Time",
        description="An instant. Sent as RFC 3339 text or epoch milliseconds, answered as RFC 3339 in UTC.",
        serialize=format_time,
        parse_value=_time,
    ),
    When: strawberry.scalar(
        name="When",
        description="An instant as in Time, or one that is counted from now: `now`, `-24h`, `now-7d`.",
        serialize=lambda value: value,
        parse_value=_when,
    ),
    Window: strawberry.scalar(
        name="Window",
        description="Text of a calendar window (15m, 1d, 1mo), milliseconds, 0 for the whole range, or auto.",
        serialize=lambda value: value,
        parse_value=_window,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number that may need more than 32 bits.",
        serialize=lambda value: value,
        parse_value=_whole,
    ),
    FloatColumn: _column_scalar("FloatColumn", "Numbers, one per row; null where the value is not known."),
    IntColumn: _column_scalar("IntColumn", "Whole numbers, one per row."),
    TextColumn: _column_scalar("TextColumn", "Texts, one per row."),
    TimeColumn: _column_scalar("TimeColumn", "Instants in epoch milliseconds, one per row."),
}
"""Type in the code → the scalar it is in the schema."""
