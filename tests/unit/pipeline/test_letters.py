"""Splitting a frame loses no row, adds none, and writes the bad ones so that a door could take them."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import SEQ_BASE, Batch
from penstock.model.event import make_event
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import format_time
from penstock.pipeline.admit import admit
from penstock.pipeline.check import Fault
from penstock.pipeline.letters import LETTER_ROWS, NDJSON, split
from penstock.sources.formats import decode_rows

NOW = 1_763_700_000_000
KEYS = tuple(SeriesKey("hq", f"m{i}", "power_w", "W") for i in range(5))


def frame_of(sizes: list[int], *, seq: int = 0) -> Frame:
    n = sum(sizes)
    stamps = np.repeat(NOW * 1000 + np.arange(len(sizes)), sizes)
    batch = Batch(
        "acme",
        KEYS,
        (np.arange(n) % len(KEYS)).astype(np.int32),
        NOW - np.arange(n, dtype=np.int64),
        np.arange(n) / 8.0,
        np.full(n, SEQ_BASE + seq) if seq else stamps.astype(np.int64),
        {(k.site, k.sensor): Attributes("B1", "R1") for k in KEYS},
    )
    parts = tuple(Part(f"r{i}", f"source{i % 2}", size, i) for i, size in enumerate(sizes))
    return Frame("f1", "acme", NOW * 1000 + 99, parts, batch)


def fault(rows, code="bad"):
    return Fault(code, "why", np.array(sorted(rows), np.intp))


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    st.data(),
)
def test_rows_are_kept_or_in_a_letter_and_the_counts_of_every_part_stay_exact(sizes, data):
    frame = frame_of(sizes)
    n = sum(sizes)
    chosen = data.draw(st.lists(st.sampled_from(["good", "a", "b"]), min_size=n, max_size=n))
    faults = [fault(rows, code) for code in "ab" if (rows := [i for i, c in enumerate(chosen) if c == code])]
    after = split(frame, faults, NOW)

    written = [json.loads(line) for letter in after.dead_letters for line in letter.payload.splitlines()]
    kept = [(after.batch.keys[s].sensor, ts) for s, ts in zip(after.batch.series, after.batch.ts, strict=True)]
    whole = [(frame.batch.keys[s].sensor, ts) for s, ts in zip(frame.batch.series, frame.batch.ts, strict=True)]
    assert kept == [row for row, c in zip(whole, chosen, strict=True) if c == "good"]
    assert sorted((r["sensor_id"], r["ts"]) for r in written) == sorted(
        row for row, c in zip(whole, chosen, strict=True) if c != "good"
    )
    assert sum(part.accepted for part in after.parts) == len(after.batch)
    for before, part in zip(frame.parts, after.parts, strict=True):
        assert part.accepted + part.dead_lettered == before.accepted
        assert (part.receipt, part.source, part.rejected) == (before.receipt, before.source, before.rejected)
    for source in {part.source for part in frame.parts}:
        in_letters = sum(letter.rows for letter in after.dead_letters if letter.source == source)
        assert in_letters == sum(part.dead_lettered for part in after.parts if part.source == source)
    assert len({letter.id for letter in after.dead_letters}) == len(after.dead_letters)
    assert [d.id for d in split(frame, faults, NOW + 5).dead_letters] == [d.id for d in after.dead_letters]


def test_a_letters_payload_is_what_the_door_takes_and_gives_the_same_readings_back():
    frame = frame_of([3, 4], seq=9)
    after = split(frame, [fault(range(7))], NOW)
    assert [(d.rows, d.media_type, d.holds) for d in after.dead_letters] == [
        (3, NDJSON, "readings"),
        (4, NDJSON, "readings"),
    ]
    payload = b"\n".join(d.payload for d in after.dead_letters)
    again = admit(decode_rows(payload, "ndjson"), tenant="acme", now=NOW, earliest=0)
    assert (again.rows, again.rejected) == (7, ())
    for column in ("ts", "value", "version"):
        assert np.array_equal(getattr(again.batch, column), getattr(frame.batch, column))
    assert [again.batch.keys[s] for s in again.batch.series] == [frame.batch.keys[s] for s in frame.batch.series]


def test_a_letter_keeps_the_stamp_of_its_request_not_that_of_the_frame():
    after = split(frame_of([2, 2]), [fault([0, 3])], NOW)
    assert [letter.stamp for letter in after.dead_letters] == [NOW * 1000, NOW * 1000 + 1]


def test_a_value_that_json_does_not_have_is_shown_and_refused_until_it_is_mended():
    frame = frame_of([3])
    frame.batch.value[:] = (np.nan, np.inf, -np.inf)
    (letter,) = split(frame, [fault(range(3))], NOW).dead_letters
    assert [json.loads(line)["value"] for line in letter.payload.splitlines()] == ["nan", "inf", "-inf"]
    assert admit(decode_rows(letter.payload, "ndjson"), tenant="acme", now=NOW, earliest=0).rows == 0


def test_series_and_attributes_of_bad_rows_alone_are_not_left_behind():
    after = split(frame_of([5]), [fault([0, 1])], NOW)
    assert {key.sensor for key in after.batch.keys} == {"m2", "m3", "m4"}
    assert set(after.batch.attributes) == {("hq", "m2"), ("hq", "m3"), ("hq", "m4")}


def test_very_many_bad_rows_make_letters_that_each_fit_a_frame():
    n = LETTER_ROWS * 2 + 1
    after = split(frame_of([n]), [fault(range(n))], NOW)
    assert sum(letter.rows for letter in after.dead_letters) == n
    assert all(letter.rows <= LETTER_ROWS and len(letter.payload) <= 1 << 20 for letter in after.dead_letters)


def test_bad_events_are_written_as_the_door_for_events_takes_them():
    events = tuple(make_event(i, format_time(NOW), f"e{i}", event_id=f"id{i}") for i in range(3))
    frame = Frame("f", "acme", NOW * 1000, (Part("r", "events", 3),), Batch.empty("acme"), events)
    after = split(frame, [fault([1])], NOW)
    assert [event.id for event in after.events] == ["id0", "id2"]
    (letter,) = after.dead_letters
    assert (letter.holds, letter.stamp, json.loads(letter.payload)) == (
        "events",
        NOW * 1000,
        {"criticality": 1, "timestamp": format_time(NOW), "eventMessage": "e1", "source": "", "id": "id1"},
    )
