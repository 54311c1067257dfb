"""The query builder writes what the platform's query takes, and keeps its names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from penstock.query import ast
from penstock_client import query
from penstock_client.query import epoch_ms, fetch

T0 = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("when", [datetime(2026, 1, 31), "2026-01-31T12:00:00"], ids=["datetime", "text"])  # noqa: DTZ001
def test_a_time_without_an_offset_is_refused(when):
    with pytest.raises(ValueError, match="no offset"):
        epoch_ms(when)


def test_a_fetch_says_what_the_platforms_query_takes():
    asked = query.Query.between(
        T0, "2026-01-31T13:00:00+00:00",
        {"hall": fetch("max", "temperature", by=("building", "room"), tags={"floor": "1"}).over("mean", by="building")},
        window="15m", zone="Europe/Berlin", math={"doubled": "hall * 2"}, show=("doubled",), fill="linear",
    )  # fmt: skip
    said = msgspec.json.decode(msgspec.json.encode(asked))
    taken = msgspec.convert({"ask": "query", "tenant": "t", **said}, ast.Query)
    assert taken.fetch["hall"].then.by == ("building",)
    assert (taken.start, taken.end - taken.start) == (epoch_ms(T0), 3_600_000)
    assert query.Query.last(timedelta(hours=1), fetch("mean"), now=T0).start == epoch_ms(T0) - 3_600_000


def test_names_of_the_query_are_those_of_the_platform():
    for name in ("Function", "Over", "Fill"):
        assert get_args(getattr(query, name)) == get_args(getattr(ast, name))
    for name in ("Select", "Then", "Fetch", "Query"):
        theirs = {n for n in getattr(ast, name).__struct_fields__ if n != "tenant"}
        assert set(getattr(query, name).__struct_fields__) == theirs
