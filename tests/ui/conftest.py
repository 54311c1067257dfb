"""Shared by all tests of the web app: one browser, one demonstration platform, a stage for each test.

A test here is a coroutine and uses `stage` (or `screen`, one page signed in to the demonstration). Whatever goes wrong in
its pages without the test asking for it (an error on the console, a failed request, another origin) fails it at its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.journeys.conftest import Platform, start
from tests.ui.browser import launched, require_app, require_browser
from tests.ui.screen import Screen
from tests.ui.stage import Stage

# How fast a page must be is said by the budgets; whether something appears at all is another question.
expect.set_options(timeout=20_000)

__all__ = ["browser", "demo", "screen", "stage", "start"]

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests of this folder, in the one event loop that the browser lives in."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.xdist_group("ui"))
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(180))  # whichever is first waits for the demonstration's week
            if pytest_asyncio.is_async_test(item):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one browser."""
    async with launched(require_browser()) as running:
        yield running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """`penstock up --demo`, with its week of history; tests may add to it but must not harm it."""
    require_browser()
    require_app()
    running = Platform(tmp_path_factory.mktemp("demo"), "--demo").wait_ready().wait_history()
    yield running
    assert running.stop() == 0, running.stderr()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser: Browser, demo: Platform) -> AsyncIterator[Stage]:
    """Opens screens of the demonstration."""
    stage = Stage(browser, demo)
    yield stage
    found = await stage.close()
    assert not found, "\n".join(["went wrong in a page:", *found])


@pytest_asyncio.fixture(loop_scope="session")
async def screen(stage: Stage) -> Screen:
    """One page, signed in to the demonstration, not yet opened."""
    return await stage.screen()
