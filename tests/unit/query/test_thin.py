import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from penstock.query.thin import thinned

VALUES = st.one_of(st.just(float("nan")), st.integers(-9, 9).map(float))


@given(st.lists(st.lists(VALUES, max_size=40), max_size=5), st.integers(2, 12))
def test_each_stretch_of_a_long_line_keeps_its_least_and_greatest_point(lines, most):
    line = np.repeat(np.arange(len(lines)), [len(values) for values in lines])
    value = np.array([v for values in lines for v in values], np.float64)
    kept = thinned(line, value, most).tolist()
    assert kept == sorted(set(kept))
    at = 0
    for values in lines:
        mine = [i - at for i in kept if at <= i < at + len(values)]
        if len(values) <= most:
            assert mine == list(range(len(values)))
        else:
            assert len(mine) <= most
            stretches = most // 2
            for n in range(stretches):
                places = [i for i in range(len(values)) if i * stretches // len(values) == n]
                known = [i for i in places if not np.isnan(values[i])]
                wanted = (
                    {min(known, key=values.__getitem__), max(known, key=lambda i: (values[i], -i))}
                    if known
                    else {places[0]}
                )
                assert set(mine) & set(places) == wanted
        at += len(values)
