"""Every screen in every state passes the gates of `gates.py` and says honestly what it has not."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import expect

from tests.ui.browser import need
from tests.ui.gates import glance, inspect, inspect_language
from tests.ui.routes import ROUTES, SCREENS
from tests.ui.screen import Screen
from tests.ui.stage import DEMO, NEWCOMER
from tests.ui.states import DETAIL, REQUEST_ID, State, answering, go_offline

pytestmark = pytest.mark.timeout(240)

MAX_SHIFT = 0.05
SHOWN = [route for route in ROUTES if route.exists]
ASKING = [route for route in SHOWN if route.asks]
INSPECTED = [(route, State.DATA) for route in SHOWN] + [
    (route, state) for route in ASKING for state in (State.EMPTY, State.ERROR)
]


async def shown(stage, route, state: State, language: str | None = None) -> Screen:
    tenant = None if route.public else NEWCOMER if state is State.EMPTY else DEMO
    screen = await stage.screen(tenant, language=language)
    statuses = {State.ERROR: 500, State.THROTTLED: 429, State.SIGNED_OUT: 401}
    if state in statuses:
        await answering(screen, statuses[state])
    if tenant is None:
        screen.watch.excuse("/v1/me")
    if state is State.EMPTY and route.absent is not None:
        screen.watch.excuse(route.absent)
    await screen.open(route.path)
    return screen


@pytest.mark.parametrize(
    ("route", "state"), [pytest.param(*case, id=f"{case[0].name}-{case[1]}") for case in INSPECTED]
)
async def test_every_gate_holds(stage, route, state):
    screen = await shown(stage, route, state)
    await HONEST[state](screen)
    found = await inspect(screen)
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("route", "state"), [pytest.param(*case, id=f"{case[0].name}-{case[1]}") for case in INSPECTED]
)
async def test_the_layout_stays_where_it_is_while_it_loads(stage, route, state):
    screen = await shown(stage, route, state)
    moved = await screen.probe("shift")
    assert moved["sum"] <= MAX_SHIFT, f"the layout moved by {moved['sum']:.3f} while it loaded: {moved['worst']}"


@pytest.mark.parametrize("state", [State.THROTTLED, State.SIGNED_OUT], ids=str)
@pytest.mark.parametrize("route", ASKING, ids=lambda route: route.name)
async def test_a_refusal_is_told(stage, route, state):
    await HONEST[state](await shown(stage, route, state))


@pytest.mark.parametrize("route", ASKING, ids=lambda route: route.name)
async def test_being_offline_is_told_and_what_was_there_stays(stage, route):
    screen = await shown(stage, route, State.DATA)
    before = await screen.page.get_by_role("heading", level=1).inner_text()
    await go_offline(screen)
    await HONEST[State.OFFLINE](screen)
    assert await screen.page.get_by_role("heading", level=1).inner_text() == before
    assert not (found := await glance(screen)), "\n".join(["", *found])


@pytest.mark.parametrize("route", SHOWN, ids=lambda route: route.name)
async def test_longer_words_fit(stage, route):
    screen = await shown(stage, route, State.DATA, language="pseudo")
    found = await inspect_language(screen)
    assert not found, "\n".join(["", *found])


def test_the_table_names_every_screen_and_no_other():
    need(SCREENS.exists(), "the sources of the web app are not here")
    found = {path.parent.name for path in SCREENS.glob("*/index.tsx")}
    assert found == {route.name for route in ROUTES if not route.public}


def said(key: str) -> str:
    """The English text of a string of the web app."""
    area, _, name = key.partition(".")
    return json.loads((SCREENS.parent / "i18n" / area / "en.json").read_text())[name]


async def has_data(screen: Screen) -> None:
    await expect(screen.page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(screen.page.get_by_text(DETAIL)).to_have_count(0)


async def says_why_it_is_empty(screen: Screen) -> None:
    """There is something to do about it."""
    await has_data(screen)
    await expect(screen.page.get_by_role("main").locator("a[href]:visible, button:visible").first).to_be_visible()


async def tells_the_error(screen: Screen) -> None:
    """What failed, the id to ask about, and a way to try again."""
    main = screen.page.get_by_role("main")
    await expect(main.get_by_text(DETAIL).first).to_be_visible()
    await expect(main.get_by_text(REQUEST_ID).first).to_be_visible()
    await expect(main.get_by_role("button", name=said("states.retry")).first).to_be_visible()


async def counts_down(screen: Screen) -> None:
    """When it may be tried again, in seconds that go down."""
    await expect(screen.page.get_by_role("main").get_by_text(DETAIL).first).to_be_visible()
    words = re.escape(said("states.retryIn")).replace(re.escape("{n}"), r"(\d+)")
    button = screen.page.get_by_role("button", name=re.compile(words)).first
    first = re.search(words, await button.inner_text())
    await expect(button).not_to_have_text(first[0])
    assert int(re.search(words, await button.inner_text())[1]) < int(first[1]) <= 30


async def asks_to_sign_in(screen: Screen) -> None:
    await expect(screen.page.get_by_label(said("app.key"), exact=True)).to_be_visible()


async def says_that_it_is_offline(screen: Screen) -> None:
    await expect(screen.page.get_by_text(said("states.offline")).first).to_be_visible()


HONEST = {
    State.DATA: has_data,
    State.EMPTY: says_why_it_is_empty,
    State.ERROR: tells_the_error,
    State.THROTTLED: counts_down,
    State.SIGNED_OUT: asks_to_sign_in,
    State.OFFLINE: says_that_it_is_offline,
}
