"""One tenant's dead letters for the store in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter

__all__ = ["Letters"]


class Letters:
    """Dead letters by id."""

    def __init__(self) -> None:
        self._held: dict[str, DeadLetter] = {}

    def take(self, frame: Frame, now: int) -> None:
        """Add what a frame brings, and close the open letter that it settles. `now` is epoch ms."""
        for letter in frame.dead_letters:
            self._held.setdefault(letter.id, letter)
        said = frame.settles
        held = self._held.get(said.letter) if said else None
        if said and held and held.state == "open":
            by = frame.parts[0].receipt if frame.parts else frame.id
            self._held[held.id] = replace(held, state=said.state, settled_ts=now, settled_by=by, reason=said.reason)

    def get(self, letter: str) -> DeadLetter | None:
        """By id."""
        return self._held.get(letter)

    def newest(self, where: Iterable[tuple[str, str | None]], before: tuple[int, str] | None) -> list[DeadLetter]:
        """By (received_ts, id) descending, below `before`; `where` is field and exact value, None for any."""
        asked = [(name, value) for name, value in where if value is not None]
        found = [
            letter
            for letter in self._held.values()
            if all(getattr(letter, name) == value for name, value in asked)
            and (before is None or (letter.received_ts, letter.id) < before)
        ]
        return sorted(found, key=lambda letter: (letter.received_ts, letter.id), reverse=True)
