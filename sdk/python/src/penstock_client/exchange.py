"""How one ask becomes an answer: tries, waits and errors, as steps that a driver performs. No I/O here.

`exchange` is a generator: it yields what is to be done next (`Ask` to send, seconds to wait) and is sent what came of it, so
the sync and the async client share every decision.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from penstock_client.asks import Ask
from penstock_client.errors import ServerFailed, Unavailable, Unreachable, error_from

__all__ = ["Budget", "Reply", "Retry", "Steps", "backoff", "exchange", "read_reply"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Steps = Generator["Ask[Any] | float", "Reply | Unreachable | None", T]


@dataclass(frozen=True, slots=True)
class Retry:
    """When a request is tried again: only what may pass (429, 503, no answer), each wait drawn anew between 0 and a bound.

    attempts  tries in all
    first     the first bound, seconds; it doubles with each try
    longest   the greatest bound, seconds
    patience  seconds of waiting in all; a Retry-After beyond it is not waited for
    """

    attempts: int = 4
    first: float = 0.25
    longest: float = 10.0
    patience: float = 30.0


@dataclass(slots=True)
class Budget:
    """Retries may be a tenth of the requests (and ten at once), so that clients do not bury a server that is coming back."""

    share: float = 0.1
    burst: float = 10.0
    tokens: float = 10.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def earn(self) -> None:
        """One request was made."""
        with self.lock:
            self.tokens = min(self.burst, self.tokens + self.share)

    def spend(self) -> bool:
        """Whether one more retry is within the budget; it is then taken from it."""
        with self.lock:
            if self.tokens < 1:
                return False
            self.tokens -= 1
            return True


def backoff(retry: Retry, tries: int, asked: float | None, rng: random.Random) -> float:
    """Seconds until try number `tries` + 1: full jitter, on top of what the server asked for."""
    bound = min(retry.longest, retry.first * 2 ** min(tries - 1, 30))
    return (asked or 0.0) + rng.uniform(0.0, bound)


def exchange(ask: Ask[T], retry: Retry, budget: Budget, rng: random.Random) -> Steps[T]:
    """The steps of one ask. Raises PenstockError."""
    budget.earn()
    tries, waited = 1, 0.0
    while True:
        reply = yield ask
        try:
            return read_reply(ask, reply)
        except Unavailable as error:
            pause = backoff(retry, tries, error.retry_after, rng)
            if tries >= retry.attempts or waited + pause > retry.patience or not budget.spend():
                raise
        tries, waited = tries + 1, waited + pause
        yield pause


def read_reply(ask: Ask[T], reply: Reply | Unreachable | None) -> T:
    """The answer in a reply. Raises the error that it means."""
    if isinstance(reply, Unreachable):
        raise reply
    assert reply is not None
    where = f"{ask.method} {ask.path}"
    if not 200 <= reply.status < 300:
        raise error_from(reply.status, reply.headers, reply.body, where)
    try:
        return ask.read(reply.body)
    except msgspec.DecodeError as error:
        raise ServerFailed(
            f"{where} answered {reply.status} with something else than expected: {error}",
            hint="is this a Penstock, and not older than the client?",
            status=reply.status,
        ) from error
