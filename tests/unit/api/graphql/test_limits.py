"""How much a document may ask for: every limit, with variables and fragments taken into account."""

import time

import pytest
from graphql import get_named_type, get_operation_ast, parse, validate

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.api.graphql.limits import ASK_COST, check_limits
from penstock.api.graphql.schema import SCHEMA
from penstock.model.errors import InvalidInput

GRAPHQL = SCHEMA._schema


def cost(text, bounds=None, **variables):
    document = parse(text)
    assert validate(GRAPHQL, document) == []
    operation = get_operation_ast(document)
    return check_limits(GRAPHQL, document, operation, variables, bounds or GraphQLBounds())


def test_cost_counts_questions_and_the_objects_of_pages():
    assert cost("{ tenant { id } }") == 1
    assert cost("{ points(first: 10) { nodes { sensor } } }") == ASK_COST + 10 + 10
    assert cost("{ points(first: 10) { nodes { latest { value } } } }") == 2 * ASK_COST + 10 + 10 + 10
    assert cost("{ points { nodes { sensor } } }") == ASK_COST + 50 + 50


def test_pages_within_pages_multiply_objects_not_questions():
    text = "{ points(first: 20) { nodes { readings(first: 30) { nodes { value } } } } }"
    assert cost(text) == 2 * ASK_COST + 20 + 20 + 600 + 600


@pytest.mark.parametrize(
    ("head", "variables"),
    [("($n: Int!)", {"n": 300}), ("($n: Int! = 300)", {}), ("($n: Int! = 1)", {"n": 300})],
    ids=["given", "default", "given over default"],
)
def test_a_page_size_in_a_variable_counts(head, variables):
    text = f"query{head} {{ points(first: $n) {{ nodes {{ readings(first: $n) {{ nodes {{ value }} }} }} }} }}"
    with pytest.raises(InvalidInput) as refused:
        cost(text, **variables)
    assert refused.value.code == "too_complex"
    assert "cost" in refused.value.detail


def test_fragments_count_where_they_are_spread():
    text = """{ a: tenant { ...F } b: tenant { ...F ... on Tenant { more: points(first: 5) { nodes { id } } } } }
              fragment F on Tenant { points(first: 100) { nodes { ...P } } } fragment P on Point { latest { value } }"""
    assert cost(text) == 2 * (1 + 100 + 100 + ASK_COST + 100) + 5 + 5


def test_a_page_larger_than_a_resolver_allows_counts_as_one_that_it_does():
    assert cost("{ events(first: 2147483647) { nodes { id } } }", GraphQLBounds(cost=3_000)) == ASK_COST + 2_000


def test_depth_is_bounded():
    deep = (
        "{ tenant { sites { buildings { rooms { equipment { points { edges { node { latest { value } } } } } } } } } }"
    )
    cost(deep)
    with pytest.raises(InvalidInput, match="levels"):
        cost(deep, GraphQLBounds(depth=9))


def test_aliases_are_counted_after_fragments_are_spread():
    text = (
        "{ a: tenant { ...F } b: tenant { ...F } } fragment F on Tenant { "
        + " ".join(f"x{i}: id" for i in range(7))
        + " }"
    )
    with pytest.raises(InvalidInput, match="aliases"):
        cost(text)
    assert cost(text, GraphQLBounds(aliases=16)) == 2


def test_fragments_that_unfold_without_end_are_refused_at_once():
    fragments = "".join(f"fragment F{i} on Tenant {{ ...F{i + 1} ...F{i + 1} }} " for i in range(60))
    text = f"{{ tenant {{ ...F0 }} }} {fragments} fragment F60 on Tenant {{ id }}"
    document = parse(text)
    began = time.process_time()
    with pytest.raises(InvalidInput, match="fields"):
        check_limits(GRAPHQL, document, get_operation_ast(document), {}, GraphQLBounds())
    assert time.process_time() - began < 1


def test_introspection_costs_nothing():
    assert cost("{ __schema { types { name fields { name } } } __typename }") == 0


@pytest.mark.parametrize(
    ("query", "number", "hint"),
    [
        ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "3", "/graphql/schema"),
        ("{ a" * 900 + " }" * 900, "200 levels", "in one document"),
        (f"{{ tenant {{ {'id ' * 1_900} }} }}", "repeats", "once"),
        ("{ tenant { " + "id " * 2_000 + "} }", "2000 tokens", "fragment"),
    ],
    ids=["introspection in circles", "deep", "one field again and again", "long"],
)
async def test_limits_that_the_library_keeps_are_refused_like_ours(refused, query, number, hint):
    error = await refused(query)
    assert error["extensions"]["code"] == "too_complex"
    assert number in error["message"]
    assert hint in error["extensions"]["hint"]


@pytest.mark.parametrize(
    ("bounds", "query", "said"),
    [
        (GraphQLBounds(depth=4), "{ tenant { sites { buildings { rooms { name } } } } }", "is 5 levels deep or more, at most 4"),
        (GraphQLBounds(aliases=1), "{ a: tenant { id } b: tenant { id } }", "has 2 aliases or more, at most 1"),
        (GraphQLBounds(cost=40), "{ points(first: 10) { nodes { latest { ts } } } }", "costs 50 or more, at most 40"),
    ],
    ids=["depth", "aliases", "cost"],
)  # fmt: skip
async def test_the_door_tells_each_limit_the_number_and_what_to_do(make_world, bounds, query, said):
    world = await make_world(graphql=bounds)
    (error,) = (await world.client().post("/graphql", json={"query": query})).json()["errors"]
    assert said in error["message"]
    assert error["extensions"]["code"] == "too_complex"
    assert error["extensions"]["hint"]


def test_the_bound_of_depth_leaves_room_for_the_longest_path_of_the_schema():
    assert GRAPHQL.query_type is not None
    assert longest_path(GRAPHQL.query_type) <= GraphQLBounds().depth


def longest_path(kind, above=()):
    """Levels of fields below a type; the schema has no circles, or this would fail."""
    assert kind not in above
    fields = getattr(kind, "fields", {})
    below = (longest_path(get_named_type(field.type), (*above, kind)) for field in fields.values())
    return max((1 + levels for levels in below), default=0)


async def test_the_door_refuses_what_costs_too_much_with_the_number(refused):
    error = await refused(
        "query($n: Int!) { points(first: $n) { nodes { readings(first: $n) { nodes { ts } } } } }", n=500
    )
    assert error["extensions"]["code"] == "too_complex"
    assert "5000" in error["message"]
    assert "first" in error["extensions"]["hint"]


@pytest.mark.parametrize("first", [0, -1, 1_001])
async def test_page_sizes_are_bounded(refused, first):
    error = await refused(f"{{ events(first: {first}) {{ nodes {{ id }} }} }}")
    assert error["extensions"]["code"] == "invalid_limit"


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("{ tenant { sites { a: rooms { name } b: rooms { site } } } }", "places"),
        ("{ tenant { sites { buildings { equipment { name } rooms { equipment { name } } } } } }", "places"),
        ('{ tenant { aggregate(input: {by: ["site", "sensor"], window: 0}) { lines { sensor } } } }', "lines"),
        (
            '{ query(input: {start: "-4h", fetch: [{name: "a", by: ["site", "sensor"]}]}) { lines { sensor } } }',
            "lines",
        ),
    ],
    ids=["one level twice", "two levels", "lines of a place", "lines of a query"],
)
async def test_places_and_lines_are_objects_of_the_answer(make_world, estate, query, what):
    world = await make_world(graphql=GraphQLBounds(objects=110))
    world.reader.ask = estate.ask
    (error, *_) = (await world.client().post("/graphql", json={"query": query})).json()["errors"]
    assert error["extensions"]["code"] == "too_many_objects"
    assert f"or more {what}, at most 110 objects" in error["message"]


async def test_objects_of_an_answer_are_bounded_and_columns_are_not(make_world, estate):
    world = await make_world(graphql=GraphQLBounds(objects=200))
    world.reader.ask = estate.ask
    client = world.client()
    query = """{{ tenant {{ aggregate(input: {{by: ["site", "sensor"], window: "1h", from: "2026-01-31T08:00:00Z", to: "2026-01-31T12:00:00Z"}}) {{
        lines {{ {} }} }} }} }}"""
    objects = (await client.post("/graphql", json={"query": query.format("buckets { value }")})).json()
    columns = (await client.post("/graphql", json={"query": query.format("columns { value }")})).json()
    assert objects["errors"][0]["extensions"]["code"] == "too_many_objects"
    assert sum(len(line["columns"]["value"]) for line in columns["data"]["tenant"]["aggregate"]["lines"]) >= 480
