"""Deliveries of the simulator on their way to the platform."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from penstock.app.simulation import Span, for_tenant, missing_history
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.sources.simulate import Ems, Stream

NOW = 1_770_000_000_000


def test_of_an_empty_store_the_last_day_comes_first_and_then_the_days_before_backwards():
    missing = missing_history(NOW, 4, None)
    assert missing.recent == (NOW - DAY, NOW)
    assert missing.older == tuple((NOW - (n + 1) * DAY, NOW - n * DAY) for n in (1, 2, 3))


def test_a_store_with_a_whole_past_gets_what_came_after():
    known = Span(NOW - 9 * DAY, NOW - 3 * HOUR)
    assert missing_history(NOW, 7, known) == (Span(known.end, NOW), ())
    assert missing_history(NOW, 2, Span(NOW - 9 * DAY, NOW - 5 * DAY)) == (Span(NOW - 2 * DAY, NOW), ())


def test_a_past_that_was_not_finished_is_gone_on_with_from_the_day_that_may_have_holes():
    known = Span(NOW - 3 * DAY - HOUR, NOW - 2 * HOUR)
    missing = missing_history(NOW, 7, known)
    assert missing.recent == (known.end, NOW)
    assert missing.older[0].end == known.start + DAY
    assert [day.start for day in missing.older[:-1]] == [day.end for day in missing.older[1:]]
    assert missing.older[-1].start == NOW - 7 * DAY


def test_a_gap_of_less_than_a_minute_is_left_to_the_live_stream():
    assert missing_history(NOW, 7, Span(NOW - 8 * DAY, NOW - 30_000)) == (None, ())


@given(st.integers(1, 9), st.integers(0, 9 * DAY), st.integers(0, 9 * DAY))
def test_with_what_is_known_the_missing_covers_all_days(days, first, length):
    """Up to a minute that the live stream closes, and the minute in which the first reading of a day comes."""
    known = Span(NOW - first, min(NOW, NOW - first + length))
    missing = missing_history(NOW, days, known)
    spans = sorted([*missing.older, *([missing.recent] if missing.recent else []), known])
    reached = NOW - days * DAY
    for span in spans:
        assert span.start < reached + MINUTE
        reached = max(reached, span.end)
    assert reached > NOW - MINUTE


def test_a_sender_speaks_for_its_own_tenant_only():
    delivery = next(d for d in Stream(Ems(meters=3, tenant="acme"), seed=1).take(NOW, NOW + 60_000) if d.draft)
    assert {key.tenant for key in delivery.draft.keys} == {"acme"}
    draft = for_tenant(delivery.draft)
    assert {key.tenant for key in draft.keys} == {None}
    assert for_tenant(draft) is draft
    assert [key[:4] for key in draft.keys] == [key[:4] for key in itertools.islice(delivery.draft.keys, None)]
