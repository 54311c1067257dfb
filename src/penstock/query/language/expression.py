"""Arithmetic: a tree of numbers, names and operators, and the one way in which it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Binary", "Call", "Minus", "Name", "Node", "Number", "written"]

_RANKS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_MINUS: Final = 3
_ATOM: Final = 5


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A line by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Minus:
    """The negative of something."""

    of: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands."""

    operator: Literal["+", "-", "*", "/", "^"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Minus | Binary | Call


def written(node: Node) -> str:
    """The text of a tree, with no more brackets than it needs."""
    match node:
        case Number(text):
            return text
        case Name(name):
            return name
        case Minus(of):
            return f"-{_operand(of, _MINUS)}"
        case Call(function, arguments):
            return f"{function}({', '.join(written(argument) for argument in arguments)})"
        case Binary(operator, left, right):
            rank = _RANKS[operator]
            # a - b - c is (a - b) - c, and a ^ b ^ c is a ^ (b ^ c); a sign keeps its brackets behind an operator.
            first, second = (rank + 1, rank) if operator == "^" else (rank, rank + 1)
            after = f"({written(right)})" if isinstance(right, Minus) else _operand(right, second)
            return f"{_operand(left, first)} {operator} {after}"


def _operand(node: Node, least: int) -> str:
    text = written(node)
    return text if _rank(node) >= least else f"({text})"


def _rank(node: Node) -> int:
    match node:
        case Binary(operator):
            return _RANKS[operator]
        case Minus():
            return _MINUS
        case _:
            return _ATOM
