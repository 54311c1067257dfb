"""System health: the pipeline as it runs, rows that balance, dead letters that are mended, readings that are explained."""

from __future__ import annotations

import json
import time

import nats
import pytest
from playwright.async_api import expect

from penstock.accounts.keys import KeyRing
from penstock.api.auth import COOKIE
from tests.journeys.conftest import until
from tests.ui.screen import PHONE
from tests.ui.stage import NEWCOMER

pytestmark = pytest.mark.timeout(120)


async def publish(platform, subject: str, payload: bytes) -> None:
    """Put a message on the bus past every door."""
    state = platform.state()
    connection = await nats.connect(state["nats_url"], user=state["nats_user"], password=state["nats_password"])
    await connection.publish(subject, payload)
    await connection.flush()
    await connection.close()


async def letter_of(platform, message: str) -> str:
    """Id of the dead letter that an event without a usable criticality becomes."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {"criticality": "high", "timestamp": now, "eventMessage": message}
    await publish(platform, "events", json.dumps(event).encode())

    def found() -> str | None:
        letters = platform.get("/v1/dead-letters?state=open&code=invalid_criticality")["data"]
        return next((letter["id"] for letter in letters if message in letter["payload"]), None)

    return until(found, 30.0, what="a dead letter")


async def test_every_stage_is_shown_with_its_numbers(screen):
    await screen.open("/ui/system")
    flow = screen.page.get_by_role("article")
    for stage in ("Doors", "Gate", "Lanes", "Store", "Questions", "Rollups", "Live views"):
        await expect(flow.filter(has=screen.page.get_by_role("heading", name=stage, exact=True))).to_have_count(1)
    await expect(screen.page.get_by_role("grid", name="Stage by stage").get_by_text("Lanes › Events")).to_be_visible()
    processes = screen.page.get_by_role("region", name="Processes")
    await expect(processes.get_by_role("row", name="core running")).to_be_visible()


async def test_who_is_no_admin_is_told_what_is_missing_and_still_sees_the_rest(stage, browser):
    screen = await stage.screen(None)
    ring = KeyRing(stage.platform.data / "keys.json")
    secret = ring.redeem(ring.one_time_code("default", scopes=("read",)))
    cookie = {"name": COOKIE, "value": secret, "url": stage.platform.url}
    await screen.page.context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])
    await screen.open("/ui/system")
    await expect(screen.page.get_by_text("You may not see the pipeline")).to_be_visible()
    await expect(screen.page.get_by_text("needs the scope admin")).to_be_visible()
    await expect(screen.page.get_by_role("region", name="Checks").get_by_text("Reading back")).to_be_visible()
    await screen.page.get_by_role("tab", name="Ledger").click()
    await expect(screen.page.get_by_text("are accounted for")).to_be_visible()


async def test_the_ledger_says_that_all_rows_are_accounted_for(screen):
    await screen.open("/ui/system?tab=ledger")
    await expect(screen.page.get_by_text("rows are accounted for")).to_be_visible()
    await expect(screen.page.get_by_role("grid", name="Ledger").get_by_text("simulate")).to_be_visible()


async def test_a_dead_letter_is_refused_as_it_is_and_stored_once_it_is_mended(stage, screen):
    name = f"mended by a test {time.time_ns()}"
    letter = await letter_of(stage.platform, name)
    page = screen.page
    await screen.open(f"/ui/system?tab=letters&letter={letter}")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("Row 0:")).to_be_visible(timeout=20_000)

    with screen.watch.excused("/replay"):
        await dialog.get_by_role("button", name="Replay as it is").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("nothing was sent")

    content = dialog.get_by_label("Content")
    await content.fill((await content.input_value()).replace('"high"', "8"))
    await dialog.get_by_role("button", name="Replay as mended").click()
    await expect(dialog.get_by_text("1 row was sent again.")).to_be_visible()

    def stored() -> bool:
        return any(event["message"] == name for event in stage.platform.get("/v1/events?limit=1000")["data"])

    until(stored, 30.0, what="the mended event")


async def test_a_dead_letter_is_given_up_with_a_reason(stage, screen):
    letter = await letter_of(stage.platform, f"noise {time.time_ns()}")
    await screen.open(f"/ui/system?tab=letters&letter={letter}")
    dialog = screen.page.get_by_role("dialog")
    await dialog.get_by_label("Reason to give it up").fill("a test's own")
    await dialog.get_by_role("button", name="Discard").click()
    await expect(dialog.get_by_text("It is given up.")).to_be_visible()
    until(
        lambda: stage.platform.get(f"/v1/dead-letters/{letter}")["state"] == "discarded",
        30.0,
        what="the letter settled",
    )


async def test_without_dead_letters_the_screen_says_that_all_could_be_stored(stage):
    screen = await stage.screen(NEWCOMER)
    await screen.open("/ui/system?tab=letters")
    await expect(screen.page.get_by_text("No open dead letters")).to_be_visible()


async def test_the_newest_reading_of_a_series_is_explained(stage, screen):
    newest = stage.platform.get("/v1/latest?metric=soc&limit=1")["data"][0]
    page = screen.page
    await screen.open("/ui/system?tab=explain")
    for label, text in (("Sensor", newest["sensor_id"]), ("Metric", "soc")):
        await page.get_by_role("combobox", name=label).fill(text)
        await page.get_by_role("option", name=text).first.click()
    await page.get_by_role("button", name="Take the newest").click()
    await expect(page.get_by_label("Time of the reading")).not_to_have_value("")
    await page.get_by_role("button", name="Explain", exact=True).click()
    story = page.get_by_role("region", name=f"{newest['sensor_id']} · soc")
    await expect(story.get_by_text(f"at site {newest['site_id']}")).to_be_visible()
    await expect(story.get_by_text("from the device to the door")).to_be_visible()


async def test_a_reading_that_never_came_is_explained_with_its_neighbours(stage, screen):
    newest = stage.platform.get("/v1/latest?metric=soc&limit=1")["data"][0]
    where = f"sensor={newest['sensor_id']}&metric=soc&site={newest['site_id']}"
    await screen.open(f"/ui/system?tab=explain&{where}&ts=2026-01-01T00:00:00.001Z", PHONE)
    await expect(screen.page.get_by_text("No such reading is stored.")).to_be_visible()
    await expect(screen.page.get_by_text("before the first reading")).to_be_visible()
    assert await screen.overflow() == []
