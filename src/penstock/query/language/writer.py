"""From a `Query` to the text that means it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from penstock.model.time import format_time
from penstock.query.ast import Fetch, Query
from penstock.query.language.times import format_span
from penstock.query.language.words import SELECTORS, name_of

__all__ = ["format_query"]

_PLAIN_METRIC: Final = re.compile(r"[A-Za-z_][\w.:/*-]*")
_PLAIN_VALUE: Final = re.compile(r"[\w.:/@+*%^-]+")
_TOKEN: Final = re.compile(r"[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?|[A-Za-z][A-Za-z0-9_]*(?!\w)(?!\s*\()")


def format_query(query: Query) -> str:
    """The text: `parse_query` makes the same query of it, as long as all that is fetched is shown or computed with.

    Its range is written in absolute times. Expressions keep their own spelling, with each fetch in its place.
    """
    shown = query.show or (*query.fetch, *query.math)
    # One `by room` for all reads better than one for each, and is possible where all say the same.
    tails = {_tail(fetch) for fetch in query.fetch.values()}
    common = tails.pop() if len(tails) == 1 else None
    items = [_item(query, name, common) for name in shown]
    return " ".join([", ".join(items), *([common] if common else []), *_clauses(query)])


def _item(query: Query, name: str, common: str | None) -> str:
    fetch = query.fetch.get(name)
    if fetch is not None:
        text = _call(fetch) if common is not None else _own(fetch, "")
        return text if name == _usual(fetch) else f"{text} as {name}"
    text = _inlined(query, query.math[name], common)
    return text if name == "value" else f"{text} as {name}"


def _inlined(query: Query, expression: str, common: str | None) -> str:
    """An expression with what its names stand for."""

    def put(found: re.Match[str]) -> str:
        name = found[0]
        fetch = query.fetch.get(name)
        if fetch is not None:
            named = "" if name == _usual(fetch) else f"as {name}"
            return _call(fetch) if common is not None and not named else _own(fetch, named, tail=common is None)
        return f"({_inlined(query, query.math[name], common)})" if name in query.math else name

    return _TOKEN.sub(put, expression)


def _own(fetch: Fetch, named: str, *, tail: bool = True) -> str:
    """A fetch in brackets with what it says of itself; bare where it says nothing."""
    said = " ".join(part for part in (_tail(fetch) if tail else "", named) if part)
    return f"({_call(fetch)} {said})" if said else _call(fetch)


def _usual(fetch: Fetch) -> str:
    return name_of(fetch.fn, fetch.q, fetch.where.metric)


def _call(fetch: Fetch) -> str:
    """`max(power)`, or both levels."""
    metric = fetch.where.metric
    what = "*" if metric is None else metric if metric != "*" and _PLAIN_METRIC.fullmatch(metric) else _quoted(metric)
    inner = f"{fetch.fn}({what}{_percentile(fetch.q)})"
    if fetch.then is None:
        return inner
    by = f" by {_groups(fetch.by)}" if fetch.by else ""
    return f"{fetch.then.fn}({inner}{by}{_percentile(fetch.then.q)})"


def _percentile(q: float | None) -> str:
    return "" if q is None else f", {q!r}".removesuffix(".0")


def _tail(fetch: Fetch) -> str:
    """What a fetch says besides function and metric."""
    by = fetch.by if fetch.then is None else fetch.then.by
    plain = {name: getattr(fetch.where, name) for name in SELECTORS}
    where = {name: text for name, text in plain.items() if text is not None}
    where |= {f"tag:{_plain(name)}": text for name, text in fetch.where.tags.items()}
    parts = [f"where {_conditions(where)}"] if where else []
    parts += [f"by {_groups(by)}"] if by else []
    parts += [f"in {_plain(fetch.unit)}"] if fetch.unit is not None else []
    parts += [f"shift {fetch.shift}"] if fetch.shift is not None else []
    return " ".join(parts)


def _conditions(where: Mapping[str, str]) -> str:
    return " and ".join(f"{key}{'~' if '*' in text else '='}{_plain(text)}" for key, text in where.items())


def _groups(names: tuple[str, ...]) -> str:
    return ", ".join(f"tag:{_plain(name[4:])}" if name.startswith("tag:") else name for name in names)


def _clauses(query: Query) -> list[str]:
    zoned = query.zone != "UTC"
    parts = [f"from {format_time(query.start)} to {format_time(query.end)}"]
    match query.window:
        case "auto":
            pass
        case 0:
            parts.append("every all")
        case int(width):
            # In a zone a window is the calendar's; milliseconds never are.
            parts.append(f"every {width}ms" if zoned else f"every {format_span(width)}")
        case text:
            parts.append(f"every {text}")
            zoned = zoned or not text.endswith(("w", "mo", "y"))
    parts += [f"zone {_plain(query.zone)}"] if zoned else []
    parts += [f"fill {query.fill}"] if query.fill != "none" else []
    parts += [f"points {query.max_points}"] if query.max_points is not None else []
    parts += ["newest first"] if query.descending else []
    return parts


def _plain(text: str) -> str:
    return text if _PLAIN_VALUE.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
