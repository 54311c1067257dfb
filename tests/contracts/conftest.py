from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from penstock.app.broker import Broker, BrokerAddress, BrokerConfig


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrokerAddress]:
    """One real nats-server for all tests that only use it."""
    server = Broker(BrokerConfig(tmp_path_factory.mktemp("broker")))
    yield await server.start()
    await server.stop()
