"""One batch on its way to the platform: again until it is answered, in halves when it is too large, its refused rows told.

A row is only ever given up because the platform said in a problem document that it is refused. Anything else, a proxy's page or a
key that was revoked, is in the way for now: the batch waits.
"""

from __future__ import annotations

import logging
import random
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from penstock_client.asks import Ask, send_body
from penstock_client.batch import Batch
from penstock_client.errors import Conflict, InvalidRequest, PenstockError, TooLarge, Unavailable
from penstock_client.exchange import Retry, backoff
from penstock_client.rows import RejectedRow, Verdicts

__all__ = ["Delivery", "Rejected", "Stats", "TryOnce", "WriterOptions"]

V = TypeVar("V")
_log: Final = logging.getLogger("penstock_client")
_SOURCE: Final = re.compile(r"[a-z0-9_.-]{1,32}")
_MOST_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that the platform refused, as it was sent, and why."""

    row: dict[str, Any]
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Stats:
    """What became of rows: `accepted` are durable, `rejected` refused; `batches` were answered, after `retries` failed tries."""

    accepted: int = 0
    rejected: int = 0
    batches: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How a writer batches.

    spool          a directory that outlives the process; None keeps batches in memory
    max_rows       of a batch
    max_age        seconds that a row stays in the buffer at most, where only this process knows it
    max_bytes      of all that waits; then `add` waits
    block          seconds that `add` waits for room before it raises SpoolFull
    close_timeout  seconds that `close` waits for the platform
    source         the name in the platform's ledger
    on_reject      called in the sender's thread for each refused row; again for the same row if the process dies right after
    on_trouble     called in the sender's thread with every failed try
    """

    spool: Path | str | None = None
    max_rows: int = 5_000
    max_age: float = 1.0
    max_bytes: int = 256 << 20
    block: float = 30.0
    close_timeout: float = 10.0
    source: str | None = None
    on_reject: Callable[[Rejected], None] | None = None
    on_trouble: Callable[[PenstockError], None] | None = None
    retry: Retry = field(default_factory=Retry)

    def __post_init__(self) -> None:
        if not 1 <= self.max_rows <= _MOST_ROWS:
            raise ValueError(f"max_rows={self.max_rows} is not between 1 and {_MOST_ROWS}")
        if self.source is not None and not _SOURCE.fullmatch(self.source):
            raise ValueError(f"source {self.source!r} is not 1 to 32 of a-z, 0-9, _, . and -")


class TryOnce(Protocol):
    """Sends one ask without a retry of its own. Raises PenstockError."""

    def __call__(self, ask: Ask[V], /) -> V: ...


class Delivery:
    """Delivers batches one after the other. `pause` waits before another try and says whether there shall be one."""

    def __init__(
        self,
        send: TryOnce,
        options: WriterOptions,
        rng: random.Random,
        pause: Callable[[PenstockError, float], bool],
    ) -> None:
        self._send = send
        self._options = options
        self._rng = rng
        self._pause = pause
        self.stats = Stats()

    def deliver(self, batch: Batch) -> bool:
        """Whether the platform has answered for every row; False when `pause` ended it before."""
        tries, key = 0, batch.key
        while True:
            try:
                ask = send_body("/v1/readings", batch.body, key=key, source=self._options.source, encoding="gzip")
                self._answered(batch, self._send(ask))
                return True
            except TooLarge as error:
                if batch.rows > 1:
                    return all(self.deliver(half) for half in batch.halves())
                failure: PenstockError = error
            except Conflict as error:
                # Rows near a bound of time can be judged differently when they are sent again: then it is another request
                # under the same key. Under a new one the rows that were stored before count as duplicates.
                key, failure = f"{batch.key}.{tries}", error
            except PenstockError as error:
                failure = error
            if _is_verdict(failure):
                self._refused(batch, failure)
                return True
            tries += 1
            if not self._again(failure, tries):
                return False

    def _again(self, failure: PenstockError, tries: int) -> bool:
        self.stats = replace(self.stats, retries=self.stats.retries + 1)
        if self._options.on_trouble is not None:
            _call(self._options.on_trouble, failure)
        asked = failure.retry_after if isinstance(failure, Unavailable) else None
        return self._pause(failure, backoff(self._options.retry, tries, asked, self._rng))

    def _answered(self, batch: Batch, verdicts: Verdicts) -> None:
        self._count(batch, verdicts.rejected_total)
        if verdicts.rejected_total:
            self._tell(batch, verdicts.rejected, verdicts.rejected_total)

    def _refused(self, batch: Batch, error: PenstockError) -> None:
        """No row was good, or the body as a whole was not."""
        named = [
            RejectedRow(e["row"], str(e["code"]), str(e["detail"]))
            for e in error.errors
            if {"row", "code", "detail"} <= e.keys()
        ]
        self._count(batch, batch.rows)
        self._tell(
            batch, named or [RejectedRow(row, error.code, error.detail) for row in range(batch.rows)], batch.rows
        )

    def _tell(self, batch: Batch, rejected: Sequence[RejectedRow], total: int) -> None:
        if total > len(rejected) or self._options.on_reject is None:
            first = rejected[0]
            _log.warning("%d of %d rows were refused; row %d: %s", total, batch.rows, first.row, first.detail)
        if self._options.on_reject is not None:
            rows = batch.decoded()
            for each in rejected:
                _call(self._options.on_reject, Rejected(rows[each.row], each.code, each.detail))

    def _count(self, batch: Batch, refused: int) -> None:
        stats = self.stats
        self.stats = replace(
            stats,
            accepted=stats.accepted + batch.rows - refused,
            rejected=stats.rejected + refused,
            batches=stats.batches + 1,
        )


def _is_verdict(error: PenstockError) -> bool:
    """Whether Penstock itself said that the content is refused."""
    return isinstance(error, InvalidRequest) and str(error.document.get("type", "")).startswith("urn:penstock:problem:")


def _call(callback: Callable[[Any], None], value: Any) -> None:
    """A callback that fails must not stop the rows behind it."""
    try:
        callback(value)
    except Exception:  # noqa: BLE001 - whatever the caller's function raises is logged
        _log.exception("%s failed in the writer's thread %s", callback, threading.current_thread().name)
