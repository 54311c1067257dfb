"""Reading text from left to right, with errors that point at the place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from penstock.model.errors import InvalidInput

__all__ = ["QUOTED", "WORD", "Scanner", "unquoted"]

WORD: Final = re.compile(r"[A-Za-z_]\w*")
QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SPACE: Final = re.compile(r"\s*")
_FOUND: Final = re.compile(r'\w+|"[^"]*"?|\S')
_AROUND: Final = 60
MAX_TEXT: Final = 10_000


class Scanner:
    """A text and a place in it. White space is skipped before everything that is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        if len(text) > MAX_TEXT:
            raise InvalidInput(
                f"the query has {len(text)} characters, {MAX_TEXT} are read",
                code="query_too_long",
                hint="select with *",
            )

    def skip(self) -> int:
        """The place of the next thing."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.skip() == len(self.text)

    def peek(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What is next, if it looks like this."""
        return pattern.match(self.text, self.skip())

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """As `peek`, and go behind it."""
        found = self.peek(pattern)
        if found:
            self.at = found.end()
        return found

    def word(self) -> str:
        """The next word in lower case, without going behind it; empty where there is none."""
        found = self.peek(WORD)
        return found[0].lower() if found else ""

    def symbol(self, text: str) -> bool:
        """Go behind these characters, if they are next."""
        found = self.text.startswith(text, self.skip())
        self.at += len(text) if found else 0
        return found

    def keyword(self, *words: str) -> str:
        """Go behind one of these words, if it is next, and say which; empty if none is."""
        word = self.word()
        if word not in words:
            return ""
        self.at += len(word)
        return word

    def expect(self, symbol: str) -> None:
        """Go behind these characters. Raises InvalidInput where they are not."""
        if not self.symbol(symbol):
            raise self.error(f"expected {symbol}")

    def error(self, expected: str, known: Iterable[str] = (), *, at: int | None = None) -> InvalidInput:
        """What is wrong at the next thing, or at a place; one of `known` is suggested where it looks alike."""
        place = self.skip() if at is None else at
        found = _FOUND.match(self.text, place)
        close = get_close_matches(found[0].lower(), list(known), n=1) if found else []
        what = f"{found[0]!r}" if found else "the end"
        begin = max(0, place - _AROUND)
        shown = "".join(c if c.isprintable() else " " for c in self.text[begin : place + _AROUND])
        meant = f"did you mean {close[0]}?\n  " if close else ""
        return InvalidInput(
            f"the query is not understood at column {place + 1}, {what}: {expected}",
            code="query_syntax",
            hint=f"{meant}{shown}\n  {' ' * (place - begin)}^",
        )


def unquoted(body: str) -> str:
    """The text that stands between quotes: a backslash takes the next character as it is."""
    return re.sub(r"\\(.)", r"\1", body, flags=re.DOTALL)
