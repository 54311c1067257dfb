"""What one connection has on its way to disk, and what may be said about it: acknowledgements in order, and cumulative."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from penstock.api.intake import Prepared
from penstock.api.tcp.units import Piece
from penstock.api.tcp.words import Format, ack, rej
from penstock.model.errors import InvalidInput, PenstockError, RowError

__all__ = ["Slot", "Window"]

MAX_REJ: Final = 100
"""Refused rows told per piece; the count is always told."""


@dataclass(slots=True, eq=False)
class Slot:
    """A piece on its way, that ends with line (or is frame) `last`. `size` is what is held in memory for it."""

    last: int
    size: int = 0
    accepted: int = 0
    refused: int = 0
    lines: list[bytes] = field(default_factory=list[bytes])
    done: bool = False


class Window:
    """The slots of one connection, oldest first."""

    def __init__(self, form: Format) -> None:
        self._form: Format = form
        self._slots: deque[Slot] = deque()
        self._accepted = 0
        self._refused = 0

    def __len__(self) -> int:
        return len(self._slots)

    def open(self, piece: Piece) -> Slot:
        """A slot for a piece, behind all others."""
        slot = Slot(piece.last)
        self._slots.append(slot)
        return slot

    def judge(self, slot: Slot, piece: Piece, prepared: Prepared) -> None:
        """What will be said of the piece once it is durable."""
        slot.accepted, slot.refused = prepared.admission.rows, prepared.refused
        if not slot.refused:
            return
        told = prepared.admission.rejected[:MAX_REJ]
        slot.lines = [rej(seq, error) for seq, error in self._located(piece, told)]
        if slot.refused > len(told):
            more = f"{slot.refused - len(told)} more rows up to {slot.last} were refused"
            slot.lines.append(rej(slot.last, InvalidInput(more, code="and_more")))

    def settle(self, slot: Slot) -> None:
        """The piece is durable, but for its refused rows."""
        slot.done = True

    def refuse(self, slot: Slot, error: PenstockError, rows: int) -> None:
        """The piece as a whole can never be taken."""
        slot.accepted, slot.refused, slot.lines, slot.done = 0, rows, [rej(slot.last, error)], True

    def collect(self) -> tuple[bytes, int]:
        """What to say now, in order, and the bytes that are not held any more."""
        said: list[bytes] = []
        freed, last = 0, 0
        while self._slots and self._slots[0].done:
            slot = self._slots.popleft()
            said += slot.lines
            self._accepted += slot.accepted
            self._refused += slot.refused
            freed += slot.size
            last = slot.last
        if last:
            said.append(ack(last, self._accepted, self._refused))
        return b"".join(said), freed

    def _located(self, piece: Piece, errors: Sequence[RowError]) -> Sequence[tuple[int, RowError]]:
        """(line or frame, error with the row's place in it)."""
        if self._form == "arrow" or piece.array:
            return [(piece.first, error) for error in errors]
        numbers = np.arange(piece.first, piece.last + 1)
        if self._form == "ndjson":  # blank lines have a number, but are not rows
            blank = [not line.strip() for line in piece.payload.split(b"\n")[:-1]]
            numbers = numbers[~np.array(blank, np.bool_)]
        return [(int(numbers[error.row]), error._replace(row=0)) for error in errors]
