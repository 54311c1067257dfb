"""The language: what texts mean, and that what is written means the same again."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.ast import Fetch, Query, Select, Then
from penstock.query.language import format_query, parse_query

NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z


def parse(text: str) -> Query:
    return parse_query(text, tenant="acme", now=NOW)


def query(fetch: dict[str, Fetch], **more) -> Query:
    return Query(**{"tenant": "acme", "start": NOW - HOUR, "end": NOW, "fetch": fetch} | more)


TEMPERATURE = Select(metric="temperature")
PV, LOAD = Fetch(where=Select(metric="pv"), fn="sum"), Fetch(where=Select(metric="load"), fn="sum")

MEANINGS = {
    "avg(temperature) by room every 15m last 24h": query(
        {"mean_temperature": Fetch(where=TEMPERATURE, by=("room",))}, window=15 * MINUTE, start=NOW - DAY
    ),
    'max(power) where site=hq and room~"b*" by building from 2026-11-01 to 2026-11-08 every 1d zone Europe/Berlin': query(
        {"max_power": Fetch(where=Select(metric="power", site="hq", room="b*"), fn="max", by=("building",))},
        start=1_793_487_600_000,
        end=1_794_092_400_000,
        window="1d",
        zone="Europe/Berlin",
    ),
    "percentile(power, 95)": query({"p95_power": Fetch(where=Select(metric="power"), fn="percentile", q=95.0)}),
    "p99(power), median(power)": query(
        {
            "p99_power": Fetch(where=Select(metric="power"), fn="percentile", q=99.0),
            "p50_power": Fetch(where=Select(metric="power"), fn="percentile", q=50.0),
        }
    ),
    "mean(max(temperature) by room) by building": query(
        {
            "max_temperature": Fetch(
                where=TEMPERATURE, fn="max", by=("building", "room"), then=Then(fn="mean", by=("building",))
            )
        }
    ),
    "percentile(max(temperature) by room, 90)": query(
        {"max_temperature": Fetch(where=TEMPERATURE, fn="max", by=("room",), then=Then(fn="percentile", q=90.0))}
    ),
    "sum(pv) - sum(load)": query(
        {"sum_pv": PV, "sum_load": LOAD}, math={"value": "sum_pv - sum_load"}, show=("value",)
    ),
    "sum(pv) - sum(load) as surplus, sum(pv)": query(
        {"sum_pv": PV, "sum_load": LOAD}, math={"surplus": "sum_pv - sum_load"}, show=("surplus", "sum_pv")
    ),
    "-(sum(pv) as pv) ^ 2 / max(sum(load), 1)": query(
        {"pv": PV, "sum_load": LOAD}, math={"value": "-pv ^ 2 / max(sum_load, 1)"}, show=("value",)
    ),
    "avg(t) - (avg(t) shift 1d) in degC": query(
        {
            "mean_t": Fetch(where=Select(metric="t"), unit="degC"),
            "mean_t_2": Fetch(where=Select(metric="t"), unit="degC", shift="1d"),
        },
        math={"value": "mean_t - mean_t_2"},
        show=("value",),
    ),
    "avg,max(temperature) at hq fill linear points 500 newest first": query(
        {
            "mean_temperature": Fetch(where=Select(metric="temperature", site="hq")),
            "max_temperature": Fetch(where=Select(metric="temperature", site="hq"), fn="max"),
        },
        fill="linear",
        max_points=500,
        descending=True,
    ),
    "temperature": query({"mean_temperature": Fetch(where=TEMPERATURE)}),
    "twa(*) where tag:floor=2 by tag:floor every all": query(
        {"time_weighted_mean": Fetch(where=Select(tags={"floor": "2"}), fn="time_weighted_mean", by=("tag:floor",))},
        window=0,
    ),
    'raw("odd, name") last 5m': query({"raw_odd_name": Fetch(where=Select(metric="odd, name"), fn="raw")}, start=NOW - 5 * MINUTE),
    "energy(*) by site every 1mo from 2026-01-01 to now": query(
        {"energy": Fetch(fn="energy", by=("site",))}, window="1mo", start=1_767_225_600_000
    ),
    "count(x) every 1h zone Asia/Kolkata from today": query(
        {"count_x": Fetch(where=Select(metric="x"), fn="count")}, window="1h", zone="Asia/Kolkata", start=1_769_797_800_000
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", MEANINGS)
def test_a_text_means_this_query(text):
    assert parse(text) == MEANINGS[text]


@pytest.mark.parametrize("text", MEANINGS)
def test_what_is_written_of_a_query_means_it_again(text):
    assert parse(format_query(MEANINGS[text])) == MEANINGS[text]


@pytest.mark.parametrize(
    ("text", "column", "says", "hint"),
    [
        ("avg(t) evry 15m", 8, "expected one of where", "did you mean every?"),
        ("agv(t)", 1, "this is no function", "did you mean avg?"),
        ("avg(t", 6, "expected )", "avg(t\n       ^"),
        ("avg(t) by rom", 11, "expected one of site", "did you mean room?"),
        ("avg(t) where room~b*, x", 21, "expected one of where", "^"),
        ("avg(t) where site=a*", 19, "write site~a*", "^"),
        ("avg(t) last 24", 13, "expected a span", "^"),
        ("avg(t) every 1h every 2h", 17, "every is said twice", "^"),
        ("avg(t) last 1h from -2h", 16, "exclude each other", "^"),
        ("avg(t) fill liner", 13, "expected one of none", "did you mean linear?"),
        ("percentile(t)", 13, "such as percentile(power, 95)", "^"),
        ("mean(mean(max(t) by room))", 1, "two levels, not three", "^"),
        ("rate(max(t))", 1, "cannot be made of", "^"),
        ("(sum(a) + sum(b) by room)", 18, "not to arithmetic", "^"),
        ("avg(a) as x, sum(b) + 1 as x", 14, "two lines are called x", "^"),
        ("avg(a) + ", 10, "the end: expected a function", "^"),
        ("", 1, "expected a function", "^"),
    ],
    ids=lambda value: value if isinstance(value, str) and "(" in value else None,
)
def test_an_error_points_at_its_place_and_suggests_what_was_meant(text, column, says, hint):
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    assert refused.value.code == "query_syntax"
    assert f"at column {column}, " in refused.value.detail
    assert says in refused.value.detail
    assert hint in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("avg(t) zone Mars/Base", "unknown_zone"),
        ("avg(t) from yesterdy", "invalid_timestamp"),
        ("avg(t) from 2026-02-31", "invalid_timestamp"),
        ("avg(" * 30 + "(" * 60 + "t", "query_syntax"),
        ("avg(t)" + " " * 10_000, "query_too_long"),
    ],
    ids=["zone", "time", "day", "deep", "long"],
)
def test_what_is_understood_and_cannot_be_is_refused(text, code):
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    assert refused.value.code == code


words = st.text(st.sampled_from('ab 1*_.-/"\\ü,(=~\n'), min_size=1, max_size=6)
keys = st.sampled_from(["site", "room", "sensor", "tag:floor", "tag:a b"])
selects = st.builds(
    Select,
    metric=st.none() | words,
    site=st.none() | words,
    equipment=st.none() | words,
    tags=st.dictionaries(words.filter(str.strip), words, max_size=2),
)
spans = st.sampled_from([None, "1d", "1mo", "15m", "500ms"])
levels = st.lists(keys, max_size=2, unique=True).map(tuple)


@st.composite
def fetches(draw) -> Fetch:
    fn = draw(st.sampled_from(["mean", "max", "energy", "raw", "percentile", "time_weighted_mean"]))
    q = draw(st.sampled_from([5.0, 99.9])) if fn == "percentile" else None
    by, then = draw(levels), None
    if fn != "raw" and draw(st.booleans()):
        over = draw(st.sampled_from(["mean", "count", "percentile"]))
        then = Then(fn=over, by=by[: draw(st.integers(0, len(by)))], q=50.0 if over == "percentile" else None)
    return Fetch(where=draw(selects), fn=fn, q=q, by=by, then=then, unit=draw(st.none() | words), shift=draw(spans))


@st.composite
def queries(draw) -> Query:
    fetch = draw(st.dictionaries(st.sampled_from(["a", "b2", "mean"]), fetches(), min_size=1, max_size=3))
    names = list(fetch)
    math = {}
    if draw(st.booleans()):
        math["value"] = draw(
            st.sampled_from(["{0} - 2.5 * {1}", "max({0}, {1}) / 1e3", "-abs({0}) ^ 2", "({0} + {1}) * 2"])
        )
        math["value"] = math["value"].format(names[0], names[-1])
        math["x"] = f"value * {names[0]}" if draw(st.booleans()) else f"{names[-1]} + 1"
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin"]))
    window = draw(st.sampled_from(["auto", 0, MINUTE, 15 * MINUTE, DAY, 1_500, "1mo", "1h", "1w", "7d"]))
    start = draw(st.integers(NOW - 10 * DAY, NOW))
    return query(
        fetch, math=math, zone=zone, window=window, start=start, end=start + draw(st.integers(1, DAY)),
        fill=draw(st.sampled_from(["none", "null", "previous"])), max_points=draw(st.none() | st.integers(1, 9_999)),
        descending=draw(st.booleans()),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(queries())
def test_any_query_is_written_so_that_it_is_read_as_the_same(asked):
    text = format_query(asked)
    again = parse(text)
    assert again.fetch == asked.fetch, text
    assert parse(format_query(again)) == again, text
    given_, found = ({n: getattr(q, n) for n in ("start", "end", "window", "zone", "fill", "max_points", "descending")} for q in (asked, again))  # fmt: skip
    assert found == given_, text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.lists(st.sampled_from(["avg(", "t", ")", " by ", "room", ",", "(", "-", "max(", " last ", "1h", '"', "as x", "95"]), max_size=12).map("".join))  # fmt: skip
def test_any_text_is_a_query_or_is_refused(text):
    with contextlib.suppress(InvalidInput):
        assert parse(text).fetch
