"""What a frame may not hold is found, and what a door admits never is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import SEQ_BASE, Batch, Draft, DraftKey
from penstock.model.event import Event, make_event
from penstock.model.series import SeriesKey
from penstock.model.time import format_time
from penstock.pipeline.admit import admit
from penstock.pipeline.check import MAX_STAMP, FrameCheck, faulty_events

NOW = 1_763_700_000_000
GOOD = (SeriesKey("s", "m1", "power_w", "W"), NOW, 1.0, NOW * 1000)


def batch_of(*rows: tuple[SeriesKey, int, float, int]) -> Batch:
    keys = tuple(dict.fromkeys(row[0] for row in rows))
    return Batch(
        "acme",
        keys,
        np.array([keys.index(row[0]) for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.int64),
    )


def with_(*, key=None, ts=NOW, value=1.0, version=NOW * 1000):
    return (key or GOOD[0], ts, value, version)


def named(site="s", sensor="m", metric="power_w", unit="W"):
    return with_(key=SeriesKey(site, sensor, metric, unit), value=0.5)


IMPOSSIBLE = {
    "nan": (with_(value=float("nan")), "not_finite"),
    "infinite": (with_(value=float("inf")), "not_finite"),
    "minus infinite": (with_(value=float("-inf")), "not_finite"),
    "version 0": (with_(version=0), "invalid_version"),
    "version below 0": (with_(version=-5), "invalid_version"),
    "version between stamps and seqs": (with_(version=MAX_STAMP + 1), "invalid_version"),
    "version of seq 0": (with_(version=SEQ_BASE), "invalid_version"),
    "version above every seq": (with_(version=2**63 - 1), "invalid_version"),
    "ts 0": (with_(ts=0), "timestamp_out_of_range"),
    "ts negative": (with_(ts=-(2**63)), "timestamp_out_of_range"),
    "ts in seconds": (with_(ts=NOW // 1000), "looks_like_seconds"),
    "ts in nanoseconds": (with_(ts=NOW * 1_000_000), "looks_like_nanoseconds"),
    "ts after 2100": (with_(ts=5_000_000_000_000), "timestamp_out_of_range"),
    "no sensor": (named(sensor=""), "invalid_name"),
    "no site": (named(site=""), "invalid_name"),
    "no metric": (named(metric=""), "invalid_name"),
    "nul in a name": (named(sensor="a\x00b"), "invalid_name"),
    "long name": (named(sensor="x" * 257), "invalid_name"),
    "long unit": (named(metric="oddness", unit="u" * 300), "invalid_name"),
    "unknown unit": (named(unit="furlong"), "unknown_unit"),
    "unit of another quantity": (named(unit="K"), "unit_mismatch"),
    "unit to convert": (named(unit="kW"), "unit_not_canonical"),
    "no unit": (named(unit=""), "unit_not_canonical"),
    "below 0 K": (with_(key=SeriesKey("s", "t", "temperature", "K"), value=-1.0), "value_out_of_range"),
    "above 100 %RH": (with_(key=SeriesKey("s", "t", "humidity", "%RH"), value=100.5), "value_out_of_range"),
    "charge above 1": (with_(key=SeriesKey("s", "b", "soc", "1"), value=1.5), "value_out_of_range"),
}


@pytest.mark.parametrize(("row", "code"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_an_impossible_row_is_found_with_its_reason_and_its_neighbours_are_not(row, code):
    other = with_(ts=NOW + 1)
    (fault,) = FrameCheck().faulty_readings(batch_of(GOOD, row, other, row, other))
    assert (fault.code, fault.rows.tolist()) == (code, [1, 3])
    assert fault.detail


def test_a_row_with_two_faults_is_told_once():
    faults = FrameCheck().faulty_readings(batch_of(named(sensor=""), with_(ts=0, value=float("nan"))))
    assert sorted((f.code, f.rows.tolist()) for f in faults) == [("invalid_name", [0]), ("timestamp_out_of_range", [1])]


@pytest.mark.parametrize("version", [1, MAX_STAMP, SEQ_BASE + 1, SEQ_BASE + (SEQ_BASE >> 1) - 1])
def test_every_version_that_a_door_can_make_is_good(version):
    assert FrameCheck().faulty_readings(batch_of(with_(version=version), GOOD)) == []


def test_a_reading_ahead_of_this_machines_clock_is_good_here():
    assert FrameCheck().faulty_readings(batch_of(with_(ts=NOW + 86_400_000 * 365))) == []


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
metrics = st.one_of(
    names,
    st.sampled_from(
        ["temperature", "power_kw", "soc_pct", "temperature_c_celsius", "x_kwh_kwh", "humidity", "a_percent"]
    ),
)
units = st.one_of(
    st.none(),
    st.text(max_size=4),
    st.sampled_from(["degC", "°F", "kW", "%", "1", "", "ppb", " furlong ", "%RH", "kWh"]),
)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.tuples(st.one_of(st.none(), names), names, metrics, units),
            st.integers(-(2**63), 2**63 - 1) | st.integers(NOW - 10**9, NOW + 10**6),
            st.floats(),
            st.integers(0, SEQ_BASE >> 1),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_admission_lets_through_passes(rows):
    draft = Draft(
        keys=[DraftKey(*key) for key, *_ in rows],
        key=np.arange(len(rows), dtype=np.int32),
        ts=np.array([ts for _, ts, _, _ in rows], np.int64),
        value=np.array([value for _, _, value, _ in rows], np.float64),
        row=np.arange(len(rows), dtype=np.int32),
        rows=len(rows),
        seq=np.array([seq for *_, seq in rows], np.int64),
    )
    batch = admit(draft, tenant="acme", now=NOW, earliest=0).batch
    batch.version[batch.version == 0] = NOW * 1000
    check = FrameCheck()
    assert check.faulty_readings(batch) == []
    assert not check.has_impossible_keys(batch)


@settings(deadline=None)
@given(st.integers(-(2**31), 2**31 - 1), st.integers(NOW - 10**9, NOW), st.text(max_size=20), st.text(max_size=5))
def test_whatever_makes_an_event_passes(criticality, ts, message, source):
    assert faulty_events([make_event(criticality, format_time(ts), message, source=source)]) == []


EVENT = make_event(7, format_time(NOW), "door")


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event("a", NOW + 1, EVENT.timestamp, 7, "door"), "invalid_timestamp"),
        (Event("a", NOW, "yesterday", 7, "door"), "invalid_timestamp"),
        (Event("a", NOW, "2026-01-01T00:00:00", 7, "door"), "naive_timestamp"),
        (Event("", NOW, EVENT.timestamp, 7, "door"), "invalid_event"),
        (Event("a", NOW, EVENT.timestamp, 7, "x" * 20_000), "invalid_message"),
        (Event("a", 0, "1970-01-01T00:00:00Z", 7, "door"), "timestamp_out_of_range"),
    ],
    ids=["other instant", "no instant", "no zone", "no id", "too long", "1970"],
)
def test_an_impossible_event_is_found(event, code):
    (fault,) = faulty_events([EVENT, event, EVENT])
    assert (fault.code, fault.rows.tolist()) == (code, [1])
