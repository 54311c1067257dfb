"""The pages for developers, in a browser: nothing from elsewhere, and whoever is signed in needs no key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.journeys.conftest import Platform
from tests.ui.browser import require_browser
from tests.ui.screen import DESKTOP, Mode
from tests.ui.stage import Stage

ROWS = [{"site_id": "hq", "sensor_id": "m1", "metric": "power_w", "value": 1200.5, "ts": 1_769_860_800_000}]
QUERY = '{ site(name: "hq") { points { nodes { sensor metric latest { ts value unit } } } } }'


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One with a single reading; the web app is not needed for these pages."""
    require_browser()
    running = Platform(tmp_path_factory.mktemp("developer")).wait_ready()
    running.post("/v1/readings", ROWS)
    running.balanced()
    yield running
    assert running.stop() == 0, running.stderr()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser, platform: Platform) -> AsyncIterator[Stage]:
    stage = Stage(browser, platform)
    yield stage
    found = await stage.close()
    assert not found, "\n".join(["went wrong in a page:", *found])


@pytest.mark.parametrize("mode", [DESKTOP, Mode(1280, "dark")], ids=lambda mode: mode.name)
async def test_graphiql_runs_a_query_of_whoever_is_signed_in(stage, tmp_path, mode):
    screen = await stage.screen()
    await screen.open("/graphiql?query=" + QUERY, mode, settled=False)
    page = screen.page
    editor = page.locator(".graphiql-query-editor .CodeMirror").first
    await editor.wait_for()
    await editor.evaluate("(element, text) => element.CodeMirror.setValue(text)", QUERY)
    await page.get_by_role("button", name="Execute query").click()
    shown = "() => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() || ''"
    answer = json.loads(await screen.until(shown, what="an answer"))
    [node] = answer["data"]["site"]["points"]["nodes"]
    assert node == {
        "sensor": "m1",
        "metric": "power_w",
        "latest": {"ts": "2026-01-31T12:00:00Z", "value": 1200.5, "unit": "W"},
    }
    assert (await screen.picture(tmp_path / "graphiql.png")).stat().st_size > 10_000


async def test_graphiql_knows_the_schema(stage):
    screen = await stage.screen()
    await screen.open("/graphiql", settled=False)
    await screen.page.get_by_role("button", name="Show Documentation Explorer").click()
    await screen.page.get_by_text("Root Types").wait_for()
    assert await screen.page.get_by_role("link", name="Query", exact=True).count() >= 1


async def test_graphiql_says_to_whoever_is_signed_out_what_is_missing(stage):
    screen = await stage.screen(None)
    screen.watch.excuse("/graphql")
    await screen.open("/graphiql", settled=False)
    await screen.page.get_by_role("button", name="Execute query").click()
    shown = "() => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() || ''"
    assert "credential" in await screen.until(shown, what="a refusal")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_reference_of_the_api_is_shown_without_the_internet(stage, tmp_path, path):
    screen = await stage.screen()
    if path == "/redoc":  # it asks for its maker's logo; the page's policy refuses that before anything is sent
        screen.watch.excuse("https://cdn.redoc.ly/redoc/logo-mini.svg")
    await screen.open(path, settled=False)
    await screen.page.get_by_text("/v1/readings").first.wait_for()
    assert (await screen.picture(tmp_path / "reference.png")).stat().st_size > 10_000
