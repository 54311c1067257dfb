"""Deliveries of the simulator on their way to the platform."""

from __future__ import annotations

import itertools

from penstock.app.simulation import for_tenant, missing_history
from penstock.model.time import DAY, HOUR
from penstock.sources.simulate import Ems, Stream

NOW = 1_770_000_000_000


def _span(deliveries):
    drafts = [d.draft for d in deliveries if d.draft is not None]
    return min(int(d.ts.min()) for d in drafts), max(int(d.ts.max()) for d in drafts)


def test_an_empty_store_gets_all_days():
    first, last = _span(missing_history(7, NOW, 2, None))
    assert NOW - 2 * DAY <= first < NOW - 2 * DAY + HOUR
    assert NOW - HOUR < last < NOW


def test_a_store_with_a_past_gets_what_came_after():
    since = NOW - 3 * HOUR
    deliveries = list(missing_history(7, NOW, 7, since))
    first, last = _span(deliveries)
    assert NOW - DAY <= first <= since
    assert last > NOW - HOUR
    assert all(d.draft is None or int(d.draft.ts.max()) > since for d in deliveries)


def test_a_gap_of_less_than_a_minute_is_left_to_the_live_stream():
    assert list(missing_history(7, NOW, 7, NOW - 30_000)) == []


def test_a_sender_speaks_for_its_own_tenant_only():
    delivery = next(d for d in Stream(Ems(meters=3, tenant="acme"), seed=1).take(NOW, NOW + 60_000) if d.draft)
    assert {key.tenant for key in delivery.draft.keys} == {"acme"}
    draft = for_tenant(delivery.draft)
    assert {key.tenant for key in draft.keys} == {None}
    assert for_tenant(draft) is draft
    assert [key[:4] for key in draft.keys] == [key[:4] for key in itertools.islice(delivery.draft.keys, None)]
