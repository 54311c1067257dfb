"""A disk that forgets at a power cut what was not fsynced: a file system in memory, mounted by FUSE, in a process of its own.

    python -m tests.faults.lossy [--deaf] MOUNTPOINT

Writes of a file last from the file's next fsync. Names (create, remove, rename) last from the next fsync of anything, as in a
journalling file system, where one fsync commits the journal; so a rename whose file was never synced leaves an old or an
empty file. `--deaf` answers fsync and forgets it, as a disk with a lying cache does: the control that must lose data.
It reads commands from stdin: `cut` reverts to what lasts and mounts it anew; the end of stdin ends it.
"""

from __future__ import annotations

import argparse
import errno
import os
import selectors
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.faults.fuse import ROOT, Attr, mount, serve, unmount

_DEVICE_BYTES: Final = 4 << 30


@dataclass
class _Node:
    mode: int
    links: int = 1
    mtime: float = field(default_factory=time.time)
    data: bytearray = field(default_factory=bytearray)
    names: dict[str, int] = field(default_factory=dict)
    unsynced: list[tuple[int, bytes, int]] = field(default_factory=list)
    """(offset, what was there, size before) of each write since the last fsync."""


class LossyFiles:
    """`fuse.Files` in memory with an undo log. Not thread-safe."""

    def __init__(self, *, deaf: bool = False) -> None:
        self._deaf = deaf
        self._nodes: dict[int, _Node] = {ROOT: _Node(stat.S_IFDIR | 0o700, links=2)}
        self._last = ROOT
        self._journal: list[Callable[[], None]] = []

    def power_cut(self) -> tuple[int, int]:
        """Forget what does not last: (bytes written, names changed) that are gone."""
        lost_bytes, lost_names = 0, len(self._journal)
        for node in self._nodes.values():
            for offset, before, size in reversed(node.unsynced):
                lost_bytes += max(len(before), len(node.data) - size)
                node.data[offset : offset + len(before)] = before
                del node.data[size:]
                node.data.extend(bytes(size - len(node.data)))
            node.unsynced.clear()
        while self._journal:
            self._journal.pop()()
        return lost_bytes, lost_names

    # -- Files

    def attr(self, node: int) -> Attr:
        at = self._at(node)
        return Attr(node, at.mode, len(at.data), at.links, at.mtime)

    def lookup(self, parent: int, name: str) -> int:
        try:
            return self._at(parent).names[name]
        except KeyError:
            raise OSError(errno.ENOENT, name) from None

    def make(self, parent: int, name: str, mode: int) -> int:
        names = self._at(parent).names
        if name in names:
            raise OSError(errno.EEXIST, name)
        self._last += 1
        self._nodes[self._last] = _Node(mode)
        self._put(parent, name, self._last)
        return self._last

    def remove(self, parent: int, name: str) -> None:
        if self._at(self.lookup(parent, name)).names:
            raise OSError(errno.ENOTEMPTY, name)
        self._put(parent, name, None)

    def rename(self, parent: int, name: str, new_parent: int, new_name: str) -> None:
        node = self.lookup(parent, name)
        self._put(parent, name, None)
        self._put(new_parent, new_name, node)

    def entries(self, node: int) -> list[tuple[str, int]]:
        return [(".", node), ("..", ROOT), *self._at(node).names.items()]

    def read(self, node: int, offset: int, size: int) -> bytes:
        return bytes(self._at(node).data[offset : offset + size])

    def write(self, node: int, offset: int, data: bytes, *, durable: bool) -> None:
        at = self._at(node)
        size = len(at.data)
        at.unsynced.append((offset, bytes(at.data[offset : offset + len(data)]), size))
        if offset > size:
            at.data.extend(bytes(offset - size))
        at.data[offset : offset + len(data)] = data
        at.mtime = time.time()
        if durable:
            self.sync(node)

    def resize(self, node: int, size: int) -> None:
        at = self._at(node)
        at.unsynced.append((size, bytes(at.data[size:]), len(at.data)))
        del at.data[size:]
        at.data.extend(bytes(size - len(at.data)))
        at.mtime = time.time()

    def chmod(self, node: int, mode: int) -> None:
        at = self._at(node)
        at.mode = stat.S_IFMT(at.mode) | stat.S_IMODE(mode)

    def sync(self, node: int) -> None:
        if self._deaf:
            return
        self._at(node).unsynced.clear()
        self._journal.clear()

    def free_bytes(self) -> tuple[int, int]:
        return _DEVICE_BYTES, _DEVICE_BYTES - sum(len(node.data) for node in self._nodes.values())

    # Nodes without a name are kept: an open file may still be used, and a cut may bring the name back.

    def _at(self, node: int) -> _Node:
        try:
            return self._nodes[node]
        except KeyError:
            raise OSError(errno.ESTALE, str(node)) from None

    def _put(self, parent: int, name: str, node: int | None) -> None:
        names = self._at(parent).names
        before = names.get(name)
        _set(names, name, node)
        self._journal.append(lambda: _set(names, name, before))


def _set(names: dict[str, int], name: str, node: int | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


class Lossy:
    """The file system on `point` as a child process; `with` mounts and, whatever happens, unmounts it."""

    def __init__(self, point: Path, *, deaf: bool = False) -> None:
        self.point = point
        self._deaf = deaf

    def __enter__(self) -> Self:
        self.point.mkdir(parents=True, exist_ok=True)
        flags = ["--deaf"] if self._deaf else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lossy", *flags, str(self.point)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            self._hear("mounted")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        unmount(self.point)

    def cut(self) -> tuple[int, int]:
        """The power fails. Whatever used the files must have been killed. (bytes, names) that were forgotten."""
        assert self._process.stdin is not None
        self._process.stdin.write("cut\n")
        self._process.stdin.flush()
        _, lost_bytes, lost_names = self._hear("cut").split()
        return int(lost_bytes), int(lost_names)

    def _hear(self, word: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(word):
            raise OSError(f"the lossy file system said {line!r}, not {word!r}")
        return line


def missing() -> str | None:
    """Why FUSE cannot be used here; None if it can."""
    if not Path("/dev/fuse").exists():
        return "there is no /dev/fuse"
    if os.geteuid():
        return "mounting needs root"
    return None


def _main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--deaf", action="store_true")
    arguments.add_argument("point", type=Path)
    chosen = arguments.parse_args()
    files = LossyFiles(deaf=chosen.deaf)
    fd = mount(chosen.point)
    sys.stdout.write("mounted\n")
    sys.stdout.flush()
    try:
        while True:
            with selectors.DefaultSelector() as ready:
                ready.register(fd, selectors.EVENT_READ)
                ready.register(sys.stdin, selectors.EVENT_READ)
                sources = [key.fileobj for key, _ in ready.select()]
            if sys.stdin in sources:
                if not sys.stdin.readline():
                    return
                unmount(chosen.point)
                os.close(fd)
                lost_bytes, lost_names = files.power_cut()
                fd = mount(chosen.point)
                sys.stdout.write(f"cut {lost_bytes} {lost_names}\n")
                sys.stdout.flush()
            elif not serve(fd, files):
                return
    finally:
        unmount(chosen.point)


if __name__ == "__main__":
    _main()
