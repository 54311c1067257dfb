"""The published schema: served, described, and equal to the query AST where it exposes it."""

from pathlib import Path

import msgspec
import pytest
from graphql import GraphQLInputObjectType, build_schema, parse, print_schema, validate

from penstock.api.graphql.inputs import Fill, Function, Over
from penstock.api.graphql.schema import SCHEMA, sdl
from penstock.query import ast

TYPES = build_schema(sdl()).type_map


async def test_the_schema_is_served_to_everybody(world):
    answer = await world.client("").get("/graphql/schema")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == sdl()


def test_the_schema_reads_back_as_itself():
    assert (
        print_schema(build_schema(sdl())).strip()
        == print_schema(build_schema(print_schema(build_schema(sdl())))).strip()
    )


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@pytest.mark.parametrize(
    ("struct", "name", "also"),
    [
        (ast.Query, "QueryInput", set()),
        (ast.Fetch, "FetchInput", {"name"}),
        (ast.Then, "ThenInput", set()),
        (ast.Select, "PointFilter", set()),
    ],
    ids=["Query", "Fetch", "Then", "Select"],
)
def test_an_input_has_every_field_of_its_struct(struct, name, also):
    fields = {camel(field.name) for field in msgspec.structs.fields(struct)} - {"tenant"}
    declared = TYPES[name]
    assert isinstance(declared, GraphQLInputObjectType)
    assert set(declared.fields) == fields | also


@pytest.mark.parametrize(
    ("enum", "words"),
    [(Function, ast.FUNCTIONS), (Over, ast.Over.__args__), (Fill, ast.Fill.__args__)],
    ids=["Function", "Over", "Fill"],
)
def test_an_enum_has_every_word_of_the_ast(enum, words):
    assert [member.value for member in enum] == list(words)
    assert [member.name for member in enum] == [word.upper() for word in words]


def test_what_needs_the_store_is_known_to_the_cost_rule():
    asks = {
        (kind.name, name)
        for kind in SCHEMA._schema.type_map.values()
        for name, field in getattr(kind, "fields", {}).items()
        if getattr(field.extensions.get("strawberry-definition"), "metadata", {}).get("asks")
    }
    assert {
        ("Query", "query"),
        ("Query", "readings"),
        ("Point", "latest"),
        ("Room", "aggregate"),
        ("Site", "energy"),
    } <= asks


def test_every_type_and_argumentless_root_field_is_described():
    for name, kind in TYPES.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"} or name.endswith("Edge"):
            continue
        assert kind.description, name


def test_the_welcome_query_of_the_explorer_is_valid():
    script = (Path(__file__).parents[4] / "src/penstock/api/static/graphiql/explorer.js").read_text()
    welcome = script.split("`")[1]
    assert validate(SCHEMA._schema, parse(welcome)) == []
