"""How commands write: tables for people, CSV for pipes, JSON on request; messages on stderr."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["fail", "is_terminal", "note", "paint", "show_rows", "terminal_width", "write_json", "write_markdown"]

_UNBROKEN = frozenset(
    {
        "ts",
        "first_ts",
        "last_ts",
        "admitted_ts",
        "committed_ts",
        "created",
        "expires",
        "last_used",
        "id",
        "label",
        "receipt",
    }
)
"""Columns of text that lose their sense over two lines."""


def is_terminal() -> bool:
    """Whether stdout is read by a person."""
    return sys.stdout.isatty()


def paint(style: str, text: str, *, stream: Any = None) -> str:
    """`text` in an ANSI style (`31` red, `2` dim), plain where colours are not wanted."""
    stream = stream or sys.stderr
    return f"\x1b[{style}m{text}\x1b[0m" if stream.isatty() and "NO_COLOR" not in os.environ else text


def note(text: str) -> None:
    """One line of progress or advice."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def fail(command: str, detail: str, *, code: str | None = None, hint: str | None = None) -> None:
    """What · where · why · what next."""
    tail = paint("2", f" ({code})") if code else ""
    note(f"{paint('31', '✗')} {command + ': ' if command else ''}{detail}{tail}")
    if hint:
        note(f"  {hint}")


def write_json(document: Any) -> None:
    """One JSON document on stdout, indented for a person."""
    json.dump(document, sys.stdout, indent=2 if is_terminal() else None, ensure_ascii=False)
    sys.stdout.write("\n")


def show_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool = False,
    empty: str = "nothing found",
    table: bool | None = None,
) -> None:
    """Rows as a table on a terminal, CSV in a pipe (`table` decides, if given), or a JSON array.

    Numbers in a table are right-aligned and rounded for people.
    """
    if as_json:
        write_json([dict(row) for row in rows])
    elif not (is_terminal() if table is None else table):
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    elif not rows:
        note(empty)
    else:
        _table(rows, columns)


def write_markdown(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Rows as a table of Markdown (GitHub's)."""
    lines = [columns, ["---"] * len(columns), *([_for_people(row.get(column)) for column in columns] for row in rows)]
    for cells in lines:
        sys.stdout.write("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n")


def terminal_width() -> int:
    """Characters in a line of the terminal, 80 where that is not known."""
    return shutil.get_terminal_size().columns


def _table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - costs 0.1 s, only a terminal needs it
    from rich.console import Console  # noqa: PLC0415 - costs 0.1 s, only a terminal needs it
    from rich.table import Table  # noqa: PLC0415 - costs 0.1 s, only a terminal needs it

    rows = list(rows)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        numeric = all(isinstance(row.get(column), int | float | None) for row in rows)
        # A name of two words may take two lines; what is in the column stays whole where it has no words.
        table.add_column(
            column.replace("_", " "),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=column in _UNBROKEN,
        )
    for row in rows:
        # Escaped by Text: a sensor's name may look like markup.
        table.add_row(*(_for_people(row.get(column)) for column in columns))
    Console(markup=False, highlight=False).print(table)


def _for_people(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return _printable(str(value))


def _cell(value: Any) -> Any:
    """CSV: numbers as they are; text that a spreadsheet would run as a formula gets an apostrophe."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + value
    return value


def _printable(text: str) -> str:
    """Without control characters: what devices send must not steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
