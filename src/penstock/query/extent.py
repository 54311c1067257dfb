"""Which part of time a question is about, as far as its freshness depends on it, and how much it can give."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from penstock.query.plan import AMOUNTS, span_of
from penstock.query.port import Aggregate, Batteries, Consumption, Events, Latest, Query, Question, Recent

__all__ = ["begins_after", "is_full_after", "is_over", "may_be_small"]

_FEW_ROWS: Final = 1_000
_FEW_WINDOWS: Final = 300
"""Up to which a question about a sensor or a room is likely to be answered faster than it goes to a thread."""


def is_over(question: Question, as_of: int) -> bool:
    """Whether the question's range, if it has an end, ends by `as_of`."""
    end = span_of(question).end if isinstance(question, Query) else getattr(question, "end", None)
    return end is None or end <= as_of


def begins_after(question: Question, horizon: int) -> bool:
    """Whether nothing before `horizon` can be in the answer."""
    if isinstance(question, Events):
        return True
    if isinstance(question, Consumption):  # what was counted by the start of its range was read before it
        return False
    if isinstance(question, Batteries) and question.ts is not None:
        return question.ts >= horizon
    if isinstance(question, Query):  # amounts are read with what was counted before
        return span_of(question).start >= horizon and not any(f.fn in AMOUNTS for f in question.fetch.values())
    start: int | None = getattr(question, "start", None)
    return start is not None and start >= horizon


def is_full_after(limit: int, table: pa.Table, horizon: int) -> bool:
    """Whether the newest rows that were asked for are all there, so that an older one would not be among them."""
    return table.num_rows >= limit and int(table["ts"].to_numpy().min()) >= horizon


def may_be_small(question: Question) -> bool:
    """Whether a question gives little, if it is about few series."""
    match question:
        case Recent(limit=limit):
            return limit <= _FEW_ROWS
        case Latest():
            return True
        case Aggregate(window=int(window)):
            return window == 0 or question.end - question.start <= _FEW_WINDOWS * window
        case _:
            return False
