"""A world whose engine goes by a catalog, and short ways to say what sensors measure."""

from contextlib import asynccontextmanager

from penstock.model.series import Attributes, SeriesKey
from penstock.query.engine import Engine
from penstock.query.places import Places, placed
from penstock.store.catalog import Put
from penstock.store.catalog.sql import SqlCatalog, SqlConfig
from tests.unit.query.query_world import World

UNITS = {
    "soc": "1", "soh": "1", "cycles": "1", "voltage_v": "V", "current_a": "A", "temperature": "K", "power_w": "W",
    "energy_wh": "Wh", "co2": "ppm", "humidity": "%RH", "capacity_ah": "Ah",
}  # fmt: skip


class Counting:
    """A store that counts what it and its views are asked, and the series that they find; the state is free."""

    def __init__(self, store, counts=None):
        self._store = store
        self._counts = counts or self
        if counts is None:
            self.asked, self.found = [], 0

    @asynccontextmanager
    async def view(self):
        async with self._store.view() as view:
            yield Counting(view, self)

    async def together(self, ask, *, small=False):
        return await self._store.together(lambda view: ask(Counting(view, self._counts)), small=small)

    async def find(self, tenant, where):
        self._counts.asked.append("find")
        found = await self._store.find(tenant, where)
        self._counts.found += len(found)
        return found

    def __getattr__(self, name):
        found = getattr(self._store, name)
        if name in {"newest", "recent", "scan", "aggregate", "events"}:
            self._counts.asked.append(name)
        return found


class FleetWorld(World):
    def __init__(self, directory):
        super().__init__()
        self.catalog = SqlCatalog(SqlConfig(f"sqlite:///{directory / 'catalog.db'}"))
        self.places = Places(self.catalog)
        self.counting = Counting(placed(self.store, self.places))
        self.engine = Engine(self.counting, self, self, self.metrics, self.places)
        self.ask = self.engine.ask

    async def write(self, *records):
        outcomes = await self.catalog.write("acme", [Put(record) for record in records])
        assert not [outcome.error for outcome in outcomes if outcome.error]
        await self.places.refresh()

    async def say(
        self, sensor, ago=0, site="plant", *, step=60_000, count=1, building="", room="", tags=None, **values
    ):
        """`count` readings of each value, `step` ms apart, the newest `ago` ms before now."""
        rows = [
            (SeriesKey(site, sensor, metric, UNITS[metric]), self.time - ago - step * i, float(value))
            for metric, value in values.items()
            for i in range(count)
        ]
        said = {(site, sensor): Attributes(building, room, tags=tags or {})}
        await self.put(rows, attributes=said if building or room or tags else None)
