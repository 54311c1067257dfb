"""What the rings say about a key is never wrong, however little they hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import sort_order
from penstock.model.pace import NEVER
from penstock.store.series.duckdb.hot import HotReadings
from penstock.store.series.duckdb.judge import Rows


def _rows(triples):
    s, t, v = zip(*triples, strict=True) if triples else ((), (), ())
    rows = Rows(np.array(s, np.int32), np.array(t, np.int64), np.array(v, np.float64), np.ones(len(s), np.int64))
    return rows.take(sort_order(rows.series, rows.ts))


APPENDS = st.lists(
    st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 400)), st.floats(0, 9), max_size=60), max_size=8
)


@given(APPENDS, st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_every_key_is_known_right_or_left_to_the_database(appends, grow_at):
    hot = HotReadings(budget=24 * 1024 * 16)
    hot.grow(5)
    stored: dict[tuple[int, int], float] = {}
    for n, entries in enumerate(appends):
        if n == grow_at:
            hot.grow(3000)  # shorter rings, higher floors
        new = {key: value for key, value in entries.items() if key not in stored}
        hot.append(hot.place(_rows([(*key, value) for key, value in new.items()])))
        stored.update(new)
    series = np.repeat(np.arange(5, dtype=np.int32), 402)
    ts = np.tile(np.arange(402, dtype=np.int64), 5)
    known, unsure = hot.lookup(series, ts)
    unsure = set(unsure.tolist())
    for i, key in enumerate(zip(series.tolist(), ts.tolist(), strict=True)):
        if i not in unsure:
            assert known.present[i] == (key in stored)
            if key in stored:
                assert known.value[i] == stored[key]
    for s in range(5):
        times = [t for owner, t in stored if owner == s]
        assert hot.newest[s] == max(times, default=NEVER)
        assert not times or hot.oldest[s] == min(times)
    above = hot.above(np.arange(5, dtype=np.int32), NEVER, 500)
    for s in range(5):
        mine = above.ts[above.series == s].tolist()
        assert mine == sorted(t for owner, t in stored if owner == s and t >= hot.floor[s])
    for start, end in ((NEVER, 500), (100, 300), (200, 201)):
        inside = hot.above(np.arange(5, dtype=np.int32), start, end)
        expected = [(s, t) for s, t in zip(above.series.tolist(), above.ts.tolist(), strict=True) if start <= t < end]
        assert list(zip(inside.series.tolist(), inside.ts.tolist(), strict=True)) == expected
        last = hot.last(np.arange(5, dtype=np.int32), start, end)
        assert dict(zip(last.series.tolist(), last.ts.tolist(), strict=True)) == dict(expected)
        for s, t, v in zip(*(column.tolist() for column in inside[:3]), strict=True):
            assert v == stored[s, t]


def test_a_series_whose_ring_never_overflowed_is_known_completely():
    hot = HotReadings(budget=1 << 20)
    hot.grow(1)
    hot.append(hot.place(_rows([(0, t, 1.0) for t in range(hot.depth)])))
    assert hot.floor[0] == NEVER
    hot.append(hot.place(_rows([(0, hot.depth, 1.0)])))
    assert hot.floor[0] == 1


def test_memory_stays_in_its_budget_as_series_are_added():
    hot = HotReadings(budget=8 << 20)
    for count in (10, 5_000, 20_000):
        hot.grow(count)
        assert 24 * len(hot.newest) * hot.depth <= max(8 << 20, 24 * len(hot.newest) * 8)


def test_retention_makes_removed_readings_unknown():
    hot = HotReadings(budget=1 << 20)
    hot.grow(2)
    hot.append(hot.place(_rows([(0, 10, 1.0), (0, 20, 2.0), (1, 5, 3.0)])))
    hot.forget_before(15)
    assert hot.above(np.array([0, 1], np.int32), NEVER, 500).ts.tolist() == [20]
    assert hot.newest[1] == NEVER
