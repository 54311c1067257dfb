"""What is merged until the next tick: the newest reading of each series, and how many there were between which values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from penstock.api.live.tick import Tick

READING = st.tuples(st.integers(0, 200), st.integers(0, 5), st.integers(-3, 3))


def columns(readings):
    series, ts, value = (list(column) for column in zip(*readings, strict=True))
    return np.array(series, np.int64), np.array(ts, np.int64), np.array(value, np.float64)


@given(st.lists(st.lists(READING, min_size=1, max_size=8), max_size=6), st.integers(0, 6))
def test_each_take_tells_what_came_since_the_last(frames, cut):
    tick = Tick()
    for part in (frames[:cut], frames[cut:]):
        expected = {}
        for frame in part:
            tick.add(*columns(frame))
            for series, ts, value in frame:
                newest, n, low, high = expected.get(series, ((-1, 0), 0, value, value))
                newest = (ts, value) if ts >= newest[0] else newest
                expected[series] = (newest, n + 1, min(low, value), max(high, value))
        assert tick.rows == sum(len(frame) for frame in part)
        said = tick.take()
        assert said.series.tolist() == sorted(expected)
        for at, series in enumerate(said.series.tolist()):
            newest, n, low, high = expected[series]
            assert (said.ts[at], said.value[at]) == newest
            assert (said.readings[at], said.low[at], said.high[at]) == (n, low, high)
        assert tick.rows == 0
