import json
from collections import Counter

import numpy as np
import pytest

from penstock.model.errors import InvalidInput
from penstock.model.event import make_event
from penstock.model.time import DAY, HOUR, parse_time
from penstock.sources.simulate import SecurityEvents, to_s1

from .rows import MONDAY, SITES

GOLDEN = [
    '{"criticality": 0, "timestamp": "2026-03-16T00:01:17.730Z", "eventMessage": "Door closed: hq, main entrance"}',
    '{"criticality": 3, "timestamp": "2026-03-16T00:03:55.231Z", "eventMessage": "Badge 76980 refused at hq, roof hatch: outside permitted hours"}',
    '{"criticality": 0, "timestamp": "2026-03-16T00:04:05.430Z", "eventMessage": "Badge 24937 accepted at hq, main entrance"}',
]


def test_an_event_has_exactly_the_three_fields_of_s1():
    fleet = SecurityEvents(SITES, per_hour=60)
    assert [json.dumps(to_s1(e)) for e in fleet.events(1, MONDAY, MONDAY + HOUR)[:3]] == GOLDEN


def test_an_event_sent_in_the_shape_of_s1_keeps_its_identity():
    for event in SecurityEvents(SITES).events(1, MONDAY, MONDAY + HOUR):
        sent = to_s1(event)
        assert make_event(sent["criticality"], sent["timestamp"], sent["eventMessage"]) == event
        assert parse_time(sent["timestamp"]) == event.ts


def test_arrivals_are_a_poisson_process():
    events = SecurityEvents(SITES, per_hour=600).events(3, MONDAY, MONDAY + 2 * DAY)
    gaps = np.diff([e.ts for e in events]) / 1000
    assert len(events) == pytest.approx(600 * 48, rel=0.02)
    assert gaps.min() >= 0
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)
    per_minute = np.bincount([(e.ts - MONDAY) // 60_000 for e in events])
    assert per_minute.var() == pytest.approx(per_minute.mean(), rel=0.1)


def test_criticality_is_an_integer_from_0_to_10_and_mostly_low():
    events = SecurityEvents(SITES, per_hour=600).events(3, MONDAY, MONDAY + 2 * DAY)
    seen = Counter(e.criticality for e in events)
    assert set(seen) == set(range(11))
    assert sum(n for c, n in seen.items() if c <= 2) > 0.7 * len(events)
    assert sum(n for c, n in seen.items() if c >= 8) < 0.03 * len(events)
    assert all(type(e.criticality) is int and e.message for e in events)


def test_other_seeds_and_stretches_give_other_events():
    fleet = SecurityEvents(SITES)
    assert fleet.events(1, MONDAY, MONDAY + HOUR) == fleet.events(1, MONDAY, MONDAY + HOUR)
    assert fleet.events(1, MONDAY, MONDAY + HOUR) != fleet.events(2, MONDAY, MONDAY + HOUR)
    assert fleet.events(1, MONDAY, MONDAY) == ()


@pytest.mark.parametrize("per_hour", [0, 6001])
def test_a_rate_that_is_not_simulated_is_refused(per_hour):
    with pytest.raises(InvalidInput, match="per_hour"):
        SecurityEvents(per_hour=per_hour)
