"""Units come out the same however the bytes are cut, and what is too large is noticed before it is there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.api.tcp.units import HEADER, FrameReader, LineReader, Piece
from penstock.model.errors import InvalidInput, TooLarge

MAX = 4_096


def taken(reader):
    units = []
    while (unit := reader.take()) is not None:
        units.append(unit)
    return units


def lines_of(units):
    """[(number, line)] of all pieces, and the controls among them."""
    out = []
    for unit in units:
        if isinstance(unit, Piece):
            assert unit.payload.endswith(b"\n")
            rows = unit.payload.split(b"\n")[:-1]
            assert unit.lines == len(rows)
            out += list(zip(range(unit.first, unit.last + 1), rows, strict=True))
        else:
            out.append(unit)
    return out


LINES = st.lists(
    st.sampled_from(
        [b'{"a":1}', b"[1,2]", b"", b"  ", b"PING", b"PONG\r", b"BYE", b"PINGX", b"# c", b"BYE ", b"[", b"x" * 50]
    )
)


@given(lines=LINES, cuts=st.lists(st.integers(0, 400)), arrays=st.booleans())
def test_lines_are_numbered_in_order_and_controls_are_not_however_bytes_arrive(lines, cuts, arrays):
    data = b"".join(line + b"\n" for line in lines)
    reader = LineReader(max_line=MAX, first=5, arrays=arrays)
    units, start = [], 0
    for cut in [*sorted(c for c in cuts if c < len(data)), len(data)]:
        reader.feed(data[start:cut])
        units += taken(reader)
        start = cut
    expected, number = [], 5
    for line in lines:
        word = line.rstrip(b"\r").decode()
        if word in {"PING", "PONG", "BYE"}:
            expected.append(word)
        else:
            expected.append((number, line))
            number += 1
    assert lines_of(units) == expected
    assert reader.buffered == 0
    assert not reader.is_ready
    assert all(u.array == (arrays and u.payload.startswith(b"[")) for u in units if isinstance(u, Piece))


def test_an_array_comes_alone_and_rows_come_together():
    reader = LineReader(max_line=MAX, arrays=True)
    reader.feed(b"{}\n{}\n[{}]\n[{}]\n{}\n")
    assert [(u.first, u.last, u.array) for u in taken(reader)] == [
        (1, 2, False), (3, 3, True), (4, 4, True), (5, 5, False),
    ]  # fmt: skip


def test_a_line_without_an_end_is_waited_for_and_refused_once_it_is_too_long():
    reader = LineReader(max_line=MAX)
    reader.feed(b"a\n" + b"x" * MAX)
    assert taken(reader) == [Piece(b"a\n", 1, 1)]
    assert not reader.is_ready
    reader.feed(b"x")
    assert reader.is_ready
    with pytest.raises(TooLarge, match="line 2 has more than 4096 bytes"):
        reader.take()


def test_many_lines_are_cut_into_pieces_that_may_all_be_refused_by_name():
    reader = LineReader(max_line=MAX)
    reader.feed(b"x\n" * 300_000)
    pieces = taken(reader)
    assert max(p.lines for p in pieces) <= 65_536
    assert max(len(p.payload) for p in pieces) <= 1 << 20
    assert (pieces[-1].last, sum(p.lines for p in pieces)) == (300_000, 300_000)


def test_a_line_longer_than_a_piece_is_one_piece():
    reader = LineReader(max_line=4 << 20)
    line = b"x" * (3 << 20) + b"\n"
    reader.feed(line + b"y\n")
    assert [len(p.payload) for p in taken(reader)] == [len(line), 2]


@given(
    frames=st.lists(st.binary(min_size=1, max_size=60)),
    step=st.integers(1, 80),
    controls=st.sets(st.integers(0, 2)),
)
def test_frames_come_out_as_they_went_in_however_bytes_arrive(frames, step, controls):
    data = b"".join(HEADER.pack(len(f), 2 * i + 1) + f for i, f in enumerate(frames))
    data += b"".join(HEADER.pack(0, c) for c in sorted(controls))
    reader, units = FrameReader(max_frame=60), []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        assert reader.is_ready or reader.take() is None
        units += taken(reader)
    words = {0: "PING", 1: "BYE", 2: "PONG"}
    assert units == [Piece(f, 2 * i + 1, 2 * i + 1) for i, f in enumerate(frames)] + [
        words[c] for c in sorted(controls)
    ]
    assert reader.buffered == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (HEADER.pack(MAX + 1, 1), "frame_too_large"),
        (b"GET / HTTP/1.1\r\n", "frame_too_large"),
        (HEADER.pack(0, 3), "bad_frame"),
        (HEADER.pack(1, 0) + b"x", "bad_sequence"),
        (HEADER.pack(1, 5) + b"x" + HEADER.pack(1, 5) + b"x", "bad_sequence"),
        (HEADER.pack(1, 5) + b"x" + HEADER.pack(1, 4) + b"x", "bad_sequence"),
    ],
    ids=["too large", "another protocol", "no such control", "number 0", "the same number", "a lower number"],
)
def test_what_cannot_be_a_frame_is_refused_by_name(data, code):
    reader = FrameReader(max_frame=MAX)
    reader.feed(data)
    with pytest.raises(InvalidInput) as refused:
        taken(reader)
    assert refused.value.code == code


def test_a_sequence_number_may_take_all_its_bits():
    reader = FrameReader(max_frame=MAX)
    top = int(np.iinfo(np.uint64).max)
    reader.feed(HEADER.pack(1, top) + b"x")
    assert reader.take() == Piece(b"x", top, top)
