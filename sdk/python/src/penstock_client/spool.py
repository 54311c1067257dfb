"""Batches on disk until the platform has them: append-only files that survive kill -9 and power cuts.

A directory holds segments `NUMBER.spool`, in order. A segment is a magic and records; a record is

    crc32 (of all that follows)   u32
    length of the rest            u32
    kind                          u8: 1 a batch, 2 done
    number                        u64: of the batch; of the newest batch that the platform has
    rows                          u32 ┐
    key                           32s │ of a batch
    body                          …   ┘

all little-endian. A batch is on disk (fsync) before `put` returns. A done record is not fsynced: losing it only means that batches
are sent again, which their keys make harmless. A segment goes when the platform has all of its batches. What was being written in a
crash ends a segment early; a new process never appends to an old one.
"""

from __future__ import annotations

import logging
import os
import struct
import sys
import zlib
from collections import deque
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from penstock_client.batch import Batch
from penstock_client.errors import SpoolInUse
from penstock_client.outbox import Waiting

__all__ = ["Spool"]

_log = logging.getLogger("penstock_client")
_MAGIC = b"PENSPL01"
_FRAME = struct.Struct("<II")
_HEAD = struct.Struct("<BQ")
_BATCH = struct.Struct("<I32s")
_IS_BATCH, _IS_DONE = 1, 2


@dataclass(slots=True)
class _Segment:
    """`newest`: the number of its newest batch; `damaged`: it holds bytes that were complete once and cannot be read."""

    path: Path
    size: int
    newest: int = 0
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    number: int
    rows: int
    segment: _Segment
    offset: int
    size: int


class Spool:
    """An Outbox in `directory`, of at most `max_bytes` on disk; one process at a time. Not thread-safe.

    Raises SpoolInUse, OSError.
    """

    def __init__(self, directory: Path | str, max_bytes: int) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self._directory / "lock")
        self._max_bytes = max_bytes
        self._segment_bytes = max(min(max_bytes // 8, 8 << 20), 64 << 10)
        self._segments: deque[_Segment] = deque()
        self._places: deque[_Place] = deque()
        self._file: FileIO | None = None
        self._done = 0
        self.last = 0
        self.rows = 0
        self._recover()

    def put(self, batch: Batch) -> bool:
        """See Outbox. True once the batch is on disk; also a disk without room is no place now."""
        payload = _HEAD.pack(_IS_BATCH, self.last + 1) + _BATCH.pack(batch.rows, batch.key.encode()) + batch.body
        size = len(payload) + _FRAME.size
        if size + len(_MAGIC) > self._max_bytes:
            raise ValueError(f"a batch of {size} bytes is larger than max_bytes={self._max_bytes}: lower max_rows")
        if sum(segment.size for segment in self._segments) + size + len(_MAGIC) > self._max_bytes:
            return False
        try:
            segment, offset = self._append(payload, sync=True)
        except OSError as error:
            _log.warning("the spool cannot write %d bytes to %s: %s", size, self._directory, error)
            self._abandon()
            return False
        self.last += 1
        segment.newest = self.last
        self.rows += batch.rows
        self._places.append(_Place(self.last, batch.rows, segment, offset, size))
        return True

    def head(self) -> Waiting | None:
        """See Outbox. Raises OSError when the disk no longer gives what was on it."""
        if not self._places:
            return None
        place = self._places[0]
        with place.segment.path.open("rb") as file:
            file.seek(place.offset)
            payload = _checked(file.read(place.size))
        if payload is None:
            raise OSError(f"{place.segment.path} at {place.offset}: the batch that was written there cannot be read")
        return Waiting(place.number, _batch(payload))

    def done(self, number: int) -> None:
        """See Outbox. A disk that cannot take the mark only costs a repetition after a restart."""
        place = self._places.popleft()
        assert place.number == number
        self._done = number
        self.rows -= place.rows
        if self._places:
            try:
                self._append(_HEAD.pack(_IS_DONE, number), sync=False)
            except OSError as error:
                _log.warning("the spool cannot mark batch %d of %s as done: %s", number, self._directory, error)
                self._abandon()
        self._tidy()

    def close(self) -> None:
        """Let another process have the directory."""
        self._abandon()
        self._lock.close()

    def _append(self, payload: bytes, *, sync: bool) -> tuple[_Segment, int]:
        if self._file is None or self._segments[-1].size >= self._segment_bytes:
            self._begin()
        segment, file = self._segments[-1], self._file
        assert file is not None
        offset = segment.size
        try:
            _write_all(file, _framed(payload))
            if sync:
                os.fsync(file.fileno())
        except OSError:
            file.truncate(offset)
            raise
        segment.size = offset + _FRAME.size + len(payload)
        return segment, offset

    def _begin(self) -> None:
        """A new segment; its name and its magic are on disk before anything is written to it."""
        self._abandon()
        taken = max((int(s.path.stem) for s in self._segments), default=0)
        path = self._directory / f"{max(taken, self.last) + 1:016d}.spool"
        self._file = FileIO(path, "xb")
        segment = _Segment(path, len(_MAGIC))
        self._segments.append(segment)
        _write_all(self._file, _MAGIC)
        _sync_directory(self._directory)

    def _abandon(self) -> None:
        """Write no more to the current segment."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tidy(self) -> None:
        """Remove segments all of whose batches are done; the newest one holds the mark as long as any batch waits."""
        if not self._places:
            self._abandon()
        while (
            self._segments and self._segments[0].newest <= self._done and (len(self._segments) > 1 or not self._places)
        ):
            self._remove(self._segments.popleft())

    def _remove(self, segment: _Segment) -> None:
        if segment.damaged:
            segment.path.rename(segment.path.with_suffix(".damaged"))
        else:
            segment.path.unlink()

    def _recover(self) -> None:
        for path in sorted(self._directory.glob("*.spool")):
            self._read(path)
        self._places = deque(place for place in self._places if place.number > self._done)
        self.last = max([self._done, *(place.number for place in self._places)])
        self.rows = sum(place.rows for place in self._places)
        self._tidy()

    def _read(self, path: Path) -> None:
        data = memoryview(path.read_bytes())
        segment = _Segment(path, len(data))
        self._segments.append(segment)
        at = len(_MAGIC) if bytes(data[: len(_MAGIC)]) == _MAGIC else 0
        while at and at < len(data):
            payload = _checked(data[at:])
            if payload is None:
                break
            kind, number = _HEAD.unpack_from(payload)
            size = _FRAME.size + len(payload)
            if kind == _IS_DONE:
                self._done = max(self._done, number)
            else:
                segment.newest = number
                self._places.append(_Place(number, _batch(payload).rows, segment, at, size))
            at += size
        if at < len(data):
            segment.damaged = len(data) - at >= _FRAME.size and not _is_cut(data[at:])
            level = logging.WARNING if segment.damaged else logging.INFO
            _log.log(level, "%s: %d bytes at %d are no whole record", path, len(data) - at, at)


def _framed(payload: bytes) -> bytes:
    length = len(payload).to_bytes(4, "little")
    return zlib.crc32(length + payload).to_bytes(4, "little") + length + payload


def _checked(data: bytes | memoryview) -> bytes | None:
    """The payload of the record that `data` begins with; None when there is no whole one."""
    if len(data) < _FRAME.size:
        return None
    crc, length = _FRAME.unpack_from(data)
    record = data[4 : _FRAME.size + length]
    whole = len(record) == 4 + length and length >= _HEAD.size
    return bytes(record[4:]) if whole and zlib.crc32(record) == crc else None


def _is_cut(data: memoryview) -> bool:
    """Whether a record was begun here and its end is missing, as a crash leaves it."""
    return _FRAME.unpack_from(data)[1] > len(data) - _FRAME.size


def _batch(payload: bytes) -> Batch:
    rows, key = _BATCH.unpack_from(payload, _HEAD.size)
    return Batch(key.decode(), rows, payload[_HEAD.size + _BATCH.size :])


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_directory(directory: Path) -> None:
    if sys.platform == "win32":  # a directory cannot be opened there; NTFS journals its names
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock(path: Path) -> FileIO:
    """An open file that holds the lock until it is closed. Raises SpoolInUse."""
    file = FileIO(path, "ab")
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on one platform only

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists on the other platforms only

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise SpoolInUse(
            f"{path.parent} is in use by another writer", hint="give each process a spool directory of its own"
        ) from None
    return file
