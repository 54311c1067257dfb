"""What a retry of a request gets back, so that sending something twice is harmless.

The stamp, so that a retry cannot beat a correction made in between; the receipt; and the moment that the request was judged by.
What the clock decides is then decided as it was at first: the times of rows that say none, which rows are too old or ahead of
time, and which are old enough for the backlog, so that a retry is cut into the same frames, whose ids the store knows.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from penstock.bus import Lane
from penstock.model.batch import Batch
from penstock.model.errors import Conflict
from penstock.model.time import MINUTE, Clock, Stamps

__all__ = ["Memory", "Repeats", "digest_of"]


@dataclass(slots=True)
class Memory:
    """stamp: epoch µs · seen: epoch ms that the first try was judged by · until: epoch ms · durable: the request was answered with success."""

    stamp: int
    receipt: str
    digest: bytes
    seen: int
    until: int
    durable: bool = False


class Repeats:
    """Requests of one process by Idempotency-Key or, without one, by content: at most `remember` of them, for `window` ms."""

    def __init__(self, clock: Clock, *, remember: int, window: int) -> None:
        self._clock = clock
        self._remember = remember
        self._window = window
        self._stamps = Stamps(clock)
        self._prefix = os.urandom(6).hex()
        self._count = 0
        self._seen: OrderedDict[tuple[Lane, str, str], Memory] = OrderedDict()

    def moment(self, lane: Lane, tenant: str, key: str | None) -> int:
        """Epoch ms to judge a request by: that of the key's first try within the window, else now."""
        now = self._clock.now()
        memory = None if key is None else self._seen.get((lane, tenant, f"key:{key}"))
        return now if memory is None or memory.until <= now else memory.seen

    def recall(self, lane: Lane, tenant: str, digest: bytes, key: str | None, seen: int | None = None) -> Memory:
        """What is remembered of this request, or a new memory of it, judged by `seen` (now if None).

        Raises Conflict for a key with other content.
        """
        now = self._clock.now()
        name = (lane, tenant, f"key:{key}" if key is not None else digest.hex())
        memory = self._seen.get(name)
        if memory is not None and memory.until > now:
            if memory.digest != digest:
                raise Conflict(
                    f"Idempotency-Key {key!r} was used for other content within the last {self._window // MINUTE} minutes",
                    code="idempotency_key_reused",
                    hint="use a new key for a new request",
                )
            self._seen.move_to_end(name)
            return memory if key is not None else replace(memory, receipt=self.next_id(), durable=False)
        memory = Memory(self._stamps.next(), self.next_id(), digest, now if seen is None else seen, now + self._window)
        self._seen[name] = memory
        while len(self._seen) > self._remember:
            self._seen.popitem(last=False)
        return memory

    def next_id(self) -> str:
        """An id that no other process and no later call gives out."""
        self._count += 1
        return f"{self._prefix}-{self._count:x}"


def digest_of(batch: Batch) -> bytes:
    """Fingerprint of what was sent, without its stamp; comparable within this process."""
    digest = hashlib.sha256(batch.tenant.encode())
    digest.update(hash(batch.keys).to_bytes(8, "little", signed=True))
    for column in (batch.series, batch.ts, batch.value, batch.version):
        if len(column):
            digest.update(np.ascontiguousarray(column).data)
    return digest.digest()
