"""Live: values come by themselves, can be held, filtered and pinned; after a cut nothing is missing and nothing is double."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Locator, expect

from tests.ui.screen import PHONE, Screen
from tests.ui.states import go_offline

pytestmark = pytest.mark.timeout(240)

SENSOR = "/ui/live?show=hq/r01&pin=hq%2Fhq%252Fr01%2Fhumidity"
COVERED = "[...document.querySelectorAll('nav')].every((one) => one.closest('[inert]') !== null)"
"""Whether nothing of the app's frame can be reached."""
PATIENCE = 90.0
"""Seconds within which every series of the demonstration has news."""


async def change_of(what: Locator, before: str) -> None:
    """Wait until a text is another."""
    await expect(what).not_to_have_text(before, timeout=PATIENCE * 1_000)


def readings_per_second(screen: Screen) -> Locator:
    return screen.page.locator("dl div", has_text="Readings per second").locator("dd")


async def test_values_and_charts_are_there_without_a_choice_and_move(screen):
    await screen.open("/ui/live")
    await expect(screen.page.locator("figure canvas").first).to_be_visible()
    values = screen.page.get_by_role("list", name="Values")
    await expect(values.get_by_role("listitem").first).to_be_visible()
    await change_of(values, await values.inner_text())
    await expect(readings_per_second(screen)).to_have_text(re.compile(r"[1-9]"), timeout=PATIENCE * 1_000)


async def test_a_filter_is_kept_in_the_address_and_narrows_the_values(screen):
    await screen.open("/ui/live")
    await screen.page.get_by_role("searchbox", name="Show").fill("humidity")
    await screen.until("() => new URLSearchParams(location.search).get('show') === 'humidity'")
    await screen.settle()
    texts = (
        await screen.page.get_by_role("listitem")
        .filter(has=screen.page.get_by_role("button", name=re.compile("^Chart of")))
        .all_inner_texts()
    )
    assert texts
    assert all("humidity" in text for text in texts)


async def test_a_name_that_fits_nothing_is_answered_with_the_nearest(screen):
    await screen.open("/ui/live?show=humiditty")
    await expect(screen.page.get_by_text("No series fits “humiditty”")).to_be_visible()
    await screen.page.get_by_role("button", name=re.compile(r"\bhumidity$")).first.click()
    await expect(screen.page.get_by_role("button", name=re.compile("^Chart of .* humidity$")).first).to_be_visible()


async def test_a_series_is_pinned_and_unpinned_by_keyboard(screen):
    await screen.open("/ui/live?show=co2&pin=")
    page = screen.page
    assert await page.get_by_role("application").count() == 0
    pin = page.get_by_role("button", name=re.compile("^Chart of")).first
    await pin.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("application")).to_have_count(1)
    await expect(pin).to_be_focused()
    assert parse_qs(urlsplit(page.url).query)["pin"][0].endswith("/co2")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("application")).to_have_count(0)


async def test_a_pause_holds_what_is_shown_and_counts_what_comes(screen):
    await screen.open("/ui/live")
    page = screen.page
    await page.get_by_role("button", name="Pause").focus()
    await page.keyboard.press("Enter")
    waiting = page.locator("dl div", has_text="Came since the pause").locator("dd")
    await expect(waiting).to_be_visible()
    numbers = page.get_by_role("list", name="Values").locator("[class*=value]")
    held = await numbers.all_inner_texts()
    await expect(waiting).to_have_text(re.compile(r"^\d{2,}"), timeout=PATIENCE * 1_000)
    assert await numbers.all_inner_texts() == held
    await page.keyboard.press("Enter")
    await expect(waiting).to_have_count(0)
    deadline = time.monotonic() + PATIENCE
    while await numbers.all_inner_texts() == held:
        assert time.monotonic() < deadline, "nothing is caught up with"
        await screen.probe("afterPaint", wait=True)


async def test_a_kiosk_covers_the_app_and_escape_ends_it(screen):
    await screen.open("/ui/live")
    page = screen.page
    await page.get_by_role("button", name="Kiosk").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="End kiosk")).to_be_visible()
    await expect(page.get_by_role("button", name="End kiosk")).to_be_focused()
    assert await screen.until(f"() => {COVERED}")
    assert "kiosk=true" in page.url
    await page.keyboard.press("Escape")
    await screen.until(f"() => !({COVERED})")
    await expect(page.get_by_role("button", name="Kiosk", exact=True)).to_be_focused()
    assert "kiosk" not in page.url


async def test_a_kiosk_makes_only_the_values_that_are_in_sight(screen):
    await screen.open("/ui/live?kiosk=true")
    values = screen.page.get_by_role("list", name="Values").get_by_role("listitem")
    await expect(values.first).to_be_visible()
    assert int(await values.first.get_attribute("aria-setsize") or 0) > 1_000
    assert await values.count() < 200


async def test_a_phone_shows_one_strip_and_a_choice_of_the_others(screen):
    await screen.open("/ui/live?pin=hq%2Fhq%252Fr01%2Fhumidity,hq%2Fhq%252Fr01%2Fco2", PHONE)
    charts = screen.page.get_by_role("application")
    await expect(charts).to_have_count(1)
    await expect(charts).to_have_accessible_name(re.compile("humidity"))
    await screen.page.get_by_role("button", name="Chart", exact=False).first.focus()
    await screen.assert_no_horizontal_scroll()


async def test_after_a_cut_the_strip_is_whole_and_no_point_is_double(screen, demo):
    await screen.open(SENSOR)
    page = screen.page
    await expect(page.get_by_role("application")).to_have_count(1)
    before = await times_of(screen)
    assert before, "the strip has no history"

    await go_offline(screen)
    await expect(page.get_by_text("No network.").first).to_be_visible()
    missed = await newest_after(demo, max(before))
    await page.context.set_offline(False)
    await expect(page.get_by_text("No network.")).to_have_count(0)

    deadline = time.monotonic() + PATIENCE
    while missed not in (after := await times_of(screen)):
        assert time.monotonic() < deadline, "what came during the cut is missing"
    assert after == sorted(set(after))
    assert set(before[-20:]) <= set(after)


async def newest_after(demo, ts: str) -> str:
    """The time of the newest reading in the store, once it is later than `ts`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        (row,) = demo.get("/v1/latest?site=hq&sensor=hq/r01&metric=humidity")["data"]
        if row["ts"][:19] > ts[:19]:
            return row["ts"][:19]
        assert time.monotonic() < deadline, "the demonstration stands still"
        await asyncio.sleep(0.5)


async def times_of(screen: Screen) -> list[str]:
    """The times of the strip's points, to the second, as the table in its place has them."""
    table = screen.page.get_by_role("button", name=re.compile("^As a table"))
    await table.click()
    export = screen.page.get_by_role("group", name=re.compile("^Tools of the table")).get_by_role(
        "button", name="Export"
    )
    await export.click()
    text = await screen.downloaded(screen.page.get_by_role("menuitem", name="CSV"))
    await table.click()
    return [row["time"][:19] for row in csv.DictReader(io.StringIO(text))]


async def test_a_strip_says_its_newest_value_once_and_the_one_at_the_crosshair_below(screen):
    await screen.open("/ui/live?pin=hq%2Fhq%252Fr01%2Fhumidity")
    figure = screen.page.locator("figure")
    await expect(figure.locator("canvas")).to_be_visible()
    await expect(figure.get_by_text(re.compile(r"^[\d.]+\s%"))).to_have_count(1)
    await figure.get_by_role("application").press("End")
    await expect(figure.get_by_text(re.compile(r"^At .+\d\s% RH$"))).to_be_visible()
