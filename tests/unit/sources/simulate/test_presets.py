import time

import numpy as np
import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.sources.simulate import (
    PRESETS,
    Batteries,
    Buildings,
    Ems,
    Grid,
    SecurityEvents,
    Stream,
    demo_history,
    parse_fleet,
)

from .rows import MONDAY, rows_of

NOW = MONDAY + 12_345_678


def test_the_demo_is_three_sites_42_rooms_1000_batteries_21_meters_their_grid_meters_and_a_daemon():
    fleets = parse_fleet("demo")
    assert fleets == (Buildings(), Ems(), Batteries(), Grid(), SecurityEvents())
    sensors = [p.sensors for fleet in fleets for p in fleet.processes(1)]
    assert len({site for s in sensors for site in s.sites}) == 3
    metrics = [key.metric for s in sensors for key in s.keys]
    assert metrics.count("humidity") == 42
    assert metrics.count("soc") == 1000
    assert metrics.count("voltage_v") == 1000 + 21
    assert metrics.count("energy_wh") == 3


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_makes_a_stream(name):
    assert Stream(parse_fleet(name), seed=1).take(MONDAY, MONDAY + HOUR)


def test_fleets_are_joined_and_set_in_text():
    assert parse_fleet("ems:meters=500,step=1s,tenant=acme + events:per_hour=2.5") == (
        Ems(meters=500, step=1000, tenant="acme"),
        SecurityEvents(per_hour=2.5),
    )


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("trains", "'trains' is not known"),
        ("", "'' is not known"),
        ("demo:count=1", "not known"),
        ("ems:wheels=4", "no setting 'wheels'"),
        ("ems:sites=4", "no setting 'sites'"),
        ("grid:ems=4", "no setting 'ems'"),
        ("ems:meters=many", "'many' is not a number"),
        ("ems:step=1", "duration '1'"),
        ("ems:tenant=A B", "tenant 'A B'"),
        ("batteries:count=-1", "count is -1"),
    ],
)
def test_a_spec_that_is_not_understood_is_refused_with_the_reason(spec, reason):
    with pytest.raises(InvalidInput, match=reason):
        parse_fleet(spec)


def test_history_is_a_week_of_two_million_readings_in_drafts_of_moderate_size():
    began = time.perf_counter()
    drafts = [d.draft for d in demo_history(1, NOW - 7 * DAY, NOW) if d.draft is not None]
    assert time.perf_counter() - began < 30
    sizes = [len(draft.ts) for draft in drafts]
    assert 2_000_000 < sum(sizes) < 2_500_000
    assert max(sizes) <= 60_000
    assert np.median(sizes) > 30_000
    assert min(d.ts.min() for d in drafts) >= NOW - 7 * DAY
    assert max(d.ts.max() for d in drafts) < NOW


def test_history_has_no_key_twice_and_no_gap_to_live_data():
    history = list(demo_history(1, NOW - DAY, NOW))
    rows = rows_of(history)
    assert len({r[:6] for r in rows}) == len(rows)
    live = Stream(parse_fleet("demo"), seed=1).take(NOW, NOW + HOUR)
    assert min(r[5] for r in rows_of(live)) >= NOW
    newest = {r[1:4]: r[5] for r in sorted(rows, key=lambda r: r[5])}
    steps = {"temperature": 5, "humidity": 5, "co2": 5, "energy_wh": 5, "power_w": 5, "soc": 30, "cycles": 360}
    for (_, sensor, metric), ts in newest.items():
        step = 30 if sensor.startswith("bat") and metric != "soh" else 360 if metric == "soh" else steps.get(metric, 1)
        assert NOW - ts <= max(step, steps.get(metric, 0)) * MINUTE


def test_history_and_live_data_are_of_one_process():
    """Where live data repeats an instant of the history it repeats its values: same seed, same physics."""
    history = {r[1:6]: r[6] for r in rows_of(demo_history(1, NOW - DAY, NOW))}
    live = Stream(parse_fleet("demo"), seed=1)
    both = [(history[r[1:6]], r[6]) for r in rows_of(live.take(NOW - HOUR, NOW)) if r[1:6] in history]
    assert len(both) > 500
    assert all(a == b for a, b in both)


def test_history_taken_in_days_is_the_history_of_them_all():
    whole = rows_of(demo_history(1, NOW - 2 * DAY, NOW))
    days = [rows_of(demo_history(1, begin, begin + DAY)) for begin in (NOW - DAY, NOW - 2 * DAY)]
    assert sorted(whole) == sorted([*days[0], *days[1]])


def test_history_holds_events_of_the_whole_stretch():
    events = [e for d in demo_history(1, NOW - 7 * DAY, NOW) for e in d.events]
    assert len(events) == pytest.approx(7 * 24 * 40, rel=0.1)
    assert events == list(SecurityEvents().events(1, NOW - 7 * DAY, NOW))
