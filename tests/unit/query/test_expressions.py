import ast
import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.query.expressions import Call, Name, Node, Number, names_of, parse_expression


def value(node: Node) -> float:
    """The number that an expression of numbers is, by Python's own arithmetic."""
    match node:
        case Number(value=number):
            return number
        case Call(function="neg", arguments=(a,)):
            return -value(a)
        case Call(function=function, arguments=(a, b)):
            x, y = value(a), value(b)
            return {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else math.nan}[function]
        case _:
            raise AssertionError(node)


NUMBERS = st.one_of(st.integers(0, 99).map(str), st.floats(0, 99).map(lambda x: f"{x:.3f}"))
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", " * ", "/"]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=12,
)


@given(ARITHMETIC)
def test_operators_bind_as_in_python(text):
    try:
        expected = eval(compile(ast.parse(text, mode="eval"), "text", "eval"))
    except ZeroDivisionError:
        return
    assert value(parse_expression(text)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("-2^2", "-(2^2)"),
        ("2^3^2", "2^(3^2)"),
        ("2^-1", "2^(-1)"),
        ("-a*b", "(-a)*b"),
        ("a-b-c", "(a-b)-c"),
        ("1e3", "1000"),
    ],
)
def test_powers_bind_from_the_right_and_before_a_minus(text, same):
    assert _shape(parse_expression(text)) == _shape(parse_expression(same))


def _shape(node: Node) -> object:
    match node:
        case Name(name=name):
            return name
        case Call(function=function, arguments=arguments):
            return (function, *map(_shape, arguments))
        case Number(value=number):
            return number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at its end .character 1."),
        ("a +", "at its end .character 4."),
        ("a b", "character 3, 'b'"),
        ("(a", "at its end .character 3.: '\\)' was expected"),
        ("a + $", "character 5, '\\$'"),
        ("sin(a)", "character 1, 'sin': there is no such function"),
        ("a + clamp(a, 1)", "character 5, 'clamp': it takes 3 arguments, not 2"),
        ("min(a)", "it takes 2 to 8 arguments, not 1"),
        ("a.b", "character 2"),
        ("__import__('os')", "character 1"),
        ("1" * 2_000, "2000 characters"),
        ("(" * 40 + "a" + ")" * 40, "nested more than 32 deep"),
        ("-" * 40 + "a", "nested more than 32 deep"),
    ],
    ids=range(13),
)
def test_what_cannot_be_read_is_refused_with_its_place(text, said):
    with pytest.raises(InvalidInput, match=said) as refused:
        parse_expression(text)
    assert refused.value.code == "invalid_expression"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InvalidInput):
        parse_expression(text)


def test_names_are_told_with_where_they_are_first():
    assert names_of(parse_expression("a + max(b, 2*a) / a")) == {"a": 1, "b": 9}
