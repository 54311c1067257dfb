"""Explore: it opens with an answer; in words and in PromQL it gives answers, too, and faults are pointed at."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.timeout(180)


async def test_it_opens_with_a_question_that_is_answered(screen):
    await screen.open("/ui/explore")
    await expect(screen.page.locator("figure canvas").first).to_be_visible()
    await expect(screen.page.get_by_role("heading", name="Mean temperature by room")).to_be_visible()


async def test_a_text_that_is_not_understood_is_pointed_at(screen):
    screen.watch.excuse("/v1/query")
    await screen.open("/ui/explore?as=text&q=avg(temperature)+evry+15m")
    page = screen.page
    await expect(page.locator("mark")).to_have_text("evry")
    await page.get_by_role("textbox", name="Text").fill("avg(humidity) by room every 15m last 6h")
    await page.keyboard.press("Enter")
    await expect(page.locator("figure canvas").first).to_be_visible()


async def test_the_built_question_is_asked_in_promql(screen):
    await screen.open("/ui/explore?as=promql")
    await expect(screen.page.locator("figure canvas").first).to_be_visible()


async def test_a_link_that_holds_no_question_says_so(screen):
    await screen.open("/ui/explore?ask=%7Bnonsense")
    await expect(screen.page.get_by_text("The question in this link cannot be read")).to_be_visible()
