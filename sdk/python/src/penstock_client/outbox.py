"""Where frozen batches wait until the platform has them: the contract, and the one in memory."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from penstock_client.batch import Batch

__all__ = ["MemoryOutbox", "Outbox", "Waiting"]


class Waiting(NamedTuple):
    """A batch and its place in the order."""

    number: int
    batch: Batch


class Outbox(Protocol):
    """First in, first out, bounded in bytes. What is in it is kept: when it is full, new batches are refused."""

    @property
    def last(self) -> int:
        """The number of the newest batch ever put; 0 before the first."""
        ...

    @property
    def rows(self) -> int:
        """Rows that wait."""
        ...

    def put(self, batch: Batch) -> bool:
        """Keep a batch behind the others. False when it does not fit now. Raises ValueError when it never will."""
        ...

    def head(self) -> Waiting | None:
        """The oldest batch; it stays until `done`."""
        ...

    def done(self, number: int) -> None:
        """The platform has answered for the head, whose number this is."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class MemoryOutbox:
    """An Outbox that ends with the process."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._waiting: deque[Waiting] = deque()
        self.last = 0
        self.rows = 0

    def put(self, batch: Batch) -> bool:
        size = len(batch.body)
        if size > self._max_bytes:
            raise ValueError(f"a batch of {size} bytes is larger than max_bytes={self._max_bytes}: lower max_rows")
        if self._bytes + size > self._max_bytes:
            return False
        self.last += 1
        self._waiting.append(Waiting(self.last, batch))
        self._bytes += size
        self.rows += batch.rows
        return True

    def head(self) -> Waiting | None:
        return self._waiting[0] if self._waiting else None

    def done(self, number: int) -> None:
        gone = self._waiting.popleft()
        assert gone.number == number
        self._bytes -= len(gone.batch.body)
        self.rows -= gone.batch.rows

    def close(self) -> None:
        """Nothing to let go of."""
