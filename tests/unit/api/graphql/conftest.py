"""An estate of three sites behind the real engine, and short ways to ask about it in GraphQL."""

from dataclasses import replace

import pytest

from penstock.model.event import make_event
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import HOUR, MINUTE
from tests.unit.api.conftest import NOW
from tests.unit.query.query_world import World as QueryWorld

SITES, BUILDINGS, ROOMS = 3, 4, 5


class Estate(QueryWorld):
    """The engine, and what it was asked."""

    def __init__(self):
        super().__init__()
        self.time = self.fresh_to = self.backlog_to = NOW
        self.asked = []
        self.ask = self._counted
        self._find = self.store.find
        self.store.find = self._placed

    async def _placed(self, tenant, where):
        """Series as the catalog places them: temperatures are of their room's air handling unit."""
        return [
            replace(info, attributes=replace(info.attributes, equipment=f"ahu-{info.attributes.room}"))
            if info.attributes.room and info.key.metric == "temperature"
            else info
            for info in await self._find(tenant, where)
        ]

    async def _counted(self, question):
        self.asked.append(question)
        return await self.engine.ask(question)

    def kinds(self):
        """The kinds of what was asked since the last call, in order."""
        kinds, self.asked = [type(question).__name__ for question in self.asked], []
        return kinds


def rooms():
    """(site, building, room) of every room."""
    return [
        (f"site-{s}", f"b{b}", f"r{r}")
        for s in range(1, SITES + 1)
        for b in range(1, BUILDINGS + 1)
        for r in range(1, ROOMS + 1)
    ]


async def fill(estate, tenant="acme"):
    """A temperature and a CO2 sensor in each room, a meter in each building; four hours, every 15 minutes."""
    rows, attributes = [], {}
    for i, (site, building, room) in enumerate(rooms()):
        t, c = f"t-{building}-{room}", f"c-{building}-{room}"
        attributes[site, t] = Attributes(building, room, tags={"floor": room[1:]})
        attributes[site, c] = Attributes(building, room)
        for step in range(16):
            at = NOW - 4 * HOUR + step * 15 * MINUTE
            rows.append((SeriesKey(site, t, "temperature", "K"), at, 290.0 + i + step / 4))
            rows.append((SeriesKey(site, c, "co2", "ppm"), at, 400.0 + 10 * step))
    for site, building in sorted({(site, building) for site, building, _ in rooms()}):
        meter = f"meter-{building}"
        attributes[site, meter] = Attributes(building)
        rows += [
            (SeriesKey(site, meter, "energy_wh", "Wh"), NOW - 4 * HOUR + step * 15 * MINUTE, 1_000.0 * step)
            for step in range(17)
        ]
    events = [
        make_event(n, f"2026-01-31T11:{n // 2:02}:00Z", f"event {n}", source="door", event_id=f"e{n:02}")
        for n in range(10)
    ]
    await estate.put(rows, tenant=tenant, attributes=attributes)
    await estate.put(tenant=tenant, events=events)


@pytest.fixture
async def estate(world):
    """The estate of the tenant acme, behind the API of `world`."""
    estate = Estate()
    await fill(estate)
    world.reader.ask = estate.ask
    return estate


@pytest.fixture
def ask(world, estate):
    """`ask(query, **variables)`: the data of the answer, which must be free of errors."""
    client = world.client()

    async def ask(query, **variables):
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert "errors" not in document, document["errors"]
        return document["data"]

    return ask


@pytest.fixture
def refused(world, estate):
    """`refused(query, **variables)`: the first error of the answer."""
    client = world.client()

    async def refused(query, **variables):
        return (await client.post("/graphql", json={"query": query, "variables": variables})).json()["errors"][0]

    return refused
