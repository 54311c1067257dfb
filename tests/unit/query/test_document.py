import json

import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR
from penstock.query.document import read_query
from penstock.query.port import Fetch, Query, Select, Then

NOW = 1_769_860_800_000
LEAST = {"start": 0, "end": 1, "fetch": {"x": {}}}


def read(**members) -> Query:
    return read_query(json.dumps(LEAST | members).encode(), "acme", NOW)


def test_a_document_is_a_query_of_the_tenant():
    fetch = {
        "where": {"room": "r*", "tags": {"a": "b"}},
        "fn": "max",
        "by": ["room"],
        "then": {"fn": "mean"},
        "unit": "degC",
    }
    assert read(fetch={"x": fetch}, math={"y": "x * 2"}, show=["y"], window=60_000, max_points=10) == Query(
        tenant="acme",
        start=0,
        end=1,
        fetch={
            "x": Fetch(
                where=Select(room="r*", tags={"a": "b"}), fn="max", by=("room",), then=Then(fn="mean"), unit="degC"
            )
        },
        math={"y": "x * 2"},
        show=("y",),
        window=60_000,
        max_points=10,
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (1_700_000_000_000, 1_700_000_000_000),
        ("1700000000000", 1_700_000_000_000),
        ("-1000", -1000),
        ("2026-01-31T13:00:00+01:00", NOW),
        ("now", NOW),
        ("-24h", NOW - DAY),
        ("now-1h", NOW - HOUR),
        ("now - 7d", NOW - 7 * DAY),
    ],
)
def test_times_are_instants_or_before_now(said, expected):
    assert read(start=said).start == expected


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ({"fetch": {"x": {"fn": "men"}}}, "did you mean mean? one of raw, count, sum, mean, "),
        ({"fetch": {"x": {"fn": "p95"}}}, "one of raw, count, "),
        ({"fetch": {"x": {"then": {"fn": "last"}}}}, "one of count, sum, mean, min, max, percentile, stddev"),
        ({"fill": "nul"}, "did you mean null? one of none, null, previous, linear"),
        ({"fetch": {"x": {"where": {"site": 5}}}}, "docs/query.md "),
    ],
)
def test_a_wrong_choice_is_answered_with_the_right_ones(said, hint):
    with pytest.raises(InvalidInput) as refused:
        read(**said)
    assert refused.value.hint.startswith(hint)


def test_without_an_end_it_is_now():
    assert read_query(b'{"start": "-1h", "fetch": {"x": {}}}', "acme", NOW).end == NOW


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"start": "yesterday"}, "/start: time 'yesterday' is neither"),
        ({"end": "2026-01-31T12:00:00"}, "/end: .* has no time zone"),
        ({"fetch": {}}, "/fetch: "),
        ({"fetch": {"a": {}, "b": {"fn": "men"}}}, "^/fetch/b/fn: Invalid enum value 'men'"),
        ({"fetch": {"a/b": {"by": ["room", 1]}}}, "^/fetch/a~1b/by/1: Expected `str`, got `int`"),
        ({"fetch": {"a": {"where": {"tags": {"k": 1}}}}}, "^/fetch/a/where/tags: Expected `str`"),
        ({"fetch": {"a": {"then": {"fn": "max", "of": 1}}}}, "^/fetch/a/then: .* unknown field `of`"),
        ({"math": {"m": "1", "n": 2}}, "^/math/n: Expected `str`, got `int`"),
        ({"tenant": "other"}, "^the body: .* unknown field `tenant`"),
        ({"ask": "query"}, "unknown field `ask`"),
        ({"max_points": 1}, "^/max_points: Expected `int` >= 2"),
        ({"fill": "zero"}, "^/fill: "),
        ({"window": 1.5}, "^/window: "),
    ],
    ids=range(13),
)
def test_what_is_wrong_is_refused_with_its_place(members, said):
    with pytest.raises(InvalidInput, match=said):
        read(**members)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_document_is_refused(payload):
    with pytest.raises(InvalidInput) as refused:
        read_query(payload, "acme", NOW)
    assert refused.value.code == "invalid_query"
