from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import TooLarge
from penstock.model.series import Attributes
from penstock.sources.formats import collect, decode_lines
from penstock.sources.formats.influx import _Reader
from tests.unit.sources.formats.drafts import check_draft, content, mutated, readings, survives, values

NOW = 1_767_225_600_000
NS = NOW * 1_000_000


def decode(text: str | bytes, precision: str = "ns") -> Draft:
    body = text if isinstance(text, bytes) else text.encode()
    draft = decode_lines(body, precision=precision, now=NOW)
    check_draft(draft)
    return draft


def slowly(body: bytes) -> Draft:
    """Every line through the line parser."""
    reader = _Reader("ns", NOW)
    for row, line in enumerate(body.replace(b"\r\n", b"\n").split(b"\n")):
        reader._read_line(line, row)
    reader._describe()
    return reader._out.draft(reader._rows)


def key(line: str) -> DraftKey:
    (found,) = decode(line).keys
    return found


@pytest.mark.parametrize(
    ("line", "metric"),
    [
        ("power value=1", "power"),
        ("readings power_w=1", "power_w"),
        ("ems power_w=1", "power_w"),
        ("telemetry power_w=1", "power_w"),
        ("reading value=1", "reading"),
        ("cpu usage_idle=1", "cpu_usage_idle"),
    ],
)
def test_the_metric_comes_from_measurement_and_field(line, metric):
    assert key(line).metric == metric


@pytest.mark.parametrize("tag", ["sensor_id", "sensor", "device_id", "device", "battery_id"])
def test_a_sensor_tag_names_the_sensor(tag):
    assert key(f"m,{tag}=s1 value=1").sensor == "s1"


def test_other_tags_than_attributes_are_part_of_the_sensor():
    draft = decode("m,sensor_id=m1,phase=L1,circuit=2,host=h,building=B,room=r,site_id=x,unit=kW,tenant_id=t value=1")
    assert draft.keys == (DraftKey("x", "m1,circuit=2,phase=L1", "m", "kW", "t"),)
    assert draft.attributes == {
        ("x", "m1,circuit=2,phase=L1"): Attributes("B", "r", tags={"circuit": "2", "host": "h", "phase": "L1"})
    }


def test_without_a_sensor_tag_all_tags_are_the_sensor():
    assert key("cpu,host=web1,cpu=cpu0,site=x value=1")[:2] == ("x", "cpu=cpu0,host=web1")
    assert key("t,building=B,room=1 value=1").sensor == "building=B,room=1"
    assert key("uptime value=1").sensor == "uptime"


def test_no_two_series_of_influx_collapse_into_one():
    lines = [
        r"m,sensor_id=a\,b\=c value=1",
        r"m,sensor_id=a,b=c value=1",
        r"m,sensor_id=a,b=c\,d\=e value=1",
        r"m,sensor_id=a,b=c,d=e value=1",
        r"m,b=c value=1",
        r"m,sensor_id=b\=c value=1",
    ]
    assert len(decode("\n".join(lines)).keys) == len(lines)


def test_numbers_integers_and_booleans_are_values_and_text_is_not():
    draft = decode('m,sensor_id=s a=1.5,b=2i,c=3u,d=t,e=False,f="x y",g=-1e3 ' + str(NS))
    assert values(draft) == {
        ("s", f"m_{name}"): [value] for name, value in zip("abcdeg", [1.5, 2.0, 3.0, 1.0, 0.0, -1000.0], strict=True)
    }


def test_a_line_of_text_only_is_refused():
    draft = decode('m s="x"\nm v=1')
    assert [(error.row, error.code) for error in draft.rejected] == [(0, "no_value")]
    assert draft.rows == 2


@pytest.mark.parametrize(
    ("precision", "sent", "ms"),
    [("ns", 1_999_999, 1), ("us", 1_999, 1), ("ms", 7, 7), ("s", 7, 7_000), ("ns", -1, -1)],
)
@pytest.mark.parametrize("count", [1, 40])
def test_times_become_ms_rounded_down(precision, sent, ms, count):
    assert set(decode(f"m v=1 {sent}\n" * count, precision).ts.tolist()) == {ms}


@pytest.mark.parametrize("count", [1, 40])
def test_a_line_without_a_time_is_of_now(count):
    draft = decode("m v=1\n" * count + "m v=2 5000000")
    assert draft.ts.tolist() == [NOW] * count + [5]
    assert draft.value.tolist() == [1.0] * count + [2.0]


def test_a_time_that_overflows_in_ms_is_refused():
    draft = decode(f"m v=1 {2**62}\n" * 20 + "m v=1 5", "s")
    assert len(draft.rejected) == 20
    assert draft.ts.tolist() == [5_000]


def test_rows_are_numbered_by_line_and_comments_and_blank_lines_are_not_rows():
    draft = decode("\n# a comment here\nm v=1 5\r\n\n  \nbad\nm v=2 5\n")
    assert draft.row.tolist() == [2, 6]
    assert [error.row for error in draft.rejected] == [5]
    assert draft.rows == 3


def test_a_bad_line_names_the_reason_and_costs_itself_only():
    good = [f"ems,sensor_id=s{i % 3} power_w={i}.5,voltage_v=230 {NS + i * 10**6}" for i in range(100)]
    bad = [*good[:50], "ems,sensor_id=s1 power_w=abc,voltage_v=230 5", *good[50:], "nonsense", "m v=1 noon"]
    draft = decode("\n".join(bad))
    assert [error.row for error in draft.rejected] == [50, 101, 102]
    assert "power_w=abc" in draft.rejected[0].detail
    assert {error.code for error in draft.rejected} == {"malformed_line"}
    assert [(k, ts, v) for _, k, ts, v, _ in readings(draft)] == [
        (k, ts, v) for _, k, ts, v, _ in readings(decode("\n".join(good)))
    ]


def test_invalid_utf8_costs_its_line_only():
    draft = decode(b"m,a=\xff v=1 5\n" + b"m v=1 5\n" * 30)
    assert [error.row for error in draft.rejected] == [0]
    assert len(draft.ts) == 30


def test_escapes_are_understood():
    assert key(r"my\ m,sensor_id=s\ 1 the\ value=1 5") == DraftKey(None, "s 1", "my m_the value")


def test_a_telegraf_body_of_many_measurements_is_read_whole():
    lines = []
    for i in range(60):
        lines += [
            f"cpu,cpu=cpu{i % 4},host=h usage_idle={i}.5,usage_user=1 {NS + i}",
            f"mem,host=h used={i}i,free=5i {NS + i}",
            f'system,host=h uptime={i}i,uptime_format="{i} days, 1:00" {NS + i}',
            f"modbus,host=h,type=coil ok=true {NS + i}",
        ]
    draft = decode("\n".join(lines))
    assert draft.rows == len(lines)
    assert draft.rejected == []
    assert draft.row.tolist() == sorted(
        [row for i in range(60) for row in (4 * i, 4 * i, 4 * i + 1, 4 * i + 1, 4 * i + 2, 4 * i + 3)]
    )
    assert values(draft)["host=h", "mem_used"] == [float(i) for i in range(60)]
    assert content(draft) == content(slowly("\n".join(lines).encode()))


def test_an_empty_body_has_no_rows():
    assert decode("").rows == decode("\n\n").rows == decode("# only this").rows == 0


def test_a_body_of_too_many_lines_is_refused(monkeypatch):
    monkeypatch.setattr(collect, "MAX_ROWS", 10)
    with pytest.raises(TooLarge):
        decode("m v=1\n" * 12)


# Laws

series = st.sampled_from(
    [
        "m",
        "m,sensor_id=s1",
        "m,sensor_id=s1,phase=L1",
        "readings,device=d,unit=kW",
        r"a\ b,x\,y=\=z",
        "m,",
        "m,a",
        ",a=b",
    ]
)
names = st.sampled_from(["value", "v", "w", r"a\ b", r"a\=b", "", "é", "v\\"])
literals = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.integers(-(2**70), 2**70).map(lambda i: f"{i}i"),
    st.integers(-5, 2**65).map(lambda i: f"{i}u"),
    st.sampled_from(
        [
            "t",
            "F",
            "true",
            "tRUE",
            '"x y"',
            '"a,b=c"',
            "nan",
            "inf",
            "+1",
            "1.",
            ".5",
            "0x1",
            "1e-400",
            "1e400",
            "1\t",
            "0",
        ]
    ),
)
fields = st.lists(st.builds("{}={}".format, names, literals), min_size=1, max_size=3).map(",".join)
stamps = st.one_of(
    st.just(""),
    st.integers(-(2**64), 2**64).map(lambda i: f" {i}"),
    st.sampled_from([" 5", f" {NS}", " 0x5", " +5", " 5 ", "  5", " x", " 5\t", f" {2**63 - 1}"]),
)
plain_lines = st.builds(
    "{} v={},w={} {}".format,
    st.sampled_from(["m,sensor_id=s1", "m,sensor_id=s2,phase=L1", "cpu,host=h"]),
    st.floats(-1e6, 1e6).map("{:.3f}".format),
    st.integers(0, 9),
    st.integers(NS, NS + 10**9),
)
lines = st.one_of(
    plain_lines,
    st.builds("{} {}{}".format, series, fields, stamps),
    st.sampled_from(["", "# c", "#", " ", "x", "a b c d", "\r"]),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(lines, max_size=6), st.sampled_from([1, 20]), st.sampled_from(["\n", "\r\n"]))
def test_the_fast_path_says_what_the_line_parser_says(some, repeat, end):
    body = end.join(line for line in some for _ in range(repeat)).encode()
    assert content(decode(body)) == content(slowly(body))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=120), st.sampled_from([1, 20]))
def test_arbitrary_bytes_never_raise_anything_else(body, repeat):
    survives(lambda b: decode_lines(b, precision="ns", now=NOW), b"\n".join([body] * repeat))


bodies = st.lists(plain_lines, min_size=1, max_size=40).map(lambda some: "\n".join(some).encode())


@settings(deadline=None, max_examples=200)
@given(mutated(bodies, b',= \\"\n#0123456789.eE+-itfxNa\t\r\xff\x00'))
def test_a_mutated_body_is_read_as_the_line_parser_reads_it(body):
    survives(lambda b: decode_lines(b, precision="ns", now=NOW), body)
    assert content(decode_lines(body, precision="ns", now=NOW)) == content(slowly(body))
