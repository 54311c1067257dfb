"""What passed lately, numbered, so that a view that was cut off can go on exactly where it was."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from penstock.model.batch import Batch
from penstock.model.errors import InvalidInput
from penstock.model.event import Event

__all__ = ["FrameLog", "Passing", "Position", "stored_until"]

_TOKEN: Final = re.compile(r"([0-9a-f]{8})\.(\d{1,15})\.(\d{1,9})\.(\d{1,13})", re.ASCII)
_NO_HUB: Final = "0" * 8


@dataclass(frozen=True, slots=True)
class Passing:
    """A frame as all live views of a process see it.

    number  1, 2, … in the order of this process's hub
    heard   epoch ms
    size    bytes that it keeps in memory
    """

    number: int
    subject: str
    heard: int
    batch: Batch
    events: tuple[Event, ...]
    size: int


class Position(NamedTuple):
    """How far a view has been told: everything up to frame `number`, and `rows` of its rows of the next frame.

    `hub` is whose numbers these are; `seen` (epoch ms) is when that was, for a hub that no longer has the frames. It is no
    secret and gives no right: what is sent from there on is what the credential may read anyway.
    """

    hub: str
    number: int
    rows: int
    seen: int

    @property
    def token(self) -> str:
        """As a client keeps it."""
        return f"{self.hub}.{self.number}.{self.rows}.{self.seen}"

    @classmethod
    def parse(cls, token: str) -> Self:
        """The position of a token. Raises InvalidInput."""
        said = _TOKEN.fullmatch(token)
        if said is None:
            raise InvalidInput(
                f"{token!r:.60} is no token of a live view",
                code="invalid_token",
                hint="send the last token that came with a message, unchanged",
            )
        return cls(said[1], int(said[2]), int(said[3]), int(said[4]))


def stored_until(ts: int) -> Position:
    """The position of a view that has been told the readings of the store before `ts` (epoch ms), and no frames."""
    return Position(_NO_HUB, 0, 0, ts)


class FrameLog:
    """The newest frames of all channels, bounded in bytes and age. `lost` is the greatest number that is gone."""

    def __init__(self, max_bytes: int, max_age: int) -> None:
        """`max_age` in ms."""
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._frames: deque[Passing] = deque()
        self._bytes = 0
        self.lost = 0

    def append(self, passing: Passing) -> None:
        self._frames.append(passing)
        self._bytes += passing.size
        oldest = passing.heard - self._max_age
        while self._frames and (self._bytes > self._max_bytes or self._frames[0].heard < oldest):
            gone = self._frames.popleft()
            self._bytes -= gone.size
            self.lost = gone.number

    def after(self, number: int, subjects: Collection[str]) -> list[Passing]:
        """Frames of `subjects` above `number`, in order."""
        return list(self._newest_above(number, subjects))[::-1]

    def _newest_above(self, number: int, subjects: Collection[str]) -> Iterator[Passing]:
        for passing in reversed(self._frames):
            if passing.number <= number:
                return
            if passing.subject in subjects:
                yield passing
