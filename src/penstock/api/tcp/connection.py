"""One TCP connection: its opening, the flow of its bytes, its clocks and its end. What it sends goes through a `Pump`.

While the bus cannot take more, or the door holds enough, nothing is read: the client's TCP window is the queue.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Final, cast

import structlog

from penstock.accounts.keys import Identity
from penstock.api.observe import TCP_BYTES, TCP_ENDED
from penstock.api.tcp.door import Door
from penstock.api.tcp.pump import Pump
from penstock.api.tcp.units import FrameReader, LineReader, Piece, UnitReader
from penstock.api.tcp.words import BYE, MAX_HELLO, PING, PONG, Hello, err, ok, parse_hello
from penstock.model.errors import InvalidInput, NotAllowed, PenstockError, Unavailable

__all__ = ["Connection"]

_log: Final = structlog.get_logger(__name__)

_AHEAD: Final = 2 << 20
"""Bytes that are read ahead of the piece that is being decoded, unless one unit alone needs more."""


@dataclass(slots=True)
class _Talk:
    """What there is once the opening line was accepted."""

    hello: Hello
    identity: Identity
    reader: UnitReader
    pump: Pump
    task: asyncio.Task[None] | None = None


class Connection(asyncio.Protocol):
    """The server's end. It ends with a line that says why, unless the client is gone first."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._talk: _Talk | None = None
        self._greeting = b""
        self._wake = asyncio.Event()
        self._gone = asyncio.Event()
        self._failure: PenstockError | None = None
        self._began = self._heard = self._progress = door.now()
        self._counted = 0
        self._paused = self._choked = self._eof = self._finished = self._draining = self._asked = False

    # -- what the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            self._door.join(self)
        except Unavailable as error:
            self._finish(error)

    def data_received(self, data: bytes) -> None:
        TCP_BYTES.inc(len(data))
        self._heard, self._asked = self._door.now(), False
        if self._finished:
            return  # read only so that the client gets to read our last line
        if self._talk is None:
            self._greet(data)
        else:
            self._talk.reader.feed(data)
            self.poke()

    def eof_received(self) -> bool:
        self._eof = True
        if self._talk is None or self._finished:
            return False
        self._wake.set()
        return not self._is_tls  # TLS knows no half-closed connection

    def pause_writing(self) -> None:
        self._choked = True
        self._regulate()

    def resume_writing(self) -> None:
        self._choked = False
        self.poke()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # whatever broke it, what was not acknowledged will come again
        self._gone.set()
        if not self._finished:
            TCP_ENDED.labels("lost").inc()
            _log.info("tcp.ended", peer=self._transport.get_extra_info("peername"), reason="lost")
        self._finished = True
        if self._talk is not None:
            self._talk.pump.abandon()
        self._wake.set()
        self._leave()

    # -- what the door says

    def tick(self) -> None:
        config, now, talk = self._door.config, self._door.now(), self._talk
        if self._finished:
            return
        if talk is not None:
            self._tick(talk, now)
        elif now - self._began > config.handshake:
            self._finish(InvalidInput(f"no opening line within {config.handshake:g} s", code="handshake_timeout"))

    def recheck(self) -> None:
        if self._talk is not None and not self._finished:
            try:
                self._door.authorise(self._talk.hello.key)
            except PenstockError as error:
                self._fail(error)

    def poke(self) -> None:
        self._wake.set()
        self._regulate()

    def drain(self) -> None:
        self._draining = True
        if self._talk is None:
            self._finish(None)
        self.poke()

    async def ended(self, seconds: float) -> None:
        task = self._talk.task if self._talk is not None else None
        try:
            async with asyncio.timeout(seconds):
                await self._gone.wait()
                if task is not None:
                    await asyncio.wait([task])
        except TimeoutError:
            self._transport.abort()
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    # -- opening

    def _greet(self, data: bytes) -> None:
        self._greeting += data
        line, end, rest = self._greeting.partition(b"\n")
        if not end and len(line) <= MAX_HELLO:
            return
        try:
            if len(line) > MAX_HELLO:
                raise InvalidInput(f"the opening line has more than {MAX_HELLO} bytes", code="bad_handshake")
            hello = parse_hello(line)
            identity = self._door.enter(hello.key)
        except PenstockError as error:
            self._finish(error)
            return
        self._greeting = b""
        bound = self._door.services.config.max_body
        if hello.format == "arrow":
            reader: UnitReader = FrameReader(max_frame=bound)
        else:
            reader = LineReader(max_line=bound, first=hello.first, arrays=hello.format == "ndjson")
        pump = Pump(self._door, hello, identity, say=self._say, changed=self.poke)
        self._talk = talk = _Talk(hello, identity, reader, pump)
        self._progress = self._door.now()
        peer = self._transport.get_extra_info("peername")
        _log.info(
            "tcp.opened",
            peer=peer,
            tenant=identity.tenant,
            key=identity.key_id,
            source=hello.source,
            format=hello.format,
        )
        self._say(ok(hello, window=self._door.config.window, max_frame=bound))
        talk.task = asyncio.create_task(self._run(talk), name=f"tcp:{hello.session}")
        talk.task.add_done_callback(lambda _: self._leave())
        reader.feed(rest)
        self.poke()

    # -- the flow

    def _tick(self, talk: _Talk, now: float) -> None:
        config = self._door.config
        if self._failure is not None:
            if now - self._progress > config.drain:
                talk.pump.abandon()
                self._finish(self._failure)
            return
        if self._eof or (self._paused and not talk.pump.is_idle):
            self._heard = self._progress = now  # we are not listening, so silence means nothing
            return
        silence, bound = now - self._heard, self._door.services.config.body_timeout
        if talk.reader.is_ready or not talk.reader.buffered:
            self._progress = now
        elif now - self._progress > bound:
            self._fail(InvalidInput(f"a line or frame was not complete after {bound:g} s", code="frame_timeout"))
        if silence > config.idle + config.grace:
            self._fail(InvalidInput(f"silence for {silence:.0f} s", code="idle_timeout", hint="answer PING with PONG"))
        elif silence > config.idle and not self._asked:
            self._asked = True
            self._say(PING)

    async def _run(self, talk: _Talk) -> None:
        """Take units until there are no more, see all of them settled, say why it ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    await self._take_units(talk, tasks)
                except PenstockError as error:
                    self._fail(error)
        except* Exception as group:  # noqa: BLE001 - a fault of ours: this connection ends, the door stays open
            _log.exception("tcp.failed", session=talk.hello.session, exc_info=group)
            self._failure = Unavailable("the server failed; its log has the cause", code="internal_error")
        self._finish(self._failure)

    async def _take_units(self, talk: _Talk, tasks: asyncio.TaskGroup) -> None:
        """Returns when the client said goodbye, is gone, or the door closes. Raises what ends the connection otherwise."""
        while not (self._gone.is_set() or self._draining):
            if self._failure is not None:
                raise self._failure
            # As Nagle's algorithm does: while something is on its way, what comes in small portions is gathered.
            worthwhile = talk.pump.is_idle or talk.reader.is_ample
            if worthwhile and not (talk.pump.is_blocked or self._choked):
                unit = talk.reader.take()
                if unit == "BYE":
                    return
                if isinstance(unit, Piece):
                    await talk.pump.take(unit, tasks)
                elif unit == "PING":
                    self._say(PONG)
                if unit is not None:
                    continue
                if self._eof:
                    _check_whole(talk.reader)
                    return
            self._wake.clear()
            await self._wake.wait()

    def _regulate(self) -> None:
        """Account for what is held, and read on or not."""
        talk = self._talk
        if talk is None:
            return
        held = 0 if self._finished else talk.reader.buffered
        delta, self._counted = held + talk.pump.held - self._counted, held + talk.pump.held
        if delta:
            self._door.hold(delta)
        if self._gone.is_set():
            return
        ahead = talk.reader.is_ready and talk.reader.buffered > _AHEAD
        stop = not self._finished and (
            self._choked or self._draining or ahead or talk.pump.is_stopped or self._door.is_full
        )
        if stop != self._paused:
            self._paused = stop
            if stop:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # -- the end

    def _fail(self, error: PenstockError) -> None:
        """End because of `error`, once what is on its way is settled."""
        if self._failure is None:
            self._failure = error
            self._progress = self._door.now()
        self._wake.set()

    def _finish(self, error: PenstockError | None) -> None:
        """Say the last line. The client gets a moment to read it: closing with unread bytes would take it away."""
        if self._finished:
            return
        self._finished = True
        if error is None:
            last, reason = BYE, "drained" if self._draining else "goodbye"
        else:
            if not isinstance(error, InvalidInput | NotAllowed | Unavailable):
                _log.error("tcp.failed", exc_info=error)
                error = Unavailable("the server failed; its log has the cause", code="internal_error")
            last, reason = err(error), error.code
        TCP_ENDED.labels(reason).inc()
        _log.info("tcp.ended", peer=self._transport.get_extra_info("peername"), reason=reason)
        self._say(last)
        self._regulate()
        if self._eof:
            self._transport.close()
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        asyncio.get_running_loop().call_later(self._door.config.linger, self._transport.close)

    def _leave(self) -> None:
        """Out of the door once the transport and the task have ended."""
        talk = self._talk
        if not self._gone.is_set() or (talk is not None and talk.task is not None and not talk.task.done()):
            return
        if talk is not None:
            talk.pump.close()
            self._regulate()
        self._door.leave(self, talk.identity if talk is not None else None)

    def _say(self, said: bytes) -> None:
        if not self._gone.is_set():
            self._transport.write(said)

    @property
    def _is_tls(self) -> bool:
        return self._transport.get_extra_info("sslcontext") is not None


def _check_whole(reader: UnitReader) -> None:
    """Raises InvalidInput when the client ended in the middle of a line or frame: half a number is another number."""
    if reader.buffered:
        raise InvalidInput(
            f"the last line or frame is not whole, so its {reader.buffered} bytes were not taken",
            code="incomplete",
            hint="end every line with a line feed",
        )
