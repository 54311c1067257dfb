from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import InvalidInput, TooLarge
from penstock.model.series import Attributes
from penstock.sources.formats import FileMapping, decode_arrow, decode_csv, guess_mapping, table_to_draft
from tests.unit.sources.formats.drafts import check_draft, content, mutated, readings, survives, values

TS = 1_767_225_600_000


def ipc(table: pa.Table, chunk: int = 3, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return sink.getvalue().to_pybytes()


def long(n: int = 4, **columns: Any) -> pa.Table:
    base: dict[str, Any] = {
        "sensor_id": [f"s{i % 2}" for i in range(n)],
        "metric": ["power_w"] * n,
        "value": [float(i) for i in range(n)],
        "ts": [TS + i for i in range(n)],
    }
    return pa.table(base | columns)


def wide(**columns: Any) -> pa.Table:
    return pa.table({"sensor_id": ["a", "b"], "ts": [TS, TS + 1], "power_w": [1.0, None], "co2": [None, 400]} | columns)


def codes(draft: Draft) -> list[tuple[int, str]]:
    check_draft(draft)
    return [(error.row, error.code) for error in draft.rejected]


# Arrow


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_long_stream_of_several_batches_is_read_whole(compression):
    draft = decode_arrow(ipc(long(10), compression=compression))
    check_draft(draft)
    assert values(draft) == {("s0", "power_w"): [0.0, 2.0, 4.0, 6.0, 8.0], ("s1", "power_w"): [1.0, 3.0, 5.0, 7.0, 9.0]}
    assert draft.row.tolist() == list(range(10))
    assert draft.rows == 10


def test_all_columns_of_a_long_stream_say_what_rows_say():
    table = long(
        2,
        site_id=["x", None],
        unit=["kW", None],
        building=["B", "B"],
        room=pa.array([1, 2]),
        seq=pa.array([5, None]),
        tenant_id=["t", "t"],
    )
    draft = decode_arrow(ipc(table))
    assert readings(draft) == [
        (0, DraftKey("x", "s0", "power_w", "kW", "t"), TS, 0.0, 5),
        (1, DraftKey(None, "s1", "power_w", None, "t"), TS + 1, 1.0, 0),
    ]
    assert draft.attributes == {("x", "s0"): Attributes("B", "1", tags={}), ("", "s1"): Attributes("B", "2")}


words = st.lists(st.sampled_from(["", "a", "b", "ab", "ba", None]), min_size=1, max_size=4)


@given(st.lists(st.tuples(words, words, st.lists(st.integers(0, 15), min_size=1, max_size=5)), min_size=2, max_size=5))
def test_streams_that_resemble_one_another_keep_their_own_names(streams):
    for sensors, metrics, picks in streams:
        rows = [(sensors[pick % len(sensors)], metrics[pick // 4 % len(metrics)]) for pick in picks]
        columns = {
            name: pa.DictionaryArray.from_arrays(
                pa.array([at for at, _ in said], pa.int32()), pa.array(of, pa.string())
            )
            for name, of, said in (
                ("sensor_id", sensors, [(pick % len(sensors), 0) for pick in picks]),
                ("metric", metrics, [(pick // 4 % len(metrics), 0) for pick in picks]),
            )
        }
        table = pa.table(columns | {"ts": [1_700_000_000_000] * len(rows), "value": [1.0] * len(rows)})
        draft = decode_arrow(ipc(table, 100))
        named = [(row, *pair) for row, pair in enumerate(rows) if None not in pair]
        assert [
            (row, draft.keys[key].sensor, draft.keys[key].metric)
            for row, key in zip(draft.row.tolist(), draft.key.tolist(), strict=True)
        ] == named


def test_null_in_a_wide_stream_is_not_measured():
    draft = decode_arrow(ipc(wide()))
    assert values(draft) == {("a", "power_w"): [1.0], ("b", "co2"): [400.0]}
    assert draft.rejected == []


def test_null_where_a_row_needs_something_refuses_the_row():
    table = pa.table(
        {
            "sensor_id": ["a", None, "a", "a", "a"],
            "metric": ["m", "m", None, "m", "m"],
            "value": [1.0, 1.0, 1.0, None, 1.0],
            "ts": [TS, TS, TS, TS, None],
        }
    )
    draft = decode_arrow(ipc(table))
    assert codes(draft) == [(1, "missing_field"), (2, "missing_field"), (3, "no_value"), (4, "missing_field")]
    assert draft.row.tolist() == [0]


def test_a_wide_row_of_nulls_is_refused():
    assert codes(decode_arrow(ipc(wide(co2=pa.nulls(2, pa.int8()))))) == [(1, "no_value")]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
@pytest.mark.parametrize(
    "number", [pa.float32(), pa.int16(), pa.uint64(), pa.decimal128(9, 2), pa.bool_(), pa.float16()]
)
def test_names_and_numbers_may_have_any_such_type(kind, number):
    table = long(2, sensor_id=pa.array(["a", "b"]).cast(kind), value=pa.array([1, 0]).cast(pa.float64()).cast(number))
    assert values(decode_arrow(ipc(table))) == {("a", "power_w"): [1.0], ("b", "power_w"): [0.0]}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
def test_timestamps_of_any_unit_and_zone_become_ms(unit, zone):
    moments = [datetime(2026, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)]
    column = pa.array(moments, pa.timestamp("us", "UTC")).cast(pa.timestamp(unit, zone or "UTC"))
    column = column if zone else column.cast(pa.timestamp(unit))
    assert decode_arrow(ipc(long(2, ts=column))).ts.tolist() == [TS, -1000]


def test_finer_timestamps_are_rounded_down():
    assert decode_arrow(ipc(long(2, ts=pa.array([-1, 1_999_999], pa.timestamp("ns"))))).ts.tolist() == [-1, 1]


def test_times_that_are_no_whole_ms_are_refused():
    table = long(4, ts=pa.array([1.0, 1.5, float("nan"), 1e300]))
    assert codes(decode_arrow(ipc(table))) == [(i, "invalid_timestamp") for i in (1, 2, 3)]
    table = long(2, ts=pa.array([5, 2**63], pa.uint64()))
    assert codes(decode_arrow(ipc(table))) == [(1, "invalid_timestamp")]
    table = long(2, ts=pa.array([5, 2**62], pa.timestamp("s")))
    assert codes(decode_arrow(ipc(table))) == [(1, "invalid_timestamp")]


def test_columns_without_nulls_are_not_copied():
    draft = decode_arrow(ipc(long(3)))
    assert not draft.value.flags.owndata
    assert not draft.ts.flags.owndata


@pytest.mark.parametrize(
    ("table", "code", "named"),
    [
        (long(2, colour=["red", "blue"]), "unknown_field", "colour"),
        (wide(colour=["red", "blue"]), "unknown_field", "colour"),
        (wide(nested=[[1], [2]]), "unknown_field", "nested"),
        (long(2).drop_columns(["ts"]), "missing_column", "ts"),
        (long(2).drop_columns(["sensor_id"]), "missing_column", "sensor"),
        (long(2).drop_columns(["value"]), "missing_column", "value"),
        (pa.table({"sensor_id": ["a"], "ts": [1]}), "missing_column", "metric"),
        (long(2, metric=[1.5, 2.5]), "invalid_column", "metric"),
        (long(2, ts=[True, False]), "invalid_column", "ts"),
    ],
)
def test_a_stream_of_the_wrong_columns_is_refused_naming_them(table, code, named):
    with pytest.raises(InvalidInput) as caught:
        decode_arrow(ipc(table))
    assert caught.value.code == code
    assert named in caught.value.detail


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff\xff\xff\xff\x10\x00\x00\x00", b"ARROW1\x00\x00"])
def test_what_is_no_stream_is_refused(body):
    with pytest.raises(InvalidInput) as caught:
        decode_arrow(body)
    assert caught.value.code == "malformed_arrow"


@pytest.mark.parametrize("part", [b"power_w", b"Asia/Tokyo"])
def test_names_and_zones_that_are_not_text_are_refused(part):
    body = ipc(wide(ts=pa.array([1, 2], pa.timestamp("ms", "Asia/Tokyo"))))
    assert part in body
    with pytest.raises(InvalidInput) as caught:
        decode_arrow(body.replace(part, b"\xff" * len(part)))
    assert caught.value.code == "malformed_arrow"


def test_a_stream_cut_short_is_refused():
    body = ipc(long(10))
    with pytest.raises(InvalidInput):
        decode_arrow(body[: len(body) // 2])


def test_a_stream_that_decodes_to_too_much_is_refused_before_it_is_decoded():
    table = pa.table({"sensor_id": pa.array(["a"] * 100_000).dictionary_encode(), "ts": np.zeros(100_000, np.int64)})
    body = ipc(table.append_column("power_w", pa.array(np.zeros(100_000))), 100_000, compression="zstd")
    assert len(body) < 10_000
    with pytest.raises(TooLarge):
        decode_arrow(body, max_decoded=1_000_000)
    assert decode_arrow(body, max_decoded=4_000_000).rows == 100_000


def test_a_buffer_that_claims_to_be_huge_is_refused():
    table = pa.table({"sensor_id": ["a"] * 1_000, "ts": np.arange(1_000), "power_w": np.zeros(1_000)})
    body = ipc(table, 1_000, compression="zstd")
    assert body.count(struct.pack("<q", 8_000)) == 2
    with pytest.raises(TooLarge):
        decode_arrow(body.replace(struct.pack("<q", 8_000), struct.pack("<q", 1 << 40)))


# CSV


def test_csv_has_the_columns_of_a_table():
    draft = decode_csv(
        b"\xef\xbb\xbf\r\nsensor_id,metric,value,ts,unit,site_id\n"
        b"s1,power_w,1.5,2026-01-01T00:00:00Z,kW,x\ns1,power_w, 2e0 ,1767225600001,,\n"
    )
    assert codes(draft) == []
    assert readings(draft) == [
        (0, DraftKey("x", "s1", "power_w", "kW", None), TS, 1.5, 0),
        (1, DraftKey(None, "s1", "power_w", None, None), TS + 1, 2.0, 0),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    text = "sensor_id,ts,power_w,co2\na,1,2,3\n".replace(",", delimiter)
    assert values(decode_csv(text.encode())) == {("a", "power_w"): [2.0], ("a", "co2"): [3.0]}


def test_every_kind_of_missing_value_is_missing():
    body = "sensor_id,ts,power_w,co2\n" + "".join(
        f"a,{i},{cell},1\n" for i, cell in enumerate(["", "?", "NA", "NaN", "null"])
    )
    draft = decode_csv((body + "a,9,?,NA\n").encode())
    assert values(draft) == {("a", "co2"): [1.0] * 5}
    assert codes(draft) == [(5, "no_value")]


def test_bad_cells_and_rows_of_the_wrong_width_cost_their_row_only():
    body = b"sensor_id,ts,power_w,seq\na,1,2,1\na,x,2,1\n\na,3,two,1\na,4\na,5,inf,1\na,6,+6,1\na,7,1_0,1\na,8,8,-1\n,9,9,1\n"
    draft = decode_csv(body)
    assert codes(draft) == [
        (1, "invalid_timestamp"),
        (2, "invalid_value"),
        (3, "malformed_row"),
        (4, "invalid_value"),
        (6, "invalid_value"),
        (7, "invalid_seq"),
        (8, "missing_field"),
    ]
    assert [(row, ts, value) for row, _, ts, value, _ in readings(draft)] == [(0, 1, 2.0), (5, 6, 6.0)]
    assert "'two'" in draft.rejected[1].detail
    assert draft.rows == 9


def test_a_header_that_lacks_the_name_of_the_index_is_understood():
    assert values(decode_csv(b'"sensor_id","ts","power_w"\n"1","a",5,2\n"2","a",6,3\n')) == {
        ("a", "power_w"): [2.0, 3.0]
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_csv"),
        (b"\n\n", "malformed_csv"),
        (b"sensor_id,ts,ts,power_w\na,1,1,1\n", "malformed_csv"),
        (b"sensor_id,ts,power_w\na,1,\xff\n", "malformed_csv"),
        (b"sensor_id,ts,colour\na,1,red\n", "unknown_field"),
        (b"sensor_id,power_w\na,1\n", "missing_column"),
    ],
)
def test_a_body_that_is_no_such_csv_is_refused(body, code):
    with pytest.raises(InvalidInput) as caught:
        decode_csv(body)
    assert caught.value.code == code


# Times and mappings

PARIS = FileMapping(time="t", timezone="Europe/Paris", sensor_value="s", metrics={"v": ("power", "kW")})


def local(*times: str, mapping: FileMapping = PARIS) -> Draft:
    return table_to_draft(pa.table({"t": list(times), "v": [1.0] * len(times)}), mapping)


def test_local_times_are_of_the_zone():
    assert local("2026-01-01 01:00:00", "2026-07-01T02:00:00").ts.tolist() == [TS, 1_782_864_000_000]


def test_local_times_that_came_twice_or_never_are_refused():
    draft = local("2026-03-29 01:59:59", "2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-10-25 03:00:00")
    assert codes(draft) == [(1, "nonexistent_time"), (2, "ambiguous_time")]
    assert "2026-03-29 02:30:00" in draft.rejected[0].detail
    assert draft.row.tolist() == [0, 3]


def test_times_without_a_zone_are_refused_when_none_is_named():
    mapping = FileMapping(time="t", sensor_value="s", metrics={"v": ("power", None)})
    assert codes(local("2026-01-01 01:00:00", "2026-01-01T00:00:00Z", "5", mapping=mapping)) == [(0, "naive_timestamp")]


def test_an_unknown_zone_is_refused():
    with pytest.raises(InvalidInput) as caught:
        local(
            "2026-01-01 01:00:00",
            mapping=FileMapping(time="t", timezone="Mars/Base", sensor_value="s", metrics={"v": ("p", None)}),
        )
    assert caught.value.code == "unknown_timezone"


def test_date_and_time_columns_are_read_together_by_their_format():
    table = pa.table(
        {
            "Date": ["16/12/2006", "1/2/2007", "31/02/2007", None, "1/2/2007"],
            "Time": ["17:24:00", "00:05:00", "00:00:00", "00:00:00", "25:00:00"],
            "P": ["4.216"] * 5,
        }
    )
    mapping = FileMapping(
        time=("Date", "Time"),
        time_format="%d/%m/%Y %H:%M:%S",
        timezone="Europe/Paris",
        sensor_value="h",
        metrics={"P": ("active_power", "kW")},
    )
    draft = table_to_draft(table, mapping)
    assert codes(draft) == [(2, "invalid_timestamp"), (3, "missing_field"), (4, "invalid_timestamp")]
    assert draft.ts.tolist() == [1_166_286_240_000, 1_170_284_700_000]
    assert draft.keys == (DraftKey(None, "h", "active_power", "kW", None),)


moments_of_our_age = st.integers(631_152_000, 2_840_140_800).map(lambda s: datetime.fromtimestamp(s, UTC))
formats = st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%y %H:%M", "%Y%m%d%H%M%S"])


@settings(deadline=None, max_examples=100)
@given(formats, st.lists(moments_of_our_age, min_size=1, max_size=5), st.data())
def test_a_format_means_what_python_says_it_means(form, moments, data):
    texts = [moment.strftime(form) for moment in moments]
    texts = [
        data.draw(st.sampled_from([text, text.replace("0", "", 1), text.replace("1", "3", 1), text + "x"]))
        for text in texts
    ]
    mapping = FileMapping(time="t", time_format=form, timezone="UTC", sensor_value="s", metrics={"v": ("p", None)})
    expected: list[int] = []
    for text in texts:
        try:
            expected.append(int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()) * 1000)
        except ValueError:
            continue
    assert local(*texts, mapping=mapping).ts.tolist() == expected


def test_nan_is_missing_only_where_told():
    table = wide(power_w=[float("nan"), 1.0])
    assert len(table_to_draft(table).ts) == 3
    assert len(table_to_draft(table, nan_is_missing=True).ts) == 2


def test_names_of_columns_suggest_a_mapping_without_units():
    guess = guess_mapping(["date", "Temperature", "CO2", "HumidityRatio", "Light", "Comment"])
    assert guess.time == "date"
    assert guess.metrics == {
        "Temperature": ("temperature", None),
        "CO2": ("co2", None),
        "HumidityRatio": ("humidity_ratio", None),
        "Light": ("illuminance", None),
    }
    guess = guess_mapping(["Date", "Time", "Device", "Global_active_power"])
    assert (guess.time, guess.sensor) == (("Date", "Time"), "Device")
    assert guess.metrics == {"Global_active_power": ("active_power", None)}
    guess = guess_mapping(["timestamp", "sensor", "metric", "value", "unit"])
    assert (guess.metric, guess.value, guess.unit, guess.metrics) == ("metric", "value", "unit", {})
    with pytest.raises(InvalidInput):
        guess_mapping(["a", "b"])


# Laws


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from([None, "x", "y"]),
            st.sampled_from([None, "kW"]),
            st.floats(-1e9, 1e9),
            st.integers(0, 2**40),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_arrow_and_csv_say_the_same_of_the_same_table(rows):
    sensor, site, unit, value, ts = (list(column) for column in zip(*rows, strict=True))
    table = pa.table(
        {
            "sensor_id": pa.array(sensor).dictionary_encode(),
            "site_id": pa.array(site, pa.string()),
            "unit": pa.array(unit, pa.string()),
            "metric": ["m"] * len(rows),
            "value": value,
            "ts": ts,
        }
    )
    lines = [f"{a},{b or ''},{c or ''},m,{d!r},{e}" for a, b, c, d, e in rows]
    body = "\n".join(["sensor_id,site_id,unit,metric,value,ts", *lines]).encode()
    draft = decode_arrow(ipc(table))
    check_draft(draft)
    assert content(draft) == content(decode_csv(body))
    assert [(r[1].sensor, r[1].site, r[1].unit, r[3], r[2]) for r in readings(draft)] == rows


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(body):
    survives(decode_arrow, body)
    survives(decode_csv, body)


valid_csv = st.sampled_from(
    [
        b"sensor_id,ts,power_w\n" + b"a,1,2.5\n" * 3,
        b'"sensor_id";"ts";"co2"\n"1";"a";5;6\n',
        b"sensor_id,metric,value,ts\na,m,?,2026-01-01T00:00:00Z\n",
    ]
)


@settings(deadline=None, max_examples=200)
@given(mutated(valid_csv, b',;"\n\r0123456789.eE+-?x\xff\x00'))
def test_mutated_csv_never_raises_anything_else(body):
    survives(decode_csv, body)


valid_streams = st.sampled_from(
    [
        ipc(long(4)),
        ipc(wide()),
        ipc(long(4), compression="lz4"),
        ipc(long(4, sensor_id=pa.array(list("abab")).dictionary_encode())),
    ]
)


@settings(deadline=None, max_examples=200)
@given(mutated(valid_streams, bytes(range(256))))
def test_mutated_streams_never_raise_anything_else(body):
    survives(decode_arrow, body)
