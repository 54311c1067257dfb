"""The fleet and its sites as people use them: by pointer, by keyboard, and with nothing or little measured."""

from __future__ import annotations

import asyncio
import json
import re
import time

import pytest
from playwright.async_api import expect

from tests.ui.screen import PHONE, Mode
from tests.ui.stage import NEWCOMER

pytestmark = pytest.mark.timeout(120)

FLEET = re.compile(r"/ui/fleet")


async def test_the_fleet_says_how_much_there_is_and_what_flows(screen):
    await screen.open("/ui/fleet")
    glance = screen.page.get_by_role("region", name="At a glance")
    await glance.locator("dl").wait_for()
    await expect(
        glance.get_by_text(re.compile(r"^1,0\d\d assets$"))
        .or_(glance.get_by_text(re.compile("silent|late|impossible")))
        .first
    ).to_be_visible()
    for label in ("Sites", "From the grid", "To the grid", "Energy today", "Newest reading"):
        await expect(glance.get_by_text(label, exact=True)).to_be_visible()
    await expect(glance.get_by_text(re.compile(r"^[\d.,]+\s[kM]?W$")).first).to_be_visible()


async def test_filters_stand_in_the_address_and_back_takes_them_away(screen):
    await screen.open("/ui/fleet?kind=room")
    tiles = screen.page.get_by_role("region", name="Assets")
    await expect(tiles.get_by_text(re.compile(r"^(normal|silent|warning) 4\d$"))).to_be_visible()
    await screen.open("/ui/fleet")
    await tiles.get_by_label("Find").fill("no such asset")
    await expect(tiles.get_by_text("No asset fits")).to_be_visible()
    await expect(screen.page).to_have_url(re.compile("text=no"))
    await tiles.get_by_role("button", name="Show all").click()
    await expect(screen.page).not_to_have_url(re.compile("text="))
    await expect(tiles.get_by_label("Find")).to_have_value("")
    await screen.page.go_back()
    await expect(tiles.get_by_label("Find")).to_have_value("no such asset")


async def test_a_tile_is_read_and_opened_by_keyboard(screen):
    await screen.open("/ui/fleet?kind=battery&site=depot")
    grid = screen.page.get_by_role("application", name="Assets")
    await grid.focus()
    await grid.press("ArrowRight")
    await expect(
        screen.page.get_by_role("region", name="Assets").get_by_text(re.compile("^Battery 0003,")).first
    ).to_be_attached()
    await grid.press("Enter")
    await expect(screen.page).to_have_url(re.compile(r"/ui/batteries/bat-0003\?.*site=depot"))


async def test_a_site_is_opened_from_the_list_and_keeps_the_range(screen):
    await screen.open("/ui/fleet?from=-6h&to=now&live=true")
    await screen.page.get_by_role("region", name="Sites").get_by_role("link", name="Headquarters").click()
    await expect(screen.page.get_by_role("heading", level=1, name="Headquarters")).to_be_visible()
    await expect(screen.page).to_have_url(re.compile(r"/ui/sites/hq\?.*from=-6h"))


async def test_on_a_phone_what_is_worst_comes_before_the_chart(screen):
    await screen.open("/ui/fleet", PHONE)
    worst = await screen.page.get_by_role("region", name="Look here first").bounding_box()
    chart = await screen.page.get_by_role("region", name=re.compile("^Power")).bounding_box()
    assert worst["y"] < chart["y"]
    await screen.assert_targets()


async def test_who_has_nothing_is_led_to_adding_data(stage):
    screen = await stage.screen(NEWCOMER)
    await screen.open("/ui/fleet")
    await screen.page.get_by_role("main").get_by_role("link", name="Add your data").click()
    await expect(screen.page).to_have_url(re.compile("/ui/add"))


async def test_the_flow_of_a_site_is_drawn_and_said_and_adds_up(screen):
    await screen.open("/ui/sites/hq")
    flow = screen.page.get_by_role("region", name="Energy flow now")
    await flow.locator("circle").first.wait_for()
    for node in ("Solar", "Grid", "Battery", "Load"):
        await expect(flow.get_by_role("listitem").filter(has_text=re.compile(f"^{node}: .*W$"))).to_be_attached()
    assert await flow.locator("svg[class*=flow] circle").count() >= 4


async def test_arrows_move_with_the_power_and_stand_for_who_asked_for_that(screen):
    await screen.open("/ui/sites/hq", Mode(1280, still=False))
    dot = screen.page.locator("path[class*=dot]").first
    await dot.wait_for(state="attached")
    assert await dot.evaluate("(dot) => dot.getAnimations().length") == 1
    await screen.look(Mode(1280, still=True))
    assert await dot.evaluate("(dot) => dot.getAnimations().length") == 0


async def test_what_is_not_measured_says_so_and_is_not_made_up(stage, demo):
    key = json.loads(demo.cli("keys", "create", "roof", "--tenant", "roof", "--json").out)["key"]
    now = time.time_ns() // 1_000_000
    row = {
        "sensor_id": "roof",
        "site_id": "barn",
        "metric": "power_w",
        "value": -4_200,
        "unit": "W",
        "ts": now,
        "tags": {"kind": "pv"},
    }
    await asyncio.to_thread(demo.post, "/v1/readings", [row], Authorization=f"Bearer {key}")
    screen = await stage.screen("roof")
    await screen.open("/ui/sites/barn")
    flow = screen.page.get_by_role("region", name="Energy flow now")
    await flow.locator("circle").first.wait_for()
    for node in ("Grid", "Load"):
        await expect(flow.get_by_role("listitem").filter(has_text=f"{node}: not measured")).to_be_attached()
    await expect(flow.get_by_text("More than one part is not measured")).to_be_visible()
    assert await flow.locator("circle[data-known=unknown]").count() == 2
    await expect(flow.get_by_role("listitem").filter(has_text=re.compile("derived|computed"))).to_have_count(0)


async def test_energy_per_day_is_shown_over_a_week_or_four(screen):
    await screen.open("/ui/sites/hq")
    energy = screen.page.get_by_role("region", name="Energy used per day")
    await energy.get_by_role("application").wait_for()
    await energy.get_by_role("button", name="4 weeks").click()
    await expect(screen.page).to_have_url(re.compile("energy=month"))
    await expect(energy.get_by_role("button", name="4 weeks")).to_have_attribute("aria-pressed", "true")


async def test_a_site_that_nobody_knows_leads_back_to_the_fleet(screen):
    await screen.open("/ui/sites/atlantis")
    await screen.page.get_by_text("There is no site atlantis").wait_for()
    await screen.page.get_by_role("link", name="To the fleet").click()
    await expect(screen.page).to_have_url(FLEET)
