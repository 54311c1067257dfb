"""Admission: conversions, verdicts per row, and what becomes of names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.batch import SEQ_BASE, Draft, DraftKey
from penstock.model.errors import RowError
from penstock.model.event import make_event
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, format_time
from penstock.pipeline.admit import admit, admit_events

NOW = 1_763_700_000_000


def _draft(*readings, rows=None, rejected=(), attributes=None, seq=None):
    """(DraftKey, ts, value, row) …"""
    keys = list(dict.fromkeys(r[0] for r in readings))
    return Draft(
        keys=keys,
        key=np.array([keys.index(r[0]) for r in readings], np.int32),
        ts=np.array([r[1] for r in readings], np.int64),
        value=np.array([r[2] for r in readings], np.float64),
        row=np.array([r[3] for r in readings], np.int32),
        rows=rows if rows is not None else len({r[3] for r in readings}),
        rejected=list(rejected),
        attributes=attributes or {},
        seq=None if seq is None else np.array(seq, np.int64),
    )


def _admit(draft, tenant="acme", earliest=0):
    return admit(draft, tenant=tenant, now=NOW, earliest=earliest)


def _key(metric, unit=None, site=None, sensor="m1", tenant=None):
    return DraftKey(site, sensor, metric, unit, tenant)


@pytest.mark.parametrize(
    ("metric", "unit", "sent", "stored"),
    [
        ("temperature", None, 293.15, ("temperature", "K", 293.15)),
        ("temperature", "°C", 20.0, ("temperature", "K", 293.15)),
        ("temperature", "degF", 68.0, ("temperature", "K", 293.15)),
        ("power_kw", None, 1.5, ("power_w", "W", 1500.0)),
        ("power_w", "kW", 1.5, ("power_w", "W", 1500.0)),
        ("soc_pct", None, 80.0, ("soc", "1", 0.8)),
        ("soc", "%", 80.0, ("soc", "1", 0.8)),
        ("humidity", "%", 40.0, ("humidity", "%RH", 40.0)),
        ("energy_kwh", None, 2.0, ("energy_wh", "Wh", 2000.0)),
        ("flow", "widgets/h", 3.0, ("flow", "widgets/h", 3.0)),
        ("vibration", None, 3.0, ("vibration", "", 3.0)),
    ],
)
def test_values_become_canonical(metric, unit, sent, stored):
    admission = _admit(_draft((_key(metric, unit), NOW, sent, 0)))
    name, canonical, value = stored
    assert admission.batch.keys == (SeriesKey("default", "m1", name, canonical),)
    assert admission.batch.value[0] == pytest.approx(value, rel=1e-12)
    assert admission.rejected == ()


def test_below_zero_kelvin_is_refused_after_conversion():
    admission = _admit(_draft((_key("temperature", "degC"), NOW, -300.0, 0), (_key("temperature"), NOW, -1.0, 1)))
    assert [(e.row, e.code) for e in admission.rejected] == [(0, "value_out_of_range"), (1, "value_out_of_range")]
    assert "-26.85 K" in admission.rejected[0].detail
    assert len(admission.batch) == 0


def test_absolute_zero_itself_is_a_temperature():
    assert _admit(_draft((_key("temperature", "degC"), NOW, -273.15, 0))).rows == 1


def test_a_state_of_charge_in_percent_is_refused_with_the_way_out():
    (error,) = _admit(_draft((_key("soc"), NOW, 80.0, 0))).rejected
    assert "soc_pct" in error.detail


@pytest.mark.parametrize(
    ("ts", "code"),
    [
        (NOW // 1000, "looks_like_seconds"),
        (NOW * 1000, "looks_like_microseconds"),
        (NOW * 1_000_000, "looks_like_nanoseconds"),
        (NOW + 6 * 60_000, "timestamp_in_future"),
        (NOW - 31 * DAY, "timestamp_before_retention"),
        (0, "timestamp_out_of_range"),
        (-5, "timestamp_out_of_range"),
        (2**62, "timestamp_out_of_range"),
    ],
)
def test_a_wrong_time_is_refused_by_its_kind(ts, code):
    (error,) = _admit(_draft((_key("power_w"), ts, 1.0, 0)), earliest=NOW - 30 * DAY).rejected
    assert error.code == code


def test_five_minutes_ahead_is_tolerated():
    assert _admit(_draft((_key("power_w"), NOW + 5 * 60_000, 1.0, 0))).rows == 1


def test_a_row_is_refused_as_a_whole_and_its_neighbours_stay():
    admission = _admit(
        _draft(
            (_key("power_w"), NOW, 1.0, 0),
            (_key("voltage_v"), NOW, 230.0, 0),
            (_key("power_w"), NOW, 2.0, 1),
            (_key("voltage_v"), NOW, float("nan"), 1),
            (_key("power_w"), NOW, 3.0, 2),
        )
    )
    assert admission.rows == 2
    assert admission.batch.value.tolist() == [1.0, 230.0, 3.0]
    assert [(e.row, e.code) for e in admission.rejected] == [(1, "not_finite")]


def test_rows_that_did_not_decode_are_counted_with_those_that_were_refused():
    admission = _admit(
        _draft(
            (_key("power_w"), NOW, 1.0, 1),
            rows=3,
            rejected=[RowError(0, "no_value", "x"), RowError(2, "no_value", "x")],
        )
    )
    assert admission.rows == 1
    assert [e.row for e in admission.rejected] == [0, 2]


def test_another_tenant_in_the_body_is_refused():
    (error,) = _admit(_draft((_key("power_w", tenant="other"), NOW, 1.0, 0))).rejected
    assert error.code == "tenant_mismatch"
    assert _admit(_draft((_key("power_w", tenant="acme"), NOW, 1.0, 0))).rows == 1


def test_a_unit_of_another_quantity_is_refused_with_what_fits():
    (error,) = _admit(_draft((_key("temperature", "kW"), NOW, 1.0, 0))).rejected
    assert error.code == "unit_mismatch"
    assert "degC" in error.detail


@pytest.mark.parametrize("sensor", ["", "a\nb", "x" * 257])
def test_a_name_that_cannot_identify_is_refused(sensor):
    (error,) = _admit(_draft((_key("power_w", sensor=sensor), NOW, 1.0, 0))).rejected
    assert error.code == "invalid_name"


def test_two_spellings_of_one_series_become_one():
    batch = _admit(_draft((_key("power_w", "W"), NOW, 500.0, 0), (_key("power_kw"), NOW + 1, 0.5, 1))).batch
    assert len(batch.keys) == 1
    assert batch.series.tolist() == [0, 0]
    assert batch.value.tolist() == [500.0, 500.0]


def test_a_seq_becomes_a_version_above_every_stamp_and_none_stays_unstamped():
    batch = _admit(_draft((_key("power_w"), NOW, 1.0, 0), (_key("power_w"), NOW + 1, 1.0, 1), seq=[7, 0])).batch
    assert batch.version.tolist() == [SEQ_BASE + 7, 0]


def test_a_negative_seq_is_refused():
    (error,) = _admit(_draft((_key("power_w"), NOW, 1.0, 0), seq=[-1])).rejected
    assert error.code == "invalid_seq"


def test_negative_zero_is_zero():
    value = _admit(_draft((_key("power_w"), NOW, -0.0, 0))).batch.value
    assert np.signbit(value).tolist() == [False]


def test_attributes_follow_their_sensor_and_its_site():
    said = Attributes("b1", "r1", tags={"k": "v"})
    batch = _admit(_draft((_key("power_w"), NOW, 1.0, 0), attributes={("", "m1"): said, ("", "unheard"): said})).batch
    assert batch.attributes == {("default", "m1"): said}


def test_an_empty_draft_is_admitted_as_nothing():
    admission = _admit(_draft())
    assert (admission.rows, len(admission.batch), admission.rejected) == (0, 0, ())


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1.0, float("nan"), float("inf")])), max_size=30))
def test_every_row_is_either_accepted_or_refused(entries):
    readings = [
        (_key(f"metric{i}"), NOW, value, row) for i, (row, value) in enumerate(sorted(entries, key=lambda e: e[0]))
    ]
    admission = _admit(_draft(*readings))
    rows = {row for row, _ in entries}
    bad = {row for row, value in entries if not np.isfinite(value)}
    assert {e.row for e in admission.rejected} == bad
    assert admission.rows == len(rows - bad)
    assert len(admission.batch) == sum(row not in bad for row, _ in entries)


def test_events_are_judged_by_the_same_clock():
    good = make_event(3, format_time(NOW), "door forced")
    late = make_event(3, "1999-01-01T00:00:00Z", "old")
    accepted, refused = admit_events([good, late], now=NOW, earliest=0)
    assert accepted == [good]
    assert [(e.row, e.code) for e in refused] == [(1, "timestamp_out_of_range")]
