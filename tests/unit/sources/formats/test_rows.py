from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import DraftKey
from penstock.model.errors import InvalidInput, TooLarge
from penstock.model.series import Attributes
from penstock.sources.formats import collect, decode_battery_rows, decode_rows, decode_temperature
from penstock.sources.formats.collect import Collector
from penstock.sources.formats.judge import READINGS, judge
from tests.unit.sources.formats.drafts import check_draft, content, mutated, readings, survives, values

TS = 1_767_225_600_000
LONG = {"sensor_id": "s1", "metric": "power_w", "value": 1.5, "ts": TS}
WIDE = {"sensor_id": "s1", "ts": TS, "power_w": 1.5, "voltage_v": 230, "current_a": 0.5}


def dump(*rows: object) -> bytes:
    return json.dumps(list(rows)).encode()


def refusals(*rows: object) -> list[tuple[int, str]]:
    draft = decode_rows(dump(*rows), "json")
    check_draft(draft)
    return [(error.row, error.code) for error in draft.rejected]


def test_a_long_row_is_one_reading_with_all_that_it_says():
    draft = decode_rows(
        dump(
            LONG
            | {"unit": "kW", "site_id": "a", "tenant_id": "t", "seq": 7, "building": "B", "room": 12, "tags": {"x": 1}}
        ),
        "json",
    )
    assert readings(draft) == [(0, DraftKey("a", "s1", "power_w", "kW", "t"), TS, 1.5, 7)]
    assert draft.attributes == {("a", "s1"): Attributes("B", "12", tags={"x": "1"})}
    assert (draft.rows, draft.rejected) == (1, [])


def test_a_wide_row_is_one_reading_per_number():
    draft = decode_rows(dump(WIDE | {"soc": 0.5, "co2": None, "units": {"power_w": "kW"}}), "json")
    assert values(draft) == {
        ("s1", "power_w"): [1.5],
        ("s1", "voltage_v"): [230.0],
        ("s1", "current_a"): [0.5],
        ("s1", "soc"): [0.5],
    }
    assert {key.metric: key.unit for key in draft.keys}["power_w"] == "kW"
    assert draft.row.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("shape", ["json", "ndjson"])
def test_a_single_object_and_a_byte_order_mark_are_fine(shape):
    draft = decode_rows(b"\xef\xbb\xbf " + json.dumps(LONG).encode() + b"\n", shape)
    assert (draft.rows, len(draft.ts)) == (1, 1)


def test_blank_lines_of_ndjson_are_not_rows():
    line = json.dumps(LONG).encode()
    draft = decode_rows(b"\n" + line + b"\r\n\r\n  \n{\n" + line, "ndjson")
    assert [(error.row, error.code) for error in draft.rejected] == [(1, "malformed_json")]
    assert draft.row.tolist() == [0, 2]
    assert draft.rows == 3


def test_a_bad_row_never_costs_its_neighbours():
    rows: list[Any] = [LONG | {"ts": TS + i, "sensor_id": f"s{i % 7}"} for i in range(1_000)]
    rows[500] = LONG | {"value": "x"}
    draft = decode_rows(dump(*rows), "json")
    check_draft(draft)
    assert [tuple(error) for error in draft.rejected] == [(500, "invalid_value", "value must be a number, not 'x'")]
    assert draft.ts.tolist() == [TS + i for i in range(1_000) if i != 500]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (5, "not_an_object"),
        (None, "not_an_object"),
        ([LONG], "not_an_object"),
        ({**LONG, "sensor_id": None}, "missing_field"),
        ({**LONG, "sensor_id": 1.5}, "invalid_field"),
        ({**LONG, "sensor_id": True}, "invalid_field"),
        ({**LONG, "sensor_id": 10**70}, "invalid_field"),
        ({**LONG, "metric": None}, "missing_field"),
        ({**LONG, "metric": 5}, "invalid_field"),
        ({**LONG, "value": None}, "no_value"),
        ({**LONG, "value": True}, "invalid_value"),
        ({**LONG, "value": {}}, "invalid_value"),
        ({**LONG, "value": 10**400}, "invalid_value"),
        ({**LONG, "quality": 1}, "unknown_field"),
        ({**LONG, "ts": None}, "missing_field"),
        ({**LONG, "ts": 1.5}, "invalid_timestamp"),
        ({**LONG, "ts": True}, "invalid_timestamp"),
        ({**LONG, "ts": 2**63}, "invalid_timestamp"),
        ({**LONG, "ts": 1e300}, "invalid_timestamp"),
        ({**LONG, "ts": "yesterday"}, "invalid_timestamp"),
        ({**LONG, "ts": "²"}, "invalid_timestamp"),
        ({**LONG, "ts": "--5"}, "invalid_timestamp"),
        ({**LONG, "ts": "9" * 30}, "invalid_timestamp"),
        ({**LONG, "ts": "2026-01-01T00:00:00"}, "naive_timestamp"),
        ({**LONG, "seq": -1}, "invalid_seq"),
        ({**LONG, "seq": 2**63}, "invalid_seq"),
        ({**LONG, "seq": 1.0}, "invalid_seq"),
        ({**LONG, "tags": 5}, "invalid_field"),
        ({**LONG, "tags": {"a": []}}, "invalid_field"),
        ({**LONG, "tenant_id": 5}, "invalid_field"),
        ({"sensor_id": "s", "ts": TS}, "no_value"),
        ({"sensor_id": "s", "ts": TS, "power_w": None}, "no_value"),
        ({**WIDE, "power_w": "1"}, "invalid_value"),
        ({**WIDE, "power_w": False}, "invalid_value"),
        ({**WIDE, "colour": "red"}, "unknown_field"),
        ({**WIDE, "timestamp": TS}, "unknown_field"),
        ({**WIDE, "units": {"power_w": 5}}, "invalid_field"),
        ({**WIDE, "units": "kW"}, "invalid_field"),
        ({"power_w": 5, "ts": TS}, "missing_field"),
    ],
)
def test_a_row_is_refused_for_its_first_fault_and_its_neighbours_stay(row, code):
    assert refusals(LONG, row, WIDE) == [(1, code)]
    assert refusals(row) == [(0, code)]


def test_a_refusal_names_field_and_value_briefly():
    (error,) = decode_rows(dump(WIDE | {"power_w": "x" * 500}), "json").rejected
    assert "power_w" in error.detail
    assert "'xxx" in error.detail
    assert len(error.detail) < 120


def test_an_unknown_field_is_named_with_the_known_ones():
    (error,) = decode_rows(dump(WIDE | {"colour": "red"}), "json").rejected
    assert "'colour'" in error.detail
    assert "site_id" in error.detail


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize("shape", ["json", "ndjson"])
def test_nan_and_infinity_cost_their_row_only(literal, shape):
    good = json.dumps(LONG).encode()
    bad = good.replace(b"1.5", literal)
    body = b"[" + good + b"," + bad + b"]" if shape == "json" else good + b"\n" + bad
    draft = decode_rows(body, shape)
    assert [(error.row, error.code) for error in draft.rejected] == [(1, "invalid_value")]
    assert literal.decode() in draft.rejected[0].detail
    assert len(draft.ts) == 1


@pytest.mark.parametrize(
    ("body", "position"),
    [(b"", 0), (b"{", 1), (b"[1,]", 3), (b'{"a" 1}', 5), (b"sensor,ts\n1,2", 0), (b'["a]', 4), (b"[" * 100_000, 0)],
)
def test_a_body_that_is_not_json_is_refused_as_a_whole_with_the_position(body, position):
    with pytest.raises(InvalidInput) as caught:
        decode_rows(body, "json")
    error = caught.value
    assert error.code == "malformed_json"
    assert f"at byte {position}" in error.detail


def test_invalid_utf8_in_one_row_costs_that_row_only():
    good = json.dumps(LONG).encode()
    draft = decode_rows(b"[" + good + b"," + good.replace(b"s1", b"s\xff") + b"]", "json")
    assert [(error.row, error.code) for error in draft.rejected] == [(1, "malformed_json")]


def test_integers_name_sensors_sites_and_rooms_by_their_digits():
    rows = [WIDE | {"sensor_id": 7, "site_id": 3, "room": 101}, WIDE | {"sensor_id": "7", "site_id": "3", "ts": TS + 1}]
    draft = decode_rows(dump(*rows), "json")
    assert {(key.site, key.sensor) for key in draft.keys} == {("3", "7")}
    assert len(draft.keys) == 3
    assert draft.attributes == {("3", "7"): Attributes("", "101", tags={})}


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        ({"a": "x", "b": 1, "c": 1.5, "d": True, "e": None}, {"a": "x", "b": "1", "c": "1.5", "d": "true"}),
        (["roof", "phase=L1"], {"roof": "true", "phase": "L1"}),
        ("roof, phase=L1", {"roof": "true", "phase": "L1"}),
        ("", {}),
        (None, {}),
    ],
)
def test_tags_may_be_an_object_a_list_or_text(sent, tags):
    draft = decode_rows(dump(WIDE | {"tags": sent}, WIDE | {"tags": sent}), "json")
    assert dict(draft.attributes) == ({("", "s1"): Attributes("", "", tags=tags)} if tags else {})


def test_what_a_later_row_says_about_a_sensor_wins_field_by_field():
    rows = [
        WIDE | {"building": "A", "tags": {"x": 1, "y": 1}},
        WIDE | {"room": "r", "tags": {"x": 2}},
        WIDE | {"building": "A", "tags": {"x": 1, "y": 1}},
    ]
    draft = decode_rows(dump(*rows), "json")
    assert draft.attributes == {("", "s1"): Attributes("A", "r", tags={"x": "1", "y": "1"})}


def test_times_are_numbers_or_rfc_3339():
    rows = [LONG | {"ts": ts} for ts in ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00.0009+01:00", TS, float(TS))]
    assert decode_rows(dump(*rows), "json").ts.tolist() == [TS] * 4


def test_a_body_with_too_many_values_to_take_apart_is_refused(monkeypatch):
    monkeypatch.setattr(collect, "MAX_ROWS", 10)
    with pytest.raises(TooLarge):
        decode_rows(dump(*[1] * 12), "json")


@pytest.mark.parametrize("shape", ["json", "ndjson"])
def test_a_body_with_too_many_faulty_rows_is_refused(monkeypatch, shape):
    monkeypatch.setattr(collect, "MAX_REFUSED", 10)
    with pytest.raises(TooLarge):
        decode_rows(dump(*[1] * 12) if shape == "json" else b"1\n" * 12, shape)


def test_a_cut_inside_of_a_nested_value_never_makes_a_row(monkeypatch):
    monkeypatch.setattr("penstock.sources.formats.rows._PIECE", 8)
    rows = [WIDE | {"tags": '},{"sensor_id":"evil"},{'}, WIDE | {"tags": [{}, {}]}, WIDE]
    draft = decode_rows(dump(*rows), "json")
    assert [error.row for error in draft.rejected] == [1]
    assert {key.sensor for key in draft.keys} == {"s1"}
    assert draft.rows == 3


def test_two_rows_on_one_line_of_ndjson_are_refused():
    line = json.dumps(LONG).encode()
    torn = line[:-1] + b',"tags":["a"\n"b"]}'
    draft = decode_rows(line + b"," + line + b"\n" + torn + b"\n" + line, "ndjson")
    assert draft.rows == 4
    assert [error.row for error in draft.rejected] == [0, 1, 2]


# Batteries and rooms


def test_a_battery_row_is_wide_and_named_by_its_battery():
    row = {
        "battery_id": "b1",
        "timestamp": "2026-01-01T00:00:00Z",
        "soc_pct": 80,
        "voltage": 48.1,
        "cycles": 12,
        "site_id": "x",
    }
    draft = decode_battery_rows(json.dumps(row).encode(), "json")
    assert values(draft) == {("b1", "soc_pct"): [80.0], ("b1", "voltage"): [48.1], ("b1", "cycles"): [12.0]}
    assert draft.ts.tolist() == [TS] * 3
    assert {key.site for key in draft.keys} == {"x"}


def test_battery_rows_of_one_look_and_of_two_say_the_same():
    rows = [{"battery_id": f"b{i}", "ts": TS + i, "soc": 0.5, "temperature_c": 20 + i} for i in range(50)]
    others = [{"sensor_id": row["battery_id"]} | {k: v for k, v in row.items() if k != "battery_id"} for row in rows]
    mixed = [row if i % 2 else other for i, (row, other) in enumerate(zip(rows, others, strict=True))]
    assert content(decode_battery_rows(dump(*rows), "json")) == content(decode_battery_rows(dump(*mixed), "json"))
    lines = b"\n".join(json.dumps(row).encode() for row in others)
    assert content(decode_battery_rows(lines, "ndjson")) == content(decode_battery_rows(dump(*rows), "json"))


def test_a_battery_named_twice_differently_is_refused():
    row = {"battery_id": "b1", "sensor_id": "b2", "ts": TS, "soc": 0.5}
    assert [error.code for error in decode_battery_rows(dump(row), "json").rejected] == ["conflicting_fields"]


@pytest.mark.parametrize("field", ["value", "temperature"])
@pytest.mark.parametrize("time", ["ts", "timestamp"])
def test_a_room_temperature_belongs_to_the_room_of_the_path(field, time):
    body = json.dumps({field: 294.15, time: TS, "unit": "K"}).encode()
    draft = decode_temperature(body, "HQ", "101")
    assert readings(draft) == [(0, DraftKey(None, "HQ/101", "temperature", "K", None), TS, 294.15, 0)]
    assert draft.attributes == {("", "HQ/101"): Attributes("HQ", "101", tags={})}


def test_room_temperatures_may_name_their_sensor_and_come_in_an_array():
    rows = [{"value": 1, "ts": TS, "sensor_id": "t1", "site_id": "x", "seq": 2}, {"ts": TS}, {"value": "hot", "ts": TS}]
    draft = decode_temperature(dump(*rows), "HQ", "101")
    assert readings(draft) == [(0, DraftKey("x", "t1", "temperature", None, None), TS, 1.0, 2)]
    assert [(error.row, error.code) for error in draft.rejected] == [(1, "no_value"), (2, "invalid_value")]


# Laws

names = st.sampled_from(["s1", "s2", "é", "", 7, None, 1.5])
numbers = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.none(), st.just("x")
)
times = st.one_of(
    st.integers(TS, TS + 5),
    st.sampled_from(
        ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789+02:00", "2026-01-01", 1.5, 2**63, None, 5.0]
    ),
)
optional = st.fixed_dictionaries(
    {},
    optional={
        "site_id": st.sampled_from(["a", "b", 3, None]),
        "tenant_id": st.sampled_from(["t", None]),
        "building": st.sampled_from(["B", 1, None]),
        "room": st.sampled_from(["r", None]),
        "seq": st.sampled_from([0, 1, 5, -1, None]),
        "tags": st.sampled_from([{"a": 1}, {"b": "x"}, ["q"], "k=v", None, 5]),
    },
)
long_rows = st.builds(
    lambda sensor, ts, value, extra, unit: (
        {"sensor_id": sensor, "ts": ts, "metric": "m", "value": value} | extra | unit
    ),
    names,
    times,
    numbers,
    optional,
    st.sampled_from([{}, {"unit": "kW"}, {"unit": None}]),
)
wide_rows = st.builds(
    lambda sensor, ts, metrics, extra, units: {"sensor_id": sensor, "ts": ts} | metrics | extra | units,
    names,
    times,
    st.dictionaries(st.sampled_from(["power_w", "voltage_v", "current_a", "co2", "odd"]), numbers, max_size=3),
    optional,
    st.sampled_from([{}, {"units": {"power_w": "kW"}}, {"units": None}]),
)


def judged(rows: list[Any]) -> tuple[object, ...]:
    """What the slow path, row by row, makes of rows."""
    out = Collector()
    for at, row in enumerate(rows):
        try:
            judge(json.loads(json.dumps(row)), at, READINGS, out)
        except InvalidInput as error:
            out.refuse(at, error)
    return content(out.draft(len(rows)))


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(long_rows, wide_rows), max_size=6), st.integers(1, 3))
def test_the_fast_path_says_what_the_slow_path_says(rows, repeat):
    rows = [row for row in rows for _ in range(repeat)]
    lines = "\n".join(map(json.dumps, rows)).encode()
    assert content(decode_rows(dump(*rows), "json")) == judged(rows)
    assert content(decode_rows(lines, "ndjson")) == judged(rows)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_rows_of_one_look_are_decoded_as_they_are_judged(data):
    shape = data.draw(st.sampled_from(["long", "wide"]))
    base = data.draw((long_rows if shape == "long" else wide_rows).filter(lambda row: row["sensor_id"] is not None))
    rows = [base | {"ts": TS + i, "sensor_id": f"s{i % 3}"} for i in range(data.draw(st.integers(2, 40)))]
    assert content(decode_rows(dump(*rows), "json")) == judged(rows)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(body):
    for shape in ("json", "ndjson"):
        survives(lambda b, shape=shape: decode_rows(b, shape), body)
        survives(lambda b, shape=shape: decode_battery_rows(b, shape), body)
    survives(lambda b: decode_temperature(b, "B", "r"), body)


valid = st.lists(st.one_of(long_rows, wide_rows), min_size=1, max_size=4)


@settings(deadline=None, max_examples=200)
@given(mutated(valid.map(lambda rows: dump(*rows)), b'{}[],:"\\\n0123456789.eE+-NaItrufls \xff\x00'))
def test_mutated_bodies_never_raise_anything_else(body):
    for shape in ("json", "ndjson"):
        survives(lambda b, shape=shape: decode_rows(b, shape), body)


FAULTS = [
    json.dumps(LONG | {"value": "x"}),
    json.dumps(LONG | {"value": None}),
    json.dumps(LONG | {"ts": "yesterday"}),
    json.dumps(LONG | {"seq": -1}),
    json.dumps(LONG | {"odd": 1}),
    json.dumps(WIDE),
    json.dumps(LONG) + "," + json.dumps(LONG),
    '{"sensor_id": "s1", "ts": ',
    '{"a":"}',
    "{}",
    "7",
]


@given(st.dictionaries(st.integers(0, 199), st.sampled_from(FAULTS), max_size=30))
def test_bad_rows_anywhere_are_judged_as_if_they_were_alone(faults):
    lines = [faults.get(i, json.dumps(LONG | {"value": i / 3, "ts": TS + i})) for i in range(200)]
    together = decode_rows("\n".join(lines).encode(), "ndjson")
    alone = [decode_rows(line.encode(), "ndjson") for line in lines]
    assert [e.row for e in together.rejected] == [i for i, draft in enumerate(alone) if draft.rejected]
    assert [e[1:] for e in together.rejected] == [e[1:] for draft in alone for e in draft.rejected]
    assert [r[1:] for r in readings(together)] == [r[1:] for draft in alone for r in readings(draft)]
    assert sorted(set(together.row.tolist())) == [i for i, draft in enumerate(alone) if len(draft.row)]


def test_a_bad_row_costs_its_own_judging_only(monkeypatch):
    judged = []
    monkeypatch.setattr("penstock.sources.formats.rows.judge", lambda _row, at, *_: judged.append(at))
    rows = [LONG | {"value": "x" if i % 33 == 5 else float(i), "ts": TS + i} for i in range(3_000)]
    decode_rows(dump(*rows), "json")
    assert judged == [i for i in range(3_000) if i % 33 == 5]


@pytest.mark.parametrize("name", ["a\x00b", 'a"b', "a\\b", "\n", "\x1f"])
@pytest.mark.parametrize("decode", [decode_rows, decode_battery_rows])
def test_a_field_of_any_name_is_a_metric_or_refused_and_breaks_nothing(name, decode):
    row = {"sensor_id": "s1", "ts": TS, name: 1.0, "power_w": 2.0}
    draft = decode(json.dumps([row] * 3).encode(), "json")
    assert draft.rows == 3
    assert len(draft.rejected) in (0, 3)
    assert len(draft.value) == 0 if draft.rejected else 6
