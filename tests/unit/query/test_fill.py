import numpy as np
import pytest

from penstock.query.fill import filled

NAN = float("nan")
STARTS = np.array([0, 10, 20, 40, 50, 60])


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("none", [NAN, 1.0, NAN, NAN, 7.0, NAN]),
        ("null", [NAN, 1.0, NAN, NAN, 7.0, NAN]),
        ("previous", [NAN, 1.0, 1.0, 1.0, 7.0, 7.0]),
        ("linear", [NAN, 1.0, 2.5, 5.5, 7.0, NAN]),
    ],
)
def test_each_rule_fills_what_it_says(fill, expected):
    value = np.array([[NAN, 1.0, NAN, NAN, 7.0, NAN], [NAN] * 6])
    found = filled(value, STARTS, fill, now=1_000)
    np.testing.assert_allclose(found, [expected, [NAN] * 6])


def test_the_value_before_is_not_carried_into_what_is_to_come():
    found = filled(np.array([[1.0] + [NAN] * 5]), STARTS, "previous", now=25)
    np.testing.assert_array_equal(found, [[1.0, 1.0, 1.0, NAN, NAN, NAN]])


def test_a_line_between_the_largest_numbers_does_not_overflow():
    found = filled(np.array([[1.7e308, NAN, -1.7e308, NAN, NAN, NAN]]), STARTS, "linear", now=0)
    assert found[0, 1] == 0.0
