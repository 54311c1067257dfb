"""The batching writer: rows go into a buffer, frozen batches into an outbox, and a thread of its own sends them in order.

What is promised, with a spool: a row that `checkpoint`, `flush` or the passing of `max_age` has taken out of the buffer reaches the
platform once in effect, whatever breaks in between: the process, the connection before or after the platform's commit, the
platform. Without a spool the same holds as long as the process lives.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from penstock_client.batch import Buffer, Row, tags_of
from penstock_client.delivery import Delivery, Stats, TryOnce, WriterOptions
from penstock_client.errors import PenstockError, SpoolFull, Unavailable, WriterClosed
from penstock_client.outbox import MemoryOutbox, Outbox, Waiting
from penstock_client.query import When, epoch_ms
from penstock_client.spool import Spool

__all__ = ["Writer"]


class Writer:
    """May be used from several threads. `with` closes it.

    add         takes a row into the buffer: not durable yet
    checkpoint  what was added is in the outbox: on this machine's disk, with a spool
    flush       what was added is answered by the platform: durable there, or told to `on_reject`
    close       flush for a while; with a spool the rest stays for the next writer of this directory
    """

    def __init__(self, send: TryOnce, options: WriterOptions) -> None:
        """Raises SpoolInUse, OSError."""
        self._options = options
        self._outbox: Outbox = (
            MemoryOutbox(options.max_bytes) if options.spool is None else Spool(options.spool, options.max_bytes)
        )
        self._buffer = Buffer()
        self._began = 0.0
        self._done = self._outbox.last if self._outbox.head() is None else 0
        self._failure: BaseException | None = None
        self._trouble: PenstockError | None = None
        self._closing = False
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._delivery = Delivery(send, options, random.Random(), self._pause)
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=f"penstock-{name}", daemon=True)
            for name, work in (("freezer", self._freeze_aged), ("sender", self._send_all))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @property
    def stats(self) -> Stats:
        """What became of rows so far."""
        return self._delivery.stats

    @property
    def pending(self) -> int:
        """Rows that the platform has not answered for."""
        with self._changed:
            return len(self._buffer) + self._outbox.rows

    @property
    def has_room(self) -> bool:
        """Whether `add` would not wait, nor write to disk."""
        return len(self._buffer) < self._options.max_rows

    def add(
        self,
        sensor: str,
        metric: str,
        value: float,
        *,
        ts: When | None = None,
        unit: str | None = None,
        site: str | None = None,
        seq: int | None = None,
        building: str | None = None,
        room: str | None = None,
        tags: Mapping[str, str | float | bool] | None = None,
    ) -> None:
        """One reading; `ts` is now where it is not said. Waits up to `block` seconds while everything is full.

        `seq` is the sender's version: a later correction with a higher one wins whatever arrives last. Raises ValueError (a value
        that is not finite, a time without offset), SpoolFull, WriterClosed.
        """
        row = Row(
            sensor_id=sensor, metric=metric, unit=unit, site_id=site, building=building, room=room, tags=tags_of(tags)
        )
        at = time.time_ns() // 1_000_000 if ts is None else epoch_ms(ts)
        with self._changed:
            if len(self._buffer) >= self._options.max_rows:
                self._make_room(time.monotonic() + self._options.block)
            self._check()
            if not len(self._buffer):
                self._began = time.monotonic()
            self._buffer.add(row, float(value), at, seq)
            if len(self._buffer) == 1 or len(self._buffer) >= self._options.max_rows:
                self._changed.notify_all()

    def checkpoint(self, timeout: float | None = None) -> None:
        """Until what was added is in the outbox: on disk, with a spool. Raises SpoolFull after `timeout` (`block`) seconds."""
        with self._changed:
            if len(self._buffer):
                self._make_room(time.monotonic() + (self._options.block if timeout is None else timeout))
            self._check(closed=False)

    def flush(self, timeout: float | None = None) -> None:
        """Until the platform has answered for what was added: every row is durable there, or was told to `on_reject`.

        Raises after `timeout` seconds (None: never) what is in the way; nothing is lost then, the writer goes on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            if len(self._buffer):
                self._make_room(deadline)
            target = self._outbox.last
            while self._done < target:
                self._check(closed=False)
                if not self._wait(deadline):
                    raise self._trouble or Unavailable(
                        f"{self._outbox.rows} rows are not answered after {timeout} s", code="flush_timeout"
                    )
            self._check(closed=False)

    def close(self, timeout: float | None = None) -> None:
        """Flush for `timeout` (`close_timeout`) seconds and end. Raises Unavailable when rows are lost: never with a spool."""
        with self._changed:
            if self._stopped.is_set():
                return
            self._closing = True
        lost: PenstockError | None = None
        try:
            self.flush(self._options.close_timeout if timeout is None else timeout)
        except PenstockError as error:
            lost = error
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        left = len(self._buffer) + (0 if self._options.spool is not None else self._outbox.rows)
        self._outbox.close()
        if self._failure is not None:
            raise self._failure
        if left:
            reason = lost.detail if lost is not None else "closed"
            raise Unavailable(
                f"{left} rows were not sent and are lost: {reason}", hint="a spool keeps them", code="rows_lost"
            )

    def _make_room(self, deadline: float | None) -> None:
        """Freeze the buffer, waiting for a place in the outbox; the lock is held. Raises SpoolFull at the deadline."""
        while not self._freeze():
            self._check(closed=False)
            if not self._wait(deadline):
                raise SpoolFull(
                    f"{self._outbox.rows} rows wait for the platform and max_bytes={self._options.max_bytes} is reached",
                    hint="wait, or allow more bytes; what is kept is kept",
                )

    def _freeze(self) -> bool:
        if not len(self._buffer):
            return True
        if not self._outbox.put(self._buffer.freeze()):
            return False
        self._buffer.drop()
        self._changed.notify_all()
        return True

    def _freeze_aged(self) -> None:
        """The thread that takes rows out of the buffer when it is full or they are `max_age` old, also while the sender waits."""
        with self._changed:
            while not self._stopped.is_set():
                if not len(self._buffer):
                    self._changed.wait()
                    continue
                left = self._began + self._options.max_age - time.monotonic()
                if left > 0 and len(self._buffer) < self._options.max_rows:
                    self._changed.wait(left)
                elif not self._freeze():
                    self._changed.wait()

    def _send_all(self) -> None:
        """The thread that sends, oldest first, one batch at a time: that keeps the order."""
        while (waiting := self._next()) is not None:
            if not self._delivery.deliver(waiting.batch):
                return
            with self._changed:
                self._outbox.done(waiting.number)
                self._done, self._trouble = waiting.number, None
                self._changed.notify_all()

    def _next(self) -> Waiting | None:
        with self._changed:
            while not self._stopped.is_set():
                waiting = self._outbox.head()
                if waiting is not None:
                    return waiting
                self._changed.wait()
        return None

    def _pause(self, error: PenstockError, seconds: float) -> bool:
        """Wait before the next try; False when the writer has been closed."""
        self._trouble = error
        return not self._stopped.wait(seconds)

    def _guard(self, work: Callable[[], None]) -> None:
        """A thread that fails takes the writer with it: whoever adds or flushes hears of it."""
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _check(self, *, closed: bool = True) -> None:
        if self._failure is not None:
            raise self._failure
        if closed and self._closing:
            raise WriterClosed("this writer is closed and takes no rows")

    def _wait(self, deadline: float | None) -> bool:
        """Until something changed; False at the deadline."""
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return False
        self._changed.wait(left)
        return True
