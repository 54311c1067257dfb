import numpy as np
import pytest

from penstock.model.pace import NEVER, usual_interval


@pytest.mark.parametrize(
    ("ts", "interval"),
    [
        ([NEVER, NEVER, NEVER], 0),
        ([5, NEVER, NEVER], 0),
        ([5, 15, NEVER], 10),
        ([15, NEVER, 5], 10),
        ([0, 10, 20, 30], 10),
        ([0, 10, 20, 3_600], 10),
        ([0, 3_600, 3_610], 10),
        ([0, 10, 30, 60, 100], 20),
    ],
)
def test_the_usual_interval_is_the_lower_median_of_what_lies_between_readings(ts, interval):
    assert usual_interval(np.array([ts])).tolist() == [interval]


def test_each_row_is_a_series_of_its_own():
    assert usual_interval(np.array([[0, 1, 2], [0, 100, 200]])).tolist() == [1, 100]
    assert usual_interval(np.empty((0, 9), np.int64)).tolist() == []
    assert usual_interval(np.array([[7]])).tolist() == [0]
