"""The words of the language."""

from __future__ import annotations

import re
from typing import Final, get_args

from penstock.query.ast import FUNCTIONS, Fill, Function, Over

__all__ = [
    "ALIASES",
    "CLAUSES",
    "FILLS",
    "FUNCTION_WORDS",
    "GROUPS",
    "MATH",
    "OVERS",
    "SELECTORS",
    "SPAN",
    "function_named",
    "name_of",
]

ALIASES: Final[dict[str, Function]] = {
    "avg": "mean",
    "average": "mean",
    "twa": "time_weighted_mean",
    "std": "stddev",
}
"""Other words for functions. `median` and `p95` are percentiles, see `function_named`."""

FUNCTION_WORDS: Final = (*FUNCTIONS, *ALIASES, "median", "p95")
OVERS: Final[tuple[Over, ...]] = get_args(Over)
FILLS: Final[tuple[Fill, ...]] = get_args(Fill)
MATH: Final = ("abs", "clamp", "sqrt", "ln", "exp", "round")
"""Functions of numbers; `min` and `max` of several are, too."""

SELECTORS: Final = ("site", "building", "room", "equipment", "sensor")
GROUPS: Final = (*SELECTORS, "metric")
"""What can be selected and grouped by, besides `tag:NAME`."""

CLAUSES: Final = (
    "where", "at", "by", "in", "shift", "every", "last", "from", "to", "zone", "fill", "points", "limit", "newest",
)  # fmt: skip

SPAN: Final = re.compile(r"([0-9]{1,12})(ms|mo|[smhdwy])\b")
_PERCENTILE: Final = re.compile(r"p([0-9]{1,2}(?:_[0-9]+)?)")


def function_named(word: str) -> tuple[Function, float | None] | None:
    """The function that a word means, and its percentile; None for no function."""
    if word == "median":
        return "percentile", 50.0
    if found := _PERCENTILE.fullmatch(word):
        return "percentile", float(found[1].replace("_", "."))
    name = ALIASES.get(word, word)
    for known in FUNCTIONS:
        if known == name:
            return known, None
    return None


def name_of(fn: str, q: float | None, metric: str | None) -> str:
    """What the line of a function of a metric is called when nobody names it."""
    what = re.sub(r"[^A-Za-z0-9]+", "_", metric or "").strip("_")
    how = f"p{q:g}".replace(".", "_") if q is not None else fn
    return f"{how}_{what}" if what else how
