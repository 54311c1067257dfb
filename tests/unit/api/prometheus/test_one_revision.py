"""All selectors of an expression are read at one revision, whatever is committed meanwhile."""

import pytest

from penstock.model.series import SeriesKey
from penstock.query.engine import Engine
from penstock.query.held import HeldViews
from penstock.query.port import Hold, Query, Release, Within
from tests.unit.api.prometheus.conftest import Asker
from tests.unit.query.query_world import T0, Busy, World

FLOOR, ROOF = (SeriesKey("hq", "m1", metric, "W") for metric in ("floor_w", "roof_w"))
MINUTE = 60_000


class Town:
    """An engine whose store takes in one more value of both series at every read: always the same of both."""

    def __init__(self):
        self.world = World()
        self.world.time = T0 + 60 * MINUTE
        self.store = Busy(self.world, lambda n: [(key, T0 + 30 * MINUTE + n, float(n)) for key in (FLOOR, ROOF)])
        self.views = HeldViews(self.store)
        self.engine = Engine(self.store, self.world, self.world, self.world.metrics, views=self.views)
        self.asked = []

    async def ask(self, question):
        self.asked.append(question)
        return await self.engine.ask(question)


@pytest.fixture
async def town(world):
    made = Town()
    await made.world.put([(key, T0 + n * MINUTE, 1.0) for key in (FLOOR, ROOF) for n in range(30)], tenant="acme")
    world.reader.ask = made.ask
    yield made
    await made.views.close()


@pytest.mark.parametrize(
    "query",
    [
        "sum(floor_w) - sum(roof_w)",
        "sum(sum_over_time(floor_w[1h])) - sum(sum_over_time(roof_w[1h]))",
        "sum(count_over_time(floor_w[2h] offset 1m)) - sum(count_over_time(roof_w[2h] offset 1m))",
    ],
)
async def test_two_selectors_see_the_same_commits(town, client, query):
    asker = Asker(client, None)
    for _ in range(5):
        assert await asker.at(query, T0 + 31 * MINUTE) == {frozenset(): 0.0}
        lines = await asker.range(query, T0 + 31 * MINUTE, T0 + 34 * MINUTE, MINUTE)
        assert set(lines[frozenset()].values()) == {0.0}
    assert town.store.reads > 10
    assert len(town.views) == 0


async def test_one_selector_needs_no_view_and_may_be_given_out_again(town, client):
    await Asker(client, None).at("sum(floor_w) / count(floor_w)", T0 + 31 * MINUTE)
    assert not any(isinstance(question, Hold | Within | Release) for question in town.asked)
    assert sum(isinstance(question, Query) for question in town.asked) == 1


async def test_a_view_is_let_go_when_an_expression_is_refused(town, client):
    _, kind, _ = await Asker(client, None).refused("floor_w + on(sensor) group_left() roof_w{sensor=~'('}", T0)
    assert kind
    await Asker(client, None).refused("floor_w[1s:1ms] + roof_w", T0 + 59 * MINUTE)
    assert len(town.views) == 0
