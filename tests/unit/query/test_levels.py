import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.query.ast import Then
from penstock.query.levels import second_level
from penstock.query.lines import Label, Lines

VALUES = st.lists(
    st.lists(st.one_of(st.just(float("nan")), st.integers(-50, 50).map(float)), min_size=3, max_size=3),
    min_size=1,
    max_size=8,
)


def lines_of(values: list[list[float]]) -> Lines:
    """Rooms a, b, a, b …, each of a sensor of its own."""
    labels = tuple(Label("temperature", "K", ("ab"[i % 2], f"s{i}")) for i in range(len(values)))
    value = np.array(values)
    there = ~np.isnan(value)
    return Lines(frozenset({"room", "sensor"}), ("room", "sensor_id"), labels, value, there * 2, there * 0.5, there)


@pytest.mark.parametrize("fn", ["count", "sum", "mean", "min", "max", "percentile", "stddev"])
@given(
    values=VALUES,
    q=st.sampled_from([0.0, 10.0, 50.0, 97.5, 100.0]),
    by=st.sampled_from([(), ("room",), ("room", "sensor")]),
)
def test_each_window_of_a_group_is_what_numpy_makes_of_its_values(values, fn, q, by):
    lines = lines_of(values)
    found = second_level(lines, Then(fn=fn, by=by, q=q if fn == "percentile" else None))
    rules = {
        "count": len, "sum": np.sum, "mean": np.mean, "min": np.min, "max": np.max, "stddev": np.std,
        "percentile": lambda x: np.percentile(x, q),
    }  # fmt: skip
    keys = sorted({label.group[: len(by)] for label in lines.labels})
    assert [label.group for label in found.labels] == keys
    for row, key in enumerate(keys):
        mine = [line for line, label in zip(lines.value, lines.labels, strict=True) if label.group[: len(by)] == key]
        for window in range(3):
            known = [line[window] for line in mine if not np.isnan(line[window])]
            assert found.there[row, window] == bool(known)
            assert found.count[row, window] == 2 * len(known)
            if known:
                assert found.value[row, window] == pytest.approx(rules[fn](np.array(known)), abs=1e-12)
            else:
                assert np.isnan(found.value[row, window])


def test_the_number_of_groups_has_no_unit():
    found = second_level(lines_of([[1.0] * 3, [2.0] * 3]), Then(fn="count"))
    assert found.labels == (Label("temperature", "1", ()),)
