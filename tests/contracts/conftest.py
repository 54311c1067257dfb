from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from penstock.app.broker import Broker, BrokerAddress, BrokerConfig
from penstock.store.series import SeriesStore
from tests.contracts.stores import ADAPTERS, Adapter


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrokerAddress]:
    """One real nats-server for all tests that only use it."""
    server = Broker(BrokerConfig(tmp_path_factory.mktemp("broker")))
    yield await server.start()
    await server.stop()


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return request.param


@pytest.fixture
async def store(adapter: Adapter, tmp_path: Path) -> AsyncIterator[SeriesStore]:
    opened = adapter.make(tmp_path)
    await opened.open()
    yield opened
    await opened.close()
