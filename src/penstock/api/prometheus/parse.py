"""PromQL text → `expressions`, or a refusal that names the part that is not understood.

The grammar is that of the `promql-parser` package (Prometheus's own, in Rust). It recurses natively, so text is measured
before it is parsed: an expression nested without bound would end the process, not the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Literal, cast

import promql_parser as promql

from penstock.api.prometheus.expressions import (
    Aggregation,
    At,
    Binary,
    Call,
    Expression,
    Matcher,
    Matching,
    Negation,
    Number,
    Selector,
    Subquery,
    Text,
)
from penstock.model.errors import InvalidInput

__all__ = ["AGGREGATIONS", "FUNCTIONS", "bad_data", "parse", "parse_selector"]

_MAX_TEXT: Final = 16_384
_MAX_DEPTH: Final = 64
_MAX_OPERATORS: Final = 128
_SUBQUERY_STEP: Final = 60_000
"""Prometheus's default evaluation interval."""

_QUOTED: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|#[^\n]*""", re.DOTALL)
_OPERATORS: Final = re.compile(r"[-+*/%^<>=!]+|\b(?:and|or|unless|atan2|default)\b", re.IGNORECASE)

_OVER_TIME: Final = ("avg", "min", "max", "sum", "count", "last", "first", "stddev", "stdvar", "quantile", "present")
FUNCTIONS: Final = frozenset(
    {
        *(f"{name}_over_time" for name in (*_OVER_TIME, "absent")),
        *("rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets"),
        *(
            "abs",
            "ceil",
            "floor",
            "sqrt",
            "ln",
            "log2",
            "log10",
            "exp",
            "sgn",
            "round",
            "clamp",
            "clamp_min",
            "clamp_max",
        ),
        *("scalar", "vector", "time", "pi", "timestamp", "absent", "sort", "sort_desc", "label_replace", "label_join"),
        *("minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"),
    }
)
"""Functions that are understood."""

AGGREGATIONS: Final = frozenset(
    {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile"}
)
"""Aggregations that are understood."""

# The parser's enumerations cannot be keys themselves.
_MATCHES: Final[dict[str, Literal["=", "!=", "=~", "!~"]]] = {
    str(promql.MatchOp.Equal): "=",
    str(promql.MatchOp.NotEqual): "!=",
    str(promql.MatchOp.Re): "=~",
    str(promql.MatchOp.NotRe): "!~",
}
_MANY: Final[dict[str, Literal["left", "right"]]] = {
    str(promql.VectorMatchCardinality.ManyToOne): "left",
    str(promql.VectorMatchCardinality.OneToMany): "right",
}
_LATEST: Final = 1e12
"""Epoch seconds from which the instant of an `@` is no instant."""


def bad_data(detail: str, hint: str | None = None) -> InvalidInput:
    """The refusal of a request that can never be answered: Prometheus's `bad_data`."""
    return InvalidInput(detail, code="bad_data", hint=hint)


def parse(text: str) -> Expression:
    """The expression that `text` means. Raises InvalidInput (`bad_data`)."""
    _measure(text)
    try:
        tree = promql.parse(text)
    except ValueError as error:
        raise bad_data(f"invalid PromQL in {text!r:.200}: {error}") from None
    return _read(tree)


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a plain series selector, as in `match[]`. Raises InvalidInput (`bad_data`)."""
    found = parse(text)
    if not isinstance(found, Selector) or found.range or found.offset or found.at is not None:
        raise bad_data(f"{text!r:.200} is no plain series selector", 'write one such as power_w{site="hq"}')
    return found.matchers


def _measure(text: str) -> None:
    """Raises InvalidInput when the text is longer or deeper than is worth parsing."""
    if not text.strip():
        raise bad_data("the query is empty")
    if len(text) > _MAX_TEXT:
        raise bad_data(f"the query has {len(text)} characters, more than {_MAX_TEXT}")
    code = _QUOTED.sub('""', text)
    depth = deepest = 0
    for sign in code:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    if deepest > _MAX_DEPTH:
        raise bad_data(f"the query nests {deepest} levels of brackets, more than {_MAX_DEPTH}")
    operators = sum(len(found[0]) if found[0][0] in "-+" else 1 for found in _OPERATORS.finditer(code))
    if operators > _MAX_OPERATORS:
        raise bad_data(f"the query has {operators} operators, more than {_MAX_OPERATORS}")


def _read(tree: Any) -> Expression:
    """One node of the parser's tree as ours; brackets disappear."""
    return _NODES[type(tree)](tree)


def _call(tree: promql.Expr) -> Expression:
    call = cast("Any", tree)
    name: str = call.func.name
    if name not in FUNCTIONS:
        raise bad_data(f"the function {name}() is not supported", f"supported are {', '.join(sorted(FUNCTIONS))}")
    return Call(name, tuple(_read(argument) for argument in call.args))


def _aggregation(tree: promql.AggregateExpr) -> Expression:
    op = str(tree.op)
    if op not in AGGREGATIONS:
        raise bad_data(f"the aggregation {op} is not supported", f"supported are {', '.join(sorted(AGGREGATIONS))}")
    modifier = tree.modifier
    return Aggregation(
        op,
        _read(tree.expr),
        tuple(modifier.labels) if modifier else (),
        modifier is not None and modifier.type == promql.AggModifierType.Without,
        None if tree.param is None else _read(tree.param),
    )


def _binary(tree: promql.BinaryExpr) -> Expression:
    modifier = tree.modifier
    matching, as_bool = Matching(), False
    if modifier is not None:
        if modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None:
            raise bad_data("fill values of a vector match are not supported")
        said = modifier.matching
        labels = tuple(said.labels) if said else ()
        by_on = said is not None and said.type == promql.LabelModifierType.Include
        matching = Matching(
            on=labels if by_on else None,
            ignoring=() if by_on else labels,
            many=_MANY.get(str(modifier.card)),
            include=tuple(modifier.group_labels or ()),
        )
        as_bool = modifier.return_bool
    return Binary(str(tree.op), _read(tree.lhs), _read(tree.rhs), matching, as_bool)


def _selector(tree: promql.VectorSelector, span: int | None = None) -> Selector:
    if tree.matchers.or_matchers:
        raise bad_data("`or` between matchers is not supported", 'write a{x="1"} or a{y="2"}')
    matchers = [Matcher(m.name, _MATCHES[str(m.op)], m.value) for m in tree.matchers.matchers]
    if tree.name is not None:
        matchers.insert(0, Matcher("__name__", "=", tree.name))
    return Selector(tuple(matchers), span, _ms(tree.offset) or 0, _at(tree.at))


def _matrix(tree: promql.Expr) -> Expression:
    matrix = cast("Any", tree)
    return _selector(matrix.vector_selector, _ms(matrix.range))


def _subquery(tree: promql.SubqueryExpr) -> Expression:
    span, step = _ms(tree.range) or 0, _ms(tree.step) or _SUBQUERY_STEP
    return Subquery(_read(tree.expr), span, step, _ms(tree.offset) or 0, _at(tree.at))


def _ms(span: timedelta | None) -> int | None:
    return None if span is None else span // timedelta(milliseconds=1)


def _at(said: promql.AtModifier | None) -> At:
    if said is None:
        return None
    if said.type == promql.AtModifierType.Start:
        return "start"
    if said.type == promql.AtModifierType.End:
        return "end"
    # As text: the parser's own conversion to a datetime panics outside the years that one can hold.
    seconds = float(str(said).removeprefix("@"))
    if abs(seconds) > _LATEST:
        raise bad_data(f"the instant of {said} is out of range", "write epoch seconds")
    return round(seconds * 1_000)


_NODES: Final[dict[type, Callable[[Any], Expression]]] = {
    promql.NumberLiteral: lambda tree: Number(tree.val),
    promql.StringLiteral: lambda tree: Text(tree.val),
    promql.ParenExpr: lambda tree: _read(tree.expr),
    promql.UnaryExpr: lambda tree: Negation(_read(tree.expr)),
    promql.VectorSelector: _selector,
    promql.MatrixSelector: _matrix,
    promql.SubqueryExpr: _subquery,
    promql.Call: _call,
    promql.AggregateExpr: _aggregation,
    promql.BinaryExpr: _binary,
}
