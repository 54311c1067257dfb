"""Lines drawn with braille characters: two dots wide and four high per character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["draw"]

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the dot in each row and column of a character, Unicode block 2800."""


def draw(points: Sequence[tuple[float, float]], span: tuple[float, float], *, width: int, height: int) -> list[str]:
    """A chart of (x, y) points in order of x over the `span` of x: `height` lines of at most `width` characters.

    The first line is labelled with the greatest value, the last with the least. Every point is drawn, and joined with the
    one before it, so no extreme is lost.
    """
    values = [y for _, y in points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    labels = [f"{high:,.4g}", *[""] * (height - 2), f"{low:,.4g}"]
    margin = max(len(label) for label in labels)
    columns = max(1, width - margin - 2)
    cells = [[0] * columns for _ in range(height)]
    before: tuple[int, int] | None = None
    for x, y in points:
        at = (
            round((x - span[0]) / ((span[1] - span[0]) or 1.0) * (columns * 2 - 1)),
            round((high - y) / ((high - low) or 1.0) * (height * 4 - 1)),
        )
        for column, row in _between(before or at, at):
            cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
        before = at
    return [
        f"{label:>{margin}} ┤{''.join(chr(0x2800 + cell) for cell in line).rstrip(chr(0x2800))}"
        for label, line in zip(labels, cells, strict=True)
    ]


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Dots of the straight line from one dot to another, both included."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (
            start[0] + round((end[0] - start[0]) * step / steps),
            start[1] + round((end[1] - start[1]) * step / steps),
        )
        for step in range(steps + 1)
    ]
