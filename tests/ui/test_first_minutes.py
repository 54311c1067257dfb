"""The first five minutes of somebody new: the printed link, a full fleet, values that move, and where to go from there."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.ui.screen import DESKTOP, PHONE

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("mode", [DESKTOP, PHONE], ids=lambda mode: mode.name)
async def test_the_one_time_link_opens_a_full_fleet_that_moves(stage, demo, mode):
    said = (await asyncio.to_thread(demo.cli, "keys", "link")).out
    link = re.search(r"/login\?k=\S+", said)
    assert link, said
    screen = await stage.screen(None)
    await screen.open(link[0], mode)
    page = screen.page
    await page.get_by_role("heading", level=1, name="Fleet").wait_for()
    await page.locator("dl").first.wait_for()
    await expect(page.get_by_role("link", name="Add your own")).to_be_visible()
    await expect(
        page.get_by_role("region", name="At a glance").get_by_text(re.compile("assets|silent|late")).first
    ).to_be_visible()
    chart = page.get_by_role("region", name=re.compile("^Power at the grid"))
    await chart.locator("canvas").first.wait_for()
    await expect(chart.get_by_text("Headquarters").first).to_be_visible()
    await expect(page.get_by_role("region", name="Look here first").get_by_role("link").first).to_be_visible()
    await moves(screen)


async def moves(screen) -> None:
    """What the first numbers say changes without anybody asking."""
    read = "() => document.querySelector('dl')?.innerText"
    before = await screen.page.evaluate(read)
    await screen.until(f"() => document.querySelector('dl')?.innerText !== {before!r}", what="a number that moves")


async def test_a_link_works_once(stage, demo):
    link = re.search(r"/login\?k=\S+", (await asyncio.to_thread(demo.cli, "keys", "link")).out)[0]
    first = await stage.screen(None)
    await first.open(link)
    second = await stage.screen(None)
    second.watch.excuse("/login")
    second.watch.excuse("/favicon.ico")
    second.watch.excuse("/v1/me")
    await second.page.goto(demo.url + link, wait_until="commit")
    await expect(second.page.get_by_role("heading", level=1, name="Fleet")).to_have_count(0)


async def test_from_what_is_worst_to_its_battery_to_exploring_to_own_data(screen):
    await screen.open("/ui/fleet")
    page = screen.page
    await (
        page.get_by_role("region", name="Look here first")
        .get_by_role("link", name=re.compile("^Battery"))
        .first.click()
    )
    await expect(page).to_have_url(re.compile("/ui/batteries/bat-"))
    # At once, as somebody does who knows the way: the palette may still be loading.
    await page.keyboard.press("Control+k")
    await page.keyboard.type("explore")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/ui/explore"))
    await page.get_by_role("link", name="Add your own").click()
    await expect(page).to_have_url(re.compile("/ui/add"))
