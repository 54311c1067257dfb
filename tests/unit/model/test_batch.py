import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.batch import SEQ_BASE, Batch
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import Stamps

KEYS = [SeriesKey("hq", name, "power_w", "W") for name in "abc"]
ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9).map(float), st.integers(1, 9)), max_size=12
)


def batch(
    rows: list, tenant: str = "acme", keys: list[SeriesKey] | None = None, attributes: dict | None = None
) -> Batch:
    keys = KEYS if keys is None else keys
    return Batch(
        tenant,
        tuple(keys),
        np.array([r[0] for r in rows], np.int32),
        np.array([r[1] for r in rows], np.int64),
        np.array([r[2] for r in rows], np.float64),
        np.array([r[3] for r in rows], np.int64),
        attributes or {},
    )


def rows_of(b: Batch) -> list[tuple]:
    columns = (b.series.tolist(), b.ts.tolist(), b.value.tolist(), b.version.tolist())
    return [(b.keys[s], ts, value, version) for s, ts, value, version in zip(*columns, strict=True)]


@given(st.lists(st.tuples(ROWS, st.permutations(KEYS)), min_size=1, max_size=4))
def test_concat_keeps_all_rows_in_order_and_each_key_once(parts):
    batches = [batch(rows, keys=list(keys)) for rows, keys in parts]
    joined = Batch.concat(batches)
    assert rows_of(joined) == [row for b in batches for row in rows_of(b)]
    assert len(set(joined.keys)) == len(joined.keys)
    assert joined.series.dtype == np.int32


def test_concat_with_an_empty_batch_is_the_other():
    full = batch([(1, 2, 3.0, 4)])
    assert rows_of(Batch.concat([Batch.empty("acme"), full])) == rows_of(full)
    assert len(Batch.concat([Batch.empty("acme"), Batch.empty("acme")])) == 0


def test_concat_never_mixes_tenants():
    with pytest.raises(ValueError, match="never be mixed"):
        Batch.concat([batch([]), batch([], tenant="other")])


def test_concat_keeps_what_was_said_last_about_a_sensor():
    said = [{("hq", "a"): Attributes("B1")}, {("hq", "a"): Attributes("B2"), ("hq", "b"): Attributes("B3")}]
    joined = Batch.concat([batch([], attributes=one) for one in said])
    assert joined.attributes == said[1]


@given(ROWS, st.data())
def test_a_slice_is_the_same_slice_of_rows(rows, data):
    whole = batch(rows)
    start = data.draw(st.integers(0, len(rows)))
    stop = data.draw(st.integers(start, len(rows)))
    part = whole.slice(start, stop)
    assert rows_of(part) == rows_of(whole)[start:stop]
    assert len(part) == stop - start
    assert part.keys is whole.keys


def test_a_senders_seq_beats_any_stamp():
    class EndOfTime:
        def now(self) -> int:
            return 4_102_444_800_000  # 2100

    assert Stamps(EndOfTime()).next() < SEQ_BASE + 1
    assert SEQ_BASE + (SEQ_BASE >> 1) - 1 < 2**63
