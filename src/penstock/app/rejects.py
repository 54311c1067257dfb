"""The file of refused rows: one JSON object per row with its number, code, detail and, for text files, its text."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import IO, Final

from penstock.model.errors import Misconfigured, RowError

__all__ = ["Rejects"]

_TEXT_WITH_HEADER: Final = frozenset({".csv", ".tsv", ".txt"})
_TEXT: Final = _TEXT_WITH_HEADER | {".ndjson", ".jsonl"}
_MAX_TEXT: Final = 2_000


class Rejects:
    """Written as a context manager; rows are added in ascending order. Without a refused row there is no file.

    With `append` the refusals of one file follow those of another, else what an earlier run left is replaced.
    """

    def __init__(self, path: Path, source: Path, *, append: bool = False) -> None:
        self.count = 0
        self.path = path
        self._source = source
        self._append = append
        self._lines = _numbered_lines(source)
        self._opened = contextlib.ExitStack()
        self._file: IO[str] | None = None

    def __enter__(self) -> Rejects:
        if not self._append:
            self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def add(self, first: int, errors: Iterable[RowError]) -> None:
        """Refusals of a draft that begins with the file's data row `first` (from 0)."""
        for error in sorted(errors):
            row = first + error.row
            document: dict[str, object] = {"file": self._source.name, "row": row}
            document |= {"code": error.code, "detail": error.detail}
            if (text := self._text(row)) is not None:
                document["text"] = text[:_MAX_TEXT]
            self._out().write(json.dumps(document, ensure_ascii=False) + "\n")
            self.count += 1

    def _out(self) -> IO[str]:
        if self._file is None:
            try:
                self._file = self._opened.enter_context(self.path.open("a", encoding="utf-8"))
            except OSError as error:
                raise Misconfigured(
                    f"rejects cannot be written to {self.path}: {error.strerror}",
                    hint="choose a place: --rejects FILE",
                ) from None
        return self._file

    def _text(self, row: int) -> str | None:
        for number, line in self._lines:
            if number == row:
                return line
        return None


def _numbered_lines(source: Path) -> Iterator[tuple[int, str]]:
    """(data row, text) of a text file, ending where rows and lines may part: a quoted cell can hold a line break."""
    if source.suffix.lower() not in _TEXT:
        return
    has_header = source.suffix.lower() in _TEXT_WITH_HEADER
    number = count(-1 if has_header else 0)
    with source.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            text = line.rstrip("\r\n")
            if not text.strip():
                continue
            if has_header and text.count('"') % 2:
                return
            yield next(number), text
