"""The one-line question of `penstock query`: `avg(temperature) by room every 15m last 24h`.

question   = [functions "("] metric [")"] clause…
functions  = avg | min | max | sum | count | first | last | twa | coverage, by commas
clause     = "by" group[,group…] | "at" site | "every" duration | "last" duration | "from" time | "to" time | "in" unit
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from penstock.model.errors import InvalidInput
from penstock.model.time import WallClock, parse_duration, parse_time

__all__ = ["Question", "parse_question", "resolve_time"]

_STATISTICS: Final = {
    "avg": "mean", "mean": "mean", "min": "min", "max": "max", "sum": "sum", "count": "count", "first": "first",
    "last": "last", "twa": "time_weighted_mean", "time_weighted_mean": "time_weighted_mean",
    "coverage": "coverage",
}  # fmt: skip
_GROUPS: Final = ("site", "sensor", "building", "room")
_CLAUSES: Final = ("by", "at", "every", "last", "from", "to", "in")
_HEAD: Final = re.compile(r"\s*(?:([\w,\s]+?)\s*\(\s*([\w.*-]+)\s*\)|([\w.*-]+))\s*")
_EXAMPLE: Final = "write it like 'avg(temperature) by room every 15m last 24h'"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked; None where nothing was said. `start` and `end` as typed, for `resolve_time`."""

    metric: str | None = None
    statistics: tuple[str, ...] = ()
    site: str | None = None
    group_by: tuple[str, ...] = ()
    window: str | None = None
    start: str | None = None
    end: str | None = None
    unit: str | None = None

    def with_options(self, **options: Any) -> Question:
        """With options that were given on top."""
        given = {name: value for name, value in options.items() if value is not None}
        if "group_by" in given:
            given["group_by"] = tuple(_group(name.strip()) for name in given["group_by"])
        return replace(self, **given)


def parse_question(text: str) -> Question:
    """Raises InvalidInput that names the word it stumbled over and what could stand there."""
    head = _HEAD.match(text)
    if not head:
        raise _stumbled(text.split(maxsplit=1)[0] if text.split() else "", _EXAMPLE)
    statistics = tuple(_statistic(name.strip().lower()) for name in head[1].split(",")) if head[1] else ()
    question = Question(metric=head[2] or head[3], statistics=statistics)
    # Spaces around commas belong to a list, not between clauses.
    words = re.sub(r"\s*,\s*", ",", text[head.end() :]).split()
    while words:
        clause = words.pop(0).lower()
        if clause not in _CLAUSES:
            close = get_close_matches(clause, _CLAUSES, n=1)
            raise _stumbled(
                clause, f"did you mean {close[0]}?" if close else f"one of {', '.join(_CLAUSES)}; {_EXAMPLE}"
            )
        if not words:
            raise _stumbled(clause, f"something must follow {clause}; {_EXAMPLE}")
        question = _READERS[clause](question, words.pop(0))
    return question


def resolve_time(text: str | None, now: int | None = None) -> int | None:
    """Epoch ms of `-24h`, `now`, RFC 3339 or epoch ms; None stays None. Raises InvalidInput."""
    if text is None:
        return None
    now = WallClock().now() if now is None else now
    stripped = text.strip()
    if stripped == "now":
        return now
    if re.fullmatch(r"-\d+[a-z]+", stripped):
        return now - parse_duration(stripped[1:])
    return parse_time(stripped)


def _statistic(name: str) -> str:
    if name not in _STATISTICS:
        close = get_close_matches(name, _STATISTICS, n=1)
        raise _stumbled(name, f"did you mean {close[0]}?" if close else f"one of {', '.join(_STATISTICS)}")
    return _STATISTICS[name]


def _group(name: str) -> str:
    if name not in _GROUPS:
        close = get_close_matches(name, _GROUPS, n=1)
        raise _stumbled(name, f"did you mean {close[0]}?" if close else f"group by {', '.join(_GROUPS)}")
    return name


def _duration(text: str) -> str:
    parse_duration(text)
    return text


_READERS: Final[dict[str, Callable[[Question, str], Question]]] = {
    "by": lambda q, word: replace(q, group_by=tuple(_group(name) for name in word.split(","))),
    "at": lambda q, word: replace(q, site=word),
    "every": lambda q, word: replace(q, window=_duration(word)),
    "last": lambda q, word: replace(q, start="-" + _duration(word)),
    "from": lambda q, word: replace(q, start=word),
    "to": lambda q, word: replace(q, end=word),
    "in": lambda q, word: replace(q, unit=word),
}


def _stumbled(word: str, hint: str) -> InvalidInput:
    return InvalidInput(f"the question is not understood at {word!r}", code="usage", hint=hint)
