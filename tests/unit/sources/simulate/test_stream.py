import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.time import DAY, HOUR, MINUTE
from penstock.sources.simulate import NO_FAULTS, Batteries, Buildings, Ems, Faults, Stream

from .rows import MONDAY, SITES, by_process, events_of, rows_of, small_fleets

HARSH = Faults(out_of_order=0.1, duplicates=0.1, corrections=0.05)


@settings(max_examples=20, deadline=None)
@given(
    start=st.integers(MONDAY, MONDAY + 300 * DAY),
    cuts=st.lists(st.integers(0, 10 * MINUTE), max_size=5),
    seed=st.integers(0, 2**63),
    faults=st.sampled_from([NO_FAULTS, Faults(), HARSH]),
)
def test_what_arrives_does_not_depend_on_how_time_is_cut(start, cuts, seed, faults):
    end = start + 10 * MINUTE
    whole = Stream(small_fleets(), faults=faults, seed=seed)
    expected = [*whole.take(start, end), *whole.flush()]
    cut = Stream(small_fleets(), faults=faults, seed=seed)
    edges = sorted({start, end, *(start + c for c in cuts)})
    pieces = [d for a, b in itertools.pairwise(edges) for d in cut.take(a, b)]
    pieces += cut.flush()
    assert by_process(pieces) == by_process(expected)
    assert events_of(pieces) == events_of(expected)
    assert cut.tally == whole.tally


@pytest.mark.parametrize("offset", [DAY, 16 * DAY, HOUR, 13 * DAY + 2 * HOUR])
def test_values_join_across_the_edges_of_internal_tables(offset):
    edge = MONDAY + offset
    whole = Stream(small_fleets(), seed=3).take(edge - 5 * MINUTE, edge + 5 * MINUTE)
    cut = Stream(small_fleets(), seed=3)
    pieces = [*cut.take(edge - 5 * MINUTE, edge), *cut.take(edge, edge + 5 * MINUTE)]
    assert by_process(pieces) == by_process(whole)


def test_another_seed_gives_other_values_at_other_instants():
    one, other = (rows_of(Stream(Ems(SITES), seed=s).take(MONDAY, MONDAY + MINUTE)) for s in (1, 2))
    assert len({r[5:7] for r in one} & {r[5:7] for r in other}) < 0.02 * len(one)


def test_a_sensor_keeps_its_values_when_its_fleet_grows():
    few, many = (
        rows_of(Stream(Batteries(SITES, count=n), seed=1).take(MONDAY, MONDAY + 2 * MINUTE)) for n in (10, 1000)
    )
    assert set(few) < set(many)


def test_a_draft_is_wide_rows_in_order_of_arrival_with_adjacent_readings():
    (delivery, *_) = Stream(Ems(SITES, meters=8, step=1000, tenant="acme"), seed=1).take(MONDAY, MONDAY + 10_000)
    draft = delivery.draft
    assert delivery.tenant == "acme"
    assert draft.rows == 40
    assert draft.row.tolist() == [r for r in range(40) for _ in range(3)]
    assert (np.diff(draft.ts) >= 0).all()
    assert [draft.keys[k].metric for k in draft.key[:3]] == ["power_w", "voltage_v", "current_a"]
    assert {key.tenant for key in draft.keys} == {"acme"}
    assert [a.dtype for a in (draft.key, draft.ts, draft.value, draft.row)] == ["i4", "i8", "f8", "i4"]
    assert draft.seq is None
    assert set(draft.attributes) == {(k.site, k.sensor) for k in draft.keys}


def test_a_small_draft_names_only_the_sensors_in_it_and_a_large_one_shares_the_fleets_keys():
    stream = Stream(Batteries(SITES, count=1000), seed=1)
    small, *_ = stream.take(MONDAY, MONDAY + 1000)
    large, *_ = stream.take(MONDAY + 1000, MONDAY + HOUR)
    again, *_ = stream.take(MONDAY + HOUR, MONDAY + 2 * HOUR)
    assert len(small.draft.keys) == len(small.draft.ts)
    assert set(small.draft.keys) < set(large.draft.keys)
    assert large.draft.keys is again.draft.keys


def test_faults_strike_their_share_of_readings():
    stream = Stream(Ems(SITES, meters=50, step=1000), faults=Faults(burst_factor=1), seed=5)
    stream.take(MONDAY, MONDAY + 20 * MINUTE)
    stream.flush()
    tally = stream.tally
    assert tally.unique == 50 * 3 * 20 * 60
    # 60,000 rows: three standard deviations are about 0.0017 and 0.0011.
    assert tally.late / tally.unique == pytest.approx(0.02, abs=0.002)
    assert tally.duplicates / tally.unique == pytest.approx(0.0075, abs=0.0012)
    assert tally.corrections == 0
    assert tally.sent == tally.unique + tally.duplicates


def test_late_readings_arrive_5_to_300_seconds_after_they_were_measured():
    stream = Stream(Ems(SITES, meters=20, step=1000), faults=Faults(duplicates=0, burst_factor=1), seed=5)
    delays = []
    for second in range(900):
        start = MONDAY + second * 1000
        delays += [start - row[5] for row in rows_of(stream.take(start, start + 1000)) if row[5] < start]
    assert len(delays) > 500
    assert min(delays) >= 4000
    assert max(delays) <= 300_000
    assert np.mean(delays) == pytest.approx(152_000, rel=0.1)


def test_nothing_is_held_back_without_faults():
    stream = Stream(small_fleets(), seed=5)
    rows = rows_of(stream.take(MONDAY, MONDAY + MINUTE))
    assert all(MONDAY <= row[5] < MONDAY + MINUTE for row in rows)
    assert stream.flush() == []
    assert stream.tally.sent == stream.tally.unique == len(rows) == len(set(rows))


def test_a_burst_is_the_same_process_sampled_ten_times_as_often():
    fleet = Ems(SITES, meters=8, step=2000)
    calm = rows_of(Stream(fleet, seed=5).take(MONDAY, MONDAY + 3 * MINUTE))
    bursts = rows_of(
        Stream(fleet, faults=Faults(out_of_order=0, duplicates=0), seed=5).take(MONDAY, MONDAY + 3 * MINUTE)
    )
    assert set(calm) < set(bursts)
    rate = Counter((row[5] - MONDAY) % MINUTE < 10_000 for row in bursts)
    assert rate[True] / 30 == pytest.approx(10 * 8 * 3 / 2, rel=0.02)
    assert rate[False] / 150 == pytest.approx(8 * 3 / 2, rel=0.02)


def test_a_correction_repeats_a_reading_with_a_higher_seq_and_the_measured_value():
    fleet = Ems(SITES, meters=8, step=1000)
    stream = Stream(fleet, faults=Faults(0.1, 0.1, 0.2, burst_factor=1), seed=5, keep_truth=True)
    rows = rows_of([*stream.take(MONDAY, MONDAY + 5 * MINUTE), *stream.flush()])
    measured = {row[1:6]: row[6] for row in rows_of(Stream(fleet, seed=5).take(MONDAY, MONDAY + 5 * MINUTE))}
    corrected = [row for row in rows if row[7] == 2]
    assert len(corrected) == stream.tally.corrections > 500
    assert all(measured[row[1:6]] == row[6] for row in corrected)
    assert {row[7] for row in rows} == {1, 2}
    first_seen = {}
    for position, row in enumerate(rows):
        first_seen.setdefault((row[1:6], row[7]), position)
    assert all(first_seen[row[1:6], 1] < first_seen[row[1:6], 2] for row in corrected)


@pytest.mark.parametrize("faults", [NO_FAULTS, Faults(), HARSH])
@pytest.mark.parametrize("flushed", [True, False])
def test_truth_is_what_the_deliveries_amount_to(faults, flushed):
    stream = Stream(small_fleets(), faults=faults, seed=9, keep_truth=True)
    deliveries = [d for i in range(8) for d in stream.take(MONDAY + i * MINUTE, MONDAY + (i + 1) * MINUTE)]
    if flushed:
        deliveries += stream.flush()
    final: dict = {}
    seen: Counter = Counter()
    duplicates = corrections = sent = 0
    for *key, value, seq in rows_of(deliveries):
        sent += 1
        known = final.get(tuple(key))
        if seen[(*key, seq)]:
            duplicates += 1
        elif known is not None:
            corrections += 1
        seen[(*key, seq)] += 1
        if known is None or (seq, value) > known:
            final[tuple(key)] = (seq, value)
    truth = stream.truth()
    found = {
        (truth.keys[s].tenant, *truth.keys[s][:4], t): (seq, v)
        for s, t, v, seq in zip(
            truth.series.tolist(), truth.ts.tolist(), truth.value.tolist(), truth.seq.tolist(), strict=True
        )
    }
    assert found == final
    assert len(truth) == len(found)
    assert (np.lexsort((truth.ts, truth.series)) == np.arange(len(truth))).all()
    tally = truth.tally
    assert (tally.sent, tally.unique, tally.duplicates, tally.corrections) == (
        sent,
        len(final),
        duplicates,
        corrections,
    )
    assert [event for _, event in truth.events] == events_of(deliveries)
    assert tally.events == len(truth.events) > 50


def test_truth_must_be_asked_for_in_advance():
    with pytest.raises(ValueError, match="keep_truth"):
        Stream(Buildings(), seed=1).truth()


def test_time_runs_forward():
    stream = Stream(Ems(SITES), seed=1)
    stream.take(MONDAY, MONDAY + MINUTE)
    with pytest.raises(ValueError, match="forward"):
        stream.take(MONDAY, MONDAY + MINUTE)


def test_the_stated_rate_is_the_rate_of_delivery():
    stream = Stream(small_fleets(), faults=Faults(duplicates=0.1), seed=1)
    stream.take(MONDAY, MONDAY + 30 * MINUTE)
    assert stream.tally.sent / 1800 == pytest.approx(stream.rate, rel=0.03)
