"""SenML packs: what RFC 8428 says a record means, and what a broken one costs."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, TooLarge
from penstock.pipeline.admit import admit
from penstock.sources.formats import decode_senml
from penstock.sources.formats.senml_units import _KEPT, _KNOWN, senml_unit

from .drafts import check_draft, content, mutated, readings, survives

NOW = 1_769_860_800_000
S = NOW // 1_000
OW = "urn:dev:ow:10e2073a01080063"


def decode(*records, now=NOW):
    draft = decode_senml(json.dumps(list(records)).encode(), now=now)
    check_draft(draft)
    return draft


def one(**record):
    """(sensor, metric, unit, ts, value) of each reading of one record."""
    draft = decode({"n": "d:m", **record})
    assert not draft.rejected, draft.rejected
    return [(key.sensor, key.metric, key.unit, ts, value) for _, key, ts, value, _ in readings(draft)]


def refusal(**record):
    (error,) = decode(record).rejected
    return error.code


# -- what a record means


def test_a_pack_with_base_fields_is_its_resolved_form():
    pack = decode(
        {"bn": f"{OW}:", "bt": S, "bu": "A", "bver": 5, "n": "voltage", "u": "V", "v": 120.1},
        {"n": "current", "t": -5, "v": 1.2},
        {"n": "current", "t": -4, "v": 1.3},
        {"bn": "urn:dev:ow:other:", "bt": S - 100, "n": "current", "v": 1.4},
    )
    resolved = decode(
        {"n": f"{OW}:voltage", "u": "V", "t": S, "v": 120.1},
        {"n": f"{OW}:current", "u": "A", "t": S - 5, "v": 1.2},
        {"n": f"{OW}:current", "u": "A", "t": S - 4, "v": 1.3},
        {"n": "urn:dev:ow:other:current", "u": "A", "t": S - 100, "v": 1.4},
    )
    assert content(pack) == content(resolved)
    assert readings(pack)[0][1:4] == ((None, OW, "voltage", "V", None), NOW, 120.1)


@pytest.mark.parametrize(
    ("name", "unit", "sensor", "metric"),
    [
        (f"{OW}:temperature", "Cel", OW, "temperature"),
        (f"{OW}_humidity", "%RH", OW, "humidity"),
        (f"{OW}:battery:voltage", "V", f"{OW}:battery", "voltage"),
        (f"{OW}:power_w", "W", OW, "power_w"),
        (OW, "Cel", OW, "temperature"),
        ("urn:dev:mac:acde48234567019f", "V", "urn:dev:mac:acde48234567019f", "voltage"),
        ("2001:db8::2/temperature", "Cel", "2001:db8::2", "temperature"),
        ("2001:db8::2", "Cel", "2001:db8::2", "temperature"),
        ("10.0.0.1/3303/0/5700", "Cel", "10.0.0.1/3303/0/5700", "temperature"),
        ("room_7", "Cel", "room_7", "temperature"),
        ("room_7", None, "room_7", "value"),
        ("plant/meter-1/energy", "kWh", "plant/meter-1", "energy"),
        ("dev/", "W", "dev/", "power"),
    ],
)
def test_a_name_is_split_into_sensor_and_metric(name, unit, sensor, metric):
    (reading,) = one(n=name, v=1, **({"u": unit} if unit else {}))
    assert reading[:2] == (sensor, metric)


@pytest.mark.parametrize(
    ("time", "ts"),
    [
        (None, NOW),
        (0, NOW),
        (-60, NOW - 60_000),
        (-0.5, NOW - 500),
        (30, NOW + 30_000),
        (2**28 - 1, NOW + (2**28 - 1) * 1_000),
        (2**28, 2**28 * 1_000),
        (S, NOW),
        (S + 0.001, NOW + 1),
        (1.276020076001e9, 1_276_020_076_001),
        (1.276020091e9, 1_276_020_091_000),
    ],
)
def test_a_time_is_absolute_from_2_to_the_28_and_relative_to_now_below(time, ts):
    (reading,) = one(v=1, **({} if time is None else {"t": time}))
    assert reading[3] == ts


def test_base_time_and_time_are_added_before_it_is_decided():
    (reading,) = one(bt=S, t=-10, v=1)
    assert reading[3] == NOW - 10_000
    (reading,) = one(bt=2**28 - 10, t=10, v=1)
    assert reading[3] == 2**28 * 1_000


def test_base_value_and_value_are_added_and_either_may_be_missing():
    draft = decode({"bn": "d:m", "bv": 20, "v": 1.5}, {"t": -1}, {"bv": 0, "t": -2, "v": 3})
    assert [value for *_, value, _ in readings(draft)] == [21.5, 20.0, 3.0]


def test_a_sum_is_a_reading_of_its_own_in_the_unit_times_seconds():
    assert one(n="d:power", u="W", v=5, s=7_200) == [
        ("d", "power", "W", NOW, 5.0),
        ("d", "power_sum", "J", NOW, 7_200.0),
    ]
    assert one(n="d:current", u="A", s=3_600)[0][1:] == ("current_sum", "Ah", NOW, 1.0)
    assert one(n="d:x", u="m", s=3)[0][1:] == ("x_sum", "m.s", NOW, 3.0)
    assert one(n="d:x", s=3)[0][1:] == ("x_sum", None, NOW, 3.0)
    assert [r[4] for r in one(n="d:x", bs=10, v=1)] == [1.0, 10.0]
    assert [r[4] for r in one(n="d:x", bs=10, s=3)] == [13.0]


def test_a_record_of_base_fields_only_is_not_a_row():
    draft = decode({"bn": f"{OW}:", "bu": "Cel"}, {"n": "temperature", "v": 21.5})
    assert (draft.rows, [r[0] for r in readings(draft)]) == (1, [1])


def test_fields_that_need_not_be_understood_are_passed_over():
    assert len(one(v=1, ut=60, color="red")) == 1
    assert refusal(n="a:b", v=1, color_="red") == "unknown_field"


# -- units


def test_coulomb_and_farad_are_not_degrees():
    assert one(n="d:x", u="C", v=3_600)[0][2:] == ("Ah", NOW, 1.0)
    assert one(n="d:x", u="F", v=1)[0][2] == "farad"


@pytest.mark.parametrize(
    ("code", "hint"),
    [("degC", "Cel"), ("celsius", "Cel"), ("°C", "Cel"), ("kwh", "kWh"), ("cel", "Cel"), ("RH", "%RH")],
)
def test_a_unit_that_is_not_in_the_registry_is_refused_with_what_was_meant(code, hint):
    (error,) = decode({"n": "d:m", "u": code, "v": 1}).rejected
    assert error.code == "unknown_unit"
    assert f"did you mean {hint}?" in error.detail


@pytest.mark.parametrize("code", sorted({*_KNOWN, *_KEPT}))
def test_every_unit_of_the_registry_is_admitted_for_what_it_measures(code):
    draft = decode({"n": "urn:dev:ow:1", "u": code, "v": 0.5, "s": 0.25})
    admission = admit(draft, tenant="t", now=NOW, earliest=0)
    assert (admission.rejected, len(admission.batch)) == ((), 2)


def test_values_arrive_in_canonical_units():
    sent = [("Cel", 20, "K", 293.15), ("kWh", 1.5, "Wh", 1_500), ("%EL", 80, "1", 0.8), ("%RH", 40, "%RH", 40),
            ("/1000", 5, "1", 0.005), ("MHz", 2, "Hz", 2e6), ("l", 3, "m3", 0.003), ("ms", 5, "s", 0.005)]  # fmt: skip
    for code, value, unit, canonical in sent:
        batch = admit(decode({"n": "urn:dev:ow:1", "u": code, "v": value}), tenant="t", now=NOW, earliest=0).batch
        assert batch.keys[0].unit == unit
        assert batch.value[0] == pytest.approx(canonical)


def test_units_keep_their_scale_in_a_sum():
    assert senml_unit("kW").sum_unit == "kJ"
    assert senml_unit("ms").sum_factor == 1e-3


# -- what is refused


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"n": "d:m", "vs": "on"}, "invalid_value"),
        ({"n": "d:m", "vb": True}, "invalid_value"),
        ({"n": "d:m", "vd": "AAAA"}, "invalid_value"),
        ({"n": "d:m", "v": True}, "invalid_value"),
        ({"n": "d:m", "v": "1"}, "invalid_value"),
        ({"n": "d:m", "v": 1e308, "bv": 1e308}, "invalid_value"),
        ({"n": "d:m", "v": None}, "no_value"),
        ({"n": "d:m"}, "no_value"),
        ({"v": 1}, "missing_field"),
        ({}, "no_value"),
        ({"n": "-d", "v": 1}, "invalid_name"),
        ({"n": "d m", "v": 1}, "invalid_name"),
        ({"n": "é", "v": 1}, "invalid_name"),
        ({"n": "x" * 257, "v": 1}, "invalid_name"),
        ({"n": 7, "v": 1}, "invalid_field"),
        ({"n": "d:m", "v": 1, "t": 1e300}, "invalid_timestamp"),
        ({"n": "d:m", "v": 1, "t": "now"}, "invalid_value"),
        ({"n": "d:m", "v": 1, "bver": 11}, "unsupported_version"),
        ({"n": "d:m", "v": 1, "u": 5}, "invalid_field"),
    ],
    ids=str,
)
def test_a_record_that_says_no_reading_is_refused_by_name(record, code):
    assert refusal(**record) == code


def test_a_broken_base_field_costs_the_records_that_need_it_until_it_is_replaced():
    draft = decode(
        {"bn": "d:", "bt": "noon", "n": "a", "v": 1},
        {"n": "a", "v": 2},
        {"bt": S, "n": "a", "v": 3},
        7,
        {"n": "a", "v": 4, "t": 1},
    )
    assert [(e.row, e.code) for e in draft.rejected] == [
        (0, "invalid_value"),
        (1, "invalid_value"),
        (3, "not_an_object"),
    ]
    assert [value for *_, value, _ in readings(draft)] == [3.0, 4.0]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b"[NaN]"], ids=["empty", "cut", "utf8", "deep", "nan"]
)
def test_what_is_not_json_is_refused_as_a_whole(body):
    with pytest.raises(InvalidInput) as refused:
        decode_senml(body, now=NOW)
    assert refused.value.code == "malformed_json"


@pytest.mark.parametrize("body", [b"{}", b'"x"', b"1", b"null"])
def test_what_is_not_a_pack_is_refused_as_a_whole(body):
    with pytest.raises(InvalidInput) as refused:
        decode_senml(body, now=NOW)
    assert refused.value.code == "malformed_senml"


def test_too_many_records_are_refused_before_they_are_decoded():
    with pytest.raises(TooLarge):
        decode_senml(b"[" + b"{}," * 2_000_000 + b"{}]", now=NOW)


def test_a_long_base_name_is_not_added_up_record_by_record():
    draft = decode_senml(json.dumps([{"bn": "x" * 1_000_000, "v": 1}, *[{"v": 1}] * 1_000]).encode(), now=NOW)
    assert {e.code for e in draft.rejected} == {"invalid_name"}


# -- whatever arrives

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
FIELDS = st.sampled_from(
    ["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut", "x_", "x"]
)
GOOD = st.fixed_dictionaries(
    {"n": st.sampled_from(["a:b", OW, "x"]), "v": st.floats(-1e9, 1e9)},
    optional={
        "u": st.sampled_from(["W", "Cel"]),
        "t": st.integers(-100, 100),
        "s": st.integers(0, 9),
        "bn": st.just("q:"),
    },
)
PACKS = st.lists(GOOD | st.dictionaries(FIELDS, SCALARS) | SCALARS, max_size=8).map(
    lambda pack: json.dumps(pack).encode()
)


@given(PACKS)
def test_any_pack_of_json_is_decoded_or_refused_row_by_row(body):
    check_draft(decode_senml(body, now=NOW))


@given(st.lists(GOOD, max_size=6))
def test_good_records_are_all_taken(records):
    draft = decode(*records)
    assert (draft.rejected, draft.rows) == ([], len(records))


@settings(max_examples=200)
@given(mutated(PACKS, b'[]{},:"0123456789.eE-btnuvs \\'))
def test_broken_bytes_are_refused_never_a_crash(body):
    survives(lambda data: decode_senml(data, now=NOW), body)
