"""Explore: a question is built, asked, read and taken along with the keyboard alone; faults in words are pointed at."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.async_api import Locator, expect

from tests.ui.screen import DESKTOP, PHONE, Mode, Screen

pytestmark = pytest.mark.timeout(180)

EMPTY = quote(json.dumps({"rows": [{"name": "a", "metric": ""}]}))


async def reach(screen: Screen, locator: Locator, key: str = "Tab") -> None:
    """Press `key` until `locator` has the focus."""
    for _ in range(120):
        if await locator.evaluate("(one) => one === document.activeElement"):
            return
        await screen.page.keyboard.press(key)
    pytest.fail(f"{key} does not lead to {locator}")


async def choose(screen: Screen, field: str, option: str) -> None:
    """Go to a field that lists what there is, open it, type what is wanted, and take it."""
    await reach(screen, screen.page.get_by_role("button", name=field).first)
    await screen.page.keyboard.press("Enter")
    await expect(screen.page.get_by_role("listbox", name=field)).to_be_visible()
    await screen.page.keyboard.type(option)
    await screen.page.keyboard.press("Enter")


async def copied_curl(screen: Screen, title: str) -> str:
    """What "Copy as curl" of the answer's menu gives, chosen by its first letters."""
    await reach(screen, screen.page.get_by_role("button", name=f"Export or copy: {title}"), "Shift+Tab")
    await screen.page.keyboard.press("Enter")
    await expect(screen.page.get_by_role("menu")).to_be_visible()
    await screen.page.keyboard.type("Copy as c")
    await screen.page.keyboard.press("Enter")
    return await screen.until("() => navigator.clipboard.readText()")


async def test_it_opens_with_a_question_that_is_answered(screen):
    await screen.open("/ui/explore")
    await expect(screen.page.locator("figure canvas").first).to_be_visible()
    await expect(screen.page.get_by_role("heading", name="Mean temperature by room")).to_be_visible()


async def test_a_question_is_built_run_read_zoomed_and_copied_by_keyboard(screen):
    await screen.open(f"/ui/explore?ask={EMPTY}")
    page, keyboard = screen.page, screen.page.keyboard

    await reach(screen, page.get_by_role("combobox", name="Metric"))
    await keyboard.type("humid")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await choose(screen, "Function", "Maximum")
    await reach(screen, page.get_by_role("group", name="Group by").get_by_role("button", name="Room"))
    await keyboard.press("Space")
    await choose(screen, "Window", "1h")
    run = page.get_by_role("button", name="Run", exact=True)
    await reach(screen, run)
    await keyboard.press("Enter")

    title = "Maximum humidity by room"
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
    await expect(page.get_by_role("button", name="Run again")).to_be_focused()
    # The address holds it as a text, and texts that are JSON stand in quotes there.
    asked = json.loads(json.loads(parse_qs(urlsplit(page.url).query)["ask"][0]))
    assert asked == {"rows": [{"name": "a", "metric": "humidity", "fn": "max", "by": ["room"]}], "window": "1h"}

    await screen.settle()
    chart, said = page.get_by_role("application", name=title), page.locator("figure [aria-live=polite]")
    await reach(screen, chart)
    await keyboard.press("End")
    await expect(said).to_contain_text("r01")
    last = await said.inner_text()
    await keyboard.press("ArrowLeft")
    await expect(said).not_to_have_text(last)
    await keyboard.press("+")
    await screen.until("() => /[?&]from=/.test(location.search)")
    await expect(chart).to_be_focused()

    command = await copied_curl(screen, title)
    assert command.startswith("curl http")
    assert '"metric": "humidity"' in command
    await reach(screen, page.get_by_role("button", name="Table", exact=True), "Shift+Tab")
    await keyboard.press("Space")
    await expect(page.get_by_role("grid", name=title)).to_be_visible()


async def test_what_runs_keeps_the_focus_where_it_was_typed(screen):
    await screen.open("/ui/explore?as=text&q=avg(temperature)+last+6h")
    words = screen.page.get_by_role("textbox", name="Text")
    await words.focus()
    await screen.page.keyboard.press("Control+A")
    await screen.page.keyboard.type("avg(humidity) by room every 15m last 6h")
    await screen.page.keyboard.press("Enter")
    await expect(screen.page.get_by_role("heading", name="avg(humidity) by room every 15m last 6h")).to_be_visible()
    await expect(words).to_be_focused()
    await screen.page.go_back()
    await expect(words).to_have_value("avg(temperature) last 6h")


async def test_a_text_that_is_not_understood_is_pointed_at_and_said_once(screen):
    screen.watch.excuse("/v1/query")
    await screen.open("/ui/explore?as=text&q=avg(temperature)+evry+15m")
    page = screen.page
    await expect(page.locator("mark")).to_have_text("evry")
    assert await page.get_by_text("the query is not understood").count() == 1
    await page.get_by_role("textbox", name="Text").fill("avg(humidity) by room every 15m last 6h")
    await page.keyboard.press("Enter")
    await expect(page.locator("figure canvas").first).to_be_visible()


async def test_an_answer_in_words_is_a_file_of_the_platform(screen):
    words = "max(humidity) by room every 1h last 6h"
    await screen.open(f"/ui/explore?as=text&q={quote(words)}")
    lines = await saved(screen, words, "CSV, all rows")
    assert "room" in lines[0].split(",")
    assert len(lines) > 14


async def test_an_answer_in_promql_is_a_file_of_what_is_shown(screen):
    await screen.open(f"/ui/explore?as=promql&promql={quote('max by (room) (humidity)')}")
    lines = await saved(screen, "max by (room) (humidity)", "CSV of what is shown")
    assert {"ts", "room", "value"} <= set(lines[0].split(","))
    assert len(lines) > 14
    assert "/prometheus/api/v1/query_range" in await copied_curl(screen, "max by (room) (humidity)")


async def saved(screen: Screen, title: str, format_: str) -> list[str]:
    """The lines of the file that a choice of the answer's menu gives."""
    await screen.page.get_by_role("button", name=f"Export or copy: {title}").click()
    return (await screen.downloaded(screen.page.get_by_role("menuitem", name=format_))).splitlines()


async def test_the_built_question_is_asked_in_promql(screen):
    await screen.open("/ui/explore?as=promql")
    await expect(screen.page.locator("figure canvas").first).to_be_visible()


async def test_a_link_to_a_sensor_asks_for_its_metrics(screen):
    await screen.open("/ui/explore?sensor=bat-0001")
    await expect(screen.page.get_by_role("combobox", name="Sensor").first).to_have_value("bat-0001")


async def test_a_link_that_holds_no_question_says_so(screen):
    await screen.open("/ui/explore?ask=%7Bnonsense")
    await expect(screen.page.get_by_text("The question in this link cannot be read")).to_be_visible()


HELP = "Questions in words"


async def test_an_example_of_the_help_is_chosen_written_and_answered_by_keyboard(screen):
    await screen.open("/ui/explore?as=text&q=avg(humidity)+last+6h")
    page, keyboard = screen.page, screen.page.keyboard
    words = page.get_by_role("textbox", name="Text")
    await words.focus()
    await keyboard.press("F1")
    chosen = page.get_by_role("listbox", name="Examples").get_by_role("option").nth(2)
    await expect(page.get_by_role("option").first).to_be_focused()
    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    await expect(chosen).to_be_focused()
    text = (await chosen.inner_text()).splitlines()[-1]
    await keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(words).to_have_value(text)
    await expect(words).to_be_focused()
    await expect(page.get_by_role("heading", name=text)).to_be_visible()
    await screen.settle()
    await expect(page.locator("figure canvas").first).to_be_visible()


async def test_the_help_tells_clauses_and_functions_and_escape_gives_the_focus_back(screen):
    await screen.open("/ui/explore?as=text")
    page, keyboard = screen.page, screen.page.keyboard
    button = page.get_by_role("button", name="Help with the language")
    await reach(screen, button)
    await keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=HELP)
    await expect(dialog.get_by_role("option").first).to_be_focused()
    await keyboard.press("Shift+Tab")
    await expect(dialog.get_by_role("tab", name="Examples")).to_be_focused()
    for tab, word in (("Clauses", "every 15m"), ("Functions", "time_weighted_mean")):
        await keyboard.press("ArrowRight")
        await expect(dialog.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        await expect(dialog.get_by_text(word, exact=True)).to_be_visible()
    await keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()


async def test_every_example_of_the_help_has_an_answer_here(screen, demo):
    await screen.open("/ui/explore?as=text")
    await screen.page.get_by_role("button", name="Help with the language").click()
    await expect(screen.page.get_by_role("option").first).to_be_visible()
    examples = [text.splitlines()[-1] for text in await screen.page.get_by_role("option").all_inner_texts()]
    assert len(set(examples)) >= 6
    empty = [text for text in examples if not demo.get(f"/v1/query?q={quote(text)}")["data"]]
    assert empty == []


@pytest.mark.parametrize("mode", [DESKTOP, PHONE, Mode(360, "dark"), Mode(1280, "dark")], ids=lambda mode: mode.name)
async def test_the_help_is_accessible_and_fits(screen, mode):
    await screen.open("/ui/explore?as=text", mode)
    await screen.page.get_by_role("button", name="Help with the language").click()
    for tab in ("Examples", "Clauses", "Functions"):
        await screen.page.get_by_role("tab", name=tab).click()
        assert await screen.violations() + await screen.overflow() + await screen.cut_texts() == []
        if mode.touch:
            assert await screen.small_targets() == []
