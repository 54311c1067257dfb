"""Expressions over lines: `(a - b) / 2`, `max(heat, 0) * 0.25`. From text to a tree, with the position of what is wrong. Pure.

Operators by how strongly they bind: `^` (from the right), unary minus, `*` and `/`, `+` and `-`. So -2^2 is -4, and 2^-1 is 0.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from penstock.model.errors import InvalidInput

__all__ = ["ARITIES", "Call", "Name", "Node", "Number", "names_of", "parse_expression"]

ARITIES: Final[Mapping[str, tuple[int, int]]] = {
    "abs": (1, 1), "min": (2, 8), "max": (2, 8), "clamp": (3, 3), "sqrt": (1, 1), "ln": (1, 1), "exp": (1, 1), "round": (1, 2),
}  # fmt: skip
"""Functions → how many arguments they take, at least and at most."""

_MOST_CHARACTERS: Final = 1_000
_DEEPEST: Final = 32
_TOKEN: Final = re.compile(
    r"\s*(?:([0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|([A-Za-z]\w*)|(.))", re.ASCII | re.DOTALL
)
_BINDING: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_UNARY: Final = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """Of a line set; `position` in the text, from 1."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """An operator (`+`, `-`, `*`, `/`, `^`, `neg`) or function over its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Call


def parse_expression(text: str) -> Node:
    """The tree of `text`; raises InvalidInput (`invalid_expression`) that says at which character, from 1, and why."""
    if len(text) > _MOST_CHARACTERS:
        raise InvalidInput(
            f"the expression has {len(text)} characters, at most {_MOST_CHARACTERS} are possible",
            code="invalid_expression",
        )
    return _Parser(text).whole()


def names_of(node: Node) -> dict[str, int]:
    """The names that occur in it, and where first."""
    match node:
        case Name(name=name, position=position):
            return {name: position}
        case Call(arguments=arguments):
            found: dict[str, int] = {}
            for argument in arguments:
                found = names_of(argument) | found
            return found
        case _:
            return {}


class _Token(NamedTuple):
    """`kind` is number, name, end, or the character itself."""

    kind: str
    text: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        assert match is not None, "the last branch takes any character"
        number, name, mark = match.groups()
        position = match.end() - len(number or name or mark) + 1
        kind = "number" if number else "name" if name else mark
        yield _Token(kind, number or name or mark, position)
        at = match.end()
    yield _Token("end", "", len(text) + 1)


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression(0)
        if self._peek.kind != "end":
            raise _wrong(self._peek, "an operator or the end was expected here")
        return node

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _expect(self, kind: str) -> None:
        token = self._take()
        if token.kind != kind:
            raise _wrong(token, f"{kind!r} was expected here")

    def _expression(self, least: int) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _wrong(self._peek, f"brackets and functions are nested more than {_DEEPEST} deep")
        node = self._operand()
        while (binding := _BINDING.get(self._peek.kind, 0)) > least:
            operator = self._take().kind
            # ^ binds from the right: what follows may bind as strongly.
            node = Call(operator, (node, self._expression(binding - (operator == "^"))))
        self._depth -= 1
        return node

    def _operand(self) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                return Number(float(token.text))
            case "name" if self._peek.kind == "(":
                return self._call(token)
            case "name":
                return Name(token.text, token.position)
            case "-":
                return Call("neg", (self._expression(_UNARY - 1),))
            case "(":
                node = self._expression(0)
                self._expect(")")
                return node
            case _:
                raise _wrong(token, "a number, a name, a function or a bracket was expected here")

    def _call(self, name: _Token) -> Node:
        if name.text not in ARITIES:
            raise _wrong(name, f"there is no such function; there are {', '.join(ARITIES)}")
        self._expect("(")
        arguments = [self._expression(0)]
        while self._peek.kind == ",":
            self._take()
            arguments.append(self._expression(0))
        self._expect(")")
        least, most = ARITIES[name.text]
        if not least <= len(arguments) <= most:
            takes = str(least) if least == most else f"{least} to {most}"
            raise _wrong(name, f"it takes {takes} arguments, not {len(arguments)}")
        return Call(name.text, tuple(arguments))


def _wrong(token: _Token, why: str) -> InvalidInput:
    said = (
        f"at its end (character {token.position})"
        if token.kind == "end"
        else f"at character {token.position}, {token.text!r:.40}"
    )
    return InvalidInput(
        f"the expression cannot be read {said}: {why}",
        code="invalid_expression",
        hint="numbers, names, + - * / ^, brackets, " + ", ".join(ARITIES),
    )
