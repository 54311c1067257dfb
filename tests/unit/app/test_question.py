"""The one-line question."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.app.question import Question, parse_question, resolve_time
from penstock.model.errors import InvalidInput

NOW = 1_770_000_000_000


def test_a_question_with_every_clause():
    text = "avg, max (temperature) by room,building at hq every 15m from -2h to now in degC"
    assert parse_question(text) == Question(
        metric="temperature",
        statistics=("mean", "max"),
        site="hq",
        group_by=("room", "building"),
        window="15m",
        start="-2h",
        end="now",
        unit="degC",
    )


def test_a_metric_alone_is_a_question():
    assert parse_question(" power_w ") == Question(metric="power_w")


def test_lists_may_have_spaces():
    assert parse_question("min , max(co2) by room , site").group_by == ("room", "site")


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("avgg(temperature)", "avgg", "avg"),
        ("avg(temperature) evry 15m", "evry", "every"),
        ("avg(temperature) by rom", "rom", "room"),
        ("avg(temperature) by", "by", "must follow"),
        ("avg(temperature", "(temperature", "write it like"),
        ("", "", "write it like"),
    ],
)
def test_a_mistake_is_named_with_what_could_stand_there(text, word, hint):
    with pytest.raises(InvalidInput) as refused:
        parse_question(text)
    assert word in refused.value.detail
    assert hint in (refused.value.hint or "")


def test_a_duration_must_be_one():
    with pytest.raises(InvalidInput, match="duration"):
        parse_question("avg(temperature) every fortnight")


def test_options_win_over_the_question():
    asked = parse_question("avg(temperature) by room every 15m last 24h").with_options(
        window="1h", group_by=("site",), metric=None
    )
    assert (asked.window, asked.group_by, asked.metric, asked.start) == ("1h", ("site",), "temperature", "-24h")


def test_options_are_judged_like_clauses():
    with pytest.raises(InvalidInput, match="planet"):
        Question().with_options(group_by=("planet",))


@pytest.mark.parametrize(
    ("text", "ms"),
    [(None, None), ("now", NOW), ("-2h", NOW - 7_200_000), ("1769860800000", 1_769_860_800_000),
     ("2026-01-31T12:00:00Z", 1_769_860_800_000)],
)  # fmt: skip
def test_times(text, ms):
    assert resolve_time(text, NOW) == ms


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00", "yesterday", "-2 hours", "-2x"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InvalidInput):
        resolve_time(text, NOW)


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text):
    with contextlib.suppress(InvalidInput):
        assert parse_question(text).metric
