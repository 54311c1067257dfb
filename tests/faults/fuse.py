"""The little of the kernel's FUSE protocol (7.31) that a file system in one process needs; no library, only /dev/fuse and mount(2).

`serve` reads one request and answers it by a `Files` object. Protocol: include/uapi/linux/fuse.h of the Linux kernel.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

_libc: Final = ctypes.CDLL(None, use_errno=True)
_IN: Final = struct.Struct("<IIQQIIII")
_OUT: Final = struct.Struct("<IiQ")
_ATTR: Final = struct.Struct("<6Q10I")
_ENTRY: Final = struct.Struct("<4Q2I")
_MAX_WRITE: Final = 128 << 10
_BUFFER: Final = _MAX_WRITE + (64 << 10)
_MS_NOSUID, _MS_NODEV, _MNT_DETACH = 2, 4, 2
_SET_SIZE, _SET_MODE = 1 << 3, 1 << 0
ROOT: Final = 1


class Attr(NamedTuple):
    """What `stat` tells: node number, mode with the file type, size in bytes, links, modification time in seconds."""

    node: int
    mode: int
    size: int
    links: int
    mtime: float


class Files(Protocol):
    """A file system by node numbers. Methods raise OSError with the errno to answer."""

    def attr(self, node: int) -> Attr: ...
    def lookup(self, parent: int, name: str) -> int: ...
    def make(self, parent: int, name: str, mode: int) -> int: ...
    def remove(self, parent: int, name: str) -> None: ...
    def rename(self, parent: int, name: str, new_parent: int, new_name: str) -> None: ...
    def entries(self, node: int) -> list[tuple[str, int]]: ...
    def read(self, node: int, offset: int, size: int) -> bytes: ...
    def write(self, node: int, offset: int, data: bytes, *, durable: bool) -> None: ...
    def resize(self, node: int, size: int) -> None: ...
    def chmod(self, node: int, mode: int) -> None: ...
    def sync(self, node: int) -> None: ...
    def free_bytes(self) -> tuple[int, int]: ...


def mount(point: Path) -> int:
    """Mount on `point`; the descriptor to serve. Raises OSError (no /dev/fuse, no right to mount)."""
    fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={fd},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other".encode()
    if _libc.mount(b"lossy", os.fsencode(point), b"fuse", _MS_NOSUID | _MS_NODEV, options):
        number = ctypes.get_errno()
        os.close(fd)
        raise OSError(number, os.strerror(number), str(point))
    return fd


def unmount(point: Path) -> None:
    """Detach whatever is mounted on `point`; nothing there is no error."""
    _libc.umount2(os.fsencode(point), _MNT_DETACH)


def serve(fd: int, files: Files) -> bool:
    """Answer one request; False when the file system was unmounted."""
    try:
        request = os.read(fd, _BUFFER)
    except OSError as error:
        if error.errno in {errno.EINTR, errno.ENOENT, errno.EAGAIN}:
            return True
        if error.errno == errno.ENODEV:
            return False
        raise
    _, opcode, unique, node, *_ = _IN.unpack_from(request)
    body = request[_IN.size :]
    if opcode in _SILENT:
        return True
    try:
        handler = _HANDLERS.get(opcode)
        if handler is None:
            raise OSError(errno.ENOSYS, "not implemented")
        answer, number = handler(files, node, body), 0
    except OSError as error:
        answer, number = b"", error.errno or errno.EIO
    os.write(fd, _OUT.pack(_OUT.size + len(answer), -number, unique) + answer)
    return True


def _attr(files: Files, node: int) -> bytes:
    said = files.attr(node)
    seconds, nanoseconds = int(said.mtime), int(said.mtime % 1 * 1e9)
    return _ATTR.pack(
        said.node, said.size, -(-said.size // 512), seconds, seconds, seconds, nanoseconds, nanoseconds, nanoseconds,
        said.mode, said.links, os.getuid(), os.getgid(), 0, 4096, 0,
    )  # fmt: skip


def _entry(files: Files, node: int) -> bytes:
    return _ENTRY.pack(node, 0, 0, 0, 0, 0) + _attr(files, node)


def _attr_out(files: Files, node: int) -> bytes:
    return struct.pack("<QII", 0, 0, 0) + _attr(files, node)


def _names(body: bytes, start: int) -> list[str]:
    return [os.fsdecode(name) for name in body[start:].split(b"\0")[:-1]]


def _init(files: Files, node: int, body: bytes) -> bytes:
    _, _, readahead, flags = struct.unpack_from("<4I", body)
    big_writes, max_pages = 1 << 5, 1 << 22
    wanted = flags & (big_writes | max_pages)
    return struct.pack("<4I2H2I2HI28x", 7, 31, readahead, wanted, 12, 10, _MAX_WRITE, 1, _MAX_WRITE >> 12, 0, 0)


def _setattr(files: Files, node: int, body: bytes) -> bytes:
    valid, _, _, size = struct.unpack_from("<IIQQ", body)
    if valid & _SET_SIZE:
        files.resize(node, size)
    if valid & _SET_MODE:
        files.chmod(node, struct.unpack_from("<I", body, 68)[0])
    return _attr_out(files, node)


def _mkdir(files: Files, node: int, body: bytes) -> bytes:
    (mode,) = struct.unpack_from("<I", body)
    return _entry(files, files.make(node, _names(body, 8)[0], 0o040000 | mode & 0o7777))


def _mknod(files: Files, node: int, body: bytes) -> bytes:
    (mode,) = struct.unpack_from("<I", body)
    return _entry(files, files.make(node, _names(body, 16)[0], mode))


def _create(files: Files, node: int, body: bytes) -> bytes:
    _, mode = struct.unpack_from("<2I", body)
    return _entry(files, files.make(node, _names(body, 16)[0], 0o100000 | mode & 0o7777)) + _opened(files, node, body)


def _remove(files: Files, node: int, body: bytes) -> bytes:
    files.remove(node, _names(body, 0)[0])
    return b""


def _rename(files: Files, node: int, body: bytes, start: int = 8) -> bytes:
    (target,) = struct.unpack_from("<Q", body)
    old, new = _names(body, start)
    files.rename(node, old, target, new)
    return b""


def _rename2(files: Files, node: int, body: bytes) -> bytes:
    if struct.unpack_from("<I", body, 8)[0]:
        raise OSError(errno.EINVAL, "renameat2 flags")
    return _rename(files, node, body, 16)


def _opened(files: Files, node: int, body: bytes) -> bytes:
    return struct.pack("<QII", 0, 0, 0)


def _read(files: Files, node: int, body: bytes) -> bytes:
    _, offset, size = struct.unpack_from("<QQI", body)
    return files.read(node, offset, size)


def _write(files: Files, node: int, body: bytes) -> bytes:
    _, offset, size, _, _, flags, _ = struct.unpack_from("<QQIIQII", body)
    files.write(node, offset, body[40 : 40 + size], durable=bool(flags & os.O_DSYNC))
    return struct.pack("<II", size, 0)


def _sync(files: Files, node: int, body: bytes) -> bytes:
    files.sync(node)
    return b""


def _statfs(files: Files, node: int, body: bytes) -> bytes:
    total, free = (size >> 12 for size in files.free_bytes())
    return struct.pack("<5Q4I24x", total, free, free, 1 << 20, 1 << 20, 4096, 255, 4096, 0)


def _readdir(files: Files, node: int, body: bytes) -> bytes:
    _, offset, size = struct.unpack_from("<QQI", body)
    out = bytearray()
    for position, (name, child) in enumerate(files.entries(node)[offset:], offset + 1):
        text = os.fsencode(name)
        entry = struct.pack("<QQII", child, position, len(text), files.attr(child).mode >> 12) + text
        entry += b"\0" * (-len(entry) % 8)
        if len(out) + len(entry) > size:
            break
        out += entry
    return bytes(out)


def _nothing(files: Files, node: int, body: bytes) -> bytes:
    return b""


_SILENT: Final = frozenset({2, 36, 42})
"""FORGET, INTERRUPT, BATCH_FORGET have no answer."""
_HANDLERS: Final[dict[int, Callable[[Files, int, bytes], bytes]]] = {
    1: lambda files, node, body: _entry(files, files.lookup(node, _names(body, 0)[0])),
    3: lambda files, node, body: _attr_out(files, node),
    4: _setattr,
    8: _mknod,
    9: _mkdir,
    10: _remove,
    11: _remove,
    12: _rename,
    14: _opened,
    15: _read,
    16: _write,
    17: _statfs,
    18: _nothing,  # RELEASE
    20: _sync,
    25: _nothing,  # FLUSH: closing makes nothing durable
    26: _init,
    27: _opened,  # OPENDIR
    28: _readdir,
    29: _nothing,  # RELEASEDIR
    30: _sync,  # FSYNCDIR
    35: _create,
    38: _nothing,  # DESTROY
    45: _rename2,
}
