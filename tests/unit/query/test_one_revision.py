"""An answer is of one revision, whatever is committed while it is made."""

import pytest

from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.engine import Engine
from penstock.query.port import (
    Aggregate,
    Assets,
    Batteries,
    BatteryFleet,
    BatteryHealth,
    Consumption,
    Fetch,
    Fleet,
    FlowSeries,
    Latest,
    Query,
    Recent,
    Select,
    Series,
    SiteFlow,
    Then,
)
from tests.unit.query.query_world import T0, Busy, World

POWER = [SeriesKey("hq", f"p{i}", "power_w", "W") for i in range(3)]
METER = SeriesKey("hq", "m1", "energy_wh", "Wh")
SOC = SeriesKey("hq", "b1", "soc", "1")
VOLTAGE = SeriesKey("hq", "b1", "voltage_v", "V")
EVERY = [*POWER, METER, SOC, VOLTAGE]
DAYS = {"tenant": "acme", "start": T0, "end": T0 + 3 * DAY}

QUESTIONS = {
    "series": Series(tenant="acme"),
    "recent": Recent(tenant="acme", where=Select(), limit=500),
    "latest": Latest(tenant="acme"),
    "batteries": Batteries(tenant="acme", limit=20),
    "aggregate": Aggregate(**DAYS, where=Select(), window=7 * MINUTE, group_by=("sensor",)),
    "calendar": Aggregate(**DAYS, where=Select(), window="1d", zone="Europe/Berlin"),
    "consumption": Consumption(**DAYS, where=Select(), window="1h", cumulative=True),
    "fleet": Fleet(tenant="acme"),
    "assets": Assets(tenant="acme"),
    "flow": SiteFlow(tenant="acme", site="hq"),
    "flow then": SiteFlow(tenant="acme", site="hq", at=T0 + DAY),
    "flow series": FlowSeries(**DAYS, site="hq", window=HOUR),
    "battery fleet": BatteryFleet(tenant="acme"),
    "battery": BatteryHealth(**DAYS, battery="b1"),
    "one fetch": Query(**DAYS, fetch={"a": Fetch(fn="count", by=("sensor",))}, window=HOUR),
    "many": Query(
        **DAYS,
        fetch={
            "whole": Fetch(where=Select(metric="power_w"), fn="count"),
            "each": Fetch(where=Select(metric="power_w"), fn="count", by=("sensor",)),
            "levels": Fetch(where=Select(metric="power_w"), fn="max", by=("sensor",), then=Then(fn="mean")),
            "spread": Fetch(where=Select(metric="power_w"), fn="percentile", q=90.0),
            "energy": Fetch(where=Select(site="hq"), fn="energy"),
            "counted": Fetch(where=Select(metric="energy_wh"), fn="increase"),
            "change": Fetch(where=Select(metric="soc"), fn="delta"),
            "before": Fetch(where=Select(metric="power_w"), fn="mean", shift="1d"),
            "raw": Fetch(where=Select(sensor="p1"), fn="raw"),
        },
        math={"ratio": "whole / counted"},
        window=HOUR,
    ),
}


def meanwhile(n):
    """Late readings, corrections, new ones and a new series, all over the range."""
    at = T0 + n * 5 * HOUR % (3 * DAY)
    return [(key, at + i, 1_000.0 + n) for i, key in enumerate([*EVERY, SeriesKey("hq", f"new{n}", "power_w", "W")])]


async def world():
    made = World()
    made.time = T0 + 3 * DAY + HOUR
    await made.put([(key, T0 + i * 11 * MINUTE, float(i)) for key in EVERY for i in range(390)])
    return made


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
async def test_what_is_committed_while_an_answer_is_made_is_not_in_it(question):
    quiet = await world()
    expected = await quiet.ask(question)
    revision = (await quiet.store.state()).revision
    busy = Busy(quiet, meanwhile)
    engine = Engine(busy, quiet, quiet, quiet.metrics)
    found = await engine.ask(question)
    assert found.table.equals(expected.table)
    assert found.meta == expected.meta
    assert found.meta.get("revision", revision) == revision
    assert busy.reads > 0
    assert (await quiet.store.state()).revision == revision + busy.reads


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
async def test_the_next_answer_holds_what_was_committed_while_the_first_was_made(question):
    quiet = await world()
    busy = Busy(quiet, meanwhile)
    engine = Engine(busy, quiet, quiet, quiet.metrics)
    await engine.ask(question)
    busy.rows = lambda _: []
    again = await engine.ask(question)
    untouched = Engine(quiet.store, quiet, quiet, quiet.metrics)
    assert again.table.equals((await untouched.ask(question)).table)
