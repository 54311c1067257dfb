"""What follows the expressions: selection, groups, unit, window, range, and how the answer is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from penstock.model.time import HOUR, parse_duration
from penstock.query.ast import Fill, Over, Select, Then
from penstock.query.language.scanner import QUOTED, Scanner, unquoted
from penstock.query.language.times import read_time
from penstock.query.language.words import CLAUSES, FILLS, GROUPS, SELECTORS, SPAN
from penstock.query.windows import find_zone

__all__ = ["Clauses", "Modifiers", "read_clauses", "read_modifiers"]

_VALUE: Final = re.compile(r'[^\s,()"]+')
_TAG: Final = re.compile(r"tag:")
_TAG_NAME: Final = re.compile(r'[^\s,()"=~]+')
_COUNT: Final = re.compile(r"[0-9]{1,9}\b")
_MODIFIERS: Final = ("where", "at", "by", "in", "shift", "as")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What a fetch says of itself, or all fetches together; None where nothing was said. `where`: key → text or pattern."""

    where: Mapping[str, str] = field(default_factory=dict[str, str])
    by: tuple[str, ...] | None = None
    unit: str | None = None
    shift: str | None = None
    name: str | None = None

    def over(self, other: Modifiers) -> Modifiers:
        """These, and what `other` says where these say nothing."""
        return Modifiers(
            {**other.where, **self.where},
            other.by if self.by is None else self.by,
            other.unit if self.unit is None else self.unit,
            other.shift if self.shift is None else self.shift,
            other.name if self.name is None else self.name,
        )

    def select(self, metric: str | None) -> Select:
        """The selection, with a metric."""
        plain = {key: text for key, text in self.where.items() if not key.startswith("tag:")}
        tags = {key.removeprefix("tag:"): text for key, text in self.where.items() if key.startswith("tag:")}
        return Select(metric=metric, tags=tags, **plain)

    def then(self, fn: Over, q: float | None) -> Then:
        """The second level, grouped by these."""
        return Then(fn=fn, by=self.by or (), q=q)


@dataclass(frozen=True, slots=True)
class Clauses:
    """What holds for the whole query; `common` for each of its fetches."""

    common: Modifiers = field(default_factory=Modifiers)
    every: str | None = None
    last: str | None = None
    start: str | None = None
    end: str | None = None
    zone: str | None = None
    fill: Fill | None = None
    points: int | None = None
    newest: bool = False

    def range(self, now: int) -> tuple[int, int]:
        """[start, end) in epoch ms: the last hour where nothing is said. Raises InvalidInput."""
        zone: ZoneInfo = find_zone(self.zone or "UTC")
        end = now if self.end is None else read_time(self.end, now, zone)
        if self.last is not None:
            return end - parse_duration(self.last), end
        return (end - HOUR if self.start is None else read_time(self.start, now, zone)), end

    def window(self) -> int | str:
        """As `Query.window`: text where a calendar has a say, else milliseconds."""
        match self.every:
            case None:
                return "auto"
            case "all":
                return 0
            case text if text.endswith("ms") or (self.zone is None and not text.endswith(("w", "mo", "y"))):
                return parse_duration(text)
            case text:
                return text


def read_modifiers(scan: Scanner, only: Sequence[str] = _MODIFIERS) -> Modifiers:
    """The modifiers that are next. Raises InvalidInput."""
    said = Modifiers()
    while word := scan.keyword(*only):
        at = scan.at - len(word)
        said = _once(scan, said, _modifier(scan, word), word, at)
    return said


def read_clauses(scan: Scanner) -> Clauses:
    """Everything up to the end. Raises InvalidInput."""
    said = Clauses()
    while not scan.done:
        at, word = scan.skip(), scan.keyword(*CLAUSES)
        if not word:
            raise scan.error(f"expected one of {', '.join(CLAUSES)}", CLAUSES)
        if word in _MODIFIERS:
            said = replace(said, common=_once(scan, said.common, _modifier(scan, word), word, at))
            continue
        name, value = _clause(scan, word)
        if getattr(said, name) not in {None, False}:
            raise scan.error(f"{word} is said twice", at=at)
        said = replace(said, **{name: value})
        if said.last is not None and said.start is not None:
            raise scan.error("the range has a start already: last and from exclude each other", at=at)
    return said


def _once(scan: Scanner, said: Modifiers, more: Modifiers, word: str, at: int) -> Modifiers:
    """Both together; a modifier that is said twice is refused."""
    again = set(said.where) & set(more.where)
    names = [name for name in ("by", "unit", "shift", "name") if getattr(said, name) and getattr(more, name)]
    if again or names:
        raise scan.error(f"{next(iter(again), word)} is said twice", at=at)
    return more.over(said)


def _modifier(scan: Scanner, word: str) -> Modifiers:
    match word:
        case "where":
            return Modifiers(where=_conditions(scan))
        case "at":
            return Modifiers(where={"site": _value(scan, "a site")})
        case "by":
            return Modifiers(by=_groups(scan))
        case "in":
            return Modifiers(unit=_value(scan, "a unit such as degC"))
        case "as":
            found = scan.take(_NAME)
            if found is None:
                raise scan.error("expected a name: a letter, then letters, digits, _")
            return Modifiers(name=found[0])
        case _:
            return Modifiers(shift=_span(scan))


def _clause(scan: Scanner, word: str) -> tuple[str, str | int | bool]:
    """The field of `Clauses` that a clause fills, and with what."""
    field_name, read = _READERS[word]
    return field_name, read(scan)


def _window(scan: Scanner) -> str:
    return scan.keyword("all") or _span(scan, "or all for one window")


def _fill(scan: Scanner) -> str:
    if how := scan.keyword(*FILLS):
        return how
    raise scan.error(f"expected one of {', '.join(FILLS)}", FILLS)


def _newest(scan: Scanner) -> bool:
    scan.keyword("first")
    return True


def _points(scan: Scanner) -> int:
    if found := scan.take(_COUNT):
        return int(found[0])
    raise scan.error("expected how many points a line may have")


def _conditions(scan: Scanner) -> dict[str, str]:
    said: dict[str, str] = {}
    while True:
        at, key = scan.skip(), _key(scan, SELECTORS)
        if key in said:
            raise scan.error(f"{key} is said twice", at=at)
        pattern = scan.symbol("~")
        if not pattern:
            scan.expect("=")
        at = scan.skip()
        said[key] = _value(scan, f"what {key} is")
        if not pattern and "*" in said[key]:
            raise scan.error(f"* is for patterns: write {key}~{said[key]}", at=at)
        if not scan.keyword("and"):
            return said


def _groups(scan: Scanner) -> tuple[str, ...]:
    names = [_key(scan, GROUPS)]
    while True:
        before = scan.at
        # `, 95` behind the groups of an inner level is the percentile of the outer one.
        if not scan.symbol(",") or not scan.word():
            scan.at = before
            return tuple(dict.fromkeys(names))
        names.append(_key(scan, GROUPS))


def _key(scan: Scanner, known: Sequence[str]) -> str:
    if scan.take(_TAG):
        found = scan.take(QUOTED)
        name = unquoted(found[1]) if found else None
        if name is None:
            bare = scan.take(_TAG_NAME)
            name = bare[0] if bare else ""
        if not name:
            raise scan.error("expected the name of a tag")
        return f"tag:{name}"
    if word := scan.keyword(*known):
        return word
    raise scan.error(f"expected one of {', '.join(known)}, tag:NAME", known)


def _value(scan: Scanner, what: str) -> str:
    if found := scan.take(QUOTED):
        return unquoted(found[1])
    if found := scan.take(_VALUE):
        return found[0]
    raise scan.error(f"expected {what}")


def _span(scan: Scanner, other: str = "") -> str:
    if found := scan.take(SPAN):
        return found[0]
    raise scan.error(f"expected a span of time such as 15m, 1h, 1d, 1mo {other}".rstrip())


_READERS: Final[Mapping[str, tuple[str, Callable[[Scanner], str | int | bool]]]] = {
    "every": ("every", _window),
    "last": ("last", _span),
    "from": ("start", lambda scan: _value(scan, "a time such as 2026-11-01 or -24h")),
    "to": ("end", lambda scan: _value(scan, "a time such as 2026-11-08 or now")),
    "zone": ("zone", lambda scan: _value(scan, "a zone such as Europe/Berlin")),
    "fill": ("fill", _fill),
    "points": ("points", _points),
    "limit": ("points", _points),
    "newest": ("newest", _newest),
}
"""Clause → the field of `Clauses` that it fills, and how it is read."""
