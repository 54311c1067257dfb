"""What a query must be before anything is read for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY
from penstock.query.ast import FUNCTIONS, Fetch, Query
from penstock.query.expressions import Node, names_of, parse_expression
from penstock.query.groups import group_columns
from penstock.query.port import MAX_POINTS
from penstock.query.select import check_range

__all__ = ["check_query", "expressions"]

_MOST_NAMES: Final = 16
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_LONGEST: Final = 1000 * 366 * DAY


def check_query(query: Query) -> None:
    """Raises InvalidInput for a query that cannot be answered whatever the data is; its detail names the place."""
    check_range(query.start, query.end)
    _check_names(query)
    for name, fetch in query.fetch.items():
        _check_fetch(name, fetch)
    if isinstance(query.window, int) and not 0 <= query.window <= _LONGEST:
        raise InvalidInput(
            f"a window of {query.window} ms is not possible",
            code="invalid_window",
            hint="windows are positive; 0 means one window that is the whole range",
        )
    if query.max_points is not None and not 2 <= query.max_points <= MAX_POINTS:
        raise InvalidInput(
            f"max_points {query.max_points} is not between 2 and {MAX_POINTS}",
            code="invalid_max_points",
            hint="a line keeps the least and the greatest point of each stretch, two at least",
        )


def expressions(query: Query) -> dict[str, Node]:
    """The trees of `Query.math`, in order. Raises InvalidInput: what cannot be read, or names what comes later or has no windows."""
    trees: dict[str, Node] = {}
    for name, text in query.math.items():
        try:
            trees[name] = parse_expression(text)
        except InvalidInput as error:
            raise InvalidInput(f"math {name}: {error.detail}", code=error.code, hint=error.hint) from None
        windowed = [each for each, fetch in query.fetch.items() if fetch.fn != "raw"]
        known = [*windowed, *list(query.math)[: len(trees) - 1]]
        used = names_of(trees[name])
        for each, position in used.items():
            if each not in known:
                why = "holds readings, which have no windows" if each in query.fetch else "is not known there"
                raise InvalidInput(
                    f"math {name}: the name {each!r:.80} at character {position} {why}",
                    code="unknown_name",
                    hint=f"names are {', '.join(known)}",
                )
        if not used:
            raise InvalidInput(
                f"math {name}: an expression of numbers alone has no lines",
                code="invalid_expression",
                hint="name what is fetched",
            )
    return trees


def _check_names(query: Query) -> None:
    for what, names in (("fetch", query.fetch), ("math", query.math)):
        if len(names) > _MOST_NAMES or (what == "fetch" and not names):
            raise InvalidInput(
                f"{what} holds {len(names)} names, at most {_MOST_NAMES} are possible, and one fetch is needed",
                code="too_many_names",
            )
        for name in names:
            if not _NAME.fullmatch(name):
                raise InvalidInput(
                    f"{what} {name!r:.80} is not a name",
                    code="invalid_name",
                    hint="a letter, then letters, digits or _, 64 at most",
                )
    known = [*query.fetch, *query.math]
    if twice := set(query.fetch) & set(query.math):
        raise InvalidInput(f"{min(twice)!r} is fetched and computed: names differ", code="invalid_name")
    unknown = [name for name in query.show if name not in known]
    if unknown or len(set(query.show)) < len(query.show):
        said = f"{unknown[0]!r:.80}, which is neither fetched nor computed" if unknown else "a name twice"
        raise InvalidInput(f"show holds {said}", code="unknown_name", hint=f"names are {', '.join(known)}")


def _check_fetch(name: str, fetch: Fetch) -> None:
    if fetch.fn not in set[str](FUNCTIONS):  # not every door has it checked
        raise InvalidInput(
            f"fetch {name}: {fetch.fn!r:.40} is no function",
            code="unknown_function",
            hint=f"one of {', '.join(FUNCTIONS)}",
        )
    _check_groups(name, fetch.by)
    _check_percent(name, fetch.fn, fetch.q)
    if fetch.unit is not None and fetch.fn in {"count", "coverage"}:
        raise InvalidInput(
            f"fetch {name}: {fetch.fn} has no unit that could be {fetch.unit!r:.40}",
            code="unit_mismatch",
            hint="leave `unit` out",
        )
    if fetch.then is None:
        return
    if fetch.fn == "raw":
        raise InvalidInput(
            f"fetch {name}: readings have no windows in which a second level could meet",
            code="invalid_then",
            hint="use a function such as mean below `then`",
        )
    _check_groups(name, fetch.then.by)
    _check_percent(name, fetch.then.fn, fetch.then.q)
    if more := [key for key in fetch.then.by if key not in fetch.by]:
        raise InvalidInput(
            f"fetch {name}: the second level groups by {more[0]}, which the first has already put together",
            code="invalid_then",
            hint=f"add {more[0]} to the first level's `by`",
        )


def _check_groups(name: str, by: Sequence[str]) -> None:
    try:
        group_columns(by)
    except InvalidInput as error:
        raise InvalidInput(f"fetch {name}: {error.detail}", code=error.code, hint=error.hint) from None


def _check_percent(name: str, fn: str, q: float | None) -> None:
    if fn == "percentile" and (q is None or not 0.0 <= q <= 100.0):
        raise InvalidInput(
            f"fetch {name}: percentile needs q from 0 to 100, not {q}", code="invalid_q", hint="the median is q=50"
        )
    if fn != "percentile" and q is not None:
        raise InvalidInput(f"fetch {name}: q is for percentile, not for {fn}", code="invalid_q", hint="leave q out")
