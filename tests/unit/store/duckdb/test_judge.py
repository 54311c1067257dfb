"""The vectorised judgement equals the rule, applied row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import sort_order
from penstock.store.series.duckdb.judge import DUPLICATE, STORED, SUPERSEDED, Known, Rows, judge

Key = tuple[int, int]
State = dict[Key, tuple[int, float]]

ROW = st.tuples(st.integers(0, 3), st.integers(0, 4), st.sampled_from([1.0, 2.0, 3.0]), st.integers(1, 3))
FRAMES = st.lists(st.lists(ROW, max_size=6), min_size=1, max_size=4)


def _rows(frames):
    flat = [row for frame in frames for row in frame]
    s, t, v, ver = zip(*flat, strict=True) if flat else ((), (), (), ())
    rows = Rows(np.array(s, np.int32), np.array(t, np.int64), np.array(v, np.float64), np.array(ver, np.int64))
    return rows, np.repeat(np.arange(len(frames), dtype=np.int32), [len(f) for f in frames])


def _lookup(state: State):
    def lookup(series, ts):
        held = [state.get(key) for key in zip(series.tolist(), ts.tolist(), strict=True)]
        return Known(
            np.array([h is not None for h in held], np.bool_),
            np.array([h[0] if h else 0 for h in held], np.int64),
            np.array([h[1] if h else 0.0 for h in held], np.float64),
        )

    return lookup


def _by_the_rule(frames, state: State):
    """Frame by frame: the greatest (version, value) of a key is judged against the state, the rest against it."""
    state, fates = dict(state), []
    for frame in frames:
        best: dict[Key, tuple[int, float]] = {}
        for s, t, v, ver in frame:
            best[s, t] = max(best.get((s, t), (ver, v)), (ver, v))
        judged = set()
        for s, t, v, ver in frame:
            key, candidate = (s, t), best[s, t]
            if (ver, v) == candidate and key not in judged:
                judged.add(key)
                old = state.get(key)
                if old is None:
                    fates.append(STORED)
                elif candidate[1] == old[1]:
                    fates.append(DUPLICATE)
                else:
                    fates.append(STORED if candidate > old else SUPERSEDED)
                state[key] = max(old or candidate, candidate)
            else:
                fates.append(DUPLICATE if v == candidate[1] else SUPERSEDED)
    return state, fates


def _applied(state: State, verdict) -> State:
    after = dict(state)
    for rows in (verdict.append, verdict.update):
        for s, t, v, ver in zip(*(c.tolist() for c in rows), strict=True):
            after[s, t] = (ver, v)
    return after


@given(FRAMES, FRAMES)
@settings(max_examples=300)
def test_fates_and_state_are_those_of_the_rule(first, second):
    state: State = {}
    for frames in (first, second):
        rows, frame_of = _rows(frames)
        verdict = judge(rows, frame_of, _lookup(state))
        expected_state, expected_fates = _by_the_rule(frames, state)
        assert verdict.fate.tolist() == expected_fates
        appended = set(zip(verdict.append.series.tolist(), verdict.append.ts.tolist(), strict=True))
        assert not appended & state.keys()
        state = _applied(state, verdict)
        assert state == expected_state


@given(st.lists(ROW, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_state_does_not_depend_on_order_or_on_how_rows_are_cut_into_frames(rows, random):
    def end_state(history):
        state: State = {}
        while history:
            n = random.randint(1, len(history))
            columns, frame_of = _rows([[row] for row in history[:n]])
            state = _applied(state, judge(columns, frame_of, _lookup(state)))
            history = history[n:]
        return state

    shuffled = rows + random.sample(rows, len(rows) // 2)
    random.shuffle(shuffled)
    assert end_state(list(rows)) == end_state(shuffled)


def test_rows_to_append_come_out_sorted_by_series_and_time():
    rows, frame_of = _rows([[(2, 9, 1.0, 1), (0, 5, 1.0, 1), (2, 3, 1.0, 1)]])
    append = judge(rows, frame_of, _lookup({})).append
    assert list(zip(append.series.tolist(), append.ts.tolist(), strict=True)) == [(0, 5), (2, 3), (2, 9)]


def test_keys_too_wide_for_one_integer_are_still_sorted():
    series = np.array([2**30, 1, 2**30], np.int32)
    ts = np.array([2**60, 2**61, 0], np.int64)
    assert sort_order(series, ts).tolist() == [1, 2, 0]
