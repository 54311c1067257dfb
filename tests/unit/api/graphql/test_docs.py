"""Every example in docs/graphql.md is valid, and answers."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from graphql import OperationType, get_operation_ast, parse, validate

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.api.graphql.schema import SCHEMA

PAGE = (Path(__file__).parents[4] / "docs/graphql.md").read_text()
EXAMPLES = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)


def something(value):
    """Whether an answer holds a value, a number or a text, anywhere."""
    if isinstance(value, dict):
        return any(something(part) for part in value.values())
    return any(something(part) for part in value) if isinstance(value, list) else value is not None


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
async def test_an_example_is_answered(ask, number):
    document = parse(EXAMPLES[number])
    assert validate(SCHEMA._schema, document) == []
    if get_operation_ast(document).operation is not OperationType.SUBSCRIPTION:
        data = await ask(EXAMPLES[number])
        assert all(something(field) for field in data.values())


def test_the_page_has_examples_of_everything():
    assert len(EXAMPLES) >= 6


def test_the_limits_on_the_page_are_those_of_the_code():
    bounds = GraphQLBounds()
    table = PAGE.split("## Limits")[1]
    for name in ("tokens", "depth", "aliases", "cost", "page", "objects", "points", "connections", "subscriptions"):
        assert name in {field.name for field in fields(bounds)}
        assert f"{getattr(bounds, name):,}" in table, name
    assert f"{bounds.body >> 10} KiB" in table
    assert f"{bounds.timeout:g} seconds" in table
