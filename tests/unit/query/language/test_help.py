"""The help that the web app gives with the language: it names what the parser takes, no more and no less."""

import json
from pathlib import Path

import pytest

from penstock.model.errors import InvalidInput
from penstock.query.language import parse_query
from penstock.query.language.words import CLAUSES, FILLS, FUNCTION_WORDS, GROUPS, MATH, OVERS, SELECTORS

ROOT = Path(__file__).parents[4]
SHOWN = ROOT / "ui" / "src" / "screens" / "explore" / "language.json"
CATALOGS = ROOT / "ui" / "src" / "i18n" / "explore"
NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z
SLOTS = (
    {"level": "temperature", "in": " in degC", "power": "power_w", "site": "hq"},
    {"level": '"flow rate"', "in": "", "power": "energy_wh", "site": '"plant 2"'},
)

pytestmark = pytest.mark.skipif(not SHOWN.exists(), reason="this tree has no web app")


@pytest.fixture(scope="module")
def shown():
    return json.loads(SHOWN.read_text())


def parse(text: str):
    return parse_query(text, tenant="acme", now=NOW)


def test_every_function_is_shown_with_all_its_names(shown):
    names = [name for one, others in shown["functions"].items() for name in (one, *others)]
    assert sorted(names) == sorted(FUNCTION_WORDS)


def test_another_name_means_the_same_function(shown):
    for name, others in shown["functions"].items():
        for other in others:
            (fetch,) = parse(f"{other}(m)").fetch.values()
            assert fetch.fn == name


def test_every_clause_is_shown_once_and_in_the_order_that_faults_name_them(shown):
    assert tuple(shown["clauses"]) == CLAUSES


def test_every_form_of_a_clause_is_understood(shown):
    for name, form in shown["clauses"].items():
        head, _, last = form.rpartition(" ")
        for choice in last.split("|"):
            parse(f"avg(m) {head} {choice}")
        assert head.split()[0] == name


def test_every_way_to_fill_is_shown(shown):
    assert tuple(shown["clauses"]["fill"].removeprefix("fill ").split("|")) == FILLS


def test_the_words_around_them_are_all_there(shown):
    assert tuple(shown["second"]) == OVERS
    assert sorted(shown["math"]) == sorted((*MATH, "min", "max"))
    assert tuple(shown["keys"]) == (*SELECTORS, "tag:NAME")
    assert (*shown["keys"][:-1], "metric") == GROUPS


@pytest.mark.parametrize("slots", SLOTS, ids=["plain", "quoted"])
def test_every_example_is_understood(shown, slots):
    assert 6 <= len(shown["examples"]) <= 10
    for text in shown["examples"].values():
        parse(text.format(**slots))


def test_an_example_that_is_none_would_be_noticed(shown):
    with pytest.raises(InvalidInput):
        parse(shown["examples"]["groups"])


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_word_has_its_line_in_every_language_and_no_line_is_left_over(shown, language):
    texts = json.loads((CATALOGS / f"{language}.json").read_text())
    for prefix, kind in (("help.fn.", "functions"), ("help.clause.", "clauses"), ("help.example.", "examples")):
        assert {key.removeprefix(prefix) for key in texts if key.startswith(prefix)} == set(shown[kind])
