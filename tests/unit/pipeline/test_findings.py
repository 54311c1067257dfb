"""What admission tells about a request besides its readings."""

import numpy as np

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import RowError
from penstock.model.findings import MAX_REFUSED, NOTHING_FOUND, Converted, Refused
from penstock.model.time import DAY
from penstock.pipeline.admit import Admission, admit

NOW = 20_500 * DAY
CELSIUS = Converted("temperature", "degC", "temperature", "K", 1.0, 273.15)


def found(*rows: tuple[DraftKey, float], ts: int = NOW, rejected: tuple[RowError, ...] = ()) -> Admission:
    keys = list(dict.fromkeys(key for key, _ in rows))
    draft = Draft(
        keys,
        np.array([keys.index(key) for key, _ in rows], np.int32),
        np.full(len(rows), ts, np.int64),
        np.array([value for _, value in rows]),
        np.arange(len(rows), dtype=np.int32),
        len(rows) + len(rejected),
        rejected=list(rejected),
    )
    return admit(draft, tenant="acme", now=NOW, earliest=0)


def key(sensor: str, metric: str, unit: str | None = None) -> DraftKey:
    return DraftKey(None, sensor, metric, unit)


def test_nothing_is_found_in_canonical_readings():
    assert found((key("a", "temperature"), 290.0), (key("a", "power_w", "W"), 1.0)).findings is NOTHING_FOUND


def test_equal_conversions_of_many_sensors_are_told_once():
    findings = found(*((key(s, "temperature", "degC"), 21.5) for s in "abc")).findings
    assert findings.conversions == (CELSIUS,)


def test_a_unit_in_the_metrics_name_is_told():
    findings = found((key("a", "power_kw"), 1.2)).findings
    assert findings.conversions == (Converted("power_kw", "kW", "power_w", "W", 1000.0, 0.0),)


def test_a_metric_sent_in_several_ways_is_told_per_sensor():
    rows = [
        (key("a", "temperature", "degC"), 21.5),
        (key("b", "temperature"), 294.0),
        (key("a", "power_kw"), 1.0),
        (key("c", "x"), 1.0),
    ]
    assert found(*rows).findings.conversions == (
        Converted("power_kw", "kW", "power_w", "W", 1000.0, 0.0),
        CELSIUS._replace(site="default", sensor="a"),
        Converted("temperature", "", "temperature", "K", 1.0, 0.0, "default", "b"),
    )


def test_refused_readings_are_named_and_counted_by_reason():
    findings = found((key("a", "temperature", "degC"), -300.0), (key("b", "soc"), 7.0), (key("c", "x"), 1.0)).findings
    assert findings.reasons == {"value_out_of_range": 2}
    assert [r[:6] for r in findings.refused] == [
        (0, "default", "a", "temperature", NOW, "value_out_of_range"),
        (1, "default", "b", "soc", NOW, "value_out_of_range"),
    ]


def test_a_time_in_another_unit_is_told_as_the_instant_that_was_meant():
    for ts, code in (
        (NOW // 1000, "looks_like_seconds"),
        (NOW * 1000, "looks_like_microseconds"),
        (NOW * 10**6, "looks_like_nanoseconds"),
    ):
        [refused] = found((key("a", "x"), 1.0), ts=ts).findings.refused
        assert (refused.ts, refused.code) == (NOW, code)


def test_rows_that_did_not_decode_are_told_without_names():
    findings = found((key("a", "x"), 1.0), rejected=(RowError(1, "missing_field", "value is missing"),)).findings
    assert findings.refused == (Refused(1, "", "", "", None, "missing_field", "value is missing"),)


def test_a_thousand_refused_rows_are_counted_and_the_first_are_told():
    findings = found(*((key(f"s{i}", "soc"), 9.0) for i in range(1000))).findings
    assert findings.reasons == {"value_out_of_range": 1000}
    assert [r.row for r in findings.refused] == list(range(MAX_REFUSED))
