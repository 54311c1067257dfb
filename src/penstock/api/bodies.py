"""Request bodies: read and decompressed within bounds, whatever the client claims about them.

Three bounds hold at once: bytes as sent, bytes after decompression, and their ratio; a fourth bounds what all requests of
the process hold together, so that many large bodies are refused instead of exhausting memory.
"""

from __future__ import annotations

import asyncio
import re
import threading
import zlib
from collections.abc import Generator, Iterator
from functools import partial
from typing import Final

import zstandard
from starlette.requests import Request

from penstock.api.services import ApiConfig
from penstock.model.errors import Backpressure, InvalidInput, TooLarge

__all__ = ["ENCODINGS", "Body", "BodyReader"]

ENCODINGS: Final = ("gzip", "zstd", "deflate", "snappy")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_STEP: Final = 256 << 10
_RATIO_FROM: Final = 1 << 20
_ZSTD_WINDOW: Final = 8 << 20
"""What RFC 9659 allows a zstd content coding to need."""
_ZSTD_PIECE: Final = 1 << 10
"""Bytes of zstd input per step: at most 32 MiB of output."""


class Body:
    """One request's body as sent, counted against the process's bound until `release`.

    `decoded` may run in a worker thread; it is the only method that takes long.
    """

    def __init__(self, encoding: str, reader: BodyReader) -> None:
        self.encoding = encoding
        self.size = 0
        self._parts: list[bytes] = []
        self._reader = reader
        self._held = 0
        self._released = False

    def take(self, part: bytes) -> None:
        """Add a part as sent. Raises TooLarge, Backpressure."""
        if self.size + len(part) > self._reader.config.max_body:
            raise self._reader.too_large(self.size + len(part))
        self._hold(len(part))
        self.size += len(part)
        self._parts.append(part)

    def decoded(self) -> bytes:
        """The body without its content coding. Raises TooLarge, InvalidInput (`bad_encoding`), Backpressure."""
        sent = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        if self.encoding == "identity":
            return sent
        config = self._reader.config
        bound = min(config.max_decoded, max(_RATIO_FROM, config.max_ratio * self.size))
        if self.encoding == "snappy":
            return self._unsnapped(sent, bound)
        parts: list[bytes] = []
        size = 0
        try:
            for part in _decompress(self.encoding, sent):
                size += len(part)
                if size > bound:
                    raise self._bomb(size)
                self._hold(len(part))
                parts.append(part)
        except (zlib.error, zstandard.ZstdError, EOFError) as error:
            raise InvalidInput(
                f"the body is not whole, valid {self.encoding}: {error}",
                code="bad_encoding",
                hint="send the body uncompressed, or check what compressed it",
            ) from error
        return b"".join(parts)

    def _unsnapped(self, sent: bytes, bound: int) -> bytes:
        """A snappy block: it begins with the size that it unfolds to, so that is judged before anything is."""
        import cramjam  # noqa: PLC0415 - two megabytes that only remote write needs

        try:
            size = cramjam.snappy.decompress_raw_len(sent)
            if size > bound:
                raise self._bomb(size)
            self._hold(size)
            return bytes(cramjam.snappy.decompress_raw(sent))
        except cramjam.DecompressionError as error:
            raise InvalidInput(
                f"the body is not whole, valid snappy: {error}",
                code="bad_encoding",
                hint="send a block as Prometheus's remote write does, not snappy's framing format",
            ) from None

    def release(self) -> None:
        """Give the bytes back to the process's bound; idempotent."""
        self._reader.hold(-self._held)
        self._held = 0
        self._released = True

    def _hold(self, size: int) -> None:
        if self._released:  # the request was cancelled while a thread still decompresses: nobody would give it back
            return
        self._reader.hold(size)
        self._held += size

    def _bomb(self, size: int) -> TooLarge:
        config = self._reader.config
        if size > config.max_decoded:
            return TooLarge(
                f"the body decompresses to more than {config.max_decoded} bytes",
                hint="send fewer rows per request",
            )
        return TooLarge(
            f"the body decompresses to more than {config.max_ratio} times its {self.size} bytes",
            code="compression_ratio",
            hint="send it uncompressed, or with a lower compression level",
        )


class BodyReader:
    """Reads bodies for one process. `held` is what all of them, and what came over TCP, hold now."""

    def __init__(self, config: ApiConfig) -> None:
        self.config = config
        self.held = 0
        self._lock = threading.Lock()  # bodies are decompressed in worker threads

    def hold(self, size: int) -> None:
        """Count `size` more bytes as held; raises Backpressure over the bound."""
        with self._lock:
            if size > 0 and self.held + size > self.config.max_held:
                raise Backpressure(
                    f"{self.held} of {self.config.max_held} bytes of request bodies are being worked on",
                    hint="repeat the request after Retry-After seconds",
                )
            self.held += size

    def account(self, size: int) -> None:
        """Count `size` more bytes (or fewer) that are in memory already, whatever the bound."""
        with self._lock:
            self.held += size

    async def read(self, request: Request) -> Body:
        """The whole body as sent; the caller releases it.

        Raises TooLarge, InvalidInput (`unsupported_encoding`, `body_timeout`, `invalid_length`), Backpressure.
        """
        encoding = _encoding(request.headers.get("content-encoding", ""))
        bound = self.config.max_body
        declared = request.headers.get("content-length", "0")
        if not _LENGTH.fullmatch(declared):
            raise InvalidInput(f"Content-Length {declared!r:.40} is not a number", code="invalid_length")
        if int(declared) > bound:
            raise self.too_large(int(declared))
        body = Body(encoding, self)
        try:
            async with asyncio.timeout(self.config.body_timeout):
                async for part in request.stream():
                    body.take(part)
        except TimeoutError:
            body.release()
            raise InvalidInput(
                f"the body was not complete after {self.config.body_timeout:g} s", code="body_timeout"
            ) from None
        except BaseException:
            body.release()
            raise
        return body

    def too_large(self, size: int) -> TooLarge:
        """The refusal of a body of `size` bytes or more."""
        return TooLarge(
            f"the body has {size} bytes or more; at most {self.config.max_body} are accepted",
            hint="send fewer rows per request, or compress the body with zstd or gzip",
        )


def _encoding(header: str) -> str:
    name = header.strip().lower().removeprefix("x-")
    if name in {"", "identity"}:
        return "identity"
    if name not in ENCODINGS:
        raise InvalidInput(
            f"Content-Encoding {header!r} is not understood",
            code="unsupported_encoding",
            hint=f"send one of {', '.join(ENCODINGS)}, one layer only",
        )
    return name


def _decompress(encoding: str, data: bytes) -> Iterator[bytes]:
    """The decoded body in parts small enough that a bomb is noticed before it has unfolded."""
    members = _zstd if encoding == "zstd" else partial(_deflate, encoding)
    while data:  # a body may be several gzip members or zstd frames in a row
        data = yield from members(data)


def _deflate(encoding: str, data: bytes) -> Generator[bytes, None, bytes]:
    """One gzip member or deflate stream; returns what follows it."""
    stream = zlib.decompressobj(_window_bits(encoding, data))
    pending = data
    while not stream.eof:
        part = stream.decompress(pending, _STEP)
        if not part and not stream.unconsumed_tail and not stream.eof:
            raise EOFError("it ends too early")
        pending = stream.unconsumed_tail
        yield part
    if encoding == "deflate" and stream.unused_data:
        raise zlib.error("something follows its end")
    return stream.unused_data


def _zstd(data: bytes) -> Generator[bytes, None, bytes]:
    """One zstd frame; returns what follows it.

    Fed in small pieces because the library bounds no output, and a 4-byte block can stand for 128 KiB; its bounded reader
    takes a truncated frame for a whole one.
    """
    stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
    at = 0
    while not stream.eof:
        if at >= len(data):
            raise EOFError("it ends too early")
        yield stream.decompress(data[at : at + _ZSTD_PIECE])
        at += _ZSTD_PIECE
    return stream.unused_data + data[at:]


def _window_bits(encoding: str, data: bytes) -> int:
    """gzip, zlib, or (what some clients send as deflate) the raw stream without its zlib frame."""
    if encoding == "gzip":
        return 31
    framed = len(data) >= 2 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    return 15 if framed else -15
