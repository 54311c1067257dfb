"""Where writers of files write to when their bytes go elsewhere piece by piece."""

from __future__ import annotations

import io
from typing import Any

__all__ = ["Drain"]


class Drain(io.RawIOBase):
    """A file-like object that keeps what is written until `take` takes it."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        written = bytes(data)
        self._held.append(written)
        self._position += len(written)
        return len(written)

    def take(self) -> bytes:
        """What was written since the last call."""
        taken = b"".join(self._held)
        self._held.clear()
        return taken
