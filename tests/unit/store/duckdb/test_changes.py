from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.time import DAY, HOUR
from penstock.store.series.duckdb.changes import Changes

rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 11)), min_size=0, max_size=8)


def columns(written: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    series = np.array([s for s, _ in written], np.int32)
    return series, np.array([hour * HOUR + 7 for _, hour in written], np.int64)


@given(st.lists(rows, max_size=12), st.sets(st.integers(0, 7), min_size=1), st.sampled_from([0, 200, 1 << 20]))
def test_a_change_of_a_series_is_never_missed_and_revisions_never_fall(commits, asked, budget):
    changes, ids = Changes(budget), np.array(sorted(asked), np.int32)
    truth, before = np.zeros(12, np.int64), np.zeros(12, np.int64)
    for revision, written in enumerate(commits, start=1):
        changes.note(*columns(written), revision)
        for series, hour in written:
            if series in asked:
                truth[hour] = revision
        now = changes.newest(0, 12 * HOUR, ids)
        assert (now >= truth).all()
        assert (now >= before).all()
        assert (changes.newest(0, 12 * HOUR) >= now).all()
        before = now


def test_another_series_changes_nothing():
    changes = Changes()
    changes.note(*columns([(1, 3)]), 1)
    changes.note(*columns([(2, 3), (2, 4)]), 2)
    assert changes.newest(2 * HOUR, 5 * HOUR, np.array([1], np.int32)).tolist() == [0, 1, 0]
    assert changes.newest(2 * HOUR, 5 * HOUR, np.array([2, 9], np.int32)).tolist() == [0, 2, 2]
    assert changes.newest(2 * HOUR, 5 * HOUR).tolist() == [0, 2, 2]


def test_a_commit_over_many_hours_changes_every_series_of_them():
    changes = Changes()
    changes.note(*columns([(1, 3)]), 1)
    changes.note(*columns([(2, hour) for hour in range(10)]), 2)
    assert changes.newest(3 * HOUR, 4 * HOUR, np.array([1], np.int32)).tolist() == [2]


def test_what_retention_removed_has_changed():
    changes = Changes()
    changes.note(*columns([(1, 3)]), 1)
    changes.expire(3, 2)
    assert changes.newest(HOUR, 4 * HOUR, np.array([1], np.int32)).tolist() == [2, 2, 1]


def test_columns_stay_within_their_budget():
    changes = Changes(budget=100_000)
    for hour in range(1_000):
        changes.note(np.array([999], np.int32), np.array([hour * HOUR], np.int64), hour + 1)
    assert sum(column.nbytes for _, column in changes._columns.values()) <= 100_000
    assert changes.newest(0, DAY).tolist() == list(range(1, 25))
