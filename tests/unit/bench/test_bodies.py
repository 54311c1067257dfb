"""What a load sends: every reading is new, whatever the body, the number of sensors and the share of late rows."""

import json

import pytest
from bench.bodies import LATE_MS, ROWS, STEP_MS, Stream, body

from penstock.sources import formats

START = 1_767_225_600_000


def _readings(lines: bytes) -> list[tuple[str, int]]:
    rows = (line.split() for line in lines.splitlines())
    return [(words[0].decode().split(",")[1], int(words[2])) for words in rows]


@pytest.mark.parametrize(
    "stream",
    [Stream(START), Stream(START, 100), Stream(START, 20_000), Stream(START, 30_000), Stream(START, late=0.1)],
    ids=["thousand", "few", "two-bodies", "three-bodies", "late"],
)
def test_no_sensor_has_an_instant_twice_and_every_sensor_has_its_turn(stream):
    bodies = body("line", stream)
    sent = [reading for n in range(stream.templates) for reading in _readings(bodies.render(n))]
    assert len(set(sent)) == len(sent) == stream.templates * ROWS
    assert len({sensor for sensor, _ in sent}) == stream.sensors


def test_a_share_of_late_rows_is_late_by_two_hours():
    first = body("line", Stream(START, late=0.01)).render(0)
    late = [ts for _, ts in _readings(first) if ts < START]
    assert len(late) == ROWS // 100
    assert min(late) == START - LATE_MS
    assert max(late) < START - LATE_MS + ROWS // 1_000 * STEP_MS


def test_a_number_of_sensors_that_does_not_go_into_bodies_is_refused():
    with pytest.raises(ValueError, match="3000 sensors"):
        Stream(START, 3_000)


@pytest.mark.parametrize("name", ["json", "ndjson", "ems", "line", "arrow"])
def test_the_platforms_decoders_read_every_row(name):
    rendered = body(name, Stream(START))
    decode = {
        "json": lambda data: formats.decode_rows(data, "json"),
        "ndjson": lambda data: formats.decode_rows(data, "ndjson"),
        "ems": lambda data: formats.decode_rows(data, "json"),
        "line": lambda data: formats.decode_lines(data, precision="ms", now=START),
        "arrow": formats.decode_arrow,
    }[name]
    draft = decode(rendered.render(3))
    assert draft.rejected == []
    assert len(draft.ts) == rendered.readings
    assert draft.ts.min() == Stream(START).first(3)


def test_a_copy_row_has_the_columns_of_the_staging_table():
    row = body("copy", Stream(START)).render(0).split(b"\n")[0].split(b"\t")
    assert row[:5] == [b"m00000", b"power_w", b"site00", rb"\N", str(START).encode()]
    assert float(row[5]) > 0


@pytest.mark.parametrize("name", ["line", "copy"])
def test_a_body_sent_again_changes_only_its_instants(name):
    bodies = body(name, Stream(START))
    first, again = bodies.render(0), bodies.render(4)
    assert len(first) == len(again)
    assert first.replace(b"1767225600", b"") != again.replace(b"1767225600", b"")
    assert first.split()[0] == again.split()[0]


def test_instants_advance_from_body_to_body():
    assert json.loads(body("json", Stream(START)).render(1))[0]["ts"] == Stream(START).first(1)
