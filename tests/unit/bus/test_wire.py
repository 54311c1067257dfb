import contextlib
import itertools
import json
import struct
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.bus import HEADER_ROWS, decode_frame, encode_frame, rows_header
from penstock.bus.wire import error_reply, pending_rows
from penstock.model.batch import Batch
from penstock.model.errors import Poison
from penstock.model.event import Event
from penstock.model.findings import MAX_REFUSED, NOTHING_FOUND, Converted, Findings, Refused
from penstock.model.frame import Frame
from penstock.model.ledger import Part, Settlement
from penstock.model.series import Attributes, SeriesKey

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
KEYS = st.lists(st.builds(SeriesKey, TEXT, TEXT, TEXT, TEXT), unique=True, max_size=5).map(tuple)

STAMPS = st.one_of(st.just(0), st.integers(0, 2**60))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FINDINGS = st.one_of(
    st.just(NOTHING_FOUND),
    st.builds(
        Findings,
        st.lists(st.builds(Converted, TEXT, TEXT, TEXT, TEXT, NUMBERS, NUMBERS, TEXT, TEXT), max_size=3).map(tuple),
        st.dictionaries(TEXT, st.integers(1, 2**40), max_size=3),
        st.lists(
            st.builds(Refused, st.integers(0, 2**31), TEXT, TEXT, TEXT, st.none() | INT64, TEXT, TEXT), max_size=3
        ).map(tuple),
    ),
)


@st.composite
def parts_of(draw: st.DrawFn, accepted: int) -> tuple[Part, ...]:
    cuts = sorted(draw(st.lists(st.integers(0, accepted), max_size=3)))
    edges = [0, *cuts, accepted]
    sizes = [b - a for a, b in itertools.pairwise(edges)]
    return tuple(
        Part(draw(TEXT), draw(TEXT), size, draw(st.integers(0, 9)), stamp=draw(STAMPS), findings=draw(FINDINGS))
        for size in sizes
    )


@st.composite
def frames_of_readings(draw: st.DrawFn) -> Frame:
    keys = draw(KEYS)
    n = draw(st.integers(0, 20)) if keys else 0

    def column(of: st.SearchStrategy[int] | st.SearchStrategy[float]) -> Sequence[float]:
        return draw(st.lists(of, min_size=n, max_size=n))

    batch = Batch(
        "t",
        keys,
        np.array(column(st.integers(0, max(len(keys) - 1, 0))), np.int32),
        np.array(column(INT64), np.int64),
        np.array(column(st.floats(allow_nan=False)), np.float64),
        np.array(column(INT64), np.int64),
        draw(
            st.dictionaries(st.tuples(TEXT, TEXT), st.builds(Attributes, TEXT, TEXT, tags=st.dictionaries(TEXT, TEXT)))
        ),
    )
    return Frame(draw(TEXT), "t", draw(INT64), draw(parts_of(n)), batch)


@st.composite
def frames_of_events(draw: st.DrawFn) -> Frame:
    events = draw(
        st.lists(
            st.builds(Event, TEXT, INT64, TEXT, st.integers(-(2**31), 2**31 - 1), TEXT, TEXT), min_size=1, max_size=5
        )
    )
    return Frame(draw(TEXT), "t", draw(INT64), draw(parts_of(len(events))), Batch.empty("t"), tuple(events))


def a_frame(rows: int = 3) -> Frame:
    keys = (SeriesKey("s", "a/b", "power_w", "W"), SeriesKey("s", "50%", "soc", "1"))
    codes = np.arange(rows, dtype=np.int32) % 2
    batch = Batch("t", keys, codes, np.arange(rows), np.arange(rows, dtype=np.float64), np.arange(rows) + 1)
    return Frame("id", "t", 7, (Part("r", "http", rows, 1),), batch)


def assert_equal(left: Frame, right: Frame) -> None:
    assert (left.id, left.tenant, left.stamp, left.parts, left.events) == (
        right.id,
        right.tenant,
        right.stamp,
        right.parts,
        right.events,
    )
    assert left.batch.tenant == right.batch.tenant
    assert left.batch.keys == right.batch.keys
    assert dict(left.batch.attributes) == dict(right.batch.attributes)
    for name in ("series", "ts", "value", "version"):
        ours, theirs = getattr(left.batch, name), getattr(right.batch, name)
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()


@settings(deadline=None)
@given(frames_of_readings())
def test_a_frame_of_readings_survives_the_wire_bit_for_bit(frame: Frame) -> None:
    assert_equal(decode_frame(encode_frame(frame)), frame)


@settings(deadline=None)
@given(frames_of_events())
def test_a_frame_of_events_survives_the_wire(frame: Frame) -> None:
    assert_equal(decode_frame(encode_frame(frame)), frame)


def test_encoding_is_repeatable_so_that_a_retry_sends_the_same_bytes() -> None:
    assert encode_frame(a_frame()) == encode_frame(a_frame())


def test_the_bytes_are_a_plain_arrow_stream_that_others_can_read() -> None:
    table = pa.ipc.open_stream(encode_frame(a_frame())).read_all()
    assert table.column_names == ["series", "ts", "value", "version"]
    assert table["series"].to_pylist()[:2] == ["s/a%2Fb/power_w/W", "s/50%25/soc/1"]
    assert json.loads(table.schema.metadata[b"penstock"])["format"] == 1


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_poison(payload: bytes) -> None:
    with pytest.raises(Poison):
        decode_frame(payload)


def test_a_frame_cut_short_anywhere_is_poison_or_whole() -> None:
    whole = encode_frame(a_frame())
    for end in range(len(whole)):
        try:
            frame = decode_frame(whole[:end])
        except Poison:
            continue
        assert_equal(frame, a_frame())  # only the end-of-stream mark is missing


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_flipped_bytes_raise_poison_or_decode_to_a_consistent_frame(data: st.DataObject) -> None:
    payload = bytearray(encode_frame(a_frame(40)))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        frame = decode_frame(bytes(payload))
    except Poison:
        return
    batch = frame.batch
    assert sum(part.accepted for part in frame.parts) == len(batch) + len(frame.events)
    assert len(batch.series) == len(batch.value) == len(batch.version) == len(batch)
    assert all(0 <= code < len(batch.keys) for code in batch.series)


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x100000000])
def test_a_huge_length_anywhere_costs_no_memory(length: int) -> None:
    whole = encode_frame(a_frame())
    pool = pa.default_memory_pool()
    peak = pool.max_memory()
    for width, code in ((4, "<i"), (8, "<q")):
        if length >= 1 << (8 * width - 1):
            continue
        for at in range(0, len(whole) - width, 4):
            payload = whole[:at] + struct.pack(code, length) + whole[at + width :]
            with contextlib.suppress(Poison):
                decode_frame(payload)
    assert pool.max_memory() - peak < 1 << 26


def stream(schema: pa.Schema, *batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def reframed(**header: object) -> bytes:
    """The frame of `a_frame` with other header fields."""
    table = pa.ipc.open_stream(encode_frame(a_frame())).read_all()
    declared = json.loads(table.schema.metadata[b"penstock"]) | header
    schema = table.schema.with_metadata({b"penstock": json.dumps(declared).encode()})
    return stream(schema, *(pa.record_batch(b.columns, schema=schema) for b in table.to_batches()))


def test_the_reframing_helper_itself_makes_valid_frames() -> None:
    assert_equal(decode_frame(reframed()), a_frame())


@pytest.mark.parametrize(
    "header",
    [
        {"id": 5},
        {"tenant": None},
        {"stamp": "now"},
        {"stamp": 2**70},
        {"parts": [["r", "http", 3]]},
        {"parts": [["r", "http", 2, 0]]},
        {"parts": [["r", "http", 4, 0], ["r", "http", -1, 0]]},
        {"parts": [["r", "http", 3, -1]]},
        {"attributes": [["s", "a", "b"]]},
        {"attributes": [["s", "a", "b", "r", {"k": 1}]]},
    ],
)
def test_a_header_of_the_wrong_types_or_sums_is_poison(header: dict[str, object]) -> None:
    with pytest.raises(Poison) as caught:
        decode_frame(reframed(**header))
    assert caught.value.code == "frame_malformed"


def test_another_format_is_named_in_the_refusal() -> None:
    with pytest.raises(Poison, match="format 2") as caught:
        decode_frame(reframed(format=2))
    assert caught.value.code == "frame_format"


def test_foreign_columns_nulls_and_second_batches_are_poison() -> None:
    table = pa.ipc.open_stream(encode_frame(a_frame())).read_all()
    batch = table.to_batches()[0]
    metadata = {b"penstock": table.schema.metadata[b"penstock"]}
    narrow = pa.schema([pa.field("ts", pa.int64())], metadata=metadata)
    nulls = pa.DictionaryArray.from_arrays(pa.array([0, None, 1], pa.int32()), ["a/b/c/d", "e/f/g/h"])
    for payload in (
        stream(narrow, pa.record_batch([pa.array([1, 2, 3])], schema=narrow)),
        stream(batch.schema, batch, batch),
        stream(batch.schema),
        stream(batch.schema, pa.record_batch([nulls, *batch.columns[1:]], schema=batch.schema)),
        stream(batch.schema.remove_metadata(), batch.replace_schema_metadata(None)),
    ):
        with pytest.raises(Poison):
            decode_frame(payload)


def test_a_series_text_that_is_not_four_parts_is_poison() -> None:
    batch = pa.ipc.open_stream(encode_frame(a_frame())).read_all().to_batches()[0]
    bad = pa.DictionaryArray.from_arrays(pa.array([0, 0, 0], pa.int32()), ["only/three/parts"])
    with pytest.raises(Poison):
        decode_frame(stream(batch.schema, pa.record_batch([bad, *batch.columns[1:]], schema=batch.schema)))


def test_rows_are_counted_per_source_and_read_back_from_the_header() -> None:
    parts = (Part("r1", "http", 2, 1), Part("r2", "line", 1), Part("r3", "http", 0, 4))
    frame = a_frame()
    header = rows_header(Frame(frame.id, frame.tenant, frame.stamp, parts, frame.batch))
    assert header == "http=7,line=1"
    assert pending_rows("penstock.v1.readings.t", {HEADER_ROWS: header}) == {("t", "http"): 7, ("t", "line"): 1}


def test_a_message_without_a_readable_rows_header_counts_as_one_row_of_a_plain_client() -> None:
    assert pending_rows("events", {}) == {("", "nats"): 1}
    assert pending_rows("penstock.v1.events.acme", {}) == {("acme", "nats"): 1}
    assert pending_rows("penstock.v1.events.acme", {HEADER_ROWS: "nonsense"}) == {("acme", "nats"): 1}


def test_a_message_on_the_literal_events_subject_is_one_row_whatever_it_claims() -> None:
    assert pending_rows("events", {HEADER_ROWS: "http=1000000"}) == {("", "nats"): 1}


def test_an_error_reply_names_code_and_detail() -> None:
    assert json.loads(error_reply("too_large", "9 of 8")) == {"error": {"code": "too_large", "detail": "9 of 8"}}


def test_a_frame_without_findings_does_not_mention_them():
    header = json.loads(pa.ipc.open_stream(encode_frame(a_frame())).schema.metadata[b"penstock"])
    assert header.keys() == {"format", "id", "tenant", "stamp", "parts"}


def test_members_of_a_later_header_are_passed_over():
    decoded = decode_frame(with_header(a_frame(), later={"x": 1}))
    assert_equal(decoded, a_frame())


def test_findings_beyond_their_bounds_are_cut_when_they_are_read():
    refused = [[0, "", "s", "m", 2**70, "c", "d" * 9_999]] * 50
    decoded = decode_frame(with_header(a_frame(), findings={"0": {"refused": refused}}))
    found = decoded.parts[0].findings.refused
    assert len(found) == MAX_REFUSED
    assert len(found[0].detail) < 9_999
    assert found[0].ts is None


@pytest.mark.parametrize(
    "more",
    [{"findings": {"0": {"refused": [[1, 2]]}}}, {"findings": [1]}, {"stamps": ["x"]}, {"stamps": [2**64]}],
    ids=["short-row", "list", "text-stamp", "large-stamp"],
)
def test_findings_of_another_shape_are_not_a_frame(more):
    with pytest.raises(Poison):
        decode_frame(with_header(a_frame(), **more))


def with_header(frame: Frame, **more: object) -> bytes:
    """The frame's bytes with these members in its header besides."""
    with pa.ipc.open_stream(encode_frame(frame)) as reader:
        schema, record = reader.schema, reader.read_next_batch()
    header = json.loads(schema.metadata[b"penstock"]) | more
    told = schema.with_metadata({b"penstock": json.dumps(header).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, told) as writer:
        writer.write_batch(pa.record_batch(record.columns, schema=told))
    return sink.getvalue().to_pybytes()


def test_the_dead_letter_that_a_frame_settles_travels_with_it():
    settles = Settlement("d1", "discarded", "a test device")
    assert decode_frame(encode_frame(replace(a_frame(), settles=settles))).settles == settles
    assert decode_frame(encode_frame(a_frame())).settles is None
