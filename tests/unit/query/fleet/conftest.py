import pytest

from tests.unit.query.fleet.fleet_world import FleetWorld


@pytest.fixture
async def world(tmp_path):
    made = FleetWorld(tmp_path)
    await made.catalog.open()
    yield made
    await made.catalog.close()
