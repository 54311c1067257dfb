"""What goes over the wire reads back as what was meant."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.app.rows import wide_rows
from penstock.app.upload import encode_draft
from penstock.model.batch import Draft, DraftKey
from penstock.model.series import Attributes
from penstock.sources.formats import decode_arrow, decode_rows

KEYS = (
    DraftKey("hq", "a", "power_w", "kW"),
    DraftKey("hq", "a", "voltage_v", None),
    DraftKey(None, "b", "power_w", None),
)


def _draft(picks, attributes=None, seq=False):
    n = len(picks)
    return Draft(
        keys=KEYS,
        key=np.array(picks, np.int32),
        ts=np.arange(n, dtype=np.int64) + 1_769_860_800_000,
        value=np.arange(n, dtype=np.float64) / 8,
        row=np.arange(n, dtype=np.int32),
        rows=n,
        seq=np.arange(1, n + 1, dtype=np.int64) if seq else None,
        attributes=attributes or {},
    )


def _readings(draft):
    seq = [0] * len(draft.ts) if draft.seq is None else draft.seq.tolist()
    return [
        (draft.keys[k][:4], ts, value, s)
        for k, ts, value, s in zip(draft.key.tolist(), draft.ts.tolist(), draft.value.tolist(), seq, strict=True)
    ]


@given(st.lists(st.integers(0, len(KEYS) - 1), min_size=1, max_size=50), st.booleans())
def test_an_arrow_body_holds_the_readings_in_their_order(picks, seq):
    draft = _draft(picks, seq=seq)
    again = decode_arrow(encode_draft(draft))
    assert again.rejected == []
    assert _readings(again) == _readings(draft)
    assert again.row.tolist() == list(range(len(picks)))


def test_where_a_sensor_is_travels_too():
    said = {("hq", "a"): Attributes("b1", "r1"), ("", "b"): Attributes("b2", "")}
    again = decode_arrow(encode_draft(_draft([0, 1, 2], said)))
    assert {key: (a.building, a.room) for key, a in again.attributes.items()} == {
        ("hq", "a"): ("b1", "r1"),
        ("", "b"): ("b2", ""),
    }


def test_rows_carry_tags_units_and_versions():
    said = {("hq", "a"): Attributes("b1", "r1", tags={"phase": "L1"})}
    draft = _draft([0, 1, 2], said, seq=True)
    draft.row = np.array([0, 0, 1], np.int32)
    draft.rows = 2
    draft.ts[1], draft.seq[1] = draft.ts[0], draft.seq[0]
    rows = list(wide_rows(draft))
    assert len(rows) == 2
    assert rows[0]["tags"] == {"phase": "L1"}
    again = decode_rows(b"\n".join(map(msgspec.json.encode, rows)), "ndjson")
    assert again.rejected == []
    assert sorted(_readings(again), key=str) == sorted(_readings(draft), key=str)
    assert again.attributes[("hq", "a")].tags == {"phase": "L1"}


def test_nothing_makes_no_rows():
    assert list(wide_rows(_draft([]))) == []


@pytest.mark.parametrize("picks", [[0], [2, 2, 2]])
def test_columns_that_nobody_filled_are_left_out(picks):
    draft = _draft(picks)
    draft.keys = tuple(DraftKey(None, key.sensor, key.metric) for key in KEYS)
    assert all(key.site is None and key.unit is None for key in decode_arrow(encode_draft(draft)).keys)
