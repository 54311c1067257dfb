"""Remote write: labels become series, stale markers and NaN are no readings, and what is refused says why."""

import math
import struct

import pytest

from penstock.model.errors import InvalidInput
from penstock.sources.formats import decode_remote_write
from tests.unit.sources.formats.wire_remote_write import write_request

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
TS = 1_769_860_800_000


def rows(draft):
    return [(draft.keys[k], ts, value) for k, ts, value in zip(draft.key.tolist(), draft.ts, draft.value, strict=True)]


def test_labels_become_site_sensor_metric_and_unit():
    labels = {"__name__": "power_w", "site": "hq", "sensor": "m1", "unit": "kW", "room": "101", "floor": "1"}
    draft = decode_remote_write(write_request((labels, [(1.5, TS), (2.5, TS + 1)])))
    assert rows(draft) == [
        (("hq", "m1", "power_w", "kW", None), TS, 1.5),
        (("hq", "m1", "power_w", "kW", None), TS + 1, 2.5),
    ]
    said = draft.attributes["hq", "m1"]
    assert (said.room, dict(said.tags)) == ("101", {"floor": "1"})


def test_without_a_sensor_the_instance_and_all_other_labels_tell_series_apart():
    base = {"__name__": "node_cpu_seconds_total", "job": "node", "instance": "host:9100"}
    draft = decode_remote_write(
        write_request(*[({**base, "cpu": cpu, "mode": "idle"}, [(1.0, TS)]) for cpu in "01"], (base, [(3.0, TS)]))
    )
    assert [(key.site, key.sensor) for key, _, _ in rows(draft)] == [
        ("node", "host:9100{cpu=0,mode=idle}"),
        ("node", "host:9100{cpu=1,mode=idle}"),
        ("node", "host:9100"),
    ]


def test_the_true_name_of_a_metric_that_was_changed_comes_back():
    labels = {"__name__": "zone_temp", "metric": "zone/temp", "sensor": "t1"}
    (row,) = rows(decode_remote_write(write_request((labels, [(1.0, TS)]))))
    assert row[0].metric == "zone/temp"


def test_stale_markers_and_nan_are_skipped_and_counted():
    skipped = []
    labels = {"__name__": "up", "instance": "a"}
    body = write_request((labels, [(1.0, TS), (STALE, TS + 1), (math.nan, TS + 2)]), (labels, [(STALE, TS)]))
    draft = decode_remote_write(body, skipped=skipped.append)
    assert (draft.rows, len(draft.ts), skipped) == (1, 1, [3])


@pytest.mark.parametrize("labels", [{"instance": "a"}, {"__name__": "up"}, {f"l{i}": "x" for i in range(80)}])
def test_a_series_that_cannot_be_named_is_refused_and_the_others_are_not(labels):
    good = {"__name__": "up", "instance": "a"}
    draft = decode_remote_write(write_request((labels, [(1.0, TS)]), (good, [(1.0, TS)])))
    assert [error.row for error in draft.rejected] == [0]
    assert draft.row.tolist() == [1]


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\x05ab", b"not protobuf at all", b"\x0a\x04\x0a\x02\x0a\xff"])
def test_what_is_no_write_request_is_refused(body):
    with pytest.raises(InvalidInput) as refused:
        decode_remote_write(body)
    assert refused.value.code == "malformed_protobuf"
