"""Tries and waits: what may pass is tried again, as late as the server asks and within a budget; the rest is raised at once."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_client import asks, errors
from penstock_client.exchange import Budget, Reply, Retry, backoff, exchange

ASK = asks.latest().ask
PAGE = b'{"data": [], "next_cursor": null, "as_of": "2026-01-31T12:00:01.250Z", "staleness_ms": 180, "complete": true}'


def problem(status: int, code: str = "some_code", **more) -> Reply:
    document = {"type": f"urn:penstock:problem:{code}", "status": status, "detail": "no", "code": code, **more}
    return Reply(status, {}, msgspec.json.encode(document))


def play(*replies, retry: Retry | None = None, budget: Budget | None = None):
    """The answer or the error, and the waits in between."""
    steps = exchange(ASK, retry or Retry(), budget or Budget(), random.Random(1))
    waits, rest = [], list(replies)
    step = next(steps)
    while True:
        try:
            if isinstance(step, asks.Ask):
                step = steps.send(rest.pop(0))
            else:
                waits.append(step)
                step = steps.send(None)
        except StopIteration as done:
            return done.value, waits
        except errors.PenstockError as error:
            return error, waits


@pytest.mark.parametrize("passing", [problem(429), problem(503), Reply(502, {}, b"<html>"), errors.Unreachable("cut")])
def test_what_may_pass_is_tried_again(passing):
    page, waits = play(passing, Reply(200, {}, PAGE))
    assert page.data == []
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidRequest), (401, errors.NotAllowed), (403, errors.NotAllowed), (404, errors.NotFound),
        (409, errors.Conflict), (413, errors.TooLarge), (422, errors.InvalidRequest), (500, errors.ServerFailed),
    ],
)  # fmt: skip
def test_what_will_not_pass_is_raised_at_once(status, kind):
    error, waits = play(problem(status, "a_code", hint="do this", request_id="r-1", errors=[{"row": 3}]))
    assert type(error) is kind
    assert (error.code, error.hint, error.status, error.request_id) == ("a_code", "do this", status, "r-1")
    assert error.errors == [{"row": 3}]
    assert waits == []


def test_a_wait_is_at_least_what_the_server_asked_for():
    _, waits = play(problem(429, retry_after_ms=1_500), Reply(503, {"retry-after": "2"}, b""), Reply(200, {}, PAGE))
    assert 1.5 <= waits[0] <= 1.75
    assert 2.0 <= waits[1] <= 2.5


def test_a_wait_beyond_the_patience_is_not_begun():
    error, waits = play(problem(503, retry_after_ms=60_000))
    assert isinstance(error, errors.Unavailable)
    assert error.retry_after == 60.0
    assert waits == []


def test_tries_are_bounded():
    error, waits = play(*[problem(503)] * 4)
    assert isinstance(error, errors.Unavailable)
    assert len(waits) == 3


def test_retries_are_a_tenth_of_the_requests_once_the_burst_is_spent():
    budget, tried = Budget(), 0
    for _ in range(200):
        _, waits = play(problem(503), problem(503), retry=Retry(attempts=2), budget=budget)
        tried += len(waits)
    assert 10 + 18 <= tried <= 10 + 20


@given(tries=st.integers(1, 100), asked=st.none() | st.floats(0, 100), seed=st.integers())
def test_jitter_is_full_and_bounded(tries, asked, seed):
    pause = backoff(Retry(first=0.25, longest=10.0), tries, asked, random.Random(seed))
    least = asked or 0.0
    assert least <= pause <= least + min(10.0, 0.25 * 2 ** (tries - 1))


def test_an_answer_of_another_shape_is_the_servers_failure_and_says_so():
    error, _ = play(Reply(200, {}, b"<html>"))
    assert isinstance(error, errors.ServerFailed)
    assert "GET /v1/latest answered 200" in error.detail


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"detail": 7, "errors": 3}'], ids=str)
def test_an_error_page_of_something_else_still_is_an_error(body):
    error, _ = play(Reply(404, {}, body))
    assert isinstance(error, errors.NotFound)
    assert error.errors == []
    assert str(error)
