"""Batteries, buildings and rooms, as somebody goes through them."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.ui.screen import PHONE

pytestmark = pytest.mark.timeout(120)


async def test_the_table_of_batteries_leads_to_one_by_keyboard(screen):
    await screen.open("/ui/batteries")
    rows = screen.page.get_by_role("grid", name="Batteries").get_by_role("row")
    first = rows.nth(1)
    name = (await first.get_by_role("gridcell").first.inner_text()).strip()
    await first.focus()
    await screen.page.keyboard.press("Enter")
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text(name)
    await expect(screen.page).to_have_url(re.compile(r"/ui/batteries/[^?]+\?.*site="))


async def test_batteries_sort_by_each_number_with_the_order_in_the_address(screen):
    await screen.open("/ui/batteries")
    await screen.page.get_by_role("button", name="Temperature", exact=True).click()
    heading = screen.page.get_by_role("columnheader", name="Temperature")
    await expect(heading).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    await expect(screen.page).to_have_url(re.compile(r"b\.sort=.*temperature"))


async def test_a_battery_says_what_it_does_and_where_its_cycles_come_from(screen):
    await screen.open("/ui/batteries/bat-0001")
    for dial in ("Charge", "Health", "Temperature"):
        await expect(screen.page.get_by_role("meter", name=dial)).to_have_attribute("aria-valuetext", re.compile(r"\d"))
    await expect(screen.page.get_by_text("reported by the battery")).to_be_visible()
    for chart in ("Charge over time", "Voltage and current", "Temperature"):
        await expect(screen.page.get_by_role("application", name=chart, exact=True)).to_be_visible()


async def test_a_battery_that_is_not_there_leads_back_to_all(screen):
    screen.watch.excuse("/v1/batteries/nobody")
    await screen.open("/ui/batteries/nobody")
    await screen.page.get_by_role("main").get_by_role("link", name="All batteries").click()
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text("Batteries")


async def test_a_row_of_the_heat_map_opens_its_room_by_keyboard(screen):
    await screen.open("/ui/buildings/hq")
    await screen.page.get_by_role("application", name="Rooms over time: Temperature").focus()
    await screen.page.keyboard.press("Home")
    await screen.page.keyboard.press("Enter")
    await expect(screen.page).to_have_url(re.compile(r"/ui/buildings/hq/rooms/r\d+"))
    await expect(screen.page.get_by_role("heading", name="Now in the room")).to_be_visible()


async def test_a_building_shows_another_quantity_and_keeps_it_in_the_address(screen):
    await screen.open("/ui/buildings/hq?metric=humidity")
    await expect(screen.page.get_by_role("application", name="Rooms over time: Humidity")).to_be_visible()
    await screen.page.get_by_role("button", name=re.compile("Shown")).click()
    await screen.page.get_by_role("option", name="CO₂").click()
    await expect(screen.page).to_have_url(re.compile("metric=co2"))
    await expect(screen.page.get_by_role("application", name="Rooms over time: CO₂")).to_be_visible()


async def test_on_a_phone_the_outermost_rooms_come_before_the_heat_map(screen):
    await screen.open("/ui/buildings/hq", PHONE)
    panels = screen.page.get_by_role("main").get_by_role("heading", level=2)
    await expect(panels.first).to_have_text("Means of the range")
    await expect(screen.page.get_by_role("heading", level=3, name="Highest")).to_be_visible()


async def test_a_room_shows_temperatures_in_the_unit_that_the_browser_keeps(screen):
    await screen.open("/ui/buildings/hq/rooms/r01")
    await screen.page.get_by_role("button", name=re.compile("Temperatures in")).click()
    await screen.page.get_by_role("option", name="°F").click()
    now = screen.page.get_by_role("region", name="Now in the room")
    await expect(now.get_by_text("°F")).to_be_visible()
    await screen.open("/ui/buildings/hq/rooms/r01")
    await expect(now.get_by_text("°F")).to_be_visible()


async def test_a_room_has_averages_and_says_how_its_sensors_are(screen):
    await screen.open("/ui/buildings/hq/rooms/r01")
    averages = screen.page.get_by_role("grid", name="Averages of 15 minutes")
    await expect(averages.get_by_role("columnheader")).to_have_text(["From", "Temperature", "Humidity", "CO₂"])
    sensors = screen.page.get_by_role("grid", name="Sensors")
    await expect(sensors.get_by_role("row")).to_have_count(4)
