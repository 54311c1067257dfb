"""From text to a `Query`.

    query   = item {"," item} {clause}
    item    = metric | functions "(" metric ")" | expression ["as" NAME]
    term    = number | fetch | "(" expression {modifier} ")" | math "(" expression {"," expression} ")"
    fetch   = function "(" ( metric | fetch {"by" groups | where} ) ["," q] ")"
    modifier = where | "by" groups | "in" unit | "shift" span | "as" NAME

Modifiers among the clauses hold for every fetch that does not say the same itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from penstock.model.errors import InvalidInput
from penstock.query.ast import Fetch, Function, Over, Query
from penstock.query.language.clauses import Clauses, Modifiers, read_clauses, read_modifiers
from penstock.query.language.expression import Binary, Call, Minus, Name, Node, Number, written
from penstock.query.language.scanner import QUOTED, WORD, Scanner, unquoted
from penstock.query.language.words import CLAUSES, FUNCTION_WORDS, MATH, OVERS, function_named, name_of

__all__ = ["parse_query"]

_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_METRIC: Final = re.compile(r"[\w.:/*-]+")
_BARE: Final = re.compile(r"[\w.:/*-]+(?![\w.:/*-])(?=\s*(,|$)|\s+[A-Za-z])")
_NO_METRIC: Final = re.compile(r"\(|-|[0-9.]+\s*,|[A-Za-z_]\w*\s*\(")
_SEVERAL: Final = re.compile(r"(\w+(?:\s*,\s*\w+)+)\s*\(")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MOST_DEEP: Final = 50


def parse_query(text: str, *, tenant: str, now: int) -> Query:
    """The query that a text means for a tenant; `now` (epoch ms) is where `last` and the like count from.

    Raises InvalidInput (`query_syntax`) that points at what is not understood, and for times, spans and zones that are none.
    """
    return _Parser(Scanner(text)).query(tenant, now)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A fetch before the clauses are known. `nested` is the function of the second level, with its percentile."""

    fn: Function
    q: float | None
    metric: str | None
    inner: Modifiers
    nested: tuple[Over, float | None] | None = None

    def said(self, own: Modifiers, common: Modifiers) -> Fetch:
        """The fetch, with what it says itself before what all say."""
        outer = own.over(replace(self.inner, where={}, by=None)).over(common)
        where = self.inner.over(Modifiers(where=outer.where)).select(self.metric)
        by, inner = outer.by or (), self.inner.by or ()
        if self.nested is None:
            return Fetch(where=where, fn=self.fn, q=self.q, by=by, unit=outer.unit, shift=outer.shift)
        fn, q = self.nested
        levels = (*(name for name in by if name not in inner), *inner)
        return Fetch(
            where=where, fn=self.fn, q=self.q, by=levels, then=outer.then(fn, q), unit=outer.unit, shift=outer.shift
        )


@dataclass(frozen=True, slots=True)
class _Use:
    """A fetch in its place: what it says itself there."""

    draft: _Draft
    own: Modifiers


class _Parser:
    """One text. Fetches stand in the tree as names `#n` until the clauses are known."""

    def __init__(self, scanner: Scanner) -> None:
        self._scan = scanner
        self._uses: list[_Use] = []
        self._deep = 0

    def query(self, tenant: str, now: int) -> Query:
        items = self._items()
        clauses = read_clauses(self._scan)
        if not self._uses:
            raise self._scan.error("expected a function such as avg(temperature): numbers alone read nothing", at=0)
        fetch: dict[str, Fetch] = {}
        names = self._names(fetch, clauses)
        math: dict[str, str] = {}
        shown: list[str] = []
        for node, name, at in items:
            if isinstance(node, Name):
                shown.append(names[node.name])
                continue
            chosen = name or _free("value", {*fetch, *math})
            if chosen in fetch or chosen in math:
                raise self._scan.error(f"two lines are called {chosen}", at=at)
            math[chosen] = written(_named(node, names))
            shown.append(chosen)
        shown = list(dict.fromkeys(shown))
        every = [*fetch, *math]
        start, end = clauses.range(now)
        return Query(
            tenant=tenant,
            start=start,
            end=end,
            fetch=fetch,
            window=clauses.window(),
            zone=clauses.zone or "UTC",
            math=math,
            show=() if shown == every else tuple(shown),
            fill=clauses.fill or "none",
            max_points=clauses.points,
            descending=clauses.newest,
        )

    def _names(self, fetch: dict[str, Fetch], clauses: Clauses) -> dict[str, str]:
        """Fill in the fetches; `#n` → the name of the fetch that it is. Named ones come first, so that they keep their names."""
        names: dict[str, str] = {}
        taken = {use.own.name for use in self._uses if use.own.name}
        for number, use in enumerate(self._uses):
            made = use.draft.said(use.own, clauses.common)
            if use.own.name is not None:
                chosen = use.own.name
                if fetch.get(chosen, made) != made:
                    raise InvalidInput(f"two lines are called {chosen}", code="query_syntax")
            else:
                same = next((name for name, other in fetch.items() if other == made and name not in taken), None)
                base = name_of(made.fn, made.q, made.where.metric)
                chosen = same or _free(base, {*fetch, *taken})
            fetch[chosen] = made
            names[f"#{number}"] = chosen
        return names

    def _items(self) -> list[tuple[Node, str | None, int]]:
        items: list[tuple[Node, str | None, int]] = []
        while True:
            items += self._item()
            if not self._scan.symbol(","):
                return items

    def _item(self) -> list[tuple[Node, str | None, int]]:
        scan = self._scan
        at = scan.skip()
        several = scan.peek(_SEVERAL)
        if several:
            words = [word.strip().lower() for word in several[1].split(",")]
            if all(function_named(word) for word in words):
                scan.at = several.end()
                metric = self._metric()
                scan.expect(")")
                return [(self._use(self._plain(word, metric)), None, at) for word in words]
        bare = scan.peek(_BARE)
        if bare and scan.word() not in CLAUSES and not _NUMBER.fullmatch(bare[0]):
            scan.at = bare.end()
            node: Node = self._use(_Draft("mean", None, None if bare[0] == "*" else bare[0], Modifiers()))
        else:
            node = self._sum()
        name = self._as()
        if name is not None and isinstance(node, Name):
            self._say(node, Modifiers(name=name))
        return [(node, name, at)]

    def _as(self) -> str | None:
        if not self._scan.keyword("as"):
            return None
        found = self._scan.take(_NAME)
        if found is None:
            raise self._scan.error("expected a name: a letter, then letters, digits, _")
        return found[0]

    def _say(self, node: Name, own: Modifiers) -> None:
        """A fetch says this of itself, too."""
        number = int(node.name[1:])
        use = self._uses[number]
        self._uses[number] = _Use(use.draft, own.over(use.own))

    def _use(self, draft: _Draft) -> Name:
        self._uses.append(_Use(draft, Modifiers()))
        return Name(f"#{len(self._uses) - 1}")

    def _sum(self) -> Node:
        self._deep += 1
        if self._deep > _MOST_DEEP:
            raise self._scan.error(f"brackets are more than {_MOST_DEEP} deep")
        node = self._product()
        while operator := self._operator("+", "-"):
            node = Binary(operator, node, self._product())
        self._deep -= 1
        return node

    def _product(self) -> Node:
        node = self._signed()
        while operator := self._operator("*", "/"):
            node = Binary(operator, node, self._signed())
        return node

    def _signed(self) -> Node:
        signs = 0
        while self._scan.symbol("-"):
            signs += 1
        node = self._power()
        return Minus(node) if signs % 2 else node

    def _power(self) -> Node:
        base = self._term()
        return Binary("^", base, self._exponent()) if self._scan.symbol("^") else base

    def _exponent(self) -> Node:
        self._deep += 1
        if self._deep > _MOST_DEEP:
            raise self._scan.error(f"powers are more than {_MOST_DEEP} deep")
        node = self._signed()
        self._deep -= 1
        return node

    def _operator(self, *operators: Literal["+", "-", "*", "/"]) -> Literal["+", "-", "*", "/"] | None:
        return next((operator for operator in operators if self._scan.symbol(operator)), None)

    def _term(self) -> Node:
        scan = self._scan
        if found := scan.take(_NUMBER):
            return Number(found[0])
        if scan.symbol("("):
            node = self._sum()
            at = scan.skip()
            own = read_modifiers(scan)
            if own != Modifiers():
                if not isinstance(node, Name):
                    raise scan.error("this belongs to one function such as avg(temperature), not to arithmetic", at=at)
                self._say(node, own)
            scan.expect(")")
            return node
        return self._call()

    def _call(self) -> Node:
        scan = self._scan
        at, found = scan.skip(), scan.take(WORD)
        known = (*FUNCTION_WORDS, *MATH)
        if found is None:
            raise scan.error("expected a function such as avg(temperature)", at=at)
        word = found[0].lower()
        if word not in MATH and function_named(word) is None:
            raise scan.error("this is no function", known, at=at)
        scan.expect("(")
        if word in MATH:
            arguments = self._arguments()
            scan.expect(")")
            return Call(word, arguments)
        if scan.peek(_NO_METRIC):
            return self._over(word, at)
        draft = self._plain(word, self._metric())
        scan.expect(")")
        return self._use(draft)

    def _arguments(self) -> tuple[Node, ...]:
        arguments = [self._sum()]
        while self._scan.symbol(","):
            arguments.append(self._sum())
        return tuple(arguments)

    def _over(self, word: str, at: int) -> Node:
        """A function of another one: a second level, or the least or greatest of several numbers."""
        scan = self._scan
        first = self._sum()
        inner = read_modifiers(scan, only=("by", "where"))
        if scan.symbol(",") and word in {"min", "max"}:
            if isinstance(first, Name):
                self._say(first, inner)
            rest = self._arguments()
            scan.expect(")")
            return Call(word, (first, *rest))
        named = function_named(word)
        over: Over | None = next((name for name in OVERS if named and name == named[0]), None)
        if over is None:
            raise scan.error(f"{word} cannot be made of another function's values", OVERS, at=at)
        q = self._percentile(named[1] if named else None) if over == "percentile" else None
        scan.expect(")")
        if not isinstance(first, Name):
            raise scan.error("a second level is of one function such as max(temperature), not of arithmetic", at=at)
        use = self._uses[int(first.name[1:])]
        if use.draft.nested is not None:
            raise scan.error("there are two levels, not three", at=at)
        draft = _Draft(use.draft.fn, use.draft.q, use.draft.metric, inner.over(use.own), (over, q))
        self._uses[int(first.name[1:])] = _Use(draft, Modifiers())
        return first

    def _plain(self, word: str, metric: str | None) -> _Draft:
        named = function_named(word)
        assert named is not None, "the caller has looked it up"
        fn, q = named
        return _Draft(fn, self._percentile(q) if fn == "percentile" else None, metric, Modifiers())

    def _percentile(self, known: float | None) -> float:
        if known is not None:
            return known
        scan = self._scan
        # The comma may have been read by whoever looked for several arguments.
        scan.symbol(",")
        found = scan.take(_NUMBER)
        if found is None:
            raise scan.error("expected which percentile, such as percentile(power, 95)")
        return float(found[0])

    def _metric(self) -> str | None:
        if found := self._scan.take(QUOTED):
            return unquoted(found[1])
        found = self._scan.take(_METRIC)
        if found is None:
            raise self._scan.error("expected a metric, or * for any")
        return None if found[0] == "*" else found[0]


def _named(node: Node, names: dict[str, str]) -> Node:
    """The tree with the fetches' names."""
    match node:
        case Name(name):
            return Name(names[name])
        case Minus(of):
            return Minus(_named(of, names))
        case Binary(operator, left, right):
            return Binary(operator, _named(left, names), _named(right, names))
        case Call(function, arguments):
            return Call(function, tuple(_named(argument, names) for argument in arguments))
        case Number():
            return node


def _free(base: str, taken: set[str]) -> str:
    """`base`, or with the first number that nobody has."""
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name
