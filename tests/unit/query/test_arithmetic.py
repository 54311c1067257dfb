import numpy as np
import pytest

from penstock.model.errors import InvalidInput
from penstock.query.arithmetic import evaluate
from penstock.query.expressions import parse_expression
from penstock.query.lines import Label, Lines

NAN = float("nan")
COLUMNS = {"building": "building", "room": "room", "sensor": "sensor_id"}


def lines(rows: dict[tuple[str, ...], list[float]], by=("room",), metric="temperature", unit="K") -> Lines:
    value = np.array(list(rows.values()))
    there = ~np.isnan(value)
    labels = tuple(Label(metric, unit, group) for group in rows)
    columns = tuple(COLUMNS[name] for name in by if name in COLUMNS)
    return Lines(frozenset(by), columns, labels, value, there * 3, there * 0.5, there)


def compute(text: str, **known: Lines) -> dict[tuple[str, ...], list[float | None]]:
    found = evaluate(parse_expression(text), known)
    return {
        label.group: [None if np.isnan(x) else x for x in row]
        for label, row in zip(found.labels, found.value.tolist(), strict=True)
    }


A = lines({("r1",): [1.0, 2.0], ("r2",): [4.0, NAN]})
B = lines({("r1",): [10.0, 0.0], ("r3",): [5.0, 6.0]})
ONE = lines({(): [2.0, -8.0]}, by=())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one * 3 - 1", [5.0, -25.0]),
        ("2 ^ 3 + one", [10.0, 0.0]),
        ("abs(one)", [2.0, 8.0]),
        ("-one^2", [-4.0, -64.0]),
        ("min(one, 0)", [0.0, -8.0]),
        ("max(one, 0, 1)", [2.0, 1.0]),
        ("clamp(one, -1, 1)", [1.0, -1.0]),
        ("sqrt(one)", [2**0.5, None]),
        ("ln(one)", [np.log(2.0), None]),
        ("exp(one * 1000)", [None, 0.0]),
        ("1 / (one + 8)", [0.1, None]),
        ("round(one / 3, 1)", [0.7, -2.7]),
        ("round(one / 3)", [1.0, -3.0]),
    ],
)
def test_functions_are_applied_per_window_and_what_has_no_answer_is_null(text, expected):
    assert compute(text, one=ONE) == {(): pytest.approx(expected)}


def test_lines_are_matched_by_group_and_null_where_one_side_misses():
    assert compute("a / b", a=A, b=B) == {("r1",): [0.1, None], ("r2",): [None, None], ("r3",): [None, None]}
    assert compute("b - a", a=A, b=B)[("r1",)] == [9.0, -2.0]


def test_a_line_without_groups_goes_with_every_line():
    assert compute("a - one", a=A, one=ONE) == {("r1",): [-1.0, 10.0], ("r2",): [2.0, None]}
    assert compute("one - a", a=A, one=ONE) == {("r1",): [1.0, -10.0], ("r2",): [-2.0, None]}


def test_a_coarser_line_goes_with_every_line_that_agrees_with_it():
    fine = lines({("b1", "r1"): [1.0], ("b1", "r2"): [2.0], ("b2", "r1"): [4.0]}, by=("building", "room"))
    coarse = lines({("b1",): [10.0], ("b3",): [30.0]}, by=("building",))
    found = compute("f / c", f=fine, c=coarse)
    assert found == {("b1", "r1"): [0.1], ("b1", "r2"): [0.2], ("b2", "r1"): [None]}


def test_lines_that_cannot_be_matched_are_refused():
    other = lines({("s1",): [1.0, 1.0]}, by=("sensor",))
    with pytest.raises(InvalidInput, match="grouped by room and lines grouped by sensor"):
        compute("a + o", a=A, o=other)
    labels = (Label("temperature", "K", ()), Label("humidity", "%RH", ()))
    two = Lines(frozenset(), (), labels, *(np.zeros((2, 2)) for _ in range(3)), np.ones((2, 2), np.bool_))
    with pytest.raises(InvalidInput, match="of humidity, temperature"):
        compute("t + u", t=two, u=lines({("r",): [1.0, 2.0]}))
    assert len(evaluate(parse_expression("t * o"), {"t": two, "o": ONE}).labels) == 2


def test_metric_and_unit_stay_where_they_are_agreed_on_and_unchanged():
    watts = lines({(): [1.0, 2.0]}, by=(), metric="power_w", unit="W")

    def said(text):
        found = evaluate(parse_expression(text), {"a": ONE, "b": ONE, "w": watts})
        return found.labels[0].metric, found.labels[0].unit

    assert said("max(a, b) - 1") == ("temperature", "K")
    assert said("a * 2") == ("temperature", None)
    assert said("a + w") == (None, None)


def test_count_and_coverage_are_those_of_the_worse_side():
    better = lines({(): [2.0, 2.0]}, by=())
    found = evaluate(parse_expression("a + b"), {"a": A, "b": better})
    assert found.count.tolist() == [[3, 3], [3, 0]]
    assert found.there.tolist() == [[True, True], [True, True]]
