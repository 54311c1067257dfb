"""Events: narrowed by criticality, the newest at one press, one event with what was measured around it, live news, exports."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.ui.screen import PHONE
from tests.ui.stage import NEWCOMER

pytestmark = pytest.mark.timeout(120)


def send(platform, criticality: int, message: str, source: str = "") -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {"criticality": criticality, "timestamp": now, "eventMessage": message, "source": source}
    platform.post("/v1/events", event)


def grid(screen):
    return screen.page.get_by_role("grid", name="Events")


async def test_only_what_is_above_the_criticality_is_listed_and_the_slider_moves_it_by_keys(screen):
    await screen.open("/ui/events?above=7")
    await expect(grid(screen).get_by_role("row").nth(2)).to_be_visible()
    levels = [
        int(text.split()[0])
        for text in await grid(screen).locator("[role=row] [role=gridcell]:first-child").all_inner_texts()
    ]
    assert levels
    assert min(levels) > 7

    slider = screen.page.get_by_role("slider", name="Criticality above")
    await slider.focus()
    await slider.press("ArrowLeft")
    await expect(screen.page).to_have_url(re.compile("above=(%22)?6"))
    await expect(grid(screen).get_by_text("7 serious", exact=False).first).to_be_visible()


async def test_the_last_ten_above_a_criticality_are_one_press_away(screen, stage):
    await screen.open("/ui/events?above=6")
    await screen.page.get_by_role("button", name="Last 10 above 6").click()
    await expect(grid(screen)).to_have_attribute("aria-rowcount", "11")
    told = stage.platform.get("/v1/events?criticality_gt=6&limit=10")["data"]
    await expect(grid(screen).get_by_role("row").nth(1)).to_contain_text(told[0]["message"])


async def test_a_level_is_chosen_by_its_chip_also_below_the_slider(screen):
    await screen.open("/ui/events?above=6")
    chips = screen.page.get_by_role("group", name="Criticality, with how many events")
    await chips.get_by_role("button", name="2", exact=False).filter(has_text="2").last.click()
    await expect(screen.page).to_have_url(re.compile("level="))
    await expect(grid(screen).get_by_role("row").nth(2)).to_be_visible()
    texts = await grid(screen).locator("[role=row] [role=gridcell]:first-child").all_inner_texts()
    assert len(set(texts)) == 1


async def test_an_event_is_shown_whole_with_what_was_measured_around_it(screen):
    await screen.open("/ui/events?above=6")
    await grid(screen).get_by_role("row").nth(1).get_by_role("button").click()
    await screen.settle()
    dialog = screen.page.get_by_role("dialog")
    raw = json.loads(await dialog.locator("pre").inner_text())
    assert set(raw) == {"id", "timestamp", "criticality", "eventMessage", "source"}
    await expect(dialog.get_by_role("figure", name="Five minutes before and after")).to_be_visible()
    await expect(dialog.get_by_role("link", name="Open in Explore")).to_have_attribute(
        "href", re.compile("/ui/explore.*from=")
    )
    await screen.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_new_event_appears_by_itself(screen, stage):
    await screen.open("/ui/events?above=8")
    await expect(screen.page.get_by_text("New events appear by themselves")).to_be_visible()
    message = f"heard at once {time.time_ns()}"
    send(stage.platform, 9, message)
    await expect(grid(screen).get_by_text(message)).to_be_visible(timeout=5_000)


async def test_where_none_is_above_the_criticality_every_level_is_counted(screen):
    await screen.open("/ui/events?above=900")
    await expect(screen.page.get_by_text("No event above 900 fits").first).to_be_visible()
    await screen.page.get_by_role("button", name="Show those above").first.click()
    await expect(grid(screen)).to_be_visible()


async def test_what_is_shown_can_be_saved_as_csv(screen):
    await screen.open("/ui/events?above=6")
    async with screen.page.expect_download() as waiting:
        await screen.page.get_by_role("button", name="Export").click()
        await screen.page.get_by_role("menuitem", name="CSV").click()
    download = await waiting.value
    text = await asyncio.to_thread(Path(await download.path()).read_text)
    levels = [int(row["criticality"]) for row in csv.DictReader(text.splitlines())]
    assert levels
    assert min(levels) > 6


async def test_who_never_had_an_event_sees_how_one_is_sent(stage):
    screen = await stage.screen(NEWCOMER)
    await screen.open("/ui/events", PHONE)
    await expect(screen.page.get_by_text("No events in this range").first).to_be_visible()
    await screen.page.get_by_role("button", name="Copy an example").first.click()
    assert "/v1/events" in await screen.page.evaluate("navigator.clipboard.readText()")
