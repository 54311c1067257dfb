"""Bytes of a connection into units: pieces of whole lines, binary frames, and what a client says about the connection.

Readers do no I/O. What a client sends is read as it comes; a unit is there once all of its bytes are.
"""

from __future__ import annotations

import re
import struct
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np

from penstock.model.errors import InvalidInput, TooLarge

__all__ = ["HEADER", "Control", "FrameReader", "LineReader", "Piece", "Unit", "UnitReader"]

HEADER: Final = struct.Struct("<IQ")
"""Of a binary frame: length of the payload, sequence number."""

_PIECE: Final = 1 << 20
"""Bytes of lines that are decoded together at most, unless one line alone is longer."""
_PIECE_LINES: Final = 65_536
_CONTROL: Final = re.compile(rb"\n(PING|PONG|BYE)\r?\n")
_LEADING: Final = re.compile(rb"(PING|PONG|BYE)\r?\n")
_FRAME_CONTROLS: Final[dict[int, Control]] = {0: "PING", 1: "BYE", 2: "PONG"}
"""What a frame without payload says, by its sequence number."""

Control = Literal["PING", "PONG", "BYE"]


class Piece(NamedTuple):
    """Rows to decode: lines `first` to `last`, or the frame of that number. `array` is a single line of several rows."""

    payload: bytes
    first: int
    last: int
    array: bool = False

    @property
    def lines(self) -> int:
        """Lines, or 1 for a frame."""
        return self.last - self.first + 1


Unit = Piece | Control


class UnitReader(Protocol):
    """Takes bytes as they come and gives units."""

    @property
    def buffered(self) -> int:
        """Bytes fed and not yet taken."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether `take` would give something or raise."""
        ...

    @property
    def is_ample(self) -> bool:
        """Whether the next unit would not become much larger by waiting for more bytes."""
        ...

    def feed(self, data: bytes) -> None: ...

    def take(self) -> Unit | None:
        """The next unit, None until it is complete; raises InvalidInput when the rest cannot be read as units."""
        ...


class LineReader:
    """Lines, numbered from `first`. Several are taken together; a control line and a JSON array come alone.

    `arrays`: lines that start with `[` hold several rows. `max_line` is in bytes.
    """

    def __init__(self, *, max_line: int, first: int = 1, arrays: bool = False) -> None:
        self._max = max_line
        self._next = first
        self._arrays = arrays
        self._buffer = bytearray()
        self._end = 0  # just behind the last line end

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    @property
    def is_ready(self) -> bool:
        return self._end > 0 or len(self._buffer) > self._max

    @property
    def is_ample(self) -> bool:
        return len(self._buffer) >= _PIECE // 2

    def feed(self, data: bytes) -> None:
        at = data.rfind(b"\n")
        if at >= 0:
            self._end = len(self._buffer) + at + 1
        self._buffer += data

    def take(self) -> Unit | None:
        """See UnitReader. Raises TooLarge."""
        if not self._end:
            if len(self._buffer) > self._max:
                raise TooLarge(
                    f"line {self._next} has more than {self._max} bytes",
                    code="line_too_long",
                    hint="end each row or array of rows with a line feed",
                )
            return None
        buffer = self._buffer
        if control := _LEADING.match(buffer):
            word = _control(control[1])
            self._drop(control.end())
            return word
        stop = self._end
        if stop > _PIECE:
            stop = buffer.rfind(b"\n", 0, _PIECE) + 1 or buffer.find(b"\n") + 1
        array = self._arrays and buffer.startswith(b"[")
        stop = buffer.index(b"\n") + 1 if array else self._plain(stop)
        payload = bytes(memoryview(buffer)[:stop])
        self._drop(stop)
        first = self._next
        self._next += int(np.count_nonzero(np.frombuffer(payload, np.uint8) == 10))
        return Piece(payload, first, self._next - 1, array)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._end -= size

    def _plain(self, stop: int) -> int:
        """Where the lines before `stop` end that can be decoded together."""
        buffer = self._buffer
        # One character is found ten times faster than several, and most data holds none of these.
        if self._arrays and buffer.find(b"[", 0, stop) >= 0 and (at := buffer.find(b"\n[", 0, stop)) >= 0:
            stop = at + 1
        if _may_hold(buffer, b"PING", stop) or _may_hold(buffer, b"PONG", stop) or _may_hold(buffer, b"BYE", stop):
            found = _CONTROL.search(buffer, 0, stop)
            stop = found.start() + 1 if found else stop
        if stop > _PIECE_LINES:
            is_end = np.frombuffer(buffer, np.uint8, stop) == 10
            if np.count_nonzero(is_end) > _PIECE_LINES:
                stop = int(np.flatnonzero(is_end)[_PIECE_LINES - 1]) + 1
        return stop


class FrameReader:
    """Binary frames: `HEADER`, then as many bytes as it says. Sequence numbers must rise."""

    def __init__(self, *, max_frame: int) -> None:
        self._max = max_frame
        self._last = 0
        self._buffer = bytearray()

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    @property
    def is_ready(self) -> bool:
        if len(self._buffer) < HEADER.size:
            return False
        length, _ = HEADER.unpack_from(self._buffer)
        return length > self._max or len(self._buffer) >= HEADER.size + length

    @property
    def is_ample(self) -> bool:
        return True

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def take(self) -> Unit | None:
        """See UnitReader. Raises TooLarge, InvalidInput (`bad_sequence`, `bad_frame`)."""
        buffer = self._buffer
        if len(buffer) < HEADER.size:
            return None
        length, seq = HEADER.unpack_from(buffer)
        if length > self._max:
            raise TooLarge(
                f"frame {seq} says that it has {length} bytes; at most {self._max} are accepted",
                code="frame_too_large",
                hint="send fewer rows per frame; a header is u32 length and u64 seq, little-endian",
            )
        if length == 0:
            if seq not in _FRAME_CONTROLS:
                raise InvalidInput(
                    f"frame {seq} has no bytes", code="bad_frame", hint="an empty frame is 0 PING, 1 BYE or 2 PONG"
                )
            del buffer[: HEADER.size]
            return _FRAME_CONTROLS[seq]
        if seq <= self._last:
            raise InvalidInput(
                f"frame {seq} follows frame {self._last}", code="bad_sequence", hint="number frames upwards, from 1"
            )
        end = HEADER.size + length
        if len(buffer) < end:
            return None
        payload = bytes(memoryview(buffer)[HEADER.size : end])
        del buffer[:end]
        self._last = seq
        return Piece(payload, seq, seq)


def _may_hold(buffer: bytearray, word: bytes, stop: int) -> bool:
    return buffer.find(word[:1], 0, stop) >= 0 and buffer.find(word, 0, stop) >= 0


def _control(word: bytes) -> Control:
    return "PING" if word == b"PING" else "PONG" if word == b"PONG" else "BYE"
