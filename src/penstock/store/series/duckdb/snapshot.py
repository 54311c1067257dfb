"""Snapshots of the database, and how a COMMIT passes without holding up whoever reads.

What the store says comes from the database and from memory, which must be of one commit. So memory changes under the guard, and a
snapshot is taken under the guard. A COMMIT waits for the disk; while it does, nobody could tell which commit a new snapshot is of.
One is taken before it, and whoever reads meanwhile reads that and the memory of then.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol, Self

import duckdb

__all__ = ["Snapshot", "committed"]


class _Marks(Protocol):
    @property
    def rolled_to(self) -> int: ...


class _Memory(Protocol):
    """What `Memory` has of it."""

    standing: Snapshot | None

    @property
    def marks(self) -> _Marks: ...


class Snapshot:
    """The database as one commit left it, and up to where rollups are stored in it. Whoever made it and whoever took it lets it go;
    the last one closes it.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, rolled_to: int) -> None:
        """Of the last commit, on a cursor of its own. Called under the store's guard, or by whoever commits."""
        self.rolled_to: Final = rolled_to
        self._cursor = cursor
        self._reading = threading.Lock()
        self._counting = threading.Lock()
        self._users = 1
        try:
            self._cursor.begin()
            self._cursor.execute("SELECT value FROM meta LIMIT 1").fetchall()  # the first read takes the snapshot
        except BaseException:
            self._cursor.close()
            raise

    def take(self) -> Self:
        """One more reads it. Called while somebody has it."""
        with self._counting:
            self._users += 1
        return self

    def let_go(self) -> None:
        """One fewer reads it."""
        with self._counting:
            self._users -= 1
            last = not self._users
        if last:
            self._cursor.close()

    @contextmanager
    def cursor(self) -> Generator[duckdb.DuckDBPyConnection]:
        """To read from, one after the other; and let it go."""
        try:
            with self._reading:
                yield self._cursor
        finally:
            self.let_go()


@contextmanager
def committed(
    connection: duckdb.DuckDBPyConnection, memory: _Memory, guard: AbstractContextManager[Any]
) -> Generator[None]:
    """COMMIT on `connection`; the body, under the guard, makes memory what it is after that. It must not fail."""
    with guard:  # connections are not opened side by side
        cursor = connection.cursor()
    standing = Snapshot(cursor, memory.marks.rolled_to)
    try:
        with guard:
            memory.standing = standing
        try:
            connection.commit()
        except BaseException:
            with guard:
                memory.standing = None
            raise
        with guard:
            try:
                yield
            finally:
                memory.standing = None
    finally:
        standing.let_go()
