"""A catalog that is open, and a client that may change it."""

import pytest


@pytest.fixture
async def opened(world):
    await world.catalog.open()
    return world


@pytest.fixture
async def admin(opened):
    return opened.client(opened.keys.create("acme", "admin", ("admin",)))


async def make(client, kind, **fields):
    answer = await client.post(f"/v1/catalog/{kind}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer


@pytest.fixture
async def campus(admin):
    """A site with a building of two rooms."""
    await make(admin, "sites", id="campus")
    await make(admin, "buildings", id="hq", site="campus")
    for room in ("101", "102"):
        await make(admin, "rooms", building="hq", id=room)
    return admin
