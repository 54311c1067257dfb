"""How much is read and derived for what is new."""

import asyncio

from penstock.query.fleet.gather import Indexes
from penstock.query.port import Assets
from penstock.store.catalog import Equipment, Point, Site


async def ids(world):
    return (await world.ask(Assets(tenant="acme"))).table.column("id").to_pylist()


class Followed:
    """The index of one tenant as it becomes, and what the last look at it cost: series read, assets made."""

    def __init__(self, world, tenant="acme"):
        self._world, self._tenant = world, tenant
        self._indexes = Indexes(world.places)
        self._made = set()

    async def cost(self):
        self._world.counting.found = 0
        async with self._world.counting.view() as view:
            index = await self._indexes.of(view, self._tenant)
        before, self._made = self._made, set(map(id, index.assets))
        self._index = index  # so that no other object gets the identity of its assets
        return self._world.counting.found, len(self._made - before)


async def test_a_new_name_costs_what_is_new_however_many_are_there(world):
    followed = Followed(world)
    for many in (3, 60):
        for number in range(many):
            await world.say(f"t{many}-{number}", temperature=290.0)
        assert await followed.cost() == (many, many)
        await world.say(f"new{many}", temperature=290.0, co2=500.0)
        assert await followed.cost() == (2, 1)
        await world.say(f"new{many}", temperature=291.0)
        assert await followed.cost() == (0, 0)
        await world.say("t3-1", soc=0.5, tags={"kind": "pv"})
        assert await followed.cost() == (2, 1)
        await world.say("t3-1", soc=0.5, tags={"kind": "ev"})
        assert await followed.cost() == (2, 1)


async def test_a_name_of_another_tenant_costs_nothing(world):
    followed = Followed(world, "other")
    assert await followed.cost() == (0, 0)
    await world.say("t", temperature=290.0)
    assert await followed.cost() == (0, 0)


async def test_a_new_main_meter_takes_its_place_over_those_that_are_part_of_it(world):
    await world.write(
        Site(id="plant"),
        Equipment(id="main", type="Electrical_Meter", site="plant", attributes={"role": "load"}),
        Equipment(id="sub", type="Electrical_Meter", part_of="main", attributes={"role": "load"}),
        Point(site_id="plant", sensor_id="m", equipment="main"),
        Point(site_id="plant", sensor_id="s", equipment="sub"),
    )

    async def roles():
        rows = (await world.ask(Assets(tenant="acme"))).table.to_pylist()
        return {row["id"]: row["role"] for row in rows}

    await world.say("s", power_w=5.0)
    assert await roles() == {"sub": "load"}
    await world.say("m", power_w=9.0)
    assert await roles() == {"main": "load", "sub": None}


async def test_a_view_of_before_is_answered_by_the_names_of_before(world):
    indexes = Indexes(world.places)
    await world.say("a", temperature=290.0)
    async with world.counting.view() as before:
        await world.say("b", temperature=290.0)
        async with world.counting.view() as after:
            assert [asset.id for asset in (await indexes.of(after, "acme")).assets] == ["a", "b"]
            assert [asset.id for asset in (await indexes.of(before, "acme")).assets] == ["a"]
            assert [asset.id for asset in (await indexes.of(after, "acme")).assets] == ["a", "b"]


async def test_questions_at_once_gather_once(world):
    for number in range(5):
        await world.say(f"t{number}", temperature=290.0)
    world.counting.found = 0
    await asyncio.gather(*(ids(world) for _ in range(4)))
    assert world.counting.found == 5
