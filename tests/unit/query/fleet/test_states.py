import pytest

from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.query.fleet.states import words
from penstock.query.port import Assets


async def of(world, **question):
    answer = await world.ask(Assets(tenant="acme", **question))
    return {row["id"]: row for row in answer.table.to_pylist()}


@pytest.mark.parametrize(
    ("ago", "step", "state"),
    [
        (0, MINUTE, "ok"),
        (3 * MINUTE, MINUTE, "ok"),
        (3 * MINUTE + 1, MINUTE, "late"),
        (15 * MINUTE, MINUTE, "late"),
        (15 * MINUTE + 1, MINUTE, "silent"),
        (10 * SECOND, SECOND, "ok"),
        (11 * SECOND, SECOND, "late"),
        (100 * MINUTE, 10 * MINUTE, "late"),
        (100 * MINUTE + 1, 10 * MINUTE, "silent"),
        (-MINUTE, MINUTE, "ok"),
    ],
)
async def test_an_asset_is_late_after_3_intervals_and_silent_after_10_and_a_quarter_of_an_hour(world, ago, step, state):
    await world.say("t", ago, step=step, count=9, temperature=290.0)
    assert (await of(world))["t"]["state"] == state


async def test_an_asset_of_one_reading_is_judged_by_five_minutes(world):
    await world.say("a", 15 * MINUTE, temperature=290.0)
    await world.say("b", 15 * MINUTE + 1, temperature=290.0)
    await world.say("c", 50 * MINUTE + 1, temperature=290.0)
    rows = await of(world)
    assert [rows[name]["state"] for name in "abc"] == ["ok", "late", "silent"]
    assert rows["a"]["interval_ms"] is None
    assert "not known yet" in rows["b"]["reason"]


async def test_the_fastest_series_and_the_newest_reading_count(world):
    await world.say("b", 2 * MINUTE, step=MINUTE, count=9, soc=0.5)
    await world.say("b", 9 * MINUTE, step=10 * MINUTE, count=9, soh=0.9)
    row = (await of(world))["b"]
    assert (row["state"], row["interval_ms"], row["ts"]) == ("ok", MINUTE, world.time - 2 * MINUTE)


async def test_a_value_that_cannot_be_is_bad_and_says_why(world):
    await world.say("t", humidity=140.0, temperature=290.0)
    await world.say("u", temperature=-3.0)
    rows = await of(world)
    assert rows["t"]["state"] == rows["u"]["state"] == "bad"
    assert rows["t"]["reason"] == "humidity says 140 %RH, possible is between 0 and 100"
    assert rows["u"]["reason"] == "temperature says -3 K, possible is at least 0"


async def test_reasons_are_words(world):
    await world.say("late", 5 * MINUTE, step=MINUTE, count=9, temperature=290.0)
    await world.say("silent", 125 * MINUTE, step=MINUTE, count=9, temperature=290.0)
    rows = await of(world)
    assert rows["late"]["reason"] == "last reading 5 min ago, usually every 1 min"
    assert rows["silent"]["reason"] == "silent for 2 h 5 min, usually every 1 min"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (1_500, "1.5 s"),
        (59 * SECOND, "59 s"),
        (MINUTE, "1 min"),
        (MINUTE + 5 * SECOND, "1 min 5 s"),
        (26 * HOUR, "1 d 2 h"),
        (DAY, "1 d"),
    ],
)
def test_spans_of_time_are_told_in_their_two_greatest_units(ms, text):
    assert words(ms) == text
